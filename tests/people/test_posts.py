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
    """Role by role: nobody holds more than three of the eight at once."""
    everything = []
    for role in Role:
        given = {place for giver in world_roles() for place in given_by(giver, role, world, ids)}
        assert posts(world.nobody) == {(str(role), place) for place in given}
        owner.execute("UPDATE role_assignment SET ended_at = now() WHERE user_id = %s", [ids["nobody"]])
        everything += [(str(role), place) for place in given]
    audited = owner.execute("SELECT details->>'role', place_code FROM audit_event WHERE action = 'appoint'").fetchall()
    assert everything and sorted(audited) == sorted(everything), "once each: what is held and given again is no change"


def given_by(giver, role, world, ids):
    """Where the giver could give the role: exactly where the table of ranks lets them."""
    own = next(part for part in PARTS if part.name == giver)
    for kind, place in PLACE_OF_KIND.items():
        answer = appoint(world.hand(giver), ids["nobody"], role, place)
        covers = own.place is not None and place.startswith(own.place)
        allowed = covers and role in APPOINTS.get(own.role, ()) and kind in role.held_at
        assert (answer.status_code == 201) == allowed, (giver, role, kind, answer.text)
        assert answer.status_code in (201, 403, 404, 422), answer.text
        if allowed:
            yield place


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
        ("li", "zhao", 404), ("zhao", "sun", 403), ("zhao", "zhou", 404), ("zhou", "wu", 403),
        ("zhou", "other_district", 404), ("li", "other_grid", 404), ("wang", "he", 404), ("feng", "qian", 403),
        ("nobody", "wang", 403), ("he", "qian", 404),
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


def test_giving_again_with_another_end_moves_the_end(world, ids, owner):
    soon, later = [(clock.now() + timedelta(hours=hours)).isoformat() for hours in (1, 9)]
    first = appoint(world.li, ids["nobody"], Role.GRID_WORKER, READY, until=soon).json
    for until in (later, later, None):
        again = appoint(world.li, ids["nobody"], Role.GRID_WORKER, READY, until=until)
        assert (again.status_code, again.json["id"]) == (201, first["id"])
        assert again.json["until"] == (again.json["until"] and until), until
    audited = "SELECT details->>'until' FROM audit_event WHERE action = 'change_until' ORDER BY id"
    assert owner.execute(audited).fetchall() == [(later,), (None,)]


def test_an_end_that_is_past_is_refused(world, ids):
    for until in (clock.now() - timedelta(seconds=1), clock.now() - timedelta(days=400)):
        answer = appoint(world.li, ids["nobody"], Role.GRID_WORKER, READY, until=until.isoformat())
        assert (answer.status_code, answer.json["code"]) == (422, "until_past")
    assert posts(world.nobody) == set()


def people_at(place):
    """The cast's people with a post at or below the place."""
    return {part.name for part in PARTS if part.place and part.place.startswith(place)}


def test_a_post_that_ran_out_is_not_listed(world, ids, owner):
    owner.execute("UPDATE role_assignment SET until = now() - interval '1 second' WHERE role = 'transporter'")
    shown = world.li.get("/role-assignments", place=MACHIDUN, limit=100).json["items"]
    assert {post["user_name"] for post in shown} == people_at(MACHIDUN) - {"qian"}


def test_anyone_may_resign_their_own_post_and_only_that(world, ids, owner):
    held = dict(owner.execute("SELECT user_id::text, id::text FROM role_assignment").fetchall())
    for who in ("li", "wang", "he", "zhou", "qian"):
        assert world.hand(who).post(f"/role-assignments/{held[ids[who]]}/end").status_code == 200, who
        assert posts(world.hand(who)) == set()
    acts = owner.execute("SELECT DISTINCT action FROM audit_event WHERE subject_type = 'role'").fetchall()
    assert acts == [("resign",)]


