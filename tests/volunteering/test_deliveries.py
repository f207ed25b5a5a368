"""A campaign's goods come: volunteers unload, sort, pack, and carry them up; each order is delivered at its door."""

from collections import Counter

import pytest

from backend.core.permissions import Role
from tests.cast import UNIT
from tests.factories import groupbuy as g
from tests.factories import handout as h
from tests.factories import tasks as t

RICE = {"name": "大米", "share_label": "袋", "grams_per_share": 5000, "weighed": True}


@pytest.fixture
def carriers(world, app):
    t.helper(app, "qian")
    t.helper(app, "feng", Role.COORDINATOR)


def made(cast, **query):
    return g.ok(cast.feng.get("/tasks", place=UNIT[:12], limit=100, **query))["items"]


def kinds(cast):
    return Counter(task["kind"] for task in made(cast))


def opened(cast, app, rooms=("501", "302"), place=UNIT, **more):
    campaign = g.opened(cast, RICE, **more)
    orders = [
        h.for_home(cast, campaign, h.door(app, place, room, int(room[0])), 2, delivery="door") for room in rooms
    ]  # fmt: skip
    return campaign, orders


def test_from_the_truck_to_the_doors(world, app, owner, carriers):
    campaign, orders = opened(world, app)
    other = h.stairwell(app, 2, 1)
    h.for_home(world, campaign, h.door(app, other, "101", 1), 1, delivery="door")
    h.for_home(world, campaign, h.door(app, UNIT, "201", 2), 1)  # collects it
    campaign = h.has_come(app, world, campaign)
    assert kinds(world) == {"unload": 1, "sort": 1, "pack": 1}
    g.step(world, "hu", campaign, "hand_out")
    carry = {task["place_code"]: task for task in made(world) if task["kind"] == "carry"}
    assert {place: (task["grams"], task["floor"], task["role"]) for place, task in carry.items()} == {
        UNIT: (20_000, 5, "transporter"), other: (5_000, 1, "transporter")
    }  # fmt: skip

    owner.execute("UPDATE task SET starts_at = now() - interval '1 min'")  # whatever the hour
    claim = t.begun(world, "qian", carry[UNIT]["id"])
    stops = g.ok(world.qian.post(f"/task-claims/{claim['id']}/doors"))["stops"]
    assert [(stop["room"], stop["grams"]) for stop in stops] == [("501", 10_000), ("302", 10_000)]
    settle = f"/task-claims/{claim['id']}/doors/{{}}/settle"
    g.ok(world.qian.post(settle.format(1), {"outcome": "done"}))
    g.ok(world.qian.post(settle.format(2), {"outcome": "not_home"}))
    shown = [g.ok(world.li.get(f"/orders/{order['id']}"))["status"] for order in orders]
    assert shown == ["delivered", "not_collected"]
    t.done(world, "qian", claim, "done", how="doors")
    assert not g.sound(app)


def test_a_second_truck_adds_what_is_new(world, app, carriers):
    """Its own unloading; a carry task for the orders that were not ready before, none for those under way."""
    campaign, _ = opened(world, app, policy="first_come")
    campaign = h.has_come(app, world, campaign, 2, last=False)
    before = kinds(world)
    campaign = g.step(world, "hu", campaign, "hand_out")
    assert kinds(world) == before + Counter(carry=1)
    again = g.step(world, "hu", campaign, "hand_out")
    assert kinds(world) == before + Counter(carry=1), "said twice, made once"
    campaign = h.truck(app, world, again, 2)
    assert kinds(world) == Counter(unload=2, sort=2, pack=2, carry=1)
    g.step(world, "hu", campaign, "hand_out")
    assert kinds(world)["carry"] == 2
    doors = [t.show(world, task["id"])["doors"] for task in made(world) if task["kind"] == "carry"]
    assert doors == [1, 1] and not g.sound(app)


