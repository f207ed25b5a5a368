"""Appointing and dismissing: nobody gives a role they could not hold over, nor one to themselves."""

from datetime import timedelta

import pytest

from backend.core import clock
from backend.core.permissions import APPOINTS, Role
from tests.cast import (
    BUILDING,
    CITY,
    DONGXIHU,
    ELSEWHERE,
    HONGSHAN,
    JIANGJUNLU,
    JINYINHU,
    MACHIDUN,
    NEIGHBOUR,
    PARTS,
    READY,
    UNIT,
)
from tests.factories.races import at_once
from tests.factories.world import user_id

# A place within reach of all of Dongxihu's givers for each kind a role may be held at.
PLACE_OF_KIND = {
    "city": CITY,
    "district": DONGXIHU,
    "subdistrict": JIANGJUNLU,
    "community": MACHIDUN,
    "compound": READY,
    "building": BUILDING,
    "unit": UNIT,
}
GIVERS = {"zhou": Role.DISTRICT_REVIEWER, "zhao": Role.SUBDISTRICT_REVIEWER, "li": Role.COMMUNITY_SECRETARY}


@pytest.fixture
def ids(world, ctx):
    return {part.name: str(user_id(part.name)) for part in PARTS}


def appoint(hand, user, role, place, **more):
    return hand.post("/role-assignments", {"user_id": user, "role": str(role), "place_code": place, **more})


def posts(hand):
    return {(post["role"], post["place_code"]) for post in hand.get("/me").json["posts"]}


def test_every_role_by_every_giver_at_every_kind_of_place(world, ids, owner):
    given = []
    for giver in world_roles():
        for role in Role:
            for kind, place in PLACE_OF_KIND.items():
                answer = appoint(world.hand(giver), ids["nobody"], role, place)
                own = next(part for part in PARTS if part.name == giver)
                covers = own.place is not None and place.startswith(own.place)
                allowed = covers and role in APPOINTS.get(own.role, ()) and kind in role.held_at
                assert (answer.status_code == 201) == allowed, (giver, role, kind, answer.text)
                assert answer.status_code in (201, 403, 404, 422), answer.text
                if allowed:
                    given.append((str(role), place))
    assert given and posts(world.nobody) == set(given)
    audited = owner.execute("SELECT details->>'role', place_code FROM audit_event WHERE action = 'appoint'").fetchall()
    assert sorted(audited) == sorted(set(given)), "once each: giving again what is held changes nothing"


def world_roles():
    """One person of each role of the cast, and one without."""
    return ["zheng", "zhou", "zhao", "li", "chen", "wang", "liu", "he", "feng", "qian"]


def test_a_post_reaches_no_further_than_the_givers_own(world, ids):
    for giver, role, place, status in (
        ("zhou", Role.SUBDISTRICT_REVIEWER, "420111001", 404),
        ("zhou", Role.GRID_WORKER, HONGSHAN, 404),
        ("zhao", Role.COMMUNITY_SECRETARY, NEIGHBOUR, 404),
        ("zhao", Role.SUBDISTRICT_REVIEWER, JIANGJUNLU, 403),
        ("zhao", Role.SUBDISTRICT_REVIEWER, JINYINHU, 404),
        ("li", Role.GRID_WORKER, NEIGHBOUR, 404),
        ("li", Role.RESIDENT, ELSEWHERE, 404),
        ("li", Role.COMMUNITY_SECRETARY, MACHIDUN, 403),
        ("li", Role.GRID_WORKER, JIANGJUNLU, 404),
        ("li", Role.GRID_WORKER, f"{MACHIDUN}-777", 404),
    ):  # fmt: skip
        assert appoint(world.hand(giver), ids["nobody"], role, place).status_code == status, (giver, role, place)
    assert posts(world.nobody) == set()


def test_nobody_gives_a_role_to_themselves_or_to_no_one(world, ids):
    for giver in GIVERS:
        answer = appoint(world.hand(giver), ids[giver], Role.GRID_WORKER, MACHIDUN)
        assert (answer.status_code, answer.json["code"]) == (403, "not_to_oneself")
    assert appoint(world.li, "01900000-0000-7000-8000-000000000000", Role.GRID_WORKER, MACHIDUN).status_code == 404
    for wrong in (
        {"role": "emperor"},
        {"user_id": "x"},
        {"place_code": "x"},
        {"appointed_by": ids["zhou"]},
        {"until": "2020-01-01"},
    ):
        body = {"user_id": ids["nobody"], "role": "grid_worker", "place_code": MACHIDUN, **wrong}
        assert world.li.post("/role-assignments", body).status_code == 422, wrong
    assert appoint(world.public, ids["nobody"], Role.GRID_WORKER, MACHIDUN).status_code == 401


