"""The recall of a lot: stopped, told, refunded, destroyed before a second person's eyes."""

import uuid
from datetime import timedelta

import pytest

from backend.core.errors import Conflict
from backend.core.settings import settings
from backend.core.transaction import unit_of_work
from backend.extensions import db
from backend.groupbuy.claims import recalls
from backend.groupbuy.models import Order
from backend.places.models import Place
from tests.cast import BUILDING, UNIT
from tests.factories import claims as c
from tests.factories import groupbuy as g
from tests.factories.races import at_once

SECOND_UNIT = f"{BUILDING}-002"
WHY = "供货商通知：这一批冷链中断"


@pytest.fixture(autouse=True)
def files(tmp_path, monkeypatch):
    monkeypatch.setitem(settings, "FILE_STORAGE", f"file:{tmp_path / 'files'}")


def recall(cast, campaign, at=0, lot="猪-1", who="hu"):
    body = {"item_id": campaign["items"][at]["id"], "lot": lot, "reason": WHY}
    return cast.hand(who).post(f"/campaigns/{campaign['id']}/recalls", body)


def does(cast, who, begun, action, **more):
    path = f"/campaigns/{begun['campaign_id']}/recalls/{begun['id']}/{action}"
    return cast.hand(who).post(path, {"revision": begun["revision"], **more})


def on_behalf(cast, campaign, home, *quantities, terms="sponsored"):
    return g.ordered(cast, "li", campaign, *quantities, household_id=home, consent="voice", terms=terms)