def test_what_is_owed_for_is_not_left_at_the_door(world, app, owner, carriers):
    campaign, _ = opened(world, app, rooms=(), allows_on_delivery=True)
    home = h.door(app, UNIT, "501", 5)
    order = h.for_home(world, campaign, home, 1, delivery="door", terms="on_delivery")
    h.handing_out(app, world, campaign)
    owner.execute("UPDATE task SET starts_at = now() - interval '1 min'")
    carry = next(task for task in made(world) if task["kind"] == "carry")
    claim = t.begun(world, "qian", carry["id"])
    answer = world.qian.post(f"/task-claims/{claim['id']}/doors/1/settle", {"outcome": "done"})
    assert (answer.status_code, answer.json["code"]) == (409, "owed")
    stops = g.ok(world.qian.post(f"/task-claims/{claim['id']}/doors"))["stops"]
    assert stops[0]["outcome"] is None and g.ok(world.li.get(f"/orders/{order['id']}"))["status"] == "ready"


def test_what_was_collected_meanwhile_is_no_error(world, app, owner, carriers):
    campaign, orders = opened(world, app, rooms=("501",))
    h.handing_out(app, world, campaign)
    order = g.ok(world.li.get(f"/orders/{orders[0]['id']}"))
    g.ok(h.act(world, "hu", order, "collect", how="verified"))
    owner.execute("UPDATE task SET starts_at = now() - interval '1 min'")
    carry = next(task for task in made(world) if task["kind"] == "carry")
    claim = t.begun(world, "qian", carry["id"])
    g.ok(world.qian.post(f"/task-claims/{claim['id']}/doors/1/settle", {"outcome": "done"}))
    assert g.ok(world.li.get(f"/orders/{order['id']}"))["status"] == "collected" and not g.sound(app)


def test_a_high_stairwell_is_more_than_one_task(world, app, carriers):
    rooms = [f"{1 + n // 4}{n % 4:02d}" for n in range(24)]
    campaign, _ = opened(world, app, rooms=rooms)
    h.handing_out(app, world, campaign)
    sizes = [t.show(world, task["id"])["doors"] for task in made(world) if task["kind"] == "carry"]
    assert sorted(sizes) == [4, 20]


def test_what_is_recalled_is_carried_by_nobody(world, app, owner, carriers):
    """At the first door the news comes: the whole of it is recalled. Who carries stops; nobody is to sort or pack."""
    campaign, _ = opened(world, app)
    campaign = h.handing_out(app, world, campaign)
    owner.execute("UPDATE task SET starts_at = now() - interval '1 min'")
    carry = next(task for task in made(world) if task["kind"] == "carry")
    claim = t.begun(world, "qian", carry["id"])
    lot = {"item_id": campaign["items"][0]["id"], "lot": "L大米", "reason": "发霉"}
    g.ok(world.hu.post(f"/campaigns/{campaign['id']}/recalls", lot), 201)
    assert g.ok(world.hu.get(f"/campaigns/{campaign['id']}"))["status"] == "recalled"
    assert {task["status"] for task in made(world)} == {"cancelled"}
    assert t.status(world, claim) == "cancelled" and not g.sound(app)


def test_two_go_where_somebody_was_abused(world, app, owner, carriers):
    campaign, orders = opened(world, app, rooms=("501",))
    home = owner.execute("SELECT household_id FROM group_order WHERE id = %s", [orders[0]["id"]]).fetchone()[0]
    owner.execute(
        "INSERT INTO incident (id, household_id, place_code, kind, happened_at, account_cipher, recorded_by, erase_on)"
        " SELECT gen_random_uuid(), %s, %s, 'threat', now(), '', id, current_date + 30 FROM app_user LIMIT 1",
        [home, UNIT],
    )
    h.handing_out(app, world, campaign)
    carry = next(task for task in made(world) if task["kind"] == "carry")
    assert (carry["needs_pair"], carry["capacity"]) == (True, 2)
