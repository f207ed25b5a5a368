"""What somebody tried on the group buy: money twice or for nothing, goods of others, a look at strangers' things."""

import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from backend.core.permissions import Role
from backend.core.settings import settings
from backend.groupbuy.handout import service, sheets
from tests.cast import MACHIDUN, READY, SECOND
from tests.factories import arrivals as a
from tests.factories import changes as ch
from tests.factories import claims as c
from tests.factories import groupbuy as g
from tests.factories import handout as h
from tests.factories import payments as p
from tests.factories.applications import also
from tests.factories.races import at_once

CHICKEN = {"name": "鸡肉", "price_fen": 800, "quantity": 10}


@pytest.fixture(autouse=True)
def files(tmp_path, monkeypatch):
    monkeypatch.setitem(settings, "FILE_STORAGE", f"file:{tmp_path / 'files'}")


def recall(cast, campaign, at=0, lot="猪-1", who="hu"):
    body = {"item_id": campaign["items"][at]["id"], "lot": lot, "reason": "冷链中断"}
    return cast.hand(who).post(f"/campaigns/{campaign['id']}/recalls", body)


def pays_out(cast, campaign, fen, receipt, who="li", source="merchant", what="supplier"):
    body = {"what": what, "amount_fen": fen, "from": source, "receipt": receipt}
    return cast.hand(who).post(f"/campaigns/{campaign['id']}/payouts", body)


def had(cast, app, who="he", *quantities, items=({},), **more):
    """A home that has paid online and has its goods; the campaign and the order."""
    g.home(app, who=who)
    campaign = g.opened(cast, *items, **more)
    order = c.bought(cast, who, campaign, *quantities)
    lots = [(at, f"{'猪蛋'[at]}-1", quantity) for at, quantity in enumerate(quantities)]
    c.arrived(app, campaign, *lots)
    c.collected(app, order)
    return campaign, order


# --- Money twice ------------------------------------------------------------------------------------------------


def test_what_the_provider_refused_to_give_back_goes_back_by_hand_and_not_a_second_time(world, app, owner):
    """The first claim's refund is refused and waits for a person; a second claim on the order must not send it too."""
    campaign, order = had(world, app, "he", 5)
    (number,) = owner.execute("SELECT number FROM payment").fetchone()
    first, second = (c.filed(world, "he", order, campaign) for _ in range(2))
    with app.app_context():
        p.console.behave(number, "refusing")
    g.ok(c.does(world, "hu", first, "accept", amount_fen=1000))
    p.work_off(app, owner)
    with app.app_context():
        p.console.behave(number, "plain")
    g.ok(c.does(world, "hu", second, "accept", amount_fen=500))
    p.work_off(app, owner)
    (refused,) = g.ok(world.hu.get("/refunds", status="failed"))["items"]
    g.ok(world.hu.post(f"/refunds/{refused['id']}/hand-back", {"receipt": "TK-1"}))
    (back,) = owner.execute("SELECT sum(amount_fen)::int FROM refund WHERE status = 'succeeded'").fetchone()
    assert back == 1500 and c.order(world, order)["paid_fen"] == 3500
    assert ch.books(app, campaign).get("household", 0) == 0 and not g.sound(app)


def test_a_recall_takes_back_what_was_refunded_and_never_charges_it_again(world, app, owner):
    """One jin of pork and two of chicken instead; spoiled, and most of it refunded; then the pork is recalled."""
    g.home(app, who="he")
    campaign = g.opened(world)
    order = c.bought(world, "he", campaign, 3)
    a.locked(world, owner, campaign)
    g.ok(a.truck(world, campaign, 1, last=False))
    owner.execute("UPDATE order_line SET substitution = 'accept'")
    soon = (datetime.now(UTC) + timedelta(hours=5)).isoformat()
    offer = {**CHICKEN, "item_id": campaign["items"][0]["id"], "answer_by": soon}
    g.ok(world.hu.post(f"/campaigns/{campaign['id']}/substitutes", offer))
    ch.begin_hand_out(app, world, campaign)
    c.collected(app, order)
    claim = c.filed(world, "he", order, campaign, quantity=3)
    g.ok(c.does(world, "hu", claim, "accept", amount_fen=2000))
    begun = g.ok(recall(world, campaign, lot="L猪肉"), 201)
    assert begun["refunded_fen"] == 0 and c.order(world, order)["due_fen"] == 600
    assert not g.sound(app)


