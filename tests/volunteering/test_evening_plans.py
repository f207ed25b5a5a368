"""A plan from the question to the assignments: computed in a job, changed by hand, applied, answered by each."""

from datetime import timedelta

import pytest

from backend.core import clock, jobs
from backend.core.permissions import Role
from backend.volunteering.planning import service
from tests.cast import READY, SECOND
from tests.factories import evenings as e
from tests.factories import groupbuy as g
from tests.factories import tasks as t
from tests.factories.claims import statements


@pytest.fixture
def crew(app, world):
    """Three who carry: qian, tang, hu; feng coordinates and carries nothing."""
    return {name: t.helper(app, name) for name in ("qian", "tang", "hu")}


def refused(answer, status, code):
    assert (answer.status_code, answer.json["code"]) == (status, code), answer.text
    return answer.json


def given(plan):
    """task → volunteer"""
    return {carry["task_id"]: each["volunteer_id"] for each in plan["volunteers"] for carry in each["carries"]}


# --- The story ----------------------------------------------------------------------------------------------------


def test_an_evening_from_the_question_to_the_answers(app, world, crew):
    """Six stairwells, three people: two each, an hour. feng applies it; qian accepts, tang declines."""
    tasks = e.stairwells(app, 6)
    asked = e.asked(world)
    assert asked["status"] == "computing" and asked["sentence"] == "正在计算"
    jobs.run(app, wait=False)
    plan = e.show(world, asked["id"])
    assert plan["status"] == "draft" and set(given(plan)) == set(tasks) and not plan["left"]
    assert (plan["finish_minutes"], plan["bound_minutes"], plan["first_come_minutes"]) == (60, 60, 60)
    assert plan["sentence"] == "按这个计划，60 分钟全部送完，不可能更早；不排计划、先到先领要 60 分钟。"
    assert {each["volunteer_id"] for each in plan["volunteers"]} == set(crew.values())
    assert all(len(each["carries"]) == 2 and "分给您：" in each["sentence"] for each in plan["volunteers"])

    applied = g.ok(e.act(world, plan, "apply"))
    assert applied["status"] == "applied" and applied["allowed_actions"] == []
    assert not any(carry["refused"] for each in applied["volunteers"] for carry in each["carries"])
    for name in crew:
        mine = g.ok(world.hand(name).get("/task-claims"))["items"]
        assert [claim["status"] for claim in mine] == ["assigned", "assigned"]
    assert g.sound(app) == {}

    qian, tang = (g.ok(world.hand(name).get("/task-claims"))["items"][0] for name in ("qian", "tang"))
    assert g.ok(t.act(world, "qian", qian, "accept"))["status"] == "accepted"
    assert g.ok(t.act(world, "tang", tang, "decline"))["status"] == "declined"
    assert t.show(world, tang["task_id"])["taken"] == 0


def test_each_sees_their_own_part_once_it_is_applied(app, world, crew):
    e.stairwells(app, 3)
    plan = e.computed(world)
    refused(world.qian.get(f"/evening-plans/{plan['id']}"), 404, "not_found")
    g.ok(e.act(world, plan, "apply"))
    mine = e.show(world, plan["id"], "qian")
    assert [each["volunteer_id"] for each in mine["volunteers"]] == [crew["qian"]]
    assert mine["allowed_actions"] == [] and mine["finish_minutes"] is None and mine["sentence"] is None
    assert "分给您：" in mine["volunteers"][0]["sentence"]
    for stranger in ("he", "other_secretary", "nobody", "liu"):
        refused(world.hand(stranger).get(f"/evening-plans/{plan['id']}"), 404, "not_found")


# --- Who is asked, and for what ---------------------------------------------------------------------------------


def test_a_plan_asks_of_nobody_what_they_cannot_give(app, world):
    """Each is out for a reason of their own; only qian is left, and for what is too high nobody."""
    qian = t.helper(app, "qian", max_floor=5)
    t.helper(app, "tang", minutes_a_day=20)
    t.helper(app, "hu", withdraws_on=clock.today() + timedelta(days=1))
    t.helper(app, "yang", places=[SECOND])
    t.helper(app, "feng", Role.COORDINATOR)  # carries ask for the post of a transporter
    noon = t.noon().timetz().replace(tzinfo=None)
    t.helper(app, "he", free_from=noon.replace(hour=6), free_until=noon.replace(hour=11))
    low = e.stairwells(app, 2, role="transporter")
    high = e.carry(app, READY + "-001-001", floor=6, role="transporter")
    pair = e.carry(app, READY + "-001-001", needs_pair=True, capacity=2)
    plan = e.computed(world)
    assert given(plan) == dict.fromkeys(low, qian)
    left = {carry["task_id"]: carry["reason"] for carry in plan["left"]}
    assert set(left) == {high, pair} and left[pair] == service.SEVERAL
    assert "人上不到这么高" in left[high] and "人不能进这栋楼" in left[high] and "人没有要求的岗位" in left[high]


