"""Handing out without a crowd: numbers, batches, codes, doors, paper lists."""

import uuid
from datetime import datetime, timedelta

import pytest

from backend.core import clock
from tests.cast import READY, UNIT
from tests.factories import groupbuy as g
from tests.factories import handout as h
from tests.factories.races import at_once

PACE = {"batch_size": 10, "at_once": 20, "batch_minutes": 10}


def campaign_of(world, **changed):
    return g.opened(world, **{**PACE, "allows_on_delivery": True, **changed})


def one_order(world, app, room="101", **more):
    """A campaign with a single order, being handed out: the campaign, and the order as helpers see it."""
    campaign = campaign_of(world)
    h.for_home(world, campaign, h.door(app, UNIT, room), 2, **more)
    campaign = h.handing_out(app, world, campaign)
    return campaign, h.listed(world, campaign)[0]


def calls(world, campaign, who="qian"):
    return world.hand(who).post(f"/campaigns/{campaign['id']}/call-next")


def call(world, campaign, who="qian"):
    return g.ok(calls(world, campaign, who))["numbers"]


def test_193_packages_by_number_and_at_their_pace_never_more_than_the_limit_at_the_point(world, app, owner):
    doors = [(b, u, n) for b in (1, 2, 10) for u in (1, 2) for n in range(1, 34)][:193]
    wells = {(b, u): h.stairwell(app, b, u) for b, u, _ in doors}
    campaign = campaign_of(world)
    for building, unit, n in reversed(doors):
        home = h.door(app, wells[building, unit], f"{n}01", floor=n)
        h.for_home(world, campaign, home, 1)
    campaign = h.handing_out(app, world, campaign)
    orders = h.listed(world, campaign)
    assert [order["number"] for order in orders] == list(range(1, 194))
    along = [(order["stairwell"], order["floor"]) for order in orders]
    assert along == [(f"{b}栋{u}单元", n) for b, u, n in doors]
    by_number = {order["number"]: order for order in orders}
    called, at_the_point = [], []
    while batch := call(world, campaign):
        called += batch
        at_the_point += batch
        assert len(at_the_point) <= 20
        assert len(called) == 193 or calls(world, campaign).json["code"] == "too_soon"
        served = [at_the_point.pop(0) for _ in range(min(8, len(at_the_point)))]
        ticked = [by_number[number]["order_id"] for number in served]
        now = {"order_ids": ticked, "at": clock.now().isoformat()}
        results = g.ok(world.qian.post(f"/campaigns/{campaign['id']}/handed", now))["results"]
        assert {result["outcome"] for result in results} == {"done"}
        h.minutes_pass(owner, campaign, 10)
    assert called == list(range(1, 194))
    assert not g.sound(app)


def stairs(world, app, doors, **pace):
    """So many doors one above the other, each with an order that is ready."""
    campaign = campaign_of(world, **pace)
    for n in range(1, doors + 1):
        h.for_home(world, campaign, h.door(app, UNIT, f"{n}01", floor=n), 1)
    return h.handing_out(app, world, campaign)


def test_of_two_who_call_at_the_same_moment_one_calls_and_the_other_comes_too_soon(world, app, owner):
    campaign = stairs(world, app, 12, batch_size=4, at_once=6)
    for batch, minutes in (([1, 2, 3, 4], 10), ([5, 6], 9)):
        answers = at_once(*[lambda who=who: calls(world, campaign, who) for who in ("qian", "hu", "feng", "qian")])
        assert [answer.json["numbers"] for answer in answers if answer.status_code == 200] == [batch]
        assert [answer.json["code"] for answer in answers if answer.status_code != 200] == ["too_soon"] * 3
        assert not g.sound(app)
        h.minutes_pass(owner, campaign, minutes)
    assert calls(world, campaign).json["code"] == "too_soon"
    h.minutes_pass(owner, campaign, 1)
    assert call(world, campaign) == [], "six stand there, and there is room for six"