def test_a_share_that_the_community_has_paid_stays_earned_when_the_books_open_again(world, app, owner):
    campaign, order = had(world, app, "he", 2, 1, items=({}, c.EGGS))
    c.ago(owner, order, "25:00")
    g.ok(pays_out(world, campaign, 3800, "GH-1"), 201)
    g.ok(pays_out(world, campaign, 80, "BC-1", what="share"), 201)
    g.ok(world.hu.post(f"/campaigns/{campaign['id']}/settle", {"revision": a.fresh(world, campaign)["revision"]}))
    assert c.balances(app, campaign, "campaign", "organiser", "fund") == {"campaign": 0, "organiser": 0, "fund": -220}
    g.ok(recall(world, campaign, at=1, lot="蛋-1"), 201)
    after = c.balances(app, campaign, "campaign", "organiser", "fund")
    assert after == {"campaign": 2100 - 220, "organiser": 0, "fund": 0} and not g.sound(app)


def test_whoever_paid_a_part_and_did_not_come_is_not_paid_for_staying_away(world, app, owner):
    """What was paid is not given back, what is still owed is not asked for any more: also where it is both."""
    g.home(app, who="he")
    campaign = g.opened(world, {"subsidy_fen": 100, "perishable": True}, c.EGGS, allows_on_delivery=True)
    order = g.ordered(world, "he", campaign, 2, 1, terms="on_delivery", delivery="door")
    a.online(world, order, 1000)
    h.handing_out(app, world, campaign)
    missed = g.ok(h.act(world, "qian", a.show(world, order), "miss"))
    owner.execute("UPDATE pickup SET missed_at = now() - interval '4 days'")
    given_up = g.ok(h.act(world, "qian", missed, "give-up", reason="没人在家，转给独居老人"))
    shown = c.order(world, order)
    assert (given_up["status"], shown["paid_fen"], shown["due_fen"]) == ("completed", 1000, 1000)
    assert c.refunds(owner, order) == {} and not g.sound(app)


def test_cash_taken_for_a_campaign_that_is_over_before_the_hand_out_is_still_handed_in(world, app, owner):
    """Everything is recalled, or called off, after the organiser has paid the supplier out of the cash."""
    g.home(app, who="he")
    for how in ("recall", "cancel"):
        campaign = g.opened(world)
        order = c.bought(world, "he", campaign, 2, cash=2000)
        if how == "recall":
            c.arrived(app, campaign, (0, "猪-1", 2))
        else:
            a.locked(world, owner, campaign)
        g.ok(pays_out(world, campaign, 1800, f"GH-{how}", who="hu", source="organiser"), 201)
        if how == "recall":
            g.ok(recall(world, campaign), 201)
        else:
            g.step(world, "hu", a.fresh(world, campaign), "cancel", reason="供货商停业")
        (refund,) = g.ok(world.hu.get("/refunds", status="pending"))["items"]
        g.ok(world.hu.post(f"/refunds/{refund['id']}/hand-back", {"receipt": f"TK-{how}"}))
        assert c.balances(app, campaign, "organiser", "campaign") == {"organiser": -1800, "campaign": 1800}
        who = owner.execute("SELECT id FROM app_user WHERE demo_name = 'hu'").fetchone()[0]
        back = {"organiser_id": str(who), "amount_fen": 1800, "from": "community_float", "receipt": f"BX-{how}"}
        assert world.chen.post(f"/campaigns/{campaign['id']}/reimbursements", back).status_code == 204
        loss = {"amount_fen": 1800, "reason": "货款追不回来"}
        assert world.chen.post(f"/campaigns/{campaign['id']}/losses", loss).status_code == 204
        assert c.balances(app, campaign, "organiser", "campaign") == {"organiser": 0, "campaign": 0}
        assert c.order(world, order)["due_fen"] == 0 and not g.sound(app)


def test_whoever_pays_for_a_leavers_shares_after_the_first_truck_has_their_money_back(world, app, owner):
    """The leaver's order still waits for the second truck, but has been given of the first."""
    g.home(app, "101", who="he"), g.home(app, "102", who="qian")
    campaign = g.opened(world, {"total": 3, "cap": 3}, c.EGGS)
    order = c.bought(world, "he", campaign, 3, 1)
    ch.waits(world, "qian", campaign, 2)
    a.locked(world, owner, campaign)
    ch.asks(world, "he", order, "leave")
    (taker,) = g.ok(world.qian.get("/orders"))["items"]
    paid = ch.begun(app, world, "qian", taker)
    g.ok(a.truck(world, campaign, 3, last=False))
    g.ok(world.qian.post(f"/payments/{paid['id']}/check"))
    p.work_off(app, owner)
    assert c.order(world, taker)["status"] == "expired" and c.refunds(owner, taker) == {"wechat": 2000}
    shown = c.order(world, order)
    assert (shown["status"], [line["allocated"] for line in shown["lines"]]) == ("locked", [3, 0])
    assert not g.sound(app)


# --- Money for nothing ------------------------------------------------------------------------------------------


