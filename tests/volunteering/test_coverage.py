"""The coverage board: what is held, what stands empty, whom it is told, what certification makes of it."""

import random
import uuid
from datetime import datetime, timedelta

import pytest

from backend.core import clock
from backend.core.permissions import ONE_HEAD_SEVEN_ROLES, Role
from backend.core.transaction import unit_of_work
from backend.extensions import db
from backend.people.models import RoleAssignment
from backend.people.service import roles_covered
from backend.volunteering.teams import coverage
from tests.cast import BUILDING, DONGXIHU, JIANGJUNLU, MACHIDUN, READY, SECOND
from tests.core import things
from tests.factories.claims import statements
from tests.factories.volunteers import buildings, volunteer


def board(hand, code=MACHIDUN):
    answer = hand.get(f"/communities/{code}/coverage")
    assert answer.status_code == 200, answer.text
    return answer.json


def cell(shown, building, role):
    compound = next(c for c in shown["compounds"] if building.startswith(c["code"]))
    row = next(b for b in compound["buildings"] if b["code"] == building)
    return next(c for c in row["cells"] if c["role"] == role)


def test_the_board_tells_what_is_held_what_is_empty_and_who_could_take_it(app, world):
    rows = buildings(app, 2)
    sun = volunteer(app, "孙桂英", base_code=rows[1], skills=["nursing"])
    shown = board(world.li)
    assert (shown["held"], shown["vacant"], shown["overloaded"]) == (5, 11, 0)  # liu's head; feng and qian everywhere
    assert cell(shown, BUILDING, "building_head")["holders"][0]["name"] == "l**"
    assert cell(shown, rows[1], "coordinator")["state_label"] == "有人"
    empty = cell(shown, rows[1], "building_head")
    assert empty["state"] == "vacant" and empty["since"] and empty["told"] is None
    assert (empty["suggestion"]["volunteer_id"], empty["suggestion"]["name"]) == (str(sun), "孙**")
    assert empty["suggestion"]["reason"].startswith("就在本楼栋")
    assert "孙桂英" not in str(shown)
    asked = {"role": "building_head", "place_code": empty["suggestion"]["place_code"]}
    assert world.li.post(f"/volunteers/{sun}/appointments", asked).status_code == 201
    assert cell(board(world.li), rows[1], "building_head")["state"] == "held"


def test_a_post_given_up_stands_empty_since_then(app, world, owner):
    volunteer(app, "孙桂英")
    posts = world.li.get("/role-assignments", place=MACHIDUN, limit=100).json["items"]
    feng = next(post["id"] for post in posts if post["role"] == "coordinator")
    assert world.feng.post(f"/role-assignments/{feng}/end").status_code == 200
    ended = owner.execute("SELECT ended_at FROM role_assignment WHERE id = %s", [feng]).fetchone()[0]
    since = cell(board(world.li), BUILDING, "coordinator")["since"]
    assert abs(datetime.fromisoformat(since) - ended) < timedelta(seconds=1)


def test_who_reads_the_board(app, world):
    for name, code in (("li", 200), ("feng", 200), ("wang", 200), ("zhao", 200), ("liu", 403), ("he", 403)):
        assert world.hand(name).get(f"/communities/{MACHIDUN}/coverage").status_code == code, name
    assert world.other_secretary.get(f"/communities/{MACHIDUN}/coverage").status_code == 403
    assert world.li.get(f"/communities/{READY}/coverage").json["code"] == "wrong_kind_of_place"
    assert world.zhao.get(f"/communities/{JIANGJUNLU}998/coverage").status_code == 404