def test_the_recall_of_a_lot_half_handed_out(world, app, owner):
    """Pork and eggs in four homes of two stairwells; two have theirs when the pork turns out to be bad."""
    with app.app_context(), unit_of_work():
        db.session.add(Place(code=SECOND_UNIT, name="2单元", kind="unit", parent_code=BUILDING))
    homes = [g.home(app, "1001"), g.home(app, "201"), g.home(app, "301", place=SECOND_UNIT)]
    g.home(app, "101", who="he")
    campaign = g.opened(world, {"subsidy_fen": 250}, c.EGGS, allows_on_delivery=True)
    his = c.bought(world, "he", campaign, 4, 1, cash=2600)  # 30.00 of pork, 21.00 of eggs
    fund = on_behalf(world, campaign, homes[0], 2, 0)  # 15.00 by the fund
    mixed = on_behalf(world, campaign, homes[1], 1, 2)
    owes = on_behalf(world, campaign, homes[2], 3, 1, terms="on_delivery")
    c.arrived(app, campaign, (0, "猪-1", 10), (1, "蛋-1", 4))
    c.collected(app, his, fund)

    begun = g.ok(recall(world, campaign), 201)
    assert begun["refunded_fen"] == 3000 + 1500 + 750 + 2250
    doors = {stairwell["name"]: stairwell["doors"] for stairwell in begun["stairwells"]}
    assert [stairwell["place_code"] for stairwell in begun["stairwells"]] == [UNIT, SECOND_UNIT]
    assert {
        name: [(d["room"], d["quantity"], d["handed_out"], d["refund_fen"]) for d in found]
        for name, found in doors.items()
    } == {
        "1栋 1单元": [("101", 4, True, 3000), ("201", 1, False, 750), ("1001", 2, True, 1500)],
        "1栋 2单元": [("301", 3, False, 2250)],
    }
    for secret in ("张三丰", "he"):
        assert secret not in str(doors)

    # To the fen, and to whoever paid: the latest payment first.
    assert c.refunds(owner, his) == {"wechat": 2500, "cash": 500}
    assert c.refunds(owner, fund) == c.refunds(owner, owes) == {}  # the fund's, in the ledger; and nothing paid yet
    orders = {"his": his, "fund": fund, "mixed": mixed, "owes": owes}
    shown = {name: c.order(world, order) for name, order in orders.items()}
    assert {name: (o["status"], o["due_fen"], o["sponsored_fen"], o["subsidy_fen"]) for name, o in shown.items()} == {
        "his": ("collected", 2100, 0, 0),
        "fund": ("refunded", 0, 0, 0),
        "mixed": ("ready", 0, 4200, 0),
        "owes": ("ready", 2100, 0, 0),
    }
    assert not g.sound(app)

    # Hand-out stops for the pork alone.
    with app.app_context(), unit_of_work():
        order = db.session.get_one(Order, uuid.UUID(mixed["id"]))
        pork, eggs = (uuid.UUID(item["id"]) for item in campaign["items"])
        with pytest.raises(Conflict) as stopped:
            recalls.refuse_recalled(order, [pork, eggs])
        assert stopped.value.code == "recalled" and "猪肉" in stopped.value.detail
        recalls.refuse_recalled(order, [eggs])
        recalls.refuse_recalled(order)
        with pytest.raises(Conflict):
            recalls.refuse_recalled(db.session.get_one(Order, uuid.UUID(fund["id"])))
        assert recalls.recalled_items([order.id, uuid.uuid4()]) == {order.id: {pork}}
    c.collected(app, mixed)
    assert c.order(world, mixed)["status"] == "collected"

    # Told: the household, and nobody else.
    (told,) = g.ok(world.he.get("/recalls"))["items"]
    assert (told["order_id"], told["lot"], told["handed_out"], told["refund_fen"]) == (his["id"], "猪-1", True, 3000)
    assert WHY in told["text"] and "请不要食用" in told["text"] and "30.00 元" in told["text"]
    assert g.ok(world.nobody.get("/recalls"))["items"] == []

    # Destroyed, and a second person saw it.
    photo = g.ok(c.sent(world, "hu", c.jpeg(), recall=begun), 201)
    assert does(world, "hu", begun, "destroy", quantity=11, where="x").json["code"] == "more_than_came"
    recorded = g.ok(does(world, "hu", begun, "destroy", quantity=10, where="社区垃圾转运站"))
    assert (recorded["status"], recorded["photo_ids"]) == ("destroyed", [photo["id"]])
    assert does(world, "hu", recorded, "witness").json["code"] == "separate_hands"
    closed = g.ok(does(world, "qian", recorded, "witness"))
    assert (closed["status"], closed["destroyed_quantity"]) == ("closed", 10)
    row = """
        SELECT d.demo_name, w.demo_name FROM recall r
        JOIN app_user d ON d.id = r.destroyed_by JOIN app_user w ON w.id = r.witness_id"""
    assert owner.execute(row).fetchone() == ("hu", "qian")
    assert world.qian.get(f"/photos/{photo['id']}").status_code == 200
    assert world.nobody.get(f"/photos/{photo['id']}").status_code == 404
    assert not g.sound(app)


def test_who_may_recall_and_who_sees_the_list(world, app):
    g.home(app, who="he")
    campaign = g.opened(world)
    order = c.bought(world, "he", campaign, 2)
    c.arrived(app, campaign, (0, "猪-1", 2))
    for who in ("he", "qian", "liu"):
        assert recall(world, campaign, who=who).status_code == 403
    for who in ("yang", "other_secretary"):  # another organiser, another community
        assert recall(world, campaign, who=who).status_code == 404
    assert recall(world, campaign, lot="猪-9").json["code"] == "lot_unknown"
    begun = g.ok(recall(world, campaign, who="chen"), 201)
    assert recall(world, campaign).json["code"] == "already_recalled"
    path = f"/campaigns/{campaign['id']}/recalls/{begun['id']}"
    for who in ("hu", "li", "qian", "feng"):
        assert g.ok(world.hand(who).get(path))["stairwells"]
    assert world.he.get(path).status_code == 403 and world.other_grid.get(path).status_code == 404
    assert c.order(world, order)["status"] == "refunded"