def test_too_soon_names_the_instant_and_the_queue_names_the_same(world, app, owner):
    campaign = stairs(world, app, 3, batch_size=1, at_once=3, batch_minutes=7)
    before = datetime.fromisoformat(queue(world, campaign)["next_call_at"])
    assert abs(before - clock.now()) < timedelta(minutes=1), "nobody was called yet: at once"
    assert call(world, campaign) == [1]
    refused = calls(world, campaign)
    assert (refused.status_code, refused.json["code"]) == (409, "too_soon")
    instant = owner.execute("SELECT max(called_at) + interval '7 minutes' FROM pickup").fetchone()[0]
    assert datetime.fromisoformat(refused.json["next_call_at"]) == instant
    assert f"{instant.astimezone(clock.SHANGHAI):%H:%M:%S}" in refused.json["detail"]
    assert datetime.fromisoformat(queue(world, campaign)["next_call_at"]) == instant
    h.minutes_pass(owner, campaign, 7)
    assert call(world, campaign) == [2]


@pytest.mark.parametrize("action", ["collect", "skip"])
def test_once_nobody_stands_there_the_next_may_be_called_at_once(world, app, owner, action):
    campaign = stairs(world, app, 5, batch_size=2, at_once=4)
    assert call(world, campaign) == [1, 2]
    h.minutes_pass(owner, campaign, 3)
    first, second = h.listed(world, campaign, called="true")
    g.ok(h.act(world, "qian", first, action))
    assert calls(world, campaign).json["code"] == "too_soon", "one of two still stands there"
    g.ok(h.act(world, "qian", second, action))
    at_once_then = datetime.fromisoformat(queue(world, campaign)["next_call_at"])
    assert abs(at_once_then - clock.now()) < timedelta(minutes=1)
    assert call(world, campaign) == [3, 4]
    assert calls(world, campaign).json["code"] == "too_soon", "a number that was skipped comes with its batch"


def test_when_all_are_called_nobody_is_told_to_wait(world, app):
    campaign = stairs(world, app, 2, batch_size=2, at_once=4)
    assert call(world, campaign) == [1, 2]
    assert call(world, campaign) == [] and queue(world, campaign)["next_call_at"] is None


def queue(world, campaign, who="qian"):
    return g.ok(world.hand(who).get(f"/campaigns/{campaign['id']}/queue"))


def test_a_skipped_number_sits_out_one_batch_and_is_called_three_times_at_most(world, app, owner):
    campaign = stairs(world, app, 8, batch_size=2, at_once=2)
    order = h.listed(world, campaign)[0]
    early = h.act(world, "qian", order, "skip")
    assert (early.status_code, early.json["code"]) == (409, "not_called")
    seen = []
    for _ in range(5):
        batch = call(world, campaign)
        seen.append(batch)
        h.minutes_pass(owner, campaign, 3)
        for now in h.listed(world, campaign, called="true"):
            done = h.act(world, "qian", now, "skip" if now["number"] == 1 else "collect")
            assert done.status_code == 200, done.text
    assert seen == [[1, 2], [3, 4], [1, 5], [6, 7], [1, 8]]
    missed = next(order for order in h.listed(world, campaign) if order["number"] == 1)
    assert (missed["state"], missed["status"], missed["skips"]) == ("missed", "not_collected", 2)
    assert call(world, campaign) == []
    came_after_all = h.act(world, "qian", missed, "collect")
    assert came_after_all.status_code == 200 and came_after_all.json["state"] == "done"
    assert not g.sound(app)


def test_what_comes_later_makes_further_orders_ready_with_further_numbers(world, app, owner):
    campaign = campaign_of(world, policy="first_come")
    first = h.for_home(world, campaign, h.door(app, UNIT, "901", floor=9), 1)
    later = h.for_home(world, campaign, h.door(app, UNIT, "101", floor=1), 1)
    campaign = g.step(world, "hu", h.has_come(app, world, campaign, 1, last=False), "hand_out")
    assert [(order["number"], order["order_id"]) for order in h.listed(world, campaign)] == [(1, first["id"])]
    assert call(world, campaign) == [1]
    campaign = g.step(world, "hu", h.truck(app, world, campaign, 1), "hand_out")
    assert [(order["number"], order["order_id"]) for order in h.listed(world, campaign)][1:] == [(2, later["id"])]
    h.minutes_pass(owner, campaign, 10)
    assert call(world, campaign) == [2]
    assert not g.sound(app)


def test_nobody_is_called_in_the_quiet_hours(world, app, owner):
    campaign, _ = one_order(world, app)
    owner.execute("UPDATE campaign SET hand_out_from = now() + interval '4 hours'")
    refused = world.qian.post(f"/campaigns/{campaign['id']}/call-next")
    assert (refused.status_code, refused.json["code"]) == (409, "quiet_hours")
    owner.execute("UPDATE campaign SET hand_out_from = now()")
    assert call(world, campaign) == [1]


