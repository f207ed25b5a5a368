"""After the cut-off: left to a neighbour who waited, transferred to one who agrees, released in hardship; and a case
filled by those who would take one more. Each fen accounted for."""

import pytest

from backend.payments import service as payments
from tests.cast import ELSEWHERE
from tests.factories import changes as c
from tests.factories import groupbuy as g
from tests.factories.payments import work_off
from tests.factories.races import at_once
from tests.factories.world import actor

FEW = {"total": 4, "cap": 4}


@pytest.fixture
def homes(app, world):
    rooms = [("he", "101"), ("qian", "102"), ("feng", "103"), ("liu", "104")]
    return {who: g.home(app, room, who) for who, room in rooms}


def household(app, home):
    with app.app_context():
        return payments.balance("household", home)


def act(cast, who, change, action, **body):
    return cast.hand(who).post(f"/change-requests/{change['id']}/{action}", {"revision": change["revision"], **body})


def change_now(cast, who, change):
    return g.ok(cast.hand(who).get(f"/change-requests/{change['id']}"))


# --- Leaving ----------------------------------------------------------------------------------------------------


def test_a_waiting_neighbour_gets_the_share_of_one_who_left_and_each_fen_is_accounted_for(world, app, owner, homes):
    campaign = g.opened(world, {"total": 2, "cap": 2})
    placed = c.bought(app, world, "he", campaign, 2)
    c.waits(world, "qian", campaign, 2)
    c.cut_off(app, owner, campaign)
    c.ordered_from_supplier(world, campaign)
    asked = c.asks(world, "he", placed, "leave")
    assert asked["status"] == "open" and asked["allowed_actions"] == ["withdraw"]
    taker = g.ok(world.qian.get(f"/orders/{c.entry_of(world, 'qian', campaign)['order_id']}"))
    assert (taker["status"], taker["due_fen"], taker["terms"]) == ("awaiting_payment", 2000, "prepaid")
    # Until the neighbour has paid, nothing has changed for who leaves.
    assert c.order_now(world, "he", placed)["status"] == "locked" and not g.sound(app)
    assert act(world, "he", asked, "withdraw").json["code"] == "being_taken"
    c.paid(app, world, "qian", taker)
    left, got = c.order_now(world, "he", placed), c.order_now(world, "qian", taker)
    assert (left["status"], left["due_fen"], left["paid_fen"]) == ("cancelled", 0, 0)
    assert (got["status"], got["paid_fen"]) == ("locked", 2000)
    assert change_now(world, "he", asked)["status"] == "granted" and not g.sound(app)
    work_off(app, owner)
    assert household(app, homes["he"]) == household(app, homes["qian"]) == 0
    assert c.books(app, campaign) == {"campaign": -2000, "merchant": 2000}
    assert not g.sound(app)


def test_share_by_share_to_whoever_pays_the_rest_stays(world, app, owner, homes):
    campaign = g.opened(world, {"total": 3, "cap": 3}, {"name": "鸡蛋", "total": 9})
    placed = c.bought(app, world, "he", campaign, 3, 1)
    c.waits(world, "qian", campaign, 1)
    c.cut_off(app, owner, campaign)
    asked = c.asks(world, "he", placed, "leave")
    c.paid(app, world, "qian", {"id": c.entry_of(world, "qian", campaign)["order_id"]})
    now = c.order_now(world, "he", placed)
    by_name = {line["name"]: line["quantity"] for line in now["lines"]}
    assert (by_name, now["status"], now["paid_fen"]) == ({"猪肉": 2, "鸡蛋": 1}, "locked", 3000)
    c.waits(world, "feng", campaign, 2)  # joins the line later, and is offered the rest within the minute
    c.minute(app)
    c.paid(app, world, "feng", {"id": c.entry_of(world, "feng", campaign)["order_id"]})
    now = c.order_now(world, "he", placed)
    assert [line["name"] for line in now["lines"]] == ["鸡蛋"] and now["due_fen"] == 1000
    assert change_now(world, "he", asked)["status"] == "open"  # nobody waits for the eggs: it stays hers
    work_off(app, owner)
    assert not g.sound(app)