def test_everything_recalled_ends_the_campaign(world, app, owner):
    g.home(app, who="he")
    campaign = g.opened(world, {}, c.EGGS)
    order = c.bought(world, "he", campaign, 2, 1)
    c.arrived(app, campaign, (0, "猪-1", 2), (1, "蛋-1", 1))
    g.ok(recall(world, campaign), 201)
    assert g.ok(world.hu.get(f"/campaigns/{campaign['id']}"))["status"] == "handing_out"
    g.ok(recall(world, campaign, at=1, lot="蛋-1", who="li"), 201)
    assert g.ok(world.hu.get(f"/campaigns/{campaign['id']}"))["status"] == "recalled"
    assert (c.order(world, order)["status"], c.refunds(owner, order)) == ("refunded", {"wechat": 4100})
    assert not g.sound(app)


def test_a_claim_on_recalled_goods_is_covered(world, app, owner):
    g.home(app, who="he")
    campaign = g.opened(world, {}, c.EGGS)
    order = c.bought(world, "he", campaign, 2, 1)
    c.arrived(app, campaign, (0, "猪-1", 2), (1, "蛋-1", 1))
    c.collected(app, order)
    meat, eggs = c.filed(world, "he", order, campaign), c.filed(world, "he", order, campaign, at=1)
    g.ok(recall(world, campaign), 201)
    assert g.ok(world.he.get(f"/claims/{meat['id']}"))["status"] == "covered"
    assert c.order(world, order)["status"] == "disputed"  # the eggs are not decided
    g.ok(c.does(world, "hu", eggs, "accept", amount_fen=100))
    assert (c.order(world, order)["status"], c.refunds(owner, order)) == ("completed", {"wechat": 2100})
    refused = world.he.post(f"/orders/{order['id']}/claims", c.claim(campaign))
    assert refused.json["code"] == "nothing_left"
    assert not g.sound(app)


def test_who_had_the_goods_before_the_lot_came_has_none_of_it(world, app):
    first, second = g.home(app, "101"), g.home(app, "102")
    campaign = g.opened(world, policy="first_come")
    early, late = (on_behalf(world, campaign, home, 2) for home in (first, second))
    c.arrived(app, campaign, (0, "猪-1", 2), last=False)
    c.collected(app, early)
    c.truck(app, campaign, (0, "猪-2", 3))
    begun = g.ok(recall(world, campaign, lot="猪-2"), 201)  # 2 of its 3 were given to the second, 1 to nobody
    assert [door["room"] for stairwell in begun["stairwells"] for door in stairwell["doors"]] == ["102"]
    assert [c.order(world, order)["status"] for order in (early, late)] == ["collected", "refunded"]
    both = g.ok(recall(world, campaign, lot="猪-1"), 201)  # nobody can tell it apart: whoever is left
    assert [door["room"] for stairwell in both["stairwells"] for door in stairwell["doors"]] == ["101"]
    with app.app_context():
        assert recalls.withheld(uuid.UUID(campaign["id"])) == {uuid.UUID(campaign["items"][0]["id"]): 1}
    assert not g.sound(app)


def test_forty_orders_cost_as_many_statements_as_two(world, app):
    def statements(campaign):
        with c.statements(app) as said:
            g.ok(recall(world, campaign), 201)
        return len(said)

    def campaign_of(count, floor):
        campaign = g.opened(world)
        for n in range(count):
            on_behalf(world, campaign, g.home(app, f"{floor}{n:03}"), 1)
        c.arrived(app, campaign, (0, "猪-1", count))
        return campaign

    few, many = campaign_of(2, 1), campaign_of(40, 2)
    assert statements(few) == statements(many)
    assert not g.sound(app)


def test_a_recall_after_the_settlement_opens_the_books_again(world, app, owner):
    g.home(app, who="he")
    campaign = g.opened(world, {}, c.EGGS)
    order = c.bought(world, "he", campaign, 2, 1, cash=80)
    c.arrived(app, campaign, (0, "猪-1", 2), (1, "蛋-1", 1))
    c.collected(app, order)
    c.ago(owner, order, "25:00")
    c.paid_out_and_settled(app, campaign, supplier=4000)
    before = c.balances(app, campaign, "campaign", "organiser", "fund")
    assert before == {"campaign": 0, "organiser": 0, "fund": -20}
    assert not g.sound(app)
    g.ok(recall(world, campaign), 201)
    assert g.ok(world.hu.get(f"/campaigns/{campaign['id']}"))["status"] == "handing_out"
    after = c.balances(app, campaign, "campaign", "organiser", "fund")
    assert after == {"campaign": 4000 - 2100, "organiser": 80, "fund": 0}
    assert not g.sound(app)


