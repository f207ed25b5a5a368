"""A campaign from the draft to its end: what was promised at publication stands, whoever tries, whenever it is."""

from datetime import datetime, timedelta

import pytest

from backend.core import clock
from backend.core.transaction import unit_of_work
from backend.groupbuy import deadlines
from backend.groupbuy.handout import calling
from tests.cast import MACHIDUN, NEIGHBOUR
from tests.factories import changes as c
from tests.factories import groupbuy as g
from tests.factories.payments import work_off
from tests.factories.races import at_once, while_locked
from tests.factories.world import user_id

LOWER = {"cost_fen": 800, "freight_fen": 60, "organiser_fen": 40}


@pytest.fixture
def homes(app, world):
    return {who: g.home(app, room, who) for who, room in [("he", "101"), ("qian", "102"), ("feng", "103")]}


def now_of(world, campaign, who="hu"):
    return g.ok(world.hand(who).get(f"/campaigns/{campaign['id']}"))


def tries(world, who, campaign, action, **body):
    revision = body.pop("revision", None) or now_of(world, campaign)["revision"]
    return world.hand(who).post(f"/campaigns/{campaign['id']}/{action}", {"revision": revision, **body})


def later(**delta):
    return (clock.now() + timedelta(**delta)).isoformat()


def who_is(app, name):
    with app.app_context():
        return str(user_id(name))


# --- Before it opens --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changed, field",
    [
        ({"cut_off_at": later(hours=-1)}, "/cut_off_at"),
        ({"cut_off_at": later(days=15)}, "/cut_off_at"),
        ({"opens_at": later(days=2)}, "/cut_off_at"),
        ({"batch_size": 30, "at_once": 20}, "/at_once"),
        ({"items": [{**g.PORK, "cost_fen": 0, "freight_fen": 0, "organiser_fen": 0}]}, "/items/0/cost_fen"),
        ({"items": [{**g.PORK, "subsidy_fen": 1001}]}, "/items/0/subsidy_fen"),
        ({"items": [{**g.PORK, "cap": 601}]}, "/items/0/cap"),
        ({"items": [{**g.PORK, "weighed": True}]}, "/items/0/grams_per_share"),
    ],
)
def test_a_senseless_draft_is_refused_with_the_field_that_is_wrong(world, changed, field):
    refused = world.hu.post("/campaigns", g.body(**changed))
    assert refused.status_code == 422 and refused.json["errors"][0]["field"] == field


def test_only_an_organiser_drafts_and_only_those_in_charge_see_the_draft(world, app):
    for who in ("he", "liu", "chen", "qian", "other_secretary", "nobody"):
        assert world.hand(who).post("/campaigns", g.body()).status_code == 403
    assert world.hu.post("/campaigns", g.body(place_code=NEIGHBOUR)).status_code == 404
    campaign = g.drafted(world)
    assert world.public.get(f"/public/campaigns/{campaign['id']}").status_code == 404
    assert world.yang.get(f"/campaigns/{campaign['id']}").status_code == 404
    assert now_of(world, campaign, "li")["status"] == "draft" and not g.sound(app)


def test_a_draft_that_was_cancelled_stays_as_private_as_it_was_and_what_was_published_stays_public(world, app):
    drafted, published = g.drafted(world), g.opened(world)
    for campaign in (drafted, published):
        g.step(world, "hu", campaign, "cancel", reason="供货商来不了")
    listed = [g.ok(world.public.get("/public/campaigns", **query))["items"] for query in ({}, {"place": MACHIDUN})]
    assert [[shown["id"] for shown in page] for page in listed] == [[published["id"]]] * 2
    for path in ("", "/price-sheet"):
        assert world.public.get(f"/public/campaigns/{drafted['id']}{path}").status_code == 404
        assert world.public.get(f"/public/campaigns/{published['id']}{path}").status_code == 200
    assert world.yang.get(f"/campaigns/{drafted['id']}/queue").status_code == 404
    assert now_of(world, drafted, "li")["status"] == "cancelled" and not g.sound(app)


