"""Trucks: who records them and when, what is too much, the night, the scales, what else they set off."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from backend.core import clock, workflow
from backend.core.transaction import unit_of_work
from backend.groupbuy import orders as verbs
from backend.groupbuy.arrivals import service as arrivals
from backend.groupbuy.models import Order
from tests.factories import arrivals as a
from tests.factories import groupbuy as g
from tests.factories import races


def two_of_pork(world, app, owner, *items, **more):
    campaign = g.opened(world, *items, deputy_id=None, **more)
    orders = [a.neighbour(world, campaign, "101", 3), a.neighbour(world, campaign, "102", 2)]
    a.locked(world, owner, campaign)
    return campaign, orders


# --- Who, and what is refused -----------------------------------------------------------------------------------


def test_only_the_organiser_and_the_deputy_record_a_truck(world, app, owner):
    campaign, _ = two_of_pork(world, app, owner)
    assert a.truck(world, campaign, 5, who="yang").status_code == 404  # organises, but not this one
    for who, status in (("li", 403), ("liu", 403), ("he", 403), ("nobody", 403)):
        assert a.truck(world, campaign, 5, who=who).status_code == status
    with_deputy = owner.execute("SELECT id FROM app_user WHERE demo_name = 'yang'").fetchone()[0]
    owner.execute("UPDATE campaign SET deputy_id = %s WHERE id = %s", [with_deputy, campaign["id"]])
    assert a.truck(world, campaign, 5, who="yang").status_code == 200
    a.sound(world)


def test_stale_or_senseless_trucks_are_refused(world, app, owner):
    campaign, _ = two_of_pork(world, app, owner)
    other = g.opened(world)
    stale = a.truck(world, campaign, 5, revision=1)
    assert (stale.status_code, stale.json["code"]) == (409, "stale")
    foreign = a.truck(world, campaign, counts=[{"item_id": other["items"][0]["id"], "quantity": 1, "lot": "L"}])
    assert foreign.status_code == 404
    count = {"item_id": campaign["items"][0]["id"], "quantity": 1, "lot": "L"}
    twice = a.truck(world, campaign, counts=[count, count])
    assert (twice.status_code, twice.json["code"]) == (422, "lot_twice")
    assert a.truck(world, campaign, counts=[{**count, "quantity": 0}]).status_code == 422
    not_open = a.truck(world, other, 1)
    assert (not_open.status_code, not_open.json["code"]) == (409, "not_now")
    a.sound(world)


def test_two_lots_of_one_item_and_one_lot_in_two_trucks(world, app, owner):
    campaign, orders = two_of_pork(world, app, owner)
    item = campaign["items"][0]["id"]
    lots = [{"item_id": item, "quantity": 1, "lot": "A"}, {"item_id": item, "quantity": 2, "lot": "B", "grams": 1100}]
    g.ok(a.truck(world, campaign, counts=lots, last=False))
    done = g.ok(a.truck(world, campaign, counts=[{"item_id": item, "quantity": 2, "lot": "B"}]))
    assert [(x["number"], x["part"], x["quantity"]) for x in done["lots"]] == [("A", 1, 1), ("B", 1, 2), ("B", 2, 2)]
    assert a.got(world, orders) == [[3], [2]]
    a.sound(world)


def test_more_than_was_ordered_stays_unallocated_and_is_said(world, app, owner):
    campaign, orders = two_of_pork(world, app, owner)
    came = g.ok(a.truck(world, campaign, 9))
    assert (came["items"][0]["surplus"], a.got(world, orders)) == (4, [[3], [2]])
    assert came["notes"] == ["猪肉多到 4 斤，没有分配，请与社区商量怎样处理。"]
    again = a.truck(world, campaign, 1)
    assert (again.status_code, again.json["code"]) == (409, "all_arrived")
    assert g.ok(world.qian.get(f"/campaigns/{campaign['id']}/arrivals"))["items"][0]["surplus"] == 4
    a.sound(world)


def test_an_order_released_between_two_trucks_frees_its_shares(world, app, owner):
    campaign, orders = two_of_pork(world, app, owner, policy="first_come")
    g.ok(a.truck(world, campaign, 2, last=False))
    assert a.got(world, orders) == [[2], [0]]
    with app.app_context(), unit_of_work():
        verbs.close(select(Order).where(Order.id == orders[0]["id"]), "release", "hardship")
    assert a.told(world, orders[0])["sentences"][0] == "这张订单已取消，没有参加分配。"
    g.ok(a.truck(world, campaign))
    assert a.got(world, [orders[1]]) == [[2]] and a.show(world, orders[1])["allocation"] == "full"
    a.sound(world)


def test_an_order_of_two_goods_waits_for_both(world, app, owner):
    campaign = g.opened(world, {"name": "猪肉"}, {"name": "鸡蛋"}, policy="first_come")
    both = a.neighbour(world, campaign, "101", 2, 2)
    pork = a.neighbour(world, campaign, "102", 2)
    a.locked(world, owner, campaign)
    g.ok(a.truck(world, campaign, 4, last=False))
    assert [a.show(world, o)["status"] for o in (both, pork)] == ["locked", "allocated"]
    g.ok(a.truck(world, campaign, 0, 1))
    shown = a.show(world, both)
    assert (shown["status"], shown["allocation"], shown["total_fen"]) == ("allocated", "part", 3000)
    a.sound(world)


def test_what_was_recalled_between_two_trucks_is_given_to_nobody(world, app, owner):
    campaign = g.opened(world, {"name": "猪肉"}, {"name": "鸡蛋"}, policy="first_come")
    both, pork = a.neighbour(world, campaign, "101", 2, 2), a.neighbour(world, campaign, "102", 1)
    a.locked(world, owner, campaign)
    g.ok(a.truck(world, campaign, 4, last=False))  # one too many
    bad = {"item_id": campaign["items"][0]["id"], "lot": "L猪肉", "reason": "冷链中断"}
    g.ok(world.hu.post(f"/campaigns/{campaign['id']}/recalls", bad), 201)
    assert [a.show(world, o)["status"] for o in (both, pork)] == ["locked", "refunded"]
    g.ok(a.truck(world, campaign, 3, 2))
    assert a.show(world, both)["total_fen"] == 2000 and a.got(world, [both]) == [[2, 2]]
    a.sound(world)


# --- The night --------------------------------------------------------------------------------------------------


@pytest.fixture
def at(monkeypatch):
    """The database's clock, as the steps read it."""

    def set_to(instant):
        held = workflow.lock

        def lock(subject):
            held(subject)
            return instant

        monkeypatch.setattr(workflow, "lock", lock)
        monkeypatch.setattr(arrivals, "lock", lock)

    return set_to