def test_a_post_works_at_once_and_so_does_its_end(world, ids, owner):
    assert world.nobody.get("/households", place=READY).status_code == 403
    given = appoint(world.li, ids["nobody"], Role.GRID_WORKER, READY)
    assert given.json["appointed_by"] == ids["li"]
    assert world.nobody.get("/households", place=READY).status_code == 200
    assert world.nobody.get("/households", place=MACHIDUN).status_code == 403, "a compound's grid worker"
    ended = world.li.post(f"/role-assignments/{given.json['id']}/end")
    assert ended.status_code == 200 and ended.json["ended_at"]
    assert world.nobody.get("/households", place=READY).status_code == 403
    again = world.li.post(f"/role-assignments/{given.json['id']}/end")
    assert (again.status_code, again.json["code"]) == (409, "already_ended")
    acts = owner.execute(
        "SELECT action, actor_id::text FROM audit_event WHERE subject_type = 'role' ORDER BY id"
    ).fetchall()
    assert acts == [("appoint", ids["li"]), ("dismiss", ids["li"])]


def test_only_who_might_have_given_a_post_may_end_it(world, ids, owner):
    held = dict(owner.execute("SELECT user_id::text, id::text FROM role_assignment").fetchall())
    for who, whose, status in (
        ("li", "zhao", 404), ("li", "li", 403), ("zhao", "sun", 403), ("zhao", "zhou", 404), ("zhou", "wu", 403),
        ("zhou", "other_district", 404), ("li", "other_grid", 404), ("wang", "he", 403), ("feng", "qian", 403),
        ("nobody", "wang", 403), ("zhou", "zhou", 403),
    ):  # fmt: skip
        assert world.hand(who).post(f"/role-assignments/{held[ids[whose]]}/end").status_code == status, (who, whose)
    for who, whose in (("li", "wang"), ("zhao", "li"), ("zhou", "zhao")):
        assert world.hand(who).post(f"/role-assignments/{held[ids[whose]]}/end").status_code == 200, (who, whose)


def test_a_post_with_an_end_ends_by_itself_and_can_be_given_again(world, ids, owner):
    until = (clock.now() + timedelta(hours=1)).isoformat()
    first = appoint(world.li, ids["nobody"], Role.GRID_WORKER, READY, until=until)
    assert first.status_code == 201 and posts(world.nobody) == {("grid_worker", READY)}
    owner.execute("UPDATE role_assignment SET until = now() - interval '1 second' WHERE id = %s", [first.json["id"]])
    assert posts(world.nobody) == set()
    second = appoint(world.li, ids["nobody"], Role.GRID_WORKER, READY)
    assert second.json["id"] != first.json["id"] and posts(world.nobody) == {("grid_worker", READY)}


def test_two_who_give_the_same_post_at_once_make_one(world, ids, owner):
    hands = [world.li, world.zhao, world.zhou]
    given = at_once(*[lambda h=h: appoint(h, ids["nobody"], Role.GRID_WORKER, MACHIDUN) for h in hands])
    assert {answer.status_code for answer in given} <= {201, 409}
    live = "SELECT count(*) FROM role_assignment WHERE user_id = %s AND ended_at IS NULL"
    assert owner.execute(live, [ids["nobody"]]).fetchone() == (1,)


def test_the_list_of_posts_is_for_those_in_charge(world, ids):
    shown = world.li.get("/role-assignments", place=MACHIDUN, limit=100).json["items"]
    assert {post["user_name"] for post in shown} == {"wang", "li", "chen", "liu", "he", "feng", "qian"}
    for who, place, status in (
        ("li", ELSEWHERE, 403),
        ("zhao", JIANGJUNLU, 200),
        ("zhao", DONGXIHU, 403),
        ("wang", MACHIDUN, 403),
        ("feng", MACHIDUN, 200),
    ):
        assert world.hand(who).get("/role-assignments", place=place).status_code == status, (who, place)


def test_the_operator_appoints_the_first_reviewer(world, app, ids):
    told = app.test_cli_runner().invoke(args=["people", "appoint", ids["nobody"], "district_reviewer", HONGSHAN])
    assert told.exit_code == 0, told.output
    assert posts(world.nobody) == {("district_reviewer", HONGSHAN)}
