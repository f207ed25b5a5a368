"""Addresses: never before the work begins, only to whoever does it, each look recorded. Doors gone to one by one."""

import re

import pytest

from backend.core.permissions import Role
from tests.cast import BUILDING, UNIT
from tests.factories import groupbuy as g
from tests.factories import handout as h
from tests.factories import tasks as t

NAME, PHONE = "王小明", "13812345678"


@pytest.fixture
def doors(world, app):
    """qian is to go to two doors."""
    t.helper(app, "qian")
    t.helper(app, "feng", Role.COORDINATOR)
    homes = (h.door(app, UNIT, "501", 5), h.door(app, UNIT, "302", 3))
    return t.task(app, place=UNIT, homes=homes, floor=5)


def events(owner, action):
    return owner.execute("SELECT details FROM audit_event WHERE action = %s", [action]).fetchall()


def test_no_address_before_the_work_begins(world, doors, owner):
    """Before: the stairwell, how many doors, the highest floor. Nothing that says who."""
    listed = t.list_of(world, "qian")[doors]
    claim = t.claimed(world, "qian", doors)
    seen = f"{listed} {claim} {world.qian.get('/task-claims').text} {world.qian.get(f'/tasks/{doors}').text}"
    assert NAME not in seen and PHONE not in seen
    assert not re.search(r"(?<![\w.:-])(501|302)(?![\w-])", seen), "a room (digits within an id or an instant are none)"
    early = world.qian.post(f"/task-claims/{claim['id']}/doors")
    assert (early.status_code, early.json["code"]) == (409, "not_begun")
    phone = world.qian.post(f"/task-claims/{claim['id']}/doors/1/phone", {"purpose": "deliver"})
    assert phone.status_code == 409
    assert not events(owner, "see_doors")


def test_the_doors_once_begun_and_each_look_is_recorded(world, doors, owner):
    claim = t.begun(world, "qian", doors)
    for _ in range(2):
        shown = g.ok(world.qian.post(f"/task-claims/{claim['id']}/doors"))
    assert [(stop["room"], stop["floor"]) for stop in shown["stops"]] == [("501", 5), ("302", 3)]
    assert [details for (details,) in events(owner, "see_doors")] == [{"doors": 2}] * 2
    assert NAME not in str(shown) and PHONE not in str(shown)


def test_the_phone_for_a_purpose(world, doors, owner):
    claim = t.begun(world, "qian", doors)
    path = f"/task-claims/{claim['id']}/doors/1/phone"
    assert world.qian.post(path, {}).status_code == 422
    assert g.ok(world.qian.post(path, {"purpose": "deliver"})) == {"phone": PHONE}
    assert [details["purpose"] for (details,) in events(owner, "reveal")] == ["deliver"]
    assert world.qian.post(f"/task-claims/{claim['id']}/doors/9/phone", {"purpose": "deliver"}).status_code == 404


def test_nobody_else_sees_them_and_not_after(world, app, doors):
    t.helper(app, "xu")
    claim = t.begun(world, "qian", doors)
    for who in ("xu", "he", "other_organiser", "other_secretary"):
        assert world.hand(who).post(f"/task-claims/{claim['id']}/doors").status_code == 404, who
    for position in (1, 2):
        settled(world, claim, position)
    t.done(world, "qian", claim, "done", how="doors")
    assert world.qian.post(f"/task-claims/{claim['id']}/doors").status_code == 409


def settled(world, claim, position, outcome="done", who="qian", **more):
    path = f"/task-claims/{claim['id']}/doors/{position}/settle"
    return g.ok(world.hand(who).post(path, {"outcome": outcome, **more}))


def test_all_doors_before_it_is_done(world, app, doors):
    claim = t.begun(world, "qian", doors)
    settled(world, claim, 1)
    early = t.act(world, "qian", claim, "done", how="doors")
    assert (early.status_code, early.json["code"], early.json["left"]) == (409, "doors_left", 1)
    settled(world, claim, 2, "not_home")
    assert t.done(world, "qian", claim, "done", how="doors")["status"] == "done"
    t.done(world, "feng", claim, "verify")
    assert (t.show(world, doors)["status"], t.show(world, doors)["doors_done"]) == ("closed", 2)
    assert not g.sound(app)


def test_told_twice_counts_once(world, app, doors, owner):
    claim = t.begun(world, "qian", doors)
    for _ in range(2):
        assert settled(world, claim, 1)["doors_done"] == 1
    assert len(events(owner, "settle_door")) == 1 and not t.show(world, doors)["conflicts"]


def test_what_is_left_is_for_the_next(world, app, doors):
    """Reopened, a door that was gone to in vain is gone to again; the others are not."""
    claim = t.begun(world, "qian", doors)
    settled(world, claim, 1)
    settled(world, claim, 2, "not_home")
    t.done(world, "qian", claim, "done", how="doors")
    t.done(world, "feng", claim, "verify")
    shown = t.show(world, doors)
    g.ok(world.feng.post(f"/tasks/{doors}/reopen", {"revision": shown["revision"], "reason": "晚上再去"}))
    t.helper(app, "xu")
    again = t.begun(world, "xu", doors)
    stops = g.ok(world.xu.post(f"/task-claims/{again['id']}/doors"))["stops"]
    assert [stop["outcome"] for stop in stops] == ["done", None]
    assert not g.sound(app)


def test_a_home_of_another_place_is_no_door_of_it(world, app):
    home = h.door(app, UNIT, "501", 5)
    body = {"place_code": f"{BUILDING[:16]}-002", "kind": "care_visit", "title": "看望", "minutes": 20,
            "starts_at": t.noon().isoformat(), "ends_at": t.noon().replace(hour=14).isoformat(),
            "household_ids": [home]}  # fmt: skip
    h.stairwell(app, 2, 1)
    assert world.feng.post("/tasks", body).status_code == 404
    assert world.feng.post("/tasks", {**body, "place_code": UNIT}).status_code == 201


def test_a_door_that_is_told_of_again_shows_no_address(world, app, doors, owner):
    """Neither to the holder when the work is over, nor to anyone by telling of a door: to look is to be recorded."""
    claim = t.begun(world, "qian", doors)
    for position in (1, 2):
        assert "stops" not in settled(world, claim, position)
    t.done(world, "qian", claim, "done", how="doors")
    for outcome in ("done", "not_home"):
        assert not any(room in str(settled(world, claim, 1, outcome)) for room in ("501", "302"))
    assert not events(owner, "see_doors")