def night(hour):
    """That hour of tomorrow in Shanghai."""
    return datetime.combine(clock.today() + timedelta(days=1), datetime.min.time(), clock.SHANGHAI).replace(hour=hour)


def test_the_three_in_the_morning_truck_waits_until_half_past_seven(world, app, owner, at):
    campaign, _ = two_of_pork(world, app, owner)
    at(night(3))
    came = g.ok(a.truck(world, campaign, 5))
    assert datetime.fromisoformat(came["hand_out_from"]) == night(7).replace(minute=30)
    a.sound(world)


@pytest.mark.parametrize("agreed_at", [20, 22])
def test_with_the_communitys_consent_beforehand_it_does_not_wait(world, app, owner, at, agreed_at):
    campaign, _ = two_of_pork(world, app, owner)
    at(night(agreed_at) - timedelta(days=1))
    g.ok(world.feng.post(f"/campaigns/{campaign['id']}/quiet-consent", {"reason": "冻肉不能等到早上"}))
    at(night(3))
    came = g.ok(a.truck(world, campaign, 5, last=False))
    assert datetime.fromisoformat(came["hand_out_from"]) == night(3)
    at(night(3) + timedelta(days=1))  # it was for one night
    later = g.ok(a.truck(world, campaign))
    assert datetime.fromisoformat(later["hand_out_from"]) == night(7).replace(minute=30) + timedelta(days=1)