def test_an_order_that_waits_for_the_rest_gets_nothing_more_of_what_was_taken_back(world, app, owner):
    """The first truck brings 1 of 2 jin to each, then it is recalled; the second truck brings the rest."""
    g.home(app, who="he")
    campaign = g.opened(world, {}, c.EGGS)
    his = c.bought(world, "he", campaign, 2, 1)
    other = on_behalf(world, campaign, g.home(app, "102"), 2)
    c.arrived(app, campaign, (0, "猪-1", 2), last=False)
    g.ok(recall(world, campaign), 201)
    assert [c.order(world, order)["status"] for order in (his, other)] == ["locked", "refunded"]
    assert not g.sound(app)
    c.truck(app, campaign, (0, "猪-2", 2), (1, "蛋-1", 1))
    shown = c.order(world, his)
    assert (shown["status"], shown["due_fen"], c.refunds(owner, his)) == ("ready", 2100, {"wechat": 2000})
    assert [line["allocated"] for line in shown["lines"]] == [1, 1]
    assert not g.sound(app)


def test_what_nobody_had_been_given_of_a_recalled_lot_is_given_to_nobody(world, app):
    """Of the first truck's pork 3 jin were over."""
    campaign = g.opened(world, {}, c.EGGS, policy="first_come")
    first = on_behalf(world, campaign, g.home(app, "101"), 1)
    second = on_behalf(world, campaign, g.home(app, "102"), 0, 1)
    c.arrived(app, campaign, (0, "猪-1", 4), last=False)
    g.ok(recall(world, campaign), 201)
    with app.app_context():
        assert recalls.withheld(uuid.UUID(campaign["id"])) == {uuid.UUID(campaign["items"][0]["id"]): 3}
    c.truck(app, campaign, (1, "蛋-1", 1))
    assert [c.order(world, order)["status"] for order in (first, second)] == ["refunded", "ready"]
    assert not g.sound(app)


def test_a_paper_list_entered_late_tells_who_had_it_before_the_recall(world, app, owner):
    homes = [g.home(app, "101"), g.home(app, "102")]
    campaign = g.opened(world)
    first, second = (on_behalf(world, campaign, home, 1) for home in homes)
    c.arrived(app, campaign, (0, "猪-1", 2))
    (noon,) = owner.execute("SELECT clock_timestamp()").fetchone()
    begun = g.ok(recall(world, campaign), 201)
    with app.app_context(), unit_of_work():
        recalls.handed_before([uuid.UUID(first["id"])], noon)
        recalls.handed_before([uuid.UUID(second["id"])], noon + timedelta(minutes=1))
    (stairwell,) = g.ok(world.hu.get(f"/campaigns/{campaign['id']}/recalls/{begun['id']}"))["stairwells"]
    assert [door["handed_out"] for door in stairwell["doors"]] == [True, False]


def test_recalled_and_collected_at_the_same_moment_the_list_tells_who_has_it(world, app):
    g.home(app, who="he")
    for _ in range(5):
        campaign = g.opened(world, {}, c.EGGS)
        order = c.bought(world, "he", campaign, 1, 1)
        c.arrived(app, campaign, (0, "猪-1", 1), (1, "蛋-1", 1))

        def collect(order=order):
            try:
                c.collected(app, order)
            except Conflict:
                return False
            return True

        begun, had = at_once(lambda campaign=campaign: g.ok(recall(world, campaign), 201), collect)
        (stairwell,) = begun["stairwells"]
        assert c.order(world, order)["status"] == ("collected" if had else "ready")
        if stairwell["doors"][0]["handed_out"]:
            assert had
    assert not g.sound(app)