def test_a_neighbour_who_does_not_pay_gives_way_and_the_leaver_stays_bound(world, app, owner, homes):
    campaign = g.opened(world, {"total": 1, "cap": 1})
    placed = c.bought(app, world, "he", campaign, 1)
    for who in ("qian", "feng"):
        c.waits(world, who, campaign)
    c.cut_off(app, owner, campaign)
    asked = c.asks(world, "he", placed, "leave")
    first = c.entry_of(world, "qian", campaign)["order_id"]
    c.overdue(owner, first)
    c.minute(app)
    assert c.order_now(world, "qian", {"id": first})["status"] == "expired" and not g.sound(app)
    second = c.entry_of(world, "feng", campaign)["order_id"]
    c.overdue(owner, second)
    c.minute(app)
    assert c.order_now(world, "he", placed)["status"] == "locked"
    assert g.ok(act(world, "he", asked, "withdraw"))["status"] == "withdrawn" and not g.sound(app)


def test_paid_when_the_goods_are_there_already_it_is_given_back(world, app, owner, homes):
    campaign = g.opened(world, {"total": 1, "cap": 1})
    placed = c.bought(app, world, "he", campaign, 1)
    c.waits(world, "qian", campaign)
    c.cut_off(app, owner, campaign)
    c.ordered_from_supplier(world, campaign)
    asked = c.asks(world, "he", placed, "leave")
    taker = {"id": c.entry_of(world, "qian", campaign)["order_id"]}
    payment = c.begun(app, world, "qian", taker)
    g.ok(c.truck(world, campaign, 1))
    g.ok(world.qian.post(f"/payments/{payment['id']}/check"))
    now = c.order_now(world, "qian", taker)
    assert (now["status"], now["due_fen"], now["paid_fen"]) == ("expired", 0, 0)
    assert c.order_now(world, "he", placed)["status"] == "allocated"
    c.minute(app)
    assert change_now(world, "he", asked)["status"] == "lapsed"
    work_off(app, owner)
    assert household(app, homes["qian"]) == 0 and not g.sound(app)


def test_two_leavers_and_one_waiting(world, app, owner, homes):
    campaign = g.opened(world, {"total": 2, "cap": 1})
    first, second = c.bought(app, world, "he", campaign, 1), c.bought(app, world, "feng", campaign, 1)
    c.waits(world, "qian", campaign)
    c.cut_off(app, owner, campaign)
    at_once(lambda: c.asks(world, "he", first, "leave"), lambda: c.asks(world, "feng", second, "leave"))
    assert owner.execute("SELECT count(*) FROM group_order WHERE takes_over IS NOT NULL").fetchone() == (1,)
    c.paid(app, world, "qian", {"id": c.entry_of(world, "qian", campaign)["order_id"]})
    states = sorted(c.order_now(world, who, order)["status"] for who, order in (("he", first), ("feng", second)))
    assert states == ["cancelled", "locked"] and not g.sound(app)


def test_before_the_cut_off_one_cancels_and_one_request_at_a_time(world, app, owner, homes):
    campaign = g.opened(world, FEW)
    placed = c.bought(app, world, "he", campaign, 1)
    path, body = f"/orders/{placed['id']}/change-requests", {"kind": "leave", "reason": "不需要了"}
    assert world.he.post(path, body).json["code"] == "cancel_instead"
    c.cut_off(app, owner, campaign)
    assert world.qian.post(path, body).status_code == 404
    assert world.hu.post(path, body).status_code == 403  # the organiser sees it, and asks for nobody
    assert world.he.post(path, {**body, "kind": "transfer"}).json["code"] == "transfer_to_whom"
    elsewhere = g.home(app, "1", place=ELSEWHERE)
    to = {"kind": "transfer", "to_household_id": elsewhere}
    assert world.he.post(path, {**body, **to}).json["code"] == "household_missing"
    assert world.he.post(path, {**body, **to, "to_household_id": homes["he"]}).json["code"] == "to_oneself"
    g.ok(world.he.post(path, body), 201)
    assert world.he.post(path, body).json["code"] == "already_asked"
    assert world.he.post(f"/orders/{placed['id']}/cancel", {"revision": 3}).json["code"] == "after_cut_off"
    assert not g.sound(app)