def test_a_role_is_held_by_level_whatever_the_register_calls_the_kind(world, ids, app, owner):
    zone, estate = f"{DONGXIHU}400", f"{JIANGJUNLU}900"
    add = "INSERT INTO place (code, name, kind, parent_code) VALUES (%s, '管理处', 'other', %s)"
    owner.execute(add, [zone, DONGXIHU])
    owner.execute(add, [estate, JIANGJUNLU])
    for role, place, status in (
        (Role.SUBDISTRICT_REVIEWER, zone, 201), (Role.COMMUNITY_SECRETARY, zone, 422), (Role.GRID_WORKER, zone, 422),
        (Role.SUBDISTRICT_REVIEWER, estate, 422), (Role.COMMUNITY_SECRETARY, estate, 201),
        (Role.GRID_WORKER, estate, 201), (Role.TRANSPORTER, zone, 422), (Role.TRANSPORTER, estate, 201),
    ):  # fmt: skip
        answer = appoint(world.zhou, ids["nobody"], role, place)
        assert answer.status_code == status, (role, place, answer.text)
    assert "社区（村）" in appoint(world.zhou, ids["nobody"], Role.COMMUNITY_SECRETARY, zone).json["detail"]


def test_who_appoints_says_the_name_that_will_sign(world, ids, owner):
    shown = world.nobody.get("/me").json["id"]
    assert appoint(world.li, shown, Role.GRID_WORKER, READY, name="钱建国").status_code == 201
    assert world.nobody.get("/me").json["name"] == "钱建国"
    again = appoint(world.li, shown, Role.GRID_WORKER, READY, name="钱国建")
    assert again.status_code == 201 and world.nobody.get("/me").json["name"] == "钱国建"
    appoint(world.li, shown, Role.GRID_WORKER, READY)
    assert world.nobody.get("/me").json["name"] == "钱国建"
    renamed = "SELECT subject_id::text, actor_id::text, details::text FROM audit_event WHERE action = 'rename'"
    assert owner.execute(renamed).fetchall() == [(shown, ids["li"], "{}")] * 2
    for name in ("", "  ", "名" * 41, "a\0", "a\u200b", "a\nb", 5):
        assert appoint(world.li, shown, Role.GRID_WORKER, READY, name=name).status_code == 422, name


def test_nobody_is_renamed_by_who_could_not_have_given_all_their_posts(world, ids, owner):
    before = owner.execute("SELECT id, name FROM app_user ORDER BY id").fetchall()
    for giver, whose, role, place in (
        ("li", "zhao", Role.RESIDENT, READY),
        ("li", "other_grid", Role.RESIDENT, READY),
        ("zhou", "wu", Role.RESIDENT, READY),
    ):
        answer = appoint(world.hand(giver), ids[whose], role, place, name="假名")
        assert (answer.status_code, answer.json["code"]) == (403, "name_not_yours"), (giver, whose)
        assert role.value not in {post for post, _ in posts(world.hand(whose))}
    assert owner.execute("SELECT id, name FROM app_user ORDER BY id").fetchall() == before
    assert appoint(world.zhao, ids["wang"], Role.RESIDENT, READY, name="王秀英").status_code == 201


def test_the_list_of_posts_is_for_those_in_charge(world, ids):
    shown = world.li.get("/role-assignments", place=MACHIDUN, limit=100).json["items"]
    assert {post["user_name"] for post in shown} == people_at(MACHIDUN)
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


def test_the_operator_names_whom_they_appoint_and_sees_who_holds_what(world, app, ids):
    def run(*words):
        return app.test_cli_runner().invoke(args=["people", *words])

    run("appoint", ids["nobody"], "district_reviewer", HONGSHAN, "--name", "钱建国")
    assert world.nobody.get("/me").json["name"] == "钱建国"
    told = [line.split("\t") for line in run("list", "420111").output.splitlines()]
    assert [ids["nobody"], "钱建国", "district_reviewer", HONGSHAN] in told and len(told) == 2
    assert len(run("list", BUILDING).output.splitlines()) == 1
    for words in (
        ("list", "420199"),
        ("appoint", ids["nobody"], "district_reviewer", MACHIDUN),
        ("appoint", ids["nobody"], "district_reviewer", HONGSHAN, "--name", " "),
    ):
        refused = run(*words)
        assert refused.exit_code == 1 and refused.output.startswith("Error: ") and "。" in refused.output, words
