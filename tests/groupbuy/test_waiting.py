"""The waiting list: first in, first served, and nobody who comes later snatches what has come free."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from backend.groupbuy.changes import waiting
from tests.cast import ELSEWHERE
from tests.factories import changes as c
from tests.factories import groupbuy as g
from tests.factories.races import at_once, while_locked

TWO = {"total": 2, "cap": 2}


@pytest.fixture
def homes(app, world):
    """Four neighbours of one stairwell."""
    return {
        who: g.home(app, room, who) for who, room in [("he", "101"), ("qian", "102"), ("feng", "103"), ("liu", "104")]
    }


def left(world, campaign):
    return g.ok(world.public.get(f"/public/campaigns/{campaign['id']}"))["items"][0]["left"]


def test_while_there_are_shares_nobody_waits_for_them(world, app, homes):
    campaign = g.opened(world, TWO)
    body = {"item_id": campaign["items"][0]["id"], "quantity": 2}
    refused = world.he.post(f"/campaigns/{campaign['id']}/waiting", body)
    assert (refused.status_code, refused.json["code"]) == (409, "not_sold_out")
    assert not g.sound(app)


def test_a_share_that_comes_free_goes_to_the_head_of_the_line_and_not_to_who_comes_by(world, app, homes):
    campaign = g.opened(world, TWO)
    placed = c.bought(app, world, "he", campaign, 2)
    assert world.qian.post("/orders", g.asked(campaign, 1)).json["code"] == "sold_out"
    assert c.waits(world, "qian", campaign)["ahead"] == 0
    assert c.waits(world, "feng", campaign)["ahead"] == 1
    g.ok(world.he.post(f"/orders/{placed['id']}/cancel", {"revision": c.order_now(world, "he", placed)["revision"]}))
    assert left(world, campaign) == 0 and not g.sound(app)
    assert world.liu.post("/orders", g.asked(campaign, 1)).json["code"] == "sold_out"
    c.minute(app)
    served = c.entry_of(world, "qian", campaign)
    assert served["status"] == "served"
    order = g.ok(world.qian.get(f"/orders/{served['order_id']}"))
    assert (order["status"], order["terms"], order["due_fen"]) == ("awaiting_payment", "prepaid", 1000)
    c.paid(app, world, "qian", order)
    assert c.order_now(world, "qian", order)["status"] == "paid"
    assert c.entry_of(world, "feng", campaign)["status"] == "served"
    assert not g.sound(app)


def test_unpaid_it_expires_and_the_next_is_offered_it(world, app, owner, homes):
    campaign = g.opened(world, {"total": 1, "cap": 1})
    placed = g.ordered(world, "he", campaign, 1)
    for who in ("qian", "feng"):
        c.waits(world, who, campaign)
    c.overdue(owner, placed["id"])
    c.minute(app)
    offered = c.entry_of(world, "qian", campaign)["order_id"]
    assert c.entry_of(world, "feng", campaign)["status"] == "waiting"
    c.overdue(owner, offered)
    c.minute(app)
    assert c.order_now(world, "qian", {"id": offered})["status"] == "expired"
    assert c.entry_of(world, "feng", campaign)["status"] == "served" and left(world, campaign) == 0
    assert not g.sound(app)


def test_the_line_is_served_behind_the_households_own_order_not_across_it(world, app, owner, homes):
    """An order holds the household's count and then wants the item: whoever held the item first would lock it out."""
    campaign = g.opened(world, TWO)
    placed = c.bought(app, world, "he", campaign, 2)
    c.waits(world, "qian", campaign)
    g.ok(world.he.post(f"/orders/{placed['id']}/cancel", {"revision": c.order_now(world, "he", placed)["revision"]}))
    item, free = campaign["items"][0]["id"], []

    def serve():
        with app.app_context():
            waiting.serve()

    def looks():
        with ThreadPoolExecutor(1) as pool:
            served = pool.submit(serve)
            threading.Event().wait(0.3)
            free.append(owner.execute("SELECT id FROM campaign_item WHERE id = %s FOR UPDATE NOWAIT", [item]).rowcount)
            served.result(10)

    hold = "INSERT INTO household_share (household_id, item_id, quantity) VALUES (%s, %s, 0)"
    url = app.config["MIGRATION_DATABASE_URL"].replace("+psycopg", "")
    while_locked(url, hold, [homes["qian"], item], looks)
    assert free == [1] and c.entry_of(world, "qian", campaign)["status"] == "served" and not g.sound(app)