def test_whoever_pays_out_of_the_communitys_purse_does_not_write_it_off(world, app, owner):
    campaign, _ = had(world, app, "he", 2)
    g.ok(pays_out(world, campaign, 5_000_00, "GH-1", who="chen", source="community_float"), 201)
    loss = {"amount_fen": 4_000_00, "reason": "路上坏了"}
    refused = world.chen.post(f"/campaigns/{campaign['id']}/losses", loss)
    assert (refused.status_code, refused.json["code"]) == (403, "not_by_oneself")
    assert world.li.post(f"/campaigns/{campaign['id']}/losses", loss).status_code == 204


def test_an_organiser_with_a_post_in_the_community_does_not_reach_into_its_purse_for_their_own_campaign(
    world, app, owner
):
    also(owner, "hu", Role.COMMUNITY_WORKER, MACHIDUN)
    campaign, _ = had(world, app, "he", 2)
    for source in ("merchant", "community_float"):
        refused = pays_out(world, campaign, 100, "GH-1", who="hu", source=source)
        assert (refused.status_code, refused.json["code"]) == (403, "not_by_oneself"), source
    g.ok(pays_out(world, campaign, 100, "GH-1", who="hu", source="organiser"), 201)


@pytest.mark.parametrize("method", ["sponsored", "community_transfer"])
def test_nobody_sponsors_their_own_home_nor_says_alone_that_its_money_has_come(world, app, method):
    g.home(app, "101", who="chen")
    order = g.ordered(world, "chen", g.opened(world), 2)
    body = {"method": method, "amount_fen": 2000, "receipt": "S-1"}
    refused = world.chen.post(f"/orders/{order['id']}/receipts", body)
    assert (refused.status_code, refused.json["code"]) == (403, "not_by_oneself")
    g.donated(app, 2000)
    g.ok(world.li.post(f"/orders/{order['id']}/receipts", body), 201)
    assert not g.sound(app)


def test_the_organiser_of_one_compound_takes_the_cash_of_the_compound_that_joined(world, app, owner):
    owner.execute(
        "UPDATE role_assignment SET place_code = %s WHERE user_id = (SELECT id FROM app_user WHERE demo_name = 'hu')",
        [READY],
    )
    campaign = g.opened(world, place_code=READY)
    g.joined(world, campaign, SECOND)
    home = g.home(app, "101", place=SECOND)
    order = g.ordered(world, "li", campaign, 2, household_id=home, consent="voice")
    a.receipt(world, order, 2000, "S-1")
    assert c.order(world, order)["status"] == "paid" and not g.sound(app)


def test_one_receipt_is_one_payment_whoever_enters_it_again(world, app, owner):
    """The supplier's, and the one for cash handed in."""
    g.home(app, who="he")
    campaign = g.opened(world)
    c.bought(world, "he", campaign, 5, cash=5000)
    c.arrived(app, campaign, (0, "猪-1", 5))
    g.ok(pays_out(world, campaign, 1000, "GH-1", who="hu", source="organiser"), 201)
    who = owner.execute("SELECT id FROM app_user WHERE demo_name = 'hu'").fetchone()[0]
    cash = {"organiser_id": str(who), "amount_fen": 500, "receipt": "SJ-1"}
    assert world.chen.post(f"/campaigns/{campaign['id']}/remittances", cash).status_code == 204
    again = [
        pays_out(world, campaign, 1000, "GH-1", who="hu", source="organiser"),
        pays_out(world, campaign, 1000, "GH-1", who="li", source="community_float"),
        world.chen.post(f"/campaigns/{campaign['id']}/remittances", cash),
    ]
    assert [(each.status_code, each.json["code"]) for each in again] == [(409, "receipt_used")] * 3
    assert c.balances(app, campaign, "organiser") == {"organiser": 3500}


def test_goods_taken_back_whole_earn_the_organiser_nothing(world, app, owner):
    campaign, order = had(world, app, "he", 2, 1, items=({}, c.EGGS))
    c.ago(owner, order, "25:00")
    g.ok(recall(world, campaign), 201)
    refused = pays_out(world, campaign, 80, "BC-1", what="share")
    assert (refused.json["code"], refused.json["left_fen"]) == ("more_than_earned", 0)


# --- Goods of others --------------------------------------------------------------------------------------------


