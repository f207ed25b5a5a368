"""What is taken for long: nobody runs out because nobody thought of it."""

from datetime import timedelta

import pytest

from backend.core import clock
from tests.cast import BUILDING, MACHIDUN, READY
from tests.core import things
from tests.factories import groupbuy as g
from tests.factories import medicine as m
from tests.medicine.test_requests import day, refused


def brought(world, app, who, *lines, **more):
    request = m.checked(world, who, *lines, **more)
    m.walk(app, request, *m.DELIVERED)
    return request


def courses(cast, who, **query):
    return g.ok(cast.hand(who).get("/medicine-courses", **query))["items"]


def later(owner, days):
    """So many days have passed."""
    owner.execute("UPDATE medicine_course SET runs_out_on = runs_out_on - %s, erase_on = erase_on - %s", [days, days])


def test_two_boxes_of_four_weeks_last_eight_after_what_was_left(world, app, home):
    brought(world, app, "he", {}, m.PLASTERS)
    (course,) = courses(world, "he")
    assert (course["runs_out_on"], course["days_left"], course["due"]) == (day(6 + 56), 62, False)
    assert "氨氯地平" not in str(course)
    assert courses(world, "liu", place=READY) == [], "nothing to do yet"


def test_before_it_runs_out_the_next_is_proposed_to_the_home_and_to_who_cares_for_it(world, app, owner, home):
    brought(world, app, "he", {})
    later(owner, 56)
    assert courses(world, "he")[0]["due"] is False
    later(owner, 1)
    assert [(course["days_left"], course["due"]) for course in courses(world, "he")] == [(5, True)]
    for who in ("liu", "wang", "li"):
        assert [course["room"] for course in courses(world, who, place=MACHIDUN)] == ["101"]
    for who in ("qian", "tang", "other_grid", "zhao"):
        assert courses(world, who, place=MACHIDUN) == []


def test_one_tap_and_the_next_is_asked_for_as_it_was_brought(world, app, owner, home):
    brought(world, app, "he", {})
    later(owner, 60)
    (course,) = courses(world, "he")
    again = g.ok(world.he.post("/medicine-courses/request", {"course_ids": [course["id"]]}), 201)
    (line,) = again["lines"]
    assert (line["quantity"], line["days_left"], line["days_each"], again["needed_on"]) == (2, 2, 28, day(1))
    assert g.ok(m.clear(world, "he", again, "own"))["lines"][0]["name"] == m.PILLS["name"]
    assert courses(world, "he")[0]["due"] is False and courses(world, "liu", place=READY) == []
    second = world.he.post("/medicine-courses/request", {"course_ids": [course["id"]]})
    assert refused(second) == (409, "not_due")
    m.walk(app, g.ok(m.act(world, "chen", again, "check")), *m.DELIVERED)
    (renewed,) = courses(world, "he")
    assert (renewed["id"], renewed["runs_out_on"]) == (course["id"], day(2 + 56))
    assert not g.sound(app)


@pytest.mark.parametrize(("ends", "due"), [("cancel", True), ("lapse", True)])
def test_what_was_asked_for_in_vain_is_proposed_again(world, app, owner, home, ends, due):
    brought(world, app, "he", {})
    later(owner, 60)
    (course,) = courses(world, "he")
    again = g.ok(world.he.post("/medicine-courses/request", {"course_ids": [course["id"]]}), 201)
    m.walk(app, again, ends)
    assert courses(world, "he")[0]["due"] is due


def test_for_those_without_a_phone_the_care_worker_taps(world, app, owner, neighbours):
    brought(world, app, "liu", household_id=neighbours, consent="voice")
    later(owner, 60)
    (course,) = courses(world, "liu", place=READY)
    ask = {"course_ids": [course["id"]]}
    assert refused(world.liu.post("/medicine-courses/request", ask)) == (422, "consent_needed")
    again = g.ok(world.liu.post("/medicine-courses/request", {**ask, "consent": "voice"}), 201)
    assert (again["household_id"], again["consent_kind"]) == (neighbours, "voice")
    assert refused(world.he.post("/medicine-courses/request", ask)) == (404, "not_found")


def test_which_medicine_it_is_only_those_see_who_may_and_each_look_is_recorded(world, app, owner, home):
    brought(world, app, "he", {})
    (course,) = courses(world, "he")
    path = f"/medicine-courses/{course['id']}/reveal"
    assert g.ok(world.he.post(path, {"purpose": "own"}))["name"] == m.PILLS["name"]
    assert g.ok(world.wang.post(path, {"purpose": "care_visit"}))["name"] == m.PILLS["name"]
    assert refused(world.liu.post(path, {"purpose": "care_visit"})) == (403, "forbidden")
    assert refused(world.tang.post(path, {"purpose": "own"})) == (404, "not_found")
    looks = owner.execute(
        "SELECT count(*) FROM audit_event WHERE action = 'reveal' AND subject_type = 'medicine_course'"
    )
    assert looks.fetchone() == (2,)


def test_the_household_has_it_forgotten_at_once(world, app, owner, home):
    brought(world, app, "he", {})
    (course,) = courses(world, "he")
    assert refused(world.tang.post(f"/medicine-courses/{course['id']}/stop")) == (404, "not_found")
    assert world.he.post(f"/medicine-courses/{course['id']}/stop").status_code == 204
    assert owner.execute("SELECT count(*) FROM medicine_course").fetchone() == (0,)


def test_what_was_not_bought_begins_nothing(world, app, home):
    request = m.checked(world, "he", {}, {**m.PILLS, "name": "二甲双胍片"})
    m.walk(app, request, "plan", "buy")
    question = m.asked(app, request, 1, "price", 9000)
    g.ok(world.he.post(f"/medicine-questions/{question}/answer", {"accept": False}))
    m.walk(app, request, "be_bought", "deliver", "hand_over")
    assert len(courses(world, "he")) == 1


def test_days_are_shanghai_days(world, app, home):
    brought(world, app, "he", {**m.PILLS, "days_left": 0, "quantity": 1, "days_each": 7})
    assert courses(world, "he")[0]["runs_out_on"] == (clock.today() + timedelta(days=7)).isoformat()


def test_care_support_sees_what_runs_out_in_the_own_building_and_asks_for_it(world, app, owner, neighbours):
    brought(world, app, "liu", household_id=neighbours, consent="voice")
    later(owner, 60)
    post = {"user_id": things.person(app, "nobody"), "role": "care_support", "place_code": BUILDING}
    g.ok(world.li.post("/role-assignments", post), 201)
    (course,) = courses(world, "nobody", place=MACHIDUN)
    assert refused(world.nobody.post(f"/medicine-courses/{course['id']}/reveal", {"purpose": "care_visit"}))[0] == 403
    again = {"course_ids": [course["id"]], "consent": "voice"}
    assert g.ok(world.nobody.post("/medicine-courses/request", again), 201)["household_id"] == neighbours