@pytest.mark.parametrize(
    ("who", "what", "code"),
    [
        ({}, {}, None),
        ({"max_floor": 4}, {}, None),
        ({"max_floor": 3}, {}, "too_high"),
        ({"carry_grams": 5_000}, {}, None),
        ({"carry_grams": 4_999}, {}, "too_heavy"),
        ({"places": [READY]}, {}, None),
        ({"places": [SECOND]}, {}, "may_not_enter"),
        ({}, {"role": "transporter"}, None),
        ({}, {"role": "gate_duty"}, "role_needed"),
        ({"minutes_a_day": 30}, {}, None),
        ({"minutes_a_day": 29}, {}, "enough_today"),
        ({"withdraws_on": clock.day_of(t.noon())}, {}, "withdrawn"),
    ],
)
def test_the_plan_and_the_door_agree_on_who_may_carry(app, world, who, what, code):
    """The plan's reckoning is one of values, the claim's is a statement: what the one rules out the other refuses."""
    qian = t.helper(app, "qian", **who)
    [task] = e.stairwells(app, 1, **what)
    assert given(e.computed(world)) == ({} if code else {task: qian})
    answer = world.feng.post(f"/tasks/{task}/assign", {"volunteer_id": qian})
    assert answer.status_code == 201 if code is None else answer.json["code"] == code, answer.text


def test_what_they_hold_already_leaves_them_the_rest_of_the_evening(app, world, owner):
    """qian has claimed forty minutes from noon: of the two hours they give a day eighty minutes are left, from 12:40
    on."""
    t.helper(app, "qian", minutes_a_day=120)
    held = e.carry(app, READY + "-001", minutes=40)
    g.ok(world.qian.post(f"/tasks/{held}/claim"), 201)
    e.stairwells(app, 3, minutes=35)
    plan = e.computed(world)
    [mine] = plan["volunteers"]
    begins = t.noon() + timedelta(minutes=40)
    assert [carry["starts_at"] for carry in mine["carries"]] == [
        (begins + timedelta(minutes=minutes)).astimezone(clock.UTC).isoformat() for minutes in (0, 35)
    ]
    assert len(plan["left"]) == 1 and plan["left"][0]["reason"] == "能去的人今晚都排满了。"
    g.ok(e.act(world, plan, "apply"))
    assert g.sound(app) == {}


def test_a_day_that_is_past_or_has_nothing_to_carry_has_no_plan(app, world, crew):
    team = e.team_id(app)
    yesterday = (clock.today() - timedelta(days=1)).isoformat()
    refused(world.feng.post(f"/teams/{team}/evening-plans", {"day": yesterday}), 422, "day_past")
    refused(world.feng.post(f"/teams/{team}/evening-plans", {"day": e.tomorrow()}), 422, "nothing_to_carry")


def test_one_draft_at_a_time(app, world, crew):
    e.stairwells(app, 2)
    plan = e.computed(world)
    again = world.li.post(f"/teams/{e.team_id(app)}/evening-plans", {"day": e.tomorrow()})
    refused(again, 409, "plan_exists")
    g.ok(e.act(world, plan, "drop", "li"))
    assert e.computed(world)["status"] == "draft"
    listed = g.ok(world.feng.get(f"/teams/{e.team_id(app)}/evening-plans"))["items"]
    assert [one["status"] for one in listed] == ["draft", "dropped"]


def test_dropped_while_it_is_computed_it_stays_dropped(app, world, crew):
    e.stairwells(app, 2)
    plan = e.asked(world)
    g.ok(e.act(world, plan, "drop"))
    with app.app_context():
        service.compute(plan["id"])
        service.compute(plan["id"])
    assert e.show(world, plan["id"])["status"] == "dropped"


def test_taken_before_it_is_computed_there_is_nothing_to_plan(app, world, crew):
    [task] = e.stairwells(app, 1)
    plan = e.asked(world)
    g.ok(world.qian.post(f"/tasks/{task}/claim"), 201)
    with app.app_context():
        service.compute(plan["id"])
    assert e.show(world, plan["id"])["status"] == "dropped"
    assert g.sound(app) == {}


# --- Changed by hand ----------------------------------------------------------------------------------------------


def test_the_coordinator_moves_a_stairwell_and_reads_what_that_brings(app, world, crew):
    tasks = e.stairwells(app, 3)
    plan = e.computed(world)
    assert plan["finish_minutes"] == 30
    task = next(one for one, who in given(plan).items() if who == crew["tang"])
    moved = g.ok(e.act(world, plan, "moves", task_id=task, volunteer_id=crew["qian"]))
    assert given(moved)[task] == crew["qian"] and set(given(moved)) == set(tasks)
    assert moved["finish_minutes"] == 60 and moved["revision"] == plan["revision"] + 1
    assert moved["change"] == "改后这位志愿者 60 分钟做完，整晚由 30 分钟变为 60 分钟。"
    assert (moved["first_come_minutes"], moved["bound_minutes"]) == (30, 30)
    nobody = g.ok(e.act(world, moved, "moves", task_id=task, volunteer_id=None))
    assert task not in given(nobody) and nobody["left"][0]["reason"] == "协调员没有安排。"
    assert nobody["change"] == "改后没有人送这个单元，整晚由 60 分钟变为 30 分钟。"
    refused(e.act(world, plan, "moves", task_id=task, volunteer_id=None), 409, "stale")