def test_one_who_waits_for_three_gets_one_and_stays_at_the_head_for_the_rest(world, app, homes):
    campaign = g.opened(world, {"total": 4, "cap": 4})
    placed, other = g.ordered(world, "he", campaign, 1), g.ordered(world, "liu", campaign, 3)
    c.waits(world, "qian", campaign, 3)
    c.waits(world, "feng", campaign, 1)
    g.ok(world.he.post(f"/orders/{placed['id']}/cancel", {"revision": 1}))
    c.minute(app)
    entry = c.entry_of(world, "qian", campaign)
    assert (entry["served"], entry["status"]) == (1, "waiting") and not g.sound(app)
    g.ok(world.liu.post(f"/orders/{other['id']}/cancel", {"revision": 1}))
    c.minute(app)
    assert c.entry_of(world, "qian", campaign)["served"] == 3
    assert c.entry_of(world, "feng", campaign)["status"] == "served"
    assert left(world, campaign) == 0 and not g.sound(app)


def test_too_few_are_left_for_her_so_they_are_kept_while_she_waits(world, app, homes):
    campaign = g.opened(world, {"total": 3, "cap": 3})
    g.ordered(world, "he", campaign, 2)
    entry = c.waits(world, "qian", campaign, 2)
    assert left(world, campaign) == 0 and not g.sound(app)
    assert entry["allowed_actions"] == ["leave"]
    g.ok(world.qian.post(f"/waiting/{entry['id']}/leave", {"revision": 1}))
    assert left(world, campaign) == 1 and not g.sound(app)


def test_a_household_waits_once_for_an_item_and_strangers_see_nothing_of_it(world, app, homes):
    campaign = g.opened(world, {"total": 1, "cap": 1})
    g.ordered(world, "he", campaign, 1)
    entry = c.waits(world, "qian", campaign)
    again = world.qian.post(
        f"/campaigns/{campaign['id']}/waiting", {"item_id": campaign["items"][0]["id"], "quantity": 1}
    )
    assert (again.status_code, again.json["code"]) == (409, "already_waiting")
    assert world.he.post(f"/waiting/{entry['id']}/leave", {"revision": 1}).status_code == 404
    assert g.ok(world.he.get(f"/campaigns/{campaign['id']}/waiting"))["items"] == []
    assert not g.sound(app)


@pytest.mark.parametrize(
    "changed, status, code",
    [
        ({"quantity": 2}, 422, "over_cap"),
        ({"quantity": 0}, 422, "invalid"),
        ({"item_id": "00000000-0000-0000-0000-000000000000"}, 422, "item_missing"),
        ({"household_id": "elsewhere"}, 404, "household_missing"),
        ({"household_id": "stranger"}, 404, "household_missing"),
        ({"total_fen": 1}, 422, "invalid"),
    ],
)
def test_what_is_refused_at_the_end_of_the_line(world, app, homes, changed, status, code):
    campaign = g.opened(world, {"total": 1, "cap": 1})
    g.ordered(world, "he", campaign, 1)
    others = {"elsewhere": g.home(app, "1", place=ELSEWHERE), "stranger": g.home(app, "909")}
    changed = {name: others.get(value, value) if isinstance(value, str) else value for name, value in changed.items()}
    body = {"item_id": campaign["items"][0]["id"], "quantity": 1, **changed}
    refused = world.qian.post(f"/campaigns/{campaign['id']}/waiting", body)
    assert (refused.status_code, refused.json["code"]) == (status, code)
    assert not g.sound(app)