def test_shares_that_a_household_in_hardship_gave_up_are_not_handed_out_once_they_are_recalled(world, app, owner):
    g.home(app, "101", who="he"), g.home(app, "102", who="qian")
    campaign = g.opened(world, {}, c.EGGS, policy="first_come")
    gone, waits = (c.bought(world, who, campaign, 2, 1) for who in ("he", "qian"))
    a.locked(world, owner, campaign)
    g.ok(a.truck(world, campaign, 2, last=False))
    hardship = ch.asks(world, "he", gone, "hardship")
    g.ok(world.li.post(f"/change-requests/{hardship['id']}/grant", {"revision": 1, "reason": "住院"}))
    g.ok(recall(world, campaign, lot="L猪肉"), 201)
    g.ok(a.truck(world, campaign, 0, 1))
    shown = c.order(world, waits)
    assert ([line["allocated"] for line in shown["lines"]], shown["due_fen"]) == ([0, 1], 2100)
    assert not g.sound(app)


def test_a_label_on_a_package_does_not_tell_the_code_that_fetches_it(world, app, owner):
    g.home(app, who="he")
    campaign = g.opened(world)
    order = c.bought(world, "he", campaign, 1)
    h.handing_out(app, world, campaign)
    code = g.ok(world.he.get(f"/orders/{order['id']}/pickup"))["code"]
    with app.app_context():
        made = sheets.sheet(a.actor("qian"), uuid.UUID(campaign["id"]), "labels")
    assert code and code not in str(made)


def test_at_night_nobody_is_called_also_when_the_truck_came_by_day(world, app, owner, monkeypatch):
    g.home(app, who="he")
    campaign = g.opened(world)
    c.bought(world, "he", campaign, 1)
    h.handing_out(app, world, campaign)
    owner.execute("UPDATE campaign SET quiet_consent_until = NULL")
    morning = datetime.now(UTC) + timedelta(hours=3)
    monkeypatch.setattr(service, "next_waking", lambda at: morning)
    refused = world.qian.post(f"/campaigns/{campaign['id']}/call-next")
    assert (refused.status_code, refused.json["code"]) == (409, "quiet_hours")
    g.ok(world.li.post(f"/campaigns/{campaign['id']}/quiet-consent", {"reason": "冻肉要化了"}))
    assert g.ok(world.qian.post(f"/campaigns/{campaign['id']}/call-next"))["numbers"] == [1]


# --- A look at strangers' things --------------------------------------------------------------------------------


def test_an_organiser_whose_post_has_ended_sees_nobodys_order_any_more(world, app, owner):
    campaign, order = had(world, app, "he", 2)
    claim = c.filed(world, "he", order, campaign)
    assert world.hu.get(f"/claims/{claim['id']}").status_code == 200
    owner.execute(
        "UPDATE role_assignment SET ended_at = now() WHERE user_id = (SELECT id FROM app_user WHERE demo_name = 'hu')"
    )
    also(owner, "hu", Role.ORGANISER, SECOND)  # of another compound, from now on
    for path in (f"/claims/{claim['id']}", f"/orders/{order['id']}/payments", f"/campaigns/{campaign['id']}/statement"):
        assert world.hu.get(path).status_code == 404, path
    assert world.hu.get(f"/campaigns/{campaign['id']}/recalls/{uuid.uuid4()}").status_code in (403, 404)


def test_sixteen_photos_at_once_are_six(world, app, owner):
    _, order = had(world, app, "he", 1)
    picture = c.jpeg()
    answers = at_once(*[lambda: c.sent(world, "he", picture, order=order).status_code for _ in range(16)])
    assert sorted(answers)[:6] == [201] * 6 and set(answers) <= {201, 409, 503}
    assert owner.execute("SELECT count(*) FROM photo").fetchone() == (6,)


# --- Locks ------------------------------------------------------------------------------------------------------


def test_claims_ask_for_the_campaign_before_the_order_as_a_recall_does(world, app, owner):
    """Whoever held an order and then wanted its campaign would lock up with whoever goes the other way."""
    campaign, order = had(world, app, "he", 3)
    claim = c.filed(world, "he", order, campaign)
    url = app.config["MIGRATION_DATABASE_URL"].replace("+psycopg", "")
    works = {
        "file": lambda: world.he.post(f"/orders/{order['id']}/claims", c.claim(campaign)),
        "accept": lambda: c.does(world, "hu", claim, "accept", amount_fen=100),
    }
    for name, work in works.items():
        assert held_first(url, campaign, order, work), name
    assert not g.sound(app)


def held_first(url, campaign, order, work):
    """Whether the order is free while `work` waits for the campaign."""
    with psycopg.connect(url) as other, ThreadPoolExecutor(1) as pool:
        other.execute("SELECT FROM campaign WHERE id = %s FOR UPDATE", [campaign["id"]])
        running = pool.submit(work)
        threading.Event().wait(0.4)
        free = other.execute(
            "SELECT count(*) FROM (SELECT FROM group_order WHERE id = %s FOR UPDATE SKIP LOCKED) o", [order["id"]]
        ).fetchone()[0]
        other.commit()
        answer = running.result(10)
        assert answer.status_code < 300, answer.text
        return free == 1
