"""An order: for oneself, on behalf, refused as a whole or placed as a whole."""

from tests.factories import groupbuy as g


def test_a_resident_orders_for_her_own_home_and_is_told_what_it_costs_and_until_when_to_pay(world, app, owner):
    home = g.home(app, who="he")
    campaign = g.opened(world)
    placed = g.ordered(world, "he", campaign, 3)
    assert (placed["household_id"], placed["status"]) == (home, "awaiting_payment")
    assert (placed["total_fen"], placed["due_fen"], placed["subsidy_fen"]) == (3000, 3000, 0)
    assert placed["pay_by"] and placed["policy_sentence"]
    shown = g.ok(world.he.get(f"/orders/{placed['id']}"))
    assert shown["room"] == "101" and shown["lines"][0]["quantity"] == 3 and shown["allowed_actions"] == ["cancel"]
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
