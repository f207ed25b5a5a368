"""An order: for oneself, on behalf, refused as a whole or placed as a whole."""

import pytest

from backend.core.settings import settings
from tests.core import things
from tests.factories import changes as c
from tests.factories import groupbuy as g
from tests.factories.claims import arrived


def test_a_resident_orders_for_her_own_home_and_is_told_what_it_costs_and_until_when_to_pay(world, app, owner):
    home = g.home(app, who="he")
    campaign = g.opened(world)
    placed = g.ordered(world, "he", campaign, 3)
    assert (placed["household_id"], placed["status"]) == (home, "awaiting_payment")
    assert (placed["total_fen"], placed["due_fen"], placed["subsidy_fen"]) == (3000, 3000, 0)
    assert placed["pay_by"] and placed["policy_sentence"]
    shown = g.ok(world.he.get(f"/orders/{placed['id']}"))
    assert (
        shown["room"] == "101" and shown["lines"][0]["quantity"] == 3 and shown["allowed_actions"] == ["cancel", "pay"]
    )
    item = g.ok(world.public.get(f"/public/campaigns/{campaign['id']}"))["items"][0]
    assert item["left"] == 597
    assert not g.sound(app)


def test_cancelled_before_the_cut_off_the_shares_and_the_cap_are_free_again(world, app, owner):
    g.home(app, who="he")
    campaign = g.opened(world)
    placed = g.ordered(world, "he", campaign, 5)
    refused = world.he.post("/orders", g.asked(campaign, 1))
    assert (refused.status_code, refused.json["code"], refused.json["have"]) == (422, "over_cap", 5)
    cancelled = g.ok(world.he.post(f"/orders/{placed['id']}/cancel", {"revision": 1}))
    assert cancelled["status"] == "cancelled" and cancelled["due_fen"] == 0
    g.ordered(world, "he", campaign, 5)
    assert not g.sound(app)


def test_a_closed_account_is_not_told_again_what_it_had_ordered(world, app, owner):
    """Its token lives a quarter of an hour longer; the stored answer would name the household."""
    g.home(app, who="he")
    campaign, one_key = g.opened(world), "the-key-of-the-first-order"
    placed = g.ok(world.he.post("/orders", g.asked(campaign, 1), one_key), 201)
    assert g.ok(world.he.post("/orders", g.asked(campaign, 1), one_key), 201) == placed
    owner.execute("UPDATE app_user SET active = false WHERE demo_name = 'he'")
    refused = world.he.post("/orders", g.asked(campaign, 1), one_key)
    assert (refused.status_code, refused.json["code"]) == (401, "unknown_user")


# --- What was ordered on behalf ---------------------------------------------------------------------------------


def test_whoever_orders_for_a_household_finds_its_orders_again_and_a_stranger_none_of_it(world, app):
    mine, hers = g.home(app, "101", "liu"), g.home(app, "301")
    campaign, other = g.opened(world), g.opened(world)
    own = g.ordered(world, "liu", campaign, 1, household_id=mine)
    first = g.ordered(world, "liu", campaign, 1, household_id=hers, consent="voice")
    second = g.ordered(world, "wang", other, 1, household_id=hers, consent="voice")

    def listed(who, **query):
        return [order["id"] for order in g.ok(world.hand(who).get("/orders", **query))["items"]]

    assert listed("liu") == [own["id"]]
    assert listed("liu", household=hers) == listed("li", household=hers) == [second["id"], first["id"]]
    assert listed("liu", household=hers, campaign=campaign["id"]) == [first["id"]]
    assert listed("he", household=hers) == listed("other_grid", household=hers) == []


# --- Paying, and asking to leave: to whom they are offered ------------------------------------------------------


def offered(cast, who, order):
    return c.order_now(cast, who, order)["allowed_actions"]


def test_paying_is_offered_to_those_who_may_begin_a_payment_while_something_is_owed(world, app):
    hers = g.home(app, "101", "he")
    campaign = g.opened(world, allows_on_delivery=True)
    placed = g.ordered(world, "he", campaign, 2)
    g.ok(world.wang.post(f"/households/{hers}/consents", things.consent(app, "tang")), 201)
    assert offered(world, "he", placed) == offered(world, "tang", placed) == ["cancel", "pay"]
    assert offered(world, "liu", placed) == ["cancel"] and offered(world, "hu", placed) == []
    assert world.liu.post(f"/orders/{placed['id']}/payments", {"method": "wechat"}).status_code in (403, 404)
    c.cash(world, placed, 500, "R1")
    c.paid(app, world, "tang", placed)
    assert offered(world, "he", placed) == ["cancel"]
    later = g.ordered(world, "he", campaign, 1, terms="on_delivery")
    arrived(app, campaign, (0, "猪-1", 3))
    assert "pay" in offered(world, "he", later) and "pay" not in offered(world, "he", placed)


def test_paying_is_offered_for_nothing_that_is_over_nor_where_nobody_takes_it(world, app, monkeypatch):
    g.home(app, who="he")
    placed = g.ordered(world, "he", g.opened(world), 2)
    with monkeypatch.context() as without:
        without.setitem(settings, "PAYMENT_PROVIDER", "off")
        assert offered(world, "he", placed) == ["cancel"]
    g.ok(world.he.post(f"/orders/{placed['id']}/cancel", {"revision": 1}))
    assert offered(world, "he", placed) == []


@pytest.mark.parametrize("who, may", [("he", True), ("liu", True), ("li", True), ("hu", False), ("feng", False)])
def test_to_leave_or_pass_on_is_offered_for_a_locked_order_to_those_who_may_ask(world, app, owner, who, may):
    g.home(app, who="he")
    campaign = g.opened(world)
    placed = c.bought(app, world, "he", campaign, 2)
    assert "change" not in offered(world, who, placed)
    c.cut_off(app, owner, campaign)
    assert ("change" in offered(world, who, placed)) == may
    asked = world.hand(who).post(f"/orders/{placed['id']}/change-requests", {"kind": "leave", "reason": "要去住院"})
    assert asked.status_code == (201 if may else 403)