# --- Collecting -------------------------------------------------------------------------------------------------


def test_a_neighbour_collects_with_the_households_code_and_five_wrong_ones_lock_it(world, app):
    campaign = campaign_of(world)
    g.home(app, who="he", room="101")
    g.ordered(world, "he", campaign, 2, terms="on_delivery")
    campaign = h.handing_out(app, world, campaign)
    order = h.listed(world, campaign)[0]
    own = g.ok(world.he.get(f"/orders/{order['order_id']}/pickup"))
    assert (own["number"], own["owed_fen"], own["state"]) == (1, 2000, "waiting") and len(own["code"]) == 6
    assert "邻居代领" in own["advice"] and "20.00 元" in own["advice"]
    unpaid = h.act(world, "qian", order, "collect", how="proxy", code=own["code"])
    assert (unpaid.status_code, unpaid.json["code"], unpaid.json["owed_fen"]) == (409, "owed", 2000)
    cash = {"method": "cash", "amount_fen": 2000, "receipt": "0001"}
    g.ok(world.hu.post(f"/orders/{order['order_id']}/receipts", cash), 201)
    wrong = f"{(int(own['code']) + 1) % 10**6:06d}"
    for left in (4, 3, 2, 1, 0):
        refused = h.act(world, "qian", order, "collect", how="proxy", code=wrong)
        assert (refused.status_code, refused.json["code"], refused.json["left"]) == (422, "wrong_code", left)
    locked = h.act(world, "qian", order, "collect", how="proxy", code=own["code"])
    assert (locked.status_code, locked.json["code"]) == (409, "code_locked")
    collected = g.ok(h.act(world, "qian", order, "collect", how="verified"))
    assert collected["status"] == "collected"
    assert g.ok(world.he.get(f"/orders/{order['order_id']}/pickup"))["code"] is None
    assert not g.sound(app)


def test_the_right_code_collects_once(world, app):
    campaign = campaign_of(world)
    g.home(app, who="he", room="101")
    g.ordered(world, "he", campaign, 2, terms="on_delivery")
    campaign = h.handing_out(app, world, campaign)
    order = h.listed(world, campaign)[0]
    code = g.ok(world.he.get(f"/orders/{order['order_id']}/pickup"))["code"]
    g.ok(
        world.hu.post(f"/orders/{order['order_id']}/receipts", {"method": "cash", "amount_fen": 2000, "receipt": "2"}),
        201,
    )
    assert g.ok(h.act(world, "qian", order, "collect", how="proxy", code=code))["state"] == "done"
    order["revision"] += 1
    again = h.act(world, "qian", order, "collect", how="proxy", code=code)
    assert (again.status_code, again.json["code"]) == (409, "not_now")


@pytest.mark.parametrize(
    "body", [{"how": "proxy"}, {"how": "self", "code": "123456"}, {"how": "proxy", "code": "12a456"}]
)
def test_a_code_belongs_to_whoever_collects_for_another(world, app, body):
    _, order = one_order(world, app)
    assert h.act(world, "qian", order, "collect", **body).status_code == 422


def test_what_is_paid_at_the_door_is_paid_before_the_goods_are_left(world, app):
    campaign, order = one_order(world, app, terms="on_delivery", delivery="door")
    assert (order["number"], order["state"], order["owed_fen"]) == (None, "door", 2000)
    refused = h.act(world, "liu", order, "deliver")
    assert (refused.status_code, refused.json["code"], refused.json["owed_fen"]) == (409, "owed", 2000)
    g.ok(
        world.hu.post(f"/orders/{order['order_id']}/receipts", {"method": "cash", "amount_fen": 2000, "receipt": "7"}),
        201,
    )
    assert g.ok(h.act(world, "liu", order, "deliver", left_with="neighbour"))["status"] == "delivered"
    assert call(world, campaign) == []
    assert not g.sound(app)


