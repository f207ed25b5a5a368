"""One of the eight roles for a volunteer: how many one person holds, and what happens among relatives."""

import uuid

import pytest

from backend.core.permissions import ONE_HEAD_SEVEN_ROLES
from backend.people.service import ROLES_AT_MOST
from tests.cast import BUILDING, ELSEWHERE, MACHIDUN, READY
from tests.core import things
from tests.factories import households
from tests.factories.races import at_once
from tests.factories.volunteers import user_of, volunteer

ROLES = [role.value for role in ONE_HEAD_SEVEN_ROLES[1:]]


def appoint(hand, who, role="gate_duty", place=READY):
    return hand.post(f"/volunteers/{who}/appointments", {"role": role, "place_code": place})


def roles_of(owner, user):
    held = "SELECT role FROM role_assignment WHERE user_id = %s AND ended_at IS NULL ORDER BY role"
    return [role for (role,) in owner.execute(held, [user])]


def test_a_volunteer_gets_one_of_the_eight_roles_at_each_of_its_levels(app, world):
    sun = volunteer(app, "孙桂英")
    for role, place in (("gate_duty", MACHIDUN), ("gate_duty", READY), ("building_head", BUILDING)):
        answer = appoint(world.li, sun, role, place)
        assert (answer.status_code, answer.json["given"]) == (201, True), answer.text
    assert appoint(world.li, sun, "building_head", READY).json["code"] == "wrong_kind_of_place"
    assert appoint(world.li, sun, "grid_worker").json["code"] == "invalid"
    assert appoint(world.li, sun, "gate_duty", ELSEWHERE).json["code"] == "elsewhere"
    assert appoint(world.chen, sun).status_code == 403
    assert appoint(world.other_secretary, sun).status_code == 404


def test_nobody_holds_more_of_the_eight_roles_than_they_can_fill(app, world, owner):
    """By neither route; the same role at another place is no further role, and one given up makes room."""
    sun = volunteer(app, "孙桂英")
    user = str(user_of(app, sun))
    given = [appoint(world.li, sun, role).json["assignment_id"] for role in ROLES[:ROLES_AT_MOST]]
    assert appoint(world.li, sun, ROLES[0], BUILDING).status_code == 201
    other_way = {"user_id": user, "role": ROLES[5], "place_code": READY}
    for refused in (appoint(world.li, sun, ROLES[5]), world.li.post("/role-assignments", other_way)):
        assert (refused.status_code, refused.json["code"]) == (409, "too_many_roles")
        assert "门岗值守员" in refused.json["detail"] and "先免去" in refused.json["detail"]
    assert world.li.post("/role-assignments", {**other_way, "role": "resident"}).status_code == 201
    assert world.li.post(f"/role-assignments/{given[1]}/end").status_code == 200
    assert appoint(world.li, sun, ROLES[5]).status_code == 201
    assert len(set(roles_of(owner, user)) - {"resident"}) == ROLES_AT_MOST


def test_seven_at_once_give_no_more_than_three(app, world, owner):
    sun = volunteer(app, "孙桂英")
    answers = at_once(*[lambda role=role: appoint(world.li, sun, role) for role in ROLES])
    assert sorted(a.status_code for a in answers) == [201] * ROLES_AT_MOST + [409] * (7 - ROLES_AT_MOST)
    assert len(roles_of(owner, user_of(app, sun))) == ROLES_AT_MOST
    assert owner.execute("SELECT count(*) FROM invariant_21_no_more_roles_than_one_can_fill").fetchone() == (0,)


@pytest.fixture
def cousin(app, world):
    """A volunteer, a relative of li's."""
    who = volunteer(app, "李小妹")
    world.chen.post(f"/volunteers/{who}/relatives", {"user_id": things.person(app, "li")})
    return who