def test_the_building_head_queues_for_a_neighbour_without_a_phone_who_has_said_how(world, app, homes):
    old = g.home(app, "201")
    campaign = g.opened(world, {"total": 1, "cap": 1})
    placed = g.ordered(world, "he", campaign, 1)
    path, body = f"/campaigns/{campaign['id']}/waiting", {"item_id": campaign["items"][0]["id"], "quantity": 1}
    assert world.liu.post(path, {**body, "household_id": old}).json["code"] == "consent_needed"
    g.ok(world.liu.post(path, {**body, "household_id": old, "consent": "voice"}), 201)
    c.waits(world, "qian", campaign)
    hers = g.ok(world.liu.get(path, household=old))["items"]
    assert [one["household_id"] for one in hers] == [old]
    assert g.ok(world.qian.get(path, household=old))["items"] == []
    g.ok(world.he.post(f"/orders/{placed['id']}/cancel", {"revision": 1}))
    c.minute(app)
    served = c.entry_of(world, "liu", campaign, household=old)
    order = g.ok(world.liu.get(f"/orders/{served['order_id']}"))
    assert (order["household_id"], order["consent_kind"]) == (old, "voice")
    assert not g.sound(app)


def test_who_would_be_over_the_cap_by_now_gives_way_to_the_next(world, app, homes):
    campaign = g.opened(world, {"total": 3, "cap": 2})
    first = g.ordered(world, "he", campaign, 2)
    g.ordered(world, "qian", campaign, 1)
    c.waits(world, "qian", campaign, 2)  # with the one it has, more than the cap
    c.waits(world, "feng", campaign, 2)
    g.ok(world.he.post(f"/orders/{first['id']}/cancel", {"revision": 1}))
    c.minute(app)
    assert c.entry_of(world, "qian", campaign)["status"] == "ended"
    assert c.entry_of(world, "feng", campaign)["served"] == 2 and not g.sound(app)


def test_the_line_ends_with_the_campaign(world, app, homes):
    campaign = g.opened(world, {"total": 1, "cap": 1})
    g.ordered(world, "he", campaign, 1)
    c.waits(world, "qian", campaign)
    g.step(world, "hu", campaign, "cancel", reason="供货商来不了")
    c.minute(app)
    assert c.entry_of(world, "qian", campaign)["status"] == "ended" and not g.sound(app)
    body = {"item_id": campaign["items"][0]["id"], "quantity": 1}
    assert world.feng.post(f"/campaigns/{campaign['id']}/waiting", body).json["code"] == "not_waited_for"


def test_at_the_same_moment_the_share_comes_free_the_clock_serves_and_others_order(world, app, homes):
    campaign = g.opened(world, {"total": 3, "cap": 3})
    for _ in range(6):
        placed = g.ordered(world, "he", campaign, 3)
        c.waits(world, "qian", campaign, 2)

        def clock():
            with app.app_context():
                waiting.serve()

        def cancel(placed=placed):
            return world.he.post(f"/orders/{placed['id']}/cancel", {"revision": 1}).status_code

        def snatch():
            return world.feng.post("/orders", g.asked(campaign, 2)).status_code

        done, _, _, snatched = at_once(cancel, clock, clock, snatch)
        assert done == 200 and snatched == 409
        c.minute(app)
        entry = c.entry_of(world, "qian", campaign)
        assert entry["status"] == "served" and left(world, campaign) == 1
        assert not g.sound(app)
        g.ok(world.qian.post(f"/orders/{entry['order_id']}/cancel", {"revision": 1}))
        assert left(world, campaign) == 3


def test_two_of_one_household_at_once_make_one_entry(world, app, homes):
    campaign = g.opened(world, {"total": 1, "cap": 1})
    g.ordered(world, "he", campaign, 1)
    body = {"item_id": campaign["items"][0]["id"], "quantity": 1}
    join = lambda: world.qian.post(f"/campaigns/{campaign['id']}/waiting", body).status_code  # noqa: E731
    assert sorted(at_once(join, join, join)) == [201, 409, 409]
    assert not g.sound(app)


def test_a_closed_account_gives_way(world, app, owner, homes):
    campaign = g.opened(world, {"total": 1, "cap": 1})
    placed = g.ordered(world, "he", campaign, 1)
    c.waits(world, "qian", campaign)
    owner.execute("UPDATE app_user SET active = false WHERE demo_name = 'qian'")
    g.ok(world.he.post(f"/orders/{placed['id']}/cancel", {"revision": 1}))
    c.minute(app)
    assert owner.execute("SELECT status FROM waiting_entry").fetchall() == [("ended",)]
    assert left(world, campaign) == 1 and not g.sound(app)