def test_nobody_opens_and_after_the_time_promised_the_goods_go_to_others(world, app, owner):
    _, order = one_order(world, app, terms="on_delivery", delivery="door")
    missed = g.ok(h.act(world, "liu", order, "miss"))
    early = h.act(world, "qian", missed, "give-up", reason="没人在家，转给独居老人")
    assert (early.status_code, early.json["code"]) == (409, "still_kept")
    owner.execute("UPDATE pickup SET missed_at = now() - interval '73 hours'")
    assert h.act(world, "qian", missed, "give-up").status_code == 422
    done = g.ok(h.act(world, "qian", missed, "give-up", reason="没人在家，转给独居老人"))
    assert (done["status"], done["owed_fen"]) == ("completed", 0)
    assert not g.sound(app)


def test_food_that_spoils_is_kept_three_hours(world, app, owner):
    campaign = g.opened(world, {"perishable": True}, **PACE)
    h.for_home(world, campaign, h.door(app, UNIT, "101"), 1, delivery="door")
    order = h.listed(world, h.handing_out(app, world, campaign))[0]
    missed = g.ok(h.act(world, "qian", order, "miss"))
    owner.execute("UPDATE pickup SET missed_at = now() - interval '179 minutes'")
    assert h.act(world, "qian", missed, "give-up", reason="转给邻居").json["code"] == "still_kept"
    owner.execute("UPDATE pickup SET missed_at = now() - interval '181 minutes'")
    assert g.ok(h.act(world, "qian", missed, "give-up", reason="转给邻居"))["status"] == "completed"
    assert not g.sound(app)


# --- On paper ---------------------------------------------------------------------------------------------------


def test_a_paper_list_sent_twice_moves_each_order_once_and_answers_for_each(world, app):
    campaign = campaign_of(world)
    rooms = {n: h.door(app, UNIT, f"{n}01", floor=n) for n in range(1, 6)}
    for n, home in rooms.items():
        terms, delivery = ("on_delivery" if n == 4 else "sponsored"), ("door" if n == 5 else "pickup")
        h.for_home(world, campaign, home, 1, terms=terms, delivery=delivery)
    campaign = h.handing_out(app, world, campaign)
    ids = {order["room"]: order["order_id"] for order in h.listed(world, campaign)}
    stranger = str(uuid.uuid4())
    paper = {"order_ids": [*ids.values(), ids["101"], stranger], "at": (clock.now() - timedelta(hours=2)).isoformat()}
    path = f"/campaigns/{campaign['id']}/handed"
    first = outcomes(g.ok(world.qian.post(path, paper)))
    assert first == {**dict.fromkeys(ids.values(), "done"), ids["401"]: "owed", stranger: "unknown"}
    second = outcomes(g.ok(world.hu.post(path, paper)))
    assert second == {**dict.fromkeys(ids.values(), "already"), ids["401"]: "owed", stranger: "unknown"}
    states = {order["room"]: order["status"] for order in h.listed(world, campaign)}
    assert states == {"101": "collected", "201": "collected", "301": "collected", "401": "ready", "501": "delivered"}
    ahead_of_time = {**paper, "at": (clock.now() + timedelta(hours=1)).isoformat()}
    assert world.qian.post(path, ahead_of_time).json["code"] == "in_the_future"
    assert not g.sound(app)


def test_the_same_paper_list_from_two_phones_at_once(world, app):
    campaign = campaign_of(world)
    for n in range(1, 9):
        h.for_home(world, campaign, h.door(app, UNIT, f"{n}01", floor=n), 1)
    campaign = h.handing_out(app, world, campaign)
    paper = {"order_ids": [o["order_id"] for o in h.listed(world, campaign)], "at": clock.now().isoformat()}
    path = f"/campaigns/{campaign['id']}/handed"
    answers = at_once(*[lambda who=who: outcomes(g.ok(world.hand(who).post(path, paper))) for who in ("qian", "hu")])
    assert {outcome for answer in answers for outcome in answer.values()} == {"already", "done"}
    assert sum(outcome == "done" for answer in answers for outcome in answer.values()) == 8
    assert not g.sound(app)


def outcomes(answer):
    return {result["order_id"]: result["outcome"] for result in answer["results"]}


# --- Who sees what ----------------------------------------------------------------------------------------------