def test_a_relatives_appointment_waits_for_a_second_officer(app, world, owner, cousin):
    answer = appoint(world.li, cousin)
    assert (answer.status_code, answer.json["given"]) == (201, False) and "另一位负责人" in answer.json["sentence"]
    waiting = answer.json["appointment_id"]
    assert roles_of(owner, user_of(app, cousin)) == []
    assert appoint(world.li, cousin).json["code"] == "already_waiting"
    shown = world.zhao.get("/appointments", status="waiting").json["items"]
    assert [(a["id"], a["volunteer_name"], a["asked_by_name"]) for a in shown] == [(waiting, "李**", "li")]
    assert shown[0]["allowed_actions"] == ["confirm", "refuse"]
    assert world.li.get("/appointments").json["items"][0]["allowed_actions"] == ["withdraw"]
    own = world.li.post(f"/appointments/{waiting}/confirm", {"revision": 1})
    assert (own.status_code, own.json["code"]) == (403, "separate_hands")
    confirmed = world.zhao.post(f"/appointments/{waiting}/confirm", {"revision": 1})
    assert confirmed.json["status"] == "confirmed", confirmed.text
    by = owner.execute("SELECT appointed_by::text FROM role_assignment WHERE role = 'gate_duty'").fetchall()
    assert by == [(things.person(app, "zhao"),)]
    views = [name for (name,) in owner.execute("SELECT viewname FROM pg_views WHERE viewname ~ '^invariant'")]
    assert not [name for name in views if owner.execute(f"SELECT FROM {name}").fetchall()]


def test_the_general_route_is_no_way_round(app, world, cousin):
    body = {"user_id": str(user_of(app, cousin)), "role": "grid_worker", "place_code": READY}
    refused = world.li.post("/role-assignments", body)
    assert (refused.status_code, refused.json["code"]) == (409, "second_officer_needed")
    assert world.zhao.post("/role-assignments", body).status_code == 201


@pytest.mark.parametrize("said_by", ["the officer, a volunteer too", "the register", "the volunteer's own word"])
def test_kin_is_kin_whoever_said_so(app, world, said_by):
    """Told by the other of the two; behind one door by the register; or by what the volunteer says of their home."""
    home = households.family(world)
    who = volunteer(app, "李小妹", household_id=None if said_by.startswith("the officer") else home["id"])
    if said_by.startswith("the officer"):
        li = volunteer(app, "li")
        assert world.li.post(f"/volunteers/{li}/relatives", {"user_id": str(user_of(app, who))}).status_code == 200
    elif said_by == "the register":
        bound = world.wang.post(
            f"/household-members/{home['members'][0]['id']}/bind", {"user_id": things.person(app, "li")}
        )
        assert bound.status_code == 200, bound.text
    else:
        volunteer(app, "li", household_id=home["id"])
    assert appoint(world.li, who).json["given"] is False


def test_the_second_officer_may_refuse_and_the_first_withdraw(app, world, owner, cousin):
    waiting = appoint(world.li, cousin).json["appointment_id"]
    bare = world.zhao.post(f"/appointments/{waiting}/refuse", {"revision": 1})
    assert bare.json["code"] == "reason_required"
    refused = world.zhao.post(f"/appointments/{waiting}/refuse", {"revision": 1, "reason": "另有人选"})
    assert refused.json["status_label"] == "未同意"
    again = appoint(world.li, cousin).json["appointment_id"]
    assert world.zhao.post(f"/appointments/{again}/withdraw", {"revision": 1}).status_code == 403
    assert world.li.post(f"/appointments/{again}/withdraw", {"revision": 1}).json["status"] == "withdrawn"
    late = world.sun.post(f"/appointments/{again}/confirm", {"revision": 2})
    assert (late.status_code, late.json["code"]) == (409, "not_now")
    assert roles_of(owner, user_of(app, cousin)) == []


def test_a_second_officer_who_is_kin_too_is_no_second_officer(app, world, owner, cousin):
    world.chen.post(f"/volunteers/{cousin}/relatives", {"user_id": things.person(app, "zhao")})
    waiting = appoint(world.li, cousin).json["appointment_id"]
    refused = world.zhao.post(f"/appointments/{waiting}/confirm", {"revision": 1})
    assert (refused.status_code, refused.json["code"]) == (409, "second_officer_needed")
    assert world.sun.post(f"/appointments/{waiting}/confirm", {"revision": 1}).status_code == 200


def test_who_has_left_meanwhile_is_not_appointed(app, world, cousin):
    waiting = appoint(world.li, cousin).json["appointment_id"]
    revision = world.chen.get(f"/volunteers/{cousin}").json["revision"]
    assert world.chen.post(f"/volunteers/{cousin}/leave", {"revision": revision}).status_code == 204
    late = world.zhao.post(f"/appointments/{waiting}/confirm", {"revision": 1})
    assert (late.status_code, late.json["code"]) == (409, "already_left")
    assert world.zhao.post(f"/appointments/{uuid.uuid4()}/confirm", {"revision": 1}).status_code == 404