def test_consent_once_it_is_here_opens_the_hand_out_now(world, app, owner, at):
    campaign, _ = two_of_pork(world, app, owner)
    at(night(3))
    g.ok(a.truck(world, campaign, 5))
    path = f"/campaigns/{campaign['id']}/quiet-consent"
    assert world.hu.post(path, {"reason": "我想早点发"}).status_code == 403
    assert world.other_secretary.post(path, {"reason": "别的社区"}).status_code == 404
    assert world.feng.post(path, {}).status_code == 422
    agreed = g.ok(world.feng.post(path, {"reason": "冻肉不能等到早上"}))
    assert datetime.fromisoformat(agreed["hand_out_from"]) == night(3).astimezone(UTC)
    kept = owner.execute("SELECT reason_cipher FROM audit_event WHERE action = 'quiet_consent'").fetchone()
    assert kept[0] and "冻肉".encode() not in bytes(kept[0])
    a.sound(world)


def test_by_day_people_are_called_at_once(world, app, owner, at):
    campaign, _ = two_of_pork(world, app, owner)
    at(night(12))
    came = g.ok(a.truck(world, campaign, 5))
    assert datetime.fromisoformat(came["hand_out_from"]) == night(12)


# --- The scales -------------------------------------------------------------------------------------------------

MEAT = {"weighed": True, "grams_per_share": 500, "subsidy_fen": 300}


def weigh(world, campaign, *weights, **more):
    item = campaign["items"][0]["id"]
    body = {"weights": [{"order_id": o["id"], "item_id": item, "grams": grams} for o, grams in weights]}
    revision = a.fresh(world, campaign)["revision"]
    return world.hu.post(f"/campaigns/{campaign['id']}/weigh", {"revision": revision, **body, **more})


@pytest.mark.parametrize(
    ("grams", "total", "subsidy"),
    [
        (1500, 3000, 900),  # to the gram
        (1475, 3000, 900),  # ¥0.50 lighter: waived
        (1474, 2948, 884),  # ¥0.52 lighter: all of it comes off, 884.4 of 2948 is the subsidy's
        (1000, 2000, 600),
        (1600, 3000, 900),  # heavier: costs no more
    ],
)
def test_a_weighed_line_costs_what_the_scales_say_and_never_more(world, app, owner, grams, total, subsidy):
    campaign, orders = two_of_pork(world, app, owner, MEAT, waive_fen=50)
    g.ok(a.truck(world, campaign, 5))
    g.ok(weigh(world, campaign, (orders[0], grams)))
    shown = a.show(world, orders[0])
    assert (shown["total_fen"], shown["subsidy_fen"], shown["lines"][0]["grams"]) == (total, subsidy, grams)
    said = f"猪肉实称 {grams} 克，每斤（500 克）¥10.00，共 ¥{total / 100:.2f}；重了不加钱。"
    assert said in a.told(world, orders[0])["sentences"]
    back = 2100 - (total - subsidy)
    assert a.refunds(owner, orders[0]) == ([("cash", back)] if back else [])
    a.sound(world)


def test_weighed_again_it_never_costs_more_than_the_first_time(world, app, owner):
    campaign, orders = two_of_pork(world, app, owner, MEAT)
    g.ok(a.truck(world, campaign, 4))  # one short: 102 got 1 of 2
    g.ok(weigh(world, campaign, (orders[0], 1400), (orders[1], 450)))
    g.ok(weigh(world, campaign, (orders[0], 1450), (orders[1], 400)))
    assert [a.show(world, o)["total_fen"] for o in orders] == [2800, 800]
    a.sound(world)