# --- A transfer -------------------------------------------------------------------------------------------------


def test_a_neighbour_accepts_and_whoever_paid_stays_who_paid(world, app, owner, homes):
    campaign = g.opened(world, FEW)
    placed = c.bought(app, world, "he", campaign, 3)
    c.cut_off(app, owner, campaign)
    asked = c.asks(world, "he", placed, "transfer", to_household_id=homes["qian"])
    seen = change_now(world, "qian", asked)
    assert (seen["allowed_actions"], seen["reason"]) == (["accept", "decline"], None)
    assert change_now(world, "he", asked)["reason"] == "要去住院"
    assert world.feng.get(f"/change-requests/{asked['id']}").status_code == 404
    of_it = {who: g.ok(world.hand(who).get("/change-requests", order=placed["id"]))["items"] for who in ("he", "feng")}
    assert [one["id"] for one in of_it["he"]] == [asked["id"]] and of_it["feng"] == []
    assert g.ok(world.he.get("/change-requests", order=asked["id"]))["items"] == []  # of another order
    assert act(world, "he", asked, "accept").json["code"] == "not_your_own"
    assert g.ok(act(world, "qian", asked, "accept"))["status"] == "granted"
    now = c.order_now(world, "qian", placed)
    assert (now["household_id"], now["paid_fen"], now["room"]) == (homes["qian"], 3000, "102")
    assert world.he.get(f"/orders/{placed['id']}").status_code == 404 and not g.sound(app)
    g.step(world, "hu", g.ok(world.hu.get(f"/campaigns/{campaign['id']}")), "cancel", reason="车坏了")
    work_off(app, owner)
    payer = owner.execute("SELECT p.payer_id FROM payment p JOIN refund r ON r.payment_id = p.id").fetchone()[0]
    with app.app_context():
        assert payer == actor("he").id
    assert household(app, homes["he"]) == household(app, homes["qian"]) == 0
    assert c.books(app, campaign) == {} and not g.sound(app)


def test_what_is_still_due_is_the_neighbours_to_pay_and_the_cap_is_theirs(world, app, owner, homes):
    campaign = g.opened(world, FEW, allows_on_delivery=True)
    placed = g.ordered(world, "he", campaign, 3, terms="on_delivery")
    c.cash(world, placed, 1000, "R1")
    c.bought(app, world, "feng", campaign, 1)
    c.cut_off(app, owner, campaign)
    asked = c.asks(world, "he", placed, "transfer", to_household_id=homes["qian"])
    assert g.ok(act(world, "qian", asked, "decline"))["status"] == "refused"
    again = c.asks(world, "he", placed, "transfer", to_household_id=homes["qian"])
    g.ok(act(world, "qian", again, "accept"))
    assert household(app, homes["he"]) == 0 and household(app, homes["qian"]) == 2000
    c.cash(world, placed, 2000, "R2")
    assert household(app, homes["qian"]) == 0 and not g.sound(app)


def test_nobody_takes_over_more_than_the_cap(world, app, owner, homes):
    campaign = g.opened(world, {"total": 6, "cap": 3})
    placed = c.bought(app, world, "he", campaign, 2)
    c.bought(app, world, "qian", campaign, 2)
    c.cut_off(app, owner, campaign)
    asked = c.asks(world, "he", placed, "transfer", to_household_id=homes["qian"])
    assert act(world, "qian", asked, "accept").json["code"] == "over_cap"
    assert not g.sound(app)