def test_the_queue_shows_my_own_number_and_of_others_nothing_but_numbers(world, app):
    campaign = campaign_of(world, batch_size=2, at_once=4)
    for n in range(1, 7):
        h.for_home(world, campaign, h.door(app, UNIT, f"{n}01", floor=n, name="王小明"), 1)
    g.home(app, who="he", room="701")
    mine = g.ordered(world, "he", campaign, 1, terms="on_delivery")
    campaign = h.handing_out(app, world, campaign)
    assert call(world, campaign) == [1, 2]
    answer = world.he.get(f"/campaigns/{campaign['id']}/queue")
    shown = g.ok(answer)
    assert shown["now_serving"] == [1, 2] and shown["waiting"] == 5
    (own,) = shown["mine"]
    assert (own["order_id"], own["number"], own["state"], own["ahead"]) == (mine["id"], 7, "waiting", 4)
    in_three_batches = datetime.fromisoformat(own["expected_at"]) - clock.now()
    assert timedelta(minutes=29) < in_three_batches <= timedelta(minutes=30)
    for order in h.listed(world, campaign):
        if order["order_id"] != mine["id"]:
            assert order["order_id"] not in answer.text
    for private in ("王", "138", READY, "household", "room"):
        assert private not in answer.text
    assert g.ok(world.other_grid.get(f"/campaigns/{campaign['id']}/queue"))["mine"] == []


def test_to_strangers_none_of_it_is_there(world, app):
    campaign, order = one_order(world, app)
    paths = ["call-next", "handed", "hand-out"]
    bodies = [{}, {"order_ids": [order["order_id"]], "at": clock.now().isoformat()}, {"revision": campaign["revision"]}]
    for path, body in zip(paths, bodies, strict=True):
        answer = world.other_grid.post(f"/campaigns/{campaign['id']}/{path}", body)
        assert answer.status_code == (403 if path == "hand-out" else 404), path
        assert world.he.post(f"/campaigns/{campaign['id']}/{path}", body).status_code == 403
    assert world.other_grid.get(f"/campaigns/{campaign['id']}/handout").status_code == 404
    for action in ("collect", "skip", "deliver", "miss", "give-up"):
        more = {"reason": "x"} if action == "give-up" else {}
        assert h.act(world, "other_grid", order, action, **more).status_code == 404
    # the code is the household's: neither a stranger nor a helper may look it up
    for who in ("nobody", "other_grid", "qian", "hu", "li"):
        assert world.hand(who).get(f"/orders/{order['order_id']}/pickup").status_code == 404
    assert world.public.get(f"/campaigns/{campaign['id']}/queue").status_code == 401


def test_only_the_organiser_or_the_deputy_begins(world, app):
    campaign = campaign_of(world)
    h.for_home(world, campaign, h.door(app, UNIT, "101"), 1)
    campaign = h.has_come(app, world, campaign)
    body = {"revision": campaign["revision"]}
    path = f"/campaigns/{campaign['id']}/hand-out"
    assert world.yang.post(path, body).status_code == 404  # an organiser, of another campaign
    assert world.hu.post(path, {"revision": 1}).json["code"] == "stale"
    assert world.qian.post(f"/campaigns/{campaign['id']}/call-next").json["code"] == "not_handing_out"
    assert g.ok(world.hu.post(path, body))["status"] == "handing_out"


def test_what_is_recalled_is_neither_listed_nor_handed_over(world, app):
    pork, eggs = {"name": "猪肉"}, {"name": "鸡蛋", "share_label": "盒"}
    campaign = g.opened(world, pork, eggs, **PACE)
    h.for_home(world, campaign, h.door(app, UNIT, "101", floor=1), 1, 1)
    h.for_home(world, campaign, h.door(app, UNIT, "201", floor=2), 1, 0)
    campaign = h.handing_out(app, world, campaign)
    both, only_pork = h.listed(world, campaign)
    lot = {"item_id": campaign["items"][0]["id"], "lot": "L猪肉", "reason": "冷链中断"}
    g.ok(world.hu.post(f"/campaigns/{campaign['id']}/recalls", lot), 201)
    sheet = world.hu.get(f"/campaigns/{campaign['id']}/sheets/packer").text
    assert "鸡蛋" in sheet and "猪肉" not in sheet.split("<table>", 1)[1]
    assert h.act(world, "qian", only_pork, "collect").status_code == 409
    left = g.ok(h.act(world, "qian", h.listed(world, campaign, number=both["number"])[0], "collect"))
    assert [line["name"] for line in left["lines"]] == ["鸡蛋"]
    assert not g.sound(app)