def test_a_move_that_cannot_be_is_refused_with_its_reason(app, world, crew):
    low = t.helper(app, "yang", max_floor=2)
    busy = t.helper(app, "he", minutes_a_day=40)
    [task, other] = e.stairwells(app, 2)
    plan = e.computed(world)
    detail = refused(e.act(world, plan, "moves", task_id=task, volunteer_id=low), 422, "cannot_carry")["detail"]
    assert detail == "这位志愿者上不到这么高的楼层，请换一个人。"
    t.said(app, crew["hu"], True)
    plan = g.ok(e.act(world, plan, "moves", task_id=task, volunteer_id=busy))
    refused(e.act(world, plan, "moves", task_id=other, volunteer_id=busy), 422, "cannot_carry")
    stranger = "00000000-0000-7000-8000-000000000000"
    refused(e.act(world, plan, "moves", task_id=task, volunteer_id=stranger), 422, "cannot_carry")
    refused(e.act(world, plan, "moves", task_id=stranger, volunteer_id=busy), 404, "not_found")


def test_a_move_reads_the_evening_anew(app, world, crew):
    """Meanwhile tang has left the team and hu has claimed a stairwell of the plan: neither is in it any longer."""
    tasks = e.stairwells(app, 3)
    plan = e.computed(world)
    held = {who: task for task, who in given(plan).items()}
    g.ok(world.hu.post(f"/tasks/{held[crew['hu']]}/claim"), 201)
    tang = g.ok(world.li.get(f"/volunteers/{crew['tang']}"))
    assert world.li.post(f"/volunteers/{crew['tang']}/leave", {"revision": tang["revision"]}).status_code == 204
    mine = held[crew["qian"]]
    moved = g.ok(e.act(world, plan, "moves", task_id=mine, volunteer_id=crew["qian"]))
    assert given(moved) == {mine: crew["qian"]}
    assert [carry["task_id"] for carry in moved["left"]] == [held[crew["tang"]]]
    assert moved["left"][0]["reason"] == "原来安排的志愿者现在来不了了，请另选一人。"
    assert set(tasks) == {mine, held[crew["tang"]], held[crew["hu"]]}


# --- Applied ------------------------------------------------------------------------------------------------------


def test_whose_situation_changed_is_told_of_and_not_forced(app, world, crew):
    """tang is unwell since, hu's stairwell was taken by another: both are told of, qian is assigned all the same."""
    e.stairwells(app, 3)
    plan = e.computed(world)
    held = {who: task for task, who in given(plan).items()}
    t.said(app, crew["tang"], False)
    t.helper(app, "yang")
    g.ok(world.yang.post(f"/tasks/{held[crew['hu']]}/claim"), 201)
    applied = g.ok(e.act(world, plan, "apply"))
    said = {each["volunteer_id"]: each["carries"][0]["refused"] for each in applied["volunteers"]}
    assert said[crew["qian"]] is None
    assert said[crew["tang"]] == "这位志愿者现在不参加服务，请换一个人。", "the plan keeps no word of anyone's health"
    assert said[crew["hu"]] == "这项任务的名额已经满了，请刷新后再看。"
    assert [t.show(world, held[crew[name]])["taken"] for name in ("qian", "tang", "hu")] == [1, 0, 1]
    assert g.sound(app) == {}


def test_what_applies_once_is_not_applied_or_changed_again(app, world, crew):
    [task] = e.stairwells(app, 1)
    plan = e.computed(world)
    applied = g.ok(e.act(world, plan, "apply"))
    for action, body in (("apply", {}), ("drop", {})):
        refused(e.act(world, applied, action, **body), 409, "not_now")
    refused(e.act(world, applied, "moves", task_id=task, volunteer_id=None), 422, "nothing_to_carry")


@pytest.mark.parametrize("who", ["qian", "wang", "li", "he", "liu", "zhao"])
def test_only_those_who_assign_tasks_ask_for_a_plan(app, world, crew, who):
    e.stairwells(app, 1)
    answer = world.hand(who).post(f"/teams/{e.team_id(app)}/evening-plans", {"day": e.tomorrow()})
    assert answer.status_code == (201 if who in ("wang", "li") else 403), answer.text


def test_a_plan_is_shown_in_as_many_queries_for_six_as_for_two(app, world, crew):
    e.stairwells(app, 2)
    plan = e.computed(world)
    with statements(app) as two:
        e.show(world, plan["id"])
    g.ok(e.act(world, plan, "drop"))
    e.stairwells(app, 4, first=5)
    plan = e.computed(world)
    with statements(app) as six:
        e.show(world, plan["id"])
    assert len(two) == len(six) < 12