def test_a_transfer_is_accepted_while_the_campaign_is_cancelled(world, app, owner, homes):
    for round_ in range(4):
        campaign = g.opened(world, FEW)
        placed = c.bought(app, world, "he", campaign, 2)
        c.cut_off(app, owner, campaign)
        asked = c.asks(world, "he", placed, "transfer", to_household_id=homes["qian"])
        now = g.ok(world.hu.get(f"/campaigns/{campaign['id']}"))
        body = {"revision": now["revision"], "reason": "来不了"}
        accepted, cancelled = at_once(
            lambda asked=asked: act(world, "qian", asked, "accept").status_code,
            lambda body=body, campaign=campaign: world.hu.post(f"/campaigns/{campaign['id']}/cancel", body).status_code,
        )
        assert accepted in (200, 409) and cancelled == 200, round_
        work_off(app, owner)
        assert c.books(app, campaign) == {} and not g.sound(app)


# --- Hardship ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("bought, books", [(False, {}), (True, {"campaign": -2000, "fund": 2000})])
def test_the_community_releases_in_hardship_and_its_fund_bears_what_is_bought(world, app, owner, homes, bought, books):
    campaign = g.opened(world, FEW)
    placed = c.bought(app, world, "he", campaign, 2)
    c.cut_off(app, owner, campaign)
    if bought:
        c.ordered_from_supplier(world, campaign)
    asked = c.asks(world, "he", placed, "hardship")
    for who in ("he", "qian", "hu", "wang"):  # herself, a helper, the organiser, the grid worker
        assert act(world, who, asked, "grant", reason="可以").status_code in (403, 404)
    assert act(world, "li", asked, "grant").json["code"] == "reason_required"
    assert g.ok(act(world, "li", asked, "grant", reason="情况属实"))["status"] == "granted"
    assert c.order_now(world, "he", placed)["status"] == "cancelled"
    work_off(app, owner)
    assert household(app, homes["he"]) == 0 and c.books(app, campaign) == books and not g.sound(app)


def test_nobody_decides_their_own(world, app, owner):
    home = g.home(app, "301", "li")
    campaign = g.opened(world, FEW)
    mine = c.bought(app, world, "li", campaign, 1)
    old = g.home(app, "302")
    for_her = g.ordered(world, "chen", campaign, 1, household_id=old, consent="voice")
    c.cash(world, for_her, 1000, "R1")
    c.cut_off(app, owner, campaign)
    own, behalf = c.asks(world, "li", mine, "hardship"), c.asks(world, "chen", for_her, "hardship")
    assert act(world, "li", own, "grant", reason="我").json["code"] == "not_your_own"
    assert act(world, "chen", behalf, "refuse", reason="我").json["code"] == "not_your_own"
    assert g.ok(act(world, "chen", own, "refuse", reason="可以转给邻居"))["status"] == "refused"
    assert g.ok(act(world, "li", behalf, "grant", reason="属实"))["status"] == "granted"
    assert home and not g.sound(app)


def test_only_hardship_is_for_the_community_to_decide(world, app, owner, homes):
    campaign = g.opened(world, FEW)
    placed = c.bought(app, world, "he", campaign, 1)
    c.cut_off(app, owner, campaign)
    asked = c.asks(world, "he", placed, "leave")
    assert act(world, "li", asked, "grant", reason="可以").json["code"] == "not_to_decide"
    assert change_now(world, "li", asked)["allowed_actions"] == ["withdraw"]
    assert not g.sound(app)


