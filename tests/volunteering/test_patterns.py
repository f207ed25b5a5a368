"""What comes again: made a few days ahead, once however often the clock asks, and no more after its last day."""

from datetime import timedelta

from backend.core import clock
from backend.volunteering.tasks import patterns
from tests.cast import MACHIDUN, READY, UNIT
from tests.factories import groupbuy as g
from tests.factories import handout as h
from tests.factories.claims import statements

EVERY_DAY = [1, 2, 3, 4, 5, 6, 7]


def body(**changed):
    return {
        "place_code": READY, "kind": "gate_shift", "title": "西门夜班", "role": "gate_duty", "capacity": 2,
        "weekdays": EVERY_DAY, "at": "23:30:00", "minutes": 29, "since": clock.today().isoformat(), **changed,
    }  # fmt: skip


def made(world):
    return sorted(g.ok(world.feng.get("/tasks", place=MACHIDUN))["items"], key=lambda task: task["starts_at"])


def again(app):
    with app.app_context():
        patterns.make_all_ahead()


def test_shifts_for_the_coming_days_each_once(world, app):
    tomorrow = clock.today() + timedelta(days=1)
    pattern = g.ok(world.feng.post("/task-patterns", body(since=tomorrow.isoformat())), 201)
    for _ in range(2):
        again(app)
    shifts = made(world)
    assert len(shifts) == 3 and {shift["capacity"] for shift in shifts} == {2}
    days = [(tomorrow + timedelta(days=n)).isoformat() for n in range(3)]
    assert [shift["starts_at"] for shift in shifts] == [f"{day}T15:30:00+00:00" for day in days]
    ended = g.ok(world.feng.post(f"/task-patterns/{pattern['id']}/end", {"revision": 1, "until": days[0]}))
    assert ended["until"] == days[0] and not g.sound(app)


def test_an_hour_asks_only_for_those_that_are_behind(world, app, owner, monkeypatch):
    """However many patterns there are, those that have been seen to leave the round to the others."""
    monkeypatch.setattr(patterns, "ROUND", 1)
    for title in ("西门夜班", "东门夜班"):
        g.ok(world.feng.post("/task-patterns", body(title=title)), 201)
    before = len(made(world))
    owner.execute("UPDATE task_pattern SET made_until = made_until - 1, since = since - 1")
    owner.execute("DELETE FROM task")
    for _ in range(2):
        again(app)
    assert len(made(world)) == before
    with statements(app) as sent:
        again(app)
    assert len([one for one in sent if "SELECT" in one]) == 1, sent


def test_only_on_its_days_and_not_after_the_last(world, app):
    tomorrow = clock.today() + timedelta(days=1)
    g.ok(world.feng.post("/task-patterns", body(weekdays=[tomorrow.isoweekday()])), 201)
    last = {"until": tomorrow.isoformat(), "title": "到明天", "since": tomorrow.isoformat()}
    g.ok(world.feng.post("/task-patterns", body(**last)), 201)
    again(app)
    assert sorted(shift["title"] for shift in made(world)) == ["到明天", "西门夜班"]


def test_a_call_each_day_to_who_lives_alone(world, app):
    home = h.door(app, UNIT, "301")
    call = body(kind="care_call", title="每日问候", role="care_support", capacity=1, household_id=home, place_code=UNIT)
    g.ok(world.feng.post("/task-patterns", call), 201)
    shown = g.ok(world.feng.get(f"/tasks/{made(world)[0]['id']}"))
    assert shown["doors"] == 1


def test_who_may_and_what_makes_no_sense(world, app):
    assert world.qian.post("/task-patterns", body()).status_code == 403
    assert world.other_secretary.post("/task-patterns", body()).status_code == 404
    past = (clock.today() - timedelta(days=1)).isoformat()
    assert world.feng.post("/task-patterns", body(until=past)).json["code"] == "until_past"
    assert world.feng.post("/task-patterns", body(weekdays=[8])).status_code == 422