def test_how_the_goods_are_fetched_stands_there_when_it_is_published(world, monkeypatch):
    campaign = g.opened(world, batch_size=5, at_once=15, batch_minutes=8)
    shown = g.ok(world.public.get(f"/public/campaigns/{campaign['id']}"))
    assert (shown["batch_size"], shown["at_once"], shown["batch_minutes"]) == (5, 15, 8)
    assert "保留 3 小时" in shown["keeping_sentence"] and "保留 72 小时" in shown["keeping_sentence"]
    assert "最多叫 3 次" in shown["keeping_sentence"]
    monkeypatch.setattr(calling, "KEPT_PERISHABLE", timedelta(hours=5))
    said = g.ok(world.public.get("/public/campaigns"))["items"][0]["keeping_sentence"]
    assert "保留 5 小时" in said, "what is promised is what give_up asks"


def test_a_deputy_must_be_an_organiser_too_and_does_what_the_organiser_does(world, app, owner, homes):
    refused = world.hu.post("/campaigns", g.body(deputy_id=who_is(app, "he")))
    assert refused.json["errors"][0]["field"] == "/deputy_id"
    assert world.hu.post("/campaigns", g.body(deputy_id=who_is(app, "hu"))).status_code == 422
    campaign = g.drafted(world, deputy_id=who_is(app, "yang"))
    campaign = g.step(world, "yang", campaign, "publish")
    g.step(world, "yang", campaign, "extend", cut_off_at=later(days=2))
    placed = c.bought(app, world, "he", campaign, 1)
    c.cut_off(app, owner, campaign)
    assert c.ordered_from_supplier(world, campaign, "yang")["status"] == "ordered"
    assert placed and not g.sound(app)


def test_an_organiser_whose_post_has_ended_may_not(world, app, owner):
    campaign = g.opened(world)
    owner.execute(
        "UPDATE role_assignment SET ended_at = now() WHERE user_id = (SELECT id FROM app_user WHERE demo_name = 'hu')"
    )
    owner.execute(
        "INSERT INTO role_assignment (id, user_id, role, place_code) SELECT gen_random_uuid(), id, 'organiser', %s "
        "FROM app_user WHERE demo_name = 'hu'",
        [NEIGHBOUR],
    )
    for action, body in (("extend", {"cut_off_at": later(days=2)}), ("cancel", {"reason": "不办了"})):
        refused = tries(world, "hu", campaign, action, revision=campaign["revision"], **body)
        assert refused.status_code in (403, 404), action
    assert now_of(world, campaign, "li")["status"] == "open" and not g.sound(app)


def test_a_subsidy_needs_a_second_person_and_a_redraft_takes_the_approval_back(world, app):
    campaign = g.drafted(world, {"subsidy_fen": 200})
    assert tries(world, "hu", campaign, "publish").json["code"] == "approval_needed"
    assert tries(world, "hu", campaign, "approve").status_code == 403
    assert tries(world, "other_secretary", campaign, "approve").status_code == 404
    campaign = g.step(world, "chen", campaign, "approve")
    assert campaign["approved"]
    body = {**g.body({"subsidy_fen": 900}), "revision": campaign["revision"]}
    body.pop("place_code")
    campaign = g.ok(world.hu.patch(f"/campaigns/{campaign['id']}", body))
    assert not campaign["approved"]
    assert tries(world, "hu", campaign, "publish").json["code"] == "approval_needed"
    campaign = g.step(world, "li", campaign, "approve")
    campaign = g.step(world, "hu", campaign, "publish")
    again = world.hu.patch(f"/campaigns/{campaign['id']}", {**body, "revision": campaign["revision"]})
    assert (again.status_code, again.json["code"]) == (409, "published") and not g.sound(app)


def test_nobody_approves_the_campaign_they_organise(world, app, owner):
    owner.execute(
        "INSERT INTO role_assignment (id, user_id, role, place_code) SELECT gen_random_uuid(), id, 'community_worker', "
        "%s FROM app_user WHERE demo_name = 'hu'",
        [MACHIDUN],
    )
    campaign = g.drafted(world, {"subsidy_fen": 200})
    refused = tries(world, "hu", campaign, "approve")
    assert (refused.status_code, refused.json["code"]) == (403, "second_person")
    assert not now_of(world, campaign, "li")["approved"] and not g.sound(app)


def test_nothing_to_approve_where_there_is_no_subsidy(world):
    campaign = g.drafted(world)
    assert tries(world, "li", campaign, "approve").json["code"] == "no_approval_needed"


# --- While it is open -------------------------------------------------------------------------------------------