def test_nothing_is_weighed_that_has_its_share_of_a_credit(world, app, owner):
    """One of 5 is short, and the supplier gives 4.01 for it: so much goes back for the shortfall, not a fen more. Who
    got all is weighed as always."""
    campaign, orders = two_of_pork(world, app, owner, MEAT)
    g.ok(a.truck(world, campaign, 4, shortfall_fen=401))
    assert [a.show(world, o)["total_fen"] for o in orders] == [3000, 1599]
    refused = weigh(world, campaign, (orders[0], 1400), (orders[1], 450))
    assert (refused.status_code, refused.json["code"]) == (409, "credit_shared")
    assert "分足的各户可以照常称重" in refused.json["detail"]
    g.ok(weigh(world, campaign, (orders[0], 1400)))
    assert [a.show(world, o)["total_fen"] for o in orders] == [2800, 1599]
    back = [5000 - 401 - 200, 401 + 200]
    assert a.balance(world, "campaign", campaign["id"], campaign) == -back[0]
    subsidies = [a.show(world, o)["subsidy_fen"] for o in orders]
    assert sum(fen for o in orders for _, fen in a.refunds(owner, o)) == back[1] - (1500 - sum(subsidies))
    a.sound(world)


def test_what_cannot_be_weighed_is_refused(world, app, owner):
    campaign, orders = two_of_pork(world, app, owner, MEAT)
    assert weigh(world, campaign, (orders[0], 1500)).json["code"] == "not_now"  # not here yet
    g.ok(a.truck(world, campaign, 3, last=False))
    waiting = weigh(world, campaign, (orders[1], 900))
    assert (waiting.status_code, waiting.json["code"]) == (409, "not_weighable")
    assert weigh(world, campaign, (orders[0], 1), (orders[0], 2)).json["code"] == "weight_twice"
    assert weigh(world, campaign, (orders[0], 1), revision=1).json["code"] == "stale"
    plain, others = two_of_pork_elsewhere(world, app, owner)
    g.ok(a.truck(world, plain, 2))
    assert weigh(world, plain, (others[0], 900)).json["code"] == "nothing_weighed"
    a.sound(world)


def two_of_pork_elsewhere(world, app, owner):
    campaign = g.opened(world)
    orders = [a.neighbour(world, campaign, "201", 2)]
    a.locked(world, owner, campaign)
    return campaign, orders


# --- What it sets off -------------------------------------------------------------------------------------------


def test_an_arrival_makes_work_for_whoever_has_asked_in_its_own_transaction(world, app, owner, monkeypatch):
    campaign, orders = two_of_pork(world, app, owner)
    heard = []

    def broken(campaign_id):
        raise RuntimeError

    monkeypatch.setattr(arrivals, "on_arrival", [broken])
    with pytest.raises(RuntimeError):
        a.truck(world, campaign, 5)
    assert a.got(world, orders) == [[None], [None]]
    monkeypatch.setattr(arrivals, "on_arrival", [heard.append])
    g.ok(a.truck(world, campaign, 5))
    assert [str(campaign_id) for campaign_id in heard] == [campaign["id"]]


# --- At the same moment -----------------------------------------------------------------------------------------


def test_one_truck_recorded_twice_at_once_is_one_truck(world, app, owner):
    campaign, orders = two_of_pork(world, app, owner)
    counts = [{"item_id": campaign["items"][0]["id"], "quantity": 4, "lot": "L"}]
    body = {"revision": a.fresh(world, campaign)["revision"], "counts": counts}

    def record():
        return world.hu.post(f"/campaigns/{campaign['id']}/arrive", body)

    assert sorted(answer.status_code for answer in races.at_once(*[record] * 4)) == [200, 409, 409, 409]
    assert a.got(world, orders) == [[3], [1]]
    a.sound(world)
