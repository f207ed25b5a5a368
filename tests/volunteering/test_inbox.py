"""What a volunteer finds in their inbox, and a second officer."""

import pytest

from backend.core.permissions import Role
from backend.people.inbox import COUNTED
from tests.cast import BUILDING
from tests.factories import groupbuy as g
from tests.factories import tasks as t
from tests.factories.inbox import item, page, told
from tests.volunteering.test_appointing import appoint, cousin  # noqa: F401 the fixture
from tests.volunteering.test_holding import jobs, later


@pytest.fixture
def helpers(app, world):
    return t.helper(app, "qian"), t.helper(app, "feng", Role.COORDINATOR)


def assigned(world, app, volunteer_id, **values):
    return g.ok(world.feng.post(f"/tasks/{t.task(app, **values)}/assign", {"volunteer_id": volunteer_id}), 201)


def test_an_assignment_waits_for_a_yes_or_a_no(world, app, helpers):
    claim = assigned(world, app, helpers[0], title="送爱心菜")
    told_of = item(world, "qian", "task_claim.assign")
    assert (told_of["title"], told_of["waits"], told_of["subject_id"]) == ("送爱心菜", True, claim["id"])
    assert told(world, "feng") == []
    t.done(world, "qian", claim, "accept")
    assert told(world, "qian") == [("task_claim.assign", False)]


def test_what_waits_is_counted_behind_any_number_of_newer_messages(world, app, owner, helpers):
    claim = assigned(world, app, helpers[0])
    checked = """INSERT INTO audit_event (id, at, actor_id, place_code, subject_type, subject_id, action)
      SELECT gen_random_uuid(), at + interval '1 second', actor_id, place_code, subject_type, subject_id, 'verify'
      FROM audit_event, generate_series(1, %s) WHERE subject_id = %s AND action = 'assign'"""
    owner.execute(checked, [COUNTED + 1, claim["id"]])
    assert ("task_claim.assign", True) not in told(world, "qian"), "not on the first page"
    assert page(world, "qian")["waiting"] == 1


def test_what_one_takes_and_gives_back_oneself_is_no_news(world, app, helpers):
    claim = t.claimed(world, "qian", t.task(app))
    t.done(world, "qian", claim, "release")
    assert told(world, "qian") == []


def test_a_task_that_is_cancelled_or_lost_by_the_hour_is_told_and_nobody_is_blamed(world, app, owner, helpers):
    first, second = t.claimed(world, "qian", t.task(app)), t.claimed(world, "qian", t.task(app))
    task = t.show(world, first["task_id"])
    g.ok(world.feng.post(f"/tasks/{first['task_id']}/cancel", {"revision": task["revision"], "reason": "下雨"}))
    later(owner, second)
    jobs(app)
    assert sorted(told(world, "qian")) == [("task_claim.cancel", False), ("task_claim.expire", False)]
    assert "没有关系" in item(world, "qian", "task_claim.expire")["detail"]


def test_a_hand_over_waits_for_the_one_it_is_offered_to(world, app, helpers):
    t.helper(app, "liu", role="building_head")
    held = t.begun(world, "liu", t.task(app))
    offered = g.ok(t.act(world, "liu", held, "hand-over", to_volunteer_id=helpers[0], custody=["一箱药"]), 201)
    assert told(world, "qian") == [("task_hand_over.offer", True)] and told(world, "liu") == []
    told_of = item(world, "qian", "task_hand_over.offer")
    assert told_of["subject_id"] == offered["id"] and "药" not in str(told_of), "the list is in words of a person"
    g.ok(world.qian.post(f"/hand-overs/{offered['id']}/answer", {"accept": True, "pieces": 1}))
    assert told(world, "qian") == []


def test_an_appointment_among_relatives_waits_for_a_second_officer(world, app, cousin):  # noqa: F811
    asked = appoint(world.li, cousin)
    assert asked.status_code in (201, 202), asked.text
    for who in ("zhao", "zhou"):
        assert told(world, who) == [("appointment.propose", True)]
    assert told(world, "li") == [] == told(world, "other_secretary")
    told_of = item(world, "zhao", "appointment.propose")
    assert "门岗值守员" in told_of["detail"] and BUILDING not in str(told_of)
    waiting = world.zhao.get("/appointments", status="waiting").json["items"][0]
    g.ok(world.zhao.post(f"/appointments/{waiting['id']}/confirm", {"revision": waiting["revision"]}))
    assert told(world, "zhao") == told(world, "zhou") == []