def test_the_clock_opens_it_and_not_before(world, app, owner, homes):
    campaign = g.opened(world, opens_at=later(hours=2))
    assert campaign["status"] == "published"
    assert world.he.post("/orders", g.asked(campaign, 1)).json["code"] == "not_open"
    with app.app_context(), unit_of_work():
        deadlines.open_campaign(campaign["id"])
    assert now_of(world, campaign)["status"] == "published"
    owner.execute("UPDATE campaign SET opens_at = now() WHERE id = %s", [campaign["id"]])
    with app.app_context(), unit_of_work():
        deadlines.open_campaign(campaign["id"])
    assert now_of(world, campaign)["status"] == "open"
    g.ordered(world, "he", campaign, 1)
    assert not g.sound(app)


def test_after_a_long_outage_the_cut_off_comes_also_before_the_opening(world, app, owner):
    campaign = g.opened(world, opens_at=later(hours=2))
    past = "UPDATE campaign SET opens_at = now() - interval '2 hours', cut_off_at = now() - interval '1 hour'"
    owner.execute(past + " WHERE id = %s", [campaign["id"]])
    with app.app_context(), unit_of_work():
        deadlines.cut_off(campaign["id"])
        deadlines.open_campaign(campaign["id"])
    assert now_of(world, campaign)["status"] == "cut_off" and not g.sound(app)


def test_the_record_says_what_a_promise_was_and_what_it_is_now(world, owner):
    campaign = g.opened(world)
    moved = g.step(world, "hu", campaign, "extend", cut_off_at=later(days=3))
    g.step(world, "hu", moved, "lower_price", item_id=campaign["items"][0]["id"], **LOWER)
    said = "SELECT details FROM audit_event WHERE subject_id = %s AND action IN ('extend', 'lower_price') ORDER BY at"
    (extended,), (lowered,) = owner.execute(said, [campaign["id"]]).fetchall()
    assert datetime.fromisoformat(extended["from"]) == datetime.fromisoformat(campaign["cut_off_at"])
    assert datetime.fromisoformat(extended["to"]) == datetime.fromisoformat(moved["cut_off_at"])
    assert lowered == {"item": campaign["items"][0]["id"], "from_fen": 1000, "to_fen": 900}


def test_the_cut_off_only_moves_later_and_the_first_clock_then_comes_too_early(world, app, owner, homes):
    campaign = g.opened(world)
    for wrong in (later(hours=1), later(days=15), campaign["cut_off_at"]):
        assert tries(world, "hu", campaign, "extend", cut_off_at=wrong).status_code == 422
    campaign = g.step(world, "hu", campaign, "extend", cut_off_at=later(days=3))
    with app.app_context(), unit_of_work():
        deadlines.cut_off(campaign["id"])
    assert now_of(world, campaign)["status"] == "open"
    assert tries(world, "hu", campaign, "extend", revision=1, cut_off_at=later(days=4)).json["code"] == "stale"
    owner.execute("UPDATE campaign SET cut_off_at = now() WHERE id = %s", [campaign["id"]])
    assert tries(world, "hu", campaign, "extend", cut_off_at=later(days=4)).json["code"] == "cut_off_past"
    assert world.he.post("/orders", g.asked(campaign, 1)).json["code"] == "not_open" and not g.sound(app)


@pytest.mark.parametrize(
    "parts, code",
    [
        ({"cost_fen": 900, "freight_fen": 60, "organiser_fen": 40}, "invalid"),  # the same
        ({"cost_fen": 901, "freight_fen": 60, "organiser_fen": 40}, "invalid"),  # more
        ({"cost_fen": 700, "freight_fen": 60, "organiser_fen": 41}, "invalid"),  # less, but more for the organiser
        ({"cost_fen": 0, "freight_fen": 0, "organiser_fen": 0}, "invalid"),
    ],
)
def test_no_part_of_a_price_ever_goes_up(world, app, parts, code):
    campaign = g.opened(world)
    refused = tries(world, "hu", campaign, "lower-price", item_id=campaign["items"][0]["id"], **parts)
    assert (refused.status_code, refused.json["code"]) == (422, code) and not g.sound(app)