@pytest.mark.parametrize("seed", range(5))
def test_the_board_counts_as_certification_does(app, world, seed):
    """Evidence of mobilisation (roles_covered) and the board are two readings of the same posts."""
    chance, rows = random.Random(seed), [*buildings(app, 3), *buildings(app, 2, SECOND)]
    places = [MACHIDUN, READY, SECOND, *rows]
    with app.app_context(), unit_of_work():
        user = uuid.UUID(things.person(app, "nobody"))
        for role in chance.sample(ONE_HEAD_SEVEN_ROLES, 5):
            place = chance.choice(rows if role == Role.BUILDING_HEAD else places)
            end = chance.choice([None, None, clock.now() - timedelta(days=1), clock.now() + timedelta(days=1)])
            db.session.add(RoleAssignment(user_id=user, role=role.value, place_code=place, until=end))
    shown = {c["code"]: (c["roles_held"], c["roles_needed"]) for c in board(world.li)["compounds"]}
    with app.app_context():
        assert shown == {code: roles_covered(code) for code in (READY, SECOND)}


def cost(app, hand, path):
    with statements(app) as said:
        answer = hand.get(f"/communities/{MACHIDUN}/{path}")
    assert answer.status_code == 200
    return len(said)


def test_the_board_costs_as_many_statements_for_one_building_as_for_forty(app, world):
    volunteer(app, "孙桂英")
    few = [cost(app, world.li, path) for path in ("coverage", "coverage/forecast")]
    buildings(app, 40)
    for n in range(10):
        volunteer(app, f"志愿者{n}", base_code=f"{READY}-{n + 1:03d}", places=[READY])
    assert [cost(app, world.li, path) for path in ("coverage", "coverage/forecast")] == few
    assert few <= [19, 15]


def test_what_cadres_leave_behind_is_forecast(app, world):
    rows, soon = buildings(app, 2), clock.today() + timedelta(days=10)
    cadre = volunteer(app, "贺处长", kind="seconded_cadre", withdraws_on=soon)
    given = {"role": "gate_duty", "place_code": READY}
    assert world.li.post(f"/volunteers/{cadre}/appointments", given).status_code == 201
    gaps = world.feng.get(f"/communities/{MACHIDUN}/coverage/forecast").json["gaps"]
    assert [(g["day"], g["place_code"], g["label"], g["last"][0]["name"]) for g in gaps] == [
        (soon.isoformat(), row, "门岗值守员", "贺**") for row in rows
    ]
    assert gaps[0]["place_name"] == "马池苑1栋"
    other = volunteer(app, "孙桂英")
    assert world.li.post(f"/volunteers/{other}/appointments", given).status_code == 201
    assert world.feng.get(f"/communities/{MACHIDUN}/coverage/forecast").json["gaps"] == []


def look(app):
    with app.app_context():
        coverage.look_for_vacancies()


def age(owner, hours):
    owner.execute("UPDATE mass_work_team SET created_at = now() - make_interval(hours => %s)", [hours])
    owner.execute("UPDATE vacancy SET since = now() - make_interval(hours => %s)", [hours])


def open_to(hand):
    return {item["status"] for item in hand.get("/vacancies", limit=100).json["items"]}


def test_an_empty_post_is_brought_before_the_secretary_then_the_subdistrict_and_is_done_with_when_held(
    app, world, owner
):
    sun = volunteer(app, "孙桂英")
    age(owner, 23)
    look(app)
    assert open_to(world.li) == set()
    age(owner, 25)
    look(app)
    look(app)  # it changes nothing twice
    assert (open_to(world.li), open_to(world.zhao), open_to(world.other_secretary)) == ({"secretary"}, set(), set())
    assert len(world.li.get("/vacancies", limit=100).json["items"]) == 5
    assert cell(board(world.li), BUILDING, "gate_duty")["told"] == "secretary"
    age(owner, 49)
    look(app)
    assert (open_to(world.li), open_to(world.zhao)) == ({"subdistrict"}, {"subdistrict"})
    assert world.zhao.get("/vacancies").json["items"][0]["place_name"] == "马池苑1栋"
    assert (
        world.li.post(f"/volunteers/{sun}/appointments", {"role": "gate_duty", "place_code": MACHIDUN}).status_code
        == 201
    )
    look(app)
    left = {item["role"] for item in world.zhao.get("/vacancies", limit=100).json["items"]}
    assert len(left) == 4 and "gate_duty" not in left
    steps = owner.execute(
        "SELECT action, new FROM audit_event e JOIN vacancy v ON v.id = subject_id WHERE role = 'gate_duty' ORDER BY at"
    ).fetchall()
    assert steps == [("report", "secretary"), ("escalate", "subdistrict"), ("fill", "filled")]
    views = [name for (name,) in owner.execute("SELECT viewname FROM pg_views WHERE viewname ~ '^invariant'")]
    assert not [name for name in views if owner.execute(f"SELECT FROM {name}").fetchall()]