def test_the_campaign_is_cancelled_while_the_neighbour_pays_for_the_share(world, app, owner, homes):
    for _ in range(3):
        campaign = g.opened(world, {"total": 1, "cap": 1})
        placed = c.bought(app, world, "he", campaign, 1)
        c.waits(world, "qian", campaign)
        c.cut_off(app, owner, campaign)
        c.asks(world, "he", placed, "leave")
        payment = c.begun(app, world, "qian", {"id": c.entry_of(world, "qian", campaign)["order_id"]})
        now = g.ok(world.hu.get(f"/campaigns/{campaign['id']}"))
        path, body = f"/campaigns/{campaign['id']}/cancel", {"revision": now["revision"], "reason": "来不了"}
        paid, cancelled = at_once(
            lambda payment=payment: world.qian.post(f"/payments/{payment['id']}/check"),
            lambda path=path, body=body: world.hu.post(path, body),
        )
        assert (paid.status_code, cancelled.status_code) == (200, 200), (paid.text, cancelled.text)
        work_off(app, owner)
        assert c.books(app, campaign) == {} and not g.sound(app)


# --- Case fill --------------------------------------------------------------------------------------------------


def test_twelve_a_case_five_short_and_the_neighbours_said_one_more_is_fine(world, app, owner, homes):
    campaign = g.opened(world, {"total": 24, "cap": 8, "case_size": 12})
    placed = {who: c.bought(app, world, who, campaign, n) for who, n in (("he", 3), ("qian", 2), ("feng", 2))}
    item = campaign["items"][0]["id"]
    for who, more in (("feng", 1), ("he", 3), ("qian", 4)):
        g.ok(
            world.hand(who).post(f"/orders/{placed[who]['id']}/extra-offers", {"item_id": item, "quantity": more}), 201
        )
    path, body = f"/campaigns/{campaign['id']}/case-fill", {"item_id": item}
    assert world.hu.post(path, body).json["code"] == "not_now"
    c.cut_off(app, owner, campaign)
    shown = g.ok(world.hu.get(path))["items"][0]
    assert (shown["ordered"], shown["short"], shown["offered"], shown["fillable"]) == (7, 5, 8, True)
    assert shown["sentence"] == "12 斤一箱，满 0 箱，还差 5 斤凑满下一箱。"
    assert world.qian.post(path, body).status_code == 403
    filled = g.ok(world.hu.post(path, body))
    assert (filled["before"]["ordered"], filled["ordered"], filled["cases_full"], filled["households"]) == (7, 12, 1, 3)
    now = {who: c.order_now(world, who, order) for who, order in placed.items()}
    assert {who: order["lines"][0]["quantity"] for who, order in now.items()} == {"feng": 3, "he": 6, "qian": 3}
    assert (now["he"]["due_fen"], now["he"]["paid_fen"], now["he"]["status"]) == (6000, 3000, "locked")
    assert world.hu.post(path, body).json["code"] == "cases_full" and not g.sound(app)
    c.paid(app, world, "he", placed["he"])  # the difference
    assert c.order_now(world, "he", placed["he"])["paid_fen"] == 6000 and not g.sound(app)


def test_a_case_is_filled_whole_or_not_at_all(world, app, owner, homes):
    campaign = g.opened(world, {"total": 24, "cap": 4, "case_size": 12})
    item = campaign["items"][0]["id"]
    placed = c.bought(app, world, "he", campaign, 3)
    offers = f"/orders/{placed['id']}/extra-offers"
    assert world.he.post(offers, {"item_id": item, "quantity": 2}).json["code"] == "over_cap"
    assert world.qian.post(offers, {"item_id": item, "quantity": 1}).status_code == 404
    g.ok(world.he.post(offers, {"item_id": item, "quantity": 1}), 201)
    c.cut_off(app, owner, campaign)
    refused = world.hu.post(f"/campaigns/{campaign['id']}/case-fill", {"item_id": item})
    assert (refused.status_code, refused.json["code"]) == (422, "not_enough_offers")
    assert world.he.post(offers, {"item_id": item, "quantity": 1}).json["code"] == "locked"
    assert c.order_now(world, "he", placed)["lines"][0]["quantity"] == 3 and not g.sound(app)