def test_a_lower_price_is_passed_on_to_the_fen_to_those_who_have_ordered_already(world, app, owner, homes):
    campaign = g.opened(world, {"subsidy_fen": 200}, allows_on_delivery=True)
    paid = c.bought(app, world, "he", campaign, 3)  # 2400 of 3000, the district gives the rest
    part = g.ordered(world, "qian", campaign, 2)
    c.paid(app, world, "qian", part, amount_fen=1500)
    door = g.ordered(world, "feng", campaign, 1, terms="on_delivery")
    poor = g.home(app, "301")
    given = g.ordered(world, "chen", campaign, 1, household_id=poor, consent="voice", terms="sponsored")
    campaign = g.step(world, "hu", now_of(world, campaign), "lower_price", item_id=campaign["items"][0]["id"], **LOWER)
    assert campaign["items"][0]["price_fen"] == 900
    work_off(app, owner)
    shown = {name: c.order_now(world, "li", order) for name, order in (("paid", paid), ("part", part), ("door", door))}
    assert (shown["paid"]["due_fen"], shown["paid"]["paid_fen"], shown["paid"]["subsidy_fen"]) == (2100, 2100, 600)
    assert (shown["part"]["due_fen"], shown["part"]["paid_fen"]) == (1400, 1400)
    assert shown["door"]["due_fen"] == 700 and c.order_now(world, "li", given)["sponsored_fen"] == 700
    assert c.books(app, campaign) == {
        "campaign": -6300, "merchant": 3500, "subsidy": 1400, "household": 700, "fund": 700,
    }  # fmt: skip
    assert shown["part"]["status"] == "paid", "what has been paid is enough now"
    assert not g.sound(app)


def test_a_price_is_lowered_while_an_order_is_placed(world, app, owner, homes):
    for _ in range(4):
        campaign = g.opened(world)
        body = {"revision": campaign["revision"], "item_id": campaign["items"][0]["id"], **LOWER}
        placed, lowered = at_once(
            lambda campaign=campaign: world.he.post("/orders", g.asked(campaign, 2)),
            lambda campaign=campaign, body=body: world.hu.post(f"/campaigns/{campaign['id']}/lower-price", body),
        )
        assert (placed.status_code, lowered.status_code) == (201, 200), (placed.text, lowered.text)
        assert c.order_now(world, "he", placed.json)["due_fen"] == 1800 and not g.sound(app)


# --- The cut-off ------------------------------------------------------------------------------------------------


def test_an_order_is_placed_while_the_cut_off_comes(world, app, owner, homes):
    """The order waits for the campaign's row, and is then judged by the database's clock: it is too late."""
    campaign = g.opened(world)
    url = app.config["MIGRATION_DATABASE_URL"].replace("postgresql+psycopg://", "postgresql://")
    hold = "WITH held AS (SELECT id FROM campaign WHERE id = %s FOR UPDATE) "
    statement = hold + "UPDATE campaign SET cut_off_at = clock_timestamp() WHERE id IN (SELECT id FROM held)"
    answer = while_locked(url, statement, [campaign["id"]], lambda: world.he.post("/orders", g.asked(campaign, 1)))
    assert (answer.status_code, answer.json["code"]) == (409, "not_open")
    assert not g.sound(app)


def test_cut_off_and_orders_at_the_same_moment(world, app, owner, homes):
    for _ in range(4):
        campaign = g.opened(world, {"total": 10, "cap": 10})

        def cut(campaign=campaign):
            owner.execute("UPDATE campaign SET cut_off_at = clock_timestamp() WHERE id = %s", [campaign["id"]])
            with app.app_context(), unit_of_work():
                deadlines.cut_off(campaign["id"])

        buyers = [
            lambda who=who, campaign=campaign: world.hand(who).post("/orders", g.asked(campaign, 1)) for who in homes
        ]
        _, *answers = at_once(cut, *buyers)
        assert {answer.status_code for answer in answers} <= {201, 409}
        assert now_of(world, campaign)["status"] == "cut_off" and not g.sound(app)