def sheets(owner, world, user, days):
    """So many days' sheets in a row up to yesterday, each entered on its day."""
    owner.execute("DELETE FROM daily_record WHERE place_code = %s", [READY])
    for ago in range(1, days + 1):
        owner.execute(
            "INSERT INTO daily_record (id, place_code, day, recorded_by, changed_at) VALUES"
            " (gen_random_uuid(), %s, %s, %s, %s)",
            [READY, clock.today() - timedelta(days=ago), user, clock.now() - timedelta(days=ago)],
        )


def grid(hand):
    return next(each for each in board(hand)["grid_workers"] if each["name"] == "w**")


def leave_body(user, days, place=MACHIDUN):
    return {"user_id": user, "place_code": place, "day": (clock.today() + timedelta(days=days)).isoformat()}


def test_a_month_without_rest_earns_leave_and_the_board_shows_who_takes_it(app, world, owner):
    volunteer(app, "孙桂英")
    wang = things.person(app, "wang")
    sheets(owner, world, wang, 30)
    before = grid(world.li)
    assert (before["days_in_a_row"], before["leave_earned"], before["leave_due"]) == (30, 4, 4)
    for days in (0, 1, 2):
        assert world.li.post("/leave", leave_body(wang, days)).status_code == 201
    again = world.chen.post("/leave", leave_body(wang, 1))
    assert (again.status_code, again.json["code"]) == (409, "leave_taken")
    shown = grid(world.feng)
    assert (shown["leave_taken"], shown["leave_due"], shown["on_leave_today"]) == (3, 1, True)
    fourth = world.li.post("/leave", leave_body(wang, 3)).json
    no_more = world.li.post("/leave", leave_body(wang, 4))
    assert (no_more.status_code, no_more.json["code"]) == (409, "no_leave_due")
    assert world.li.post(f"/leave/{fourth['id']}/cancel").status_code == 204
    assert grid(world.li)["leave_due"] == 1
    begun = owner.execute("SELECT id FROM compensatory_leave WHERE day = %s", [clock.today()]).fetchone()[0]
    assert world.li.post(f"/leave/{begun}/cancel").json["code"] == "leave_over"


@pytest.mark.parametrize(
    ("days", "code"), [(-8, "day_out_of_range"), (31, "day_out_of_range"), (-1, "worked_that_day")]
)
def test_a_day_that_cannot_be_leave(app, world, owner, days, code):
    wang = things.person(app, "wang")
    sheets(owner, world, wang, 14)
    refused = world.li.post("/leave", leave_body(wang, days))
    assert (refused.status_code, refused.json["code"]) == (422, code)


def test_sheets_entered_days_later_earn_nothing(app, world, owner):
    wang = things.person(app, "wang")
    sheets(owner, world, wang, 14)
    owner.execute("UPDATE daily_record SET changed_at = now()")
    assert grid(world.li)["leave_earned"] == 0
    assert world.li.post("/leave", leave_body(wang, 1)).json["code"] == "no_leave_due"


def test_who_may_enter_leave_and_for_whom(app, world, owner):
    wang, li = things.person(app, "wang"), things.person(app, "li")
    sheets(owner, world, wang, 14)
    assert world.feng.post("/leave", leave_body(wang, 1)).status_code == 403
    assert world.other_secretary.post("/leave", leave_body(wang, 1)).status_code == 404
    assert world.li.post("/leave", leave_body(things.person(app, "qian"), 1)).status_code == 404
    assert world.li.post("/leave", leave_body(li, 1)).json["code"] == "not_by_oneself"
    assert world.li.post("/leave", leave_body(wang, 1, DONGXIHU)).status_code == 404