def test_minimum_not_met_it_fails_and_everyone_is_refunded_to_whoever_paid(world, app, owner, homes):
    campaign = g.opened(world, {"subsidy_fen": 200}, minimum_shares=10, allows_on_delivery=True)
    online = c.bought(app, world, "he", campaign, 3)
    cash = g.ordered(world, "qian", campaign, 3)
    c.cash(world, cash, 2400, "R1")
    g.ordered(world, "feng", campaign, 1, terms="on_delivery")
    poor, late = g.home(app, "301"), g.home(app, "302")
    g.ordered(world, "chen", campaign, 2, household_id=poor, consent="voice", terms="sponsored")
    unpaid = g.ordered(world, "liu", campaign, 5, household_id=late, consent="voice")  # does not count
    c.cut_off(app, owner, campaign)
    assert now_of(world, campaign)["status"] == "failed"
    assert c.order_now(world, "li", unpaid)["status"] == "expired"
    assert c.order_now(world, "he", online)["status"] == "cancelled"
    work_off(app, owner)
    refunds = g.ok(world.hu.get("/refunds"))["items"]
    assert sorted((r["method"], r["amount_fen"], r["status"]) for r in refunds) == [
        ("cash", 2400, "pending"), ("wechat", 2400, "succeeded"),
    ]  # fmt: skip
    handed = next(r for r in refunds if r["method"] == "cash")
    g.ok(world.hu.post(f"/refunds/{handed['id']}/hand-back", {"receipt": "T1"}))
    assert c.books(app, campaign) == {} and not g.sound(app)
    item = g.ok(world.public.get(f"/public/campaigns/{campaign['id']}"))["items"][0]
    assert item["left"] == item["total"]


def test_just_enough_goes_ahead_and_the_supplier_is_asked_only_when_the_last_term_of_payment_is_over(
    world, app, owner, homes
):
    campaign = g.opened(world, minimum_shares=5)
    c.bought(app, world, "he", campaign, 5)
    owner.execute("UPDATE campaign SET cut_off_at = clock_timestamp() WHERE id = %s", [campaign["id"]])
    with app.app_context(), unit_of_work():
        deadlines.cut_off(campaign["id"])
    assert tries(world, "hu", campaign, "order").json["code"] == "still_paying"
    with app.app_context(), unit_of_work():
        deadlines.close_books(campaign["id"])
    now = now_of(world, campaign)
    assert now["locked_at"] and now["allowed_actions"][0] == "order"
    assert c.ordered_from_supplier(world, campaign)["status"] == "ordered" and not g.sound(app)


def test_nobody_ordered_it_fails_even_without_a_minimum(world, app, owner):
    campaign = g.opened(world)
    c.cut_off(app, owner, campaign)
    assert now_of(world, campaign)["status"] == "failed" and not g.sound(app)


@pytest.mark.parametrize(
    "who, status", [("hu", 200), ("li", 200), ("yang", 404), ("he", 403), ("other_secretary", 404)]
)
def test_cancelled_with_a_reason_by_those_in_charge_and_everyone_is_refunded(world, app, owner, homes, who, status):
    campaign = g.opened(world)
    c.bought(app, world, "he", campaign, 2)
    pending = g.ordered(world, "qian", campaign, 1)
    payment = c.begun(app, world, "qian", pending)  # paid at the provider, and we do not know it yet
    assert tries(world, who, campaign, "cancel", reason="供货商来不了").status_code == status
    if status == 200:
        g.ok(world.qian.post(f"/payments/{payment['id']}/check"))  # accepted, and given back at once
        work_off(app, owner)
        assert c.books(app, campaign) == {}
    assert not g.sound(app)


def test_cancelling_needs_a_reason_and_comes_too_late_once_the_goods_are_on_their_way(world, app, owner, homes):
    campaign = g.opened(world)
    c.bought(app, world, "he", campaign, 2)
    assert tries(world, "hu", campaign, "cancel").json["code"] == "reason_required"
    c.cut_off(app, owner, campaign)
    campaign = g.step(world, "hu", c.ordered_from_supplier(world, campaign), "dispatch")
    assert tries(world, "hu", campaign, "cancel", reason="晚了").json["code"] == "not_now" and not g.sound(app)


def test_she_cancels_her_order_while_the_campaign_is_cancelled(world, app, owner, homes):
    for _ in range(4):
        campaign = g.opened(world)
        placed = c.bought(app, world, "he", campaign, 2)
        revision = c.order_now(world, "he", placed)["revision"]
        body = {"revision": campaign["revision"], "reason": "来不了"}
        hers, theirs = at_once(
            lambda placed=placed, revision=revision: world.he.post(
                f"/orders/{placed['id']}/cancel", {"revision": revision}
            ),
            lambda campaign=campaign, body=body: world.hu.post(f"/campaigns/{campaign['id']}/cancel", body),
        )
        assert hers.status_code in (200, 409) and theirs.status_code == 200, (hers.text, theirs.text)
        work_off(app, owner)
        assert c.books(app, campaign) == {} and not g.sound(app)
