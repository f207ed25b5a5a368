"""Coverage on values: held, empty since when, overloaded, who could take it, what is coming."""

import random
import uuid
from datetime import UTC, date, datetime, time

import pytest

from backend.core.permissions import ONE_HEAD_SEVEN_ROLES, Role
from backend.volunteering.rest import DAYS_IN_A_ROW
from backend.volunteering.teams.models import Skill
from backend.volunteering.teams.rules import (
    BUILDINGS_AT_MOST,
    NEEDS,
    Candidate,
    CellState,
    Given,
    Post,
    board,
    forecast,
    suggestions,
)

C = "420112004007"
ONE, TWO = f"{C}-001", f"{C}-002"
ROWS = [f"{ONE}-{n:03d}" for n in range(1, 4)] + [f"{TWO}-001"]
A, B, D = (uuid.UUID(int=n) for n in (1, 2, 3))
HEAD, GATE, CARE = Role.BUILDING_HEAD, Role.GATE_DUTY, Role.CARE_SUPPORT
EARLY, LATE = datetime(2020, 2, 1, tzinfo=UTC), datetime(2020, 3, 1, tzinfo=UTC)


def cells(posts, worn_out=(), ended=None, began=None, rows=ROWS):
    return {(c.building, c.role): c for c in board(rows, posts, set(worn_out), ended or {}, began)}


def one(number=1, base=ROWS[0], skills=(), **more):
    user = uuid.UUID(int=number)
    given = {"minutes_a_day": 120, "free": None, "places": (), **more}
    return Candidate(user, user, base, frozenset(skills), **given)


def suggested(posts, people, rows=ROWS):
    return suggestions(board(rows, posts, set(), {}, None), people)


def test_every_role_of_every_head_has_its_needs():
    assert set(NEEDS) == set(ONE_HEAD_SEVEN_ROLES)


def test_a_post_covers_every_building_below_it():
    found = cells([Post(A, GATE, ONE), Post(B, CARE, C), Post(D, HEAD, ROWS[1])])
    held = {where for where, cell in found.items() if cell.state == CellState.HELD}
    expected = {(b, GATE) for b in ROWS[:3]} | {(b, CARE) for b in ROWS} | {(ROWS[1], HEAD)}
    assert held == expected and len(found) == 8 * len(ROWS)


@pytest.mark.parametrize(
    ("ended", "began", "since"),
    [
        ({}, None, None),  # nobody knows
        ({}, EARLY, EARLY),  # never held since there is a team
        ({(GATE, ONE): LATE}, EARLY, LATE),
        ({(GATE, ROWS[0]): EARLY, (GATE, C): LATE}, None, LATE),  # the last that covered it
        ({(CARE, ONE): LATE, (GATE, TWO): LATE}, EARLY, EARLY),  # another role, another compound
    ],
)
def test_empty_since(ended, began, since):
    assert cells([], ended=ended, began=began)[ROWS[0], GATE].since == since
    assert cells([Post(A, GATE, C)], ended=ended, began=began)[ROWS[0], GATE].since is None


def test_who_looks_after_too_many_buildings_is_overloaded_unless_shared():
    many = [f"{ONE}-{n:03d}" for n in range(1, BUILDINGS_AT_MOST + 2)]
    alone = cells([Post(A, GATE, ONE)], rows=many)
    assert {alone[b, GATE].state for b in many} == {CellState.OVERLOADED}
    shared = cells([Post(A, GATE, ONE), Post(B, GATE, ONE)], rows=many)
    assert {shared[b, GATE].state for b in many} == {CellState.HELD}
    relieved = cells([Post(A, GATE, ONE), Post(B, GATE, many[0])], rows=many)
    assert relieved[many[0], GATE].state == CellState.HELD, "one of the two has a hand free"
    enough = cells([Post(A, GATE, ONE)], rows=many[:-1])
    assert enough[many[0], GATE].state == CellState.HELD


def test_who_is_worn_out_is_overloaded():
    assert cells([Post(A, GATE, ONE)], worn_out=[A])[ROWS[0], GATE].state == CellState.OVERLOADED
    with_b = cells([Post(A, GATE, ONE), Post(B, GATE, ROWS[0])], worn_out=[A])
    assert (with_b[ROWS[0], GATE].state, with_b[ROWS[1], GATE].state) == (CellState.HELD, CellState.OVERLOADED)


@pytest.mark.parametrize(
    ("given", "minutes_a_day", "worn_out"),
    [
        (Given(), 120, False),
        (Given(119, 1), 120, False),
        (Given(120, 1), 120, True),
        (Given(60, DAYS_IN_A_ROW - 1), 480, False),
        (Given(60, DAYS_IN_A_ROW), 480, True),
        (Given(0, 0), 0, False),
    ],
)
def test_worn_out(given, minutes_a_day, worn_out):
    assert one(given=given, minutes_a_day=minutes_a_day).worn_out is worn_out


def test_nearest_then_skill_then_fewest_roles_then_hours():
    """The others of the eight are held, so that nobody is planned for them meanwhile."""
    held = [Post(uuid.UUID(int=99), role, C) for role in ONE_HEAD_SEVEN_ROLES if role != GATE]
    posts, cell = [*held, Post(uuid.UUID(int=99), GATE, ROWS[1])], (ROWS[0], GATE)
    skill, night = Skill.LOUDSPEAKER, (time(23), time(23, 30))
    far, near = one(1, TWO, [skill]), one(2, ROWS[0])
    assert suggested(posts, [far, near])[cell].volunteer_id == near.volunteer_id
    plain, skilled = one(1, ROWS[0]), one(2, ROWS[0], [skill], roles={CARE})
    assert suggested(posts, [plain, skilled])[cell].volunteer_id == skilled.volunteer_id
    busy, free = one(1, ROWS[0], [skill], roles={CARE}), one(2, ROWS[0], [skill])
    assert suggested(posts, [busy, free])[cell].volunteer_id == free.volunteer_id
    late, day = one(1, ROWS[0], [skill], free=night), one(2, ROWS[0], [skill])
    assert suggested(posts, [late, day])[cell].volunteer_id == day.volunteer_id


def test_the_reason_is_told_in_words():
    (reason,) = {
        s.reason for (_, role), s in suggested([], [one(1, ONE, [Skill.LOUDSPEAKER])], ROWS[:3]).items() if role == GATE
    }
    assert reason == "同小区，会宣传喊话，还没有职务，空闲时间合适。"
    late = one(1, ROWS[0], roles={CARE}, free=(time(22), time(23)))
    said = suggested([Post(D, HEAD, ROWS[1])], [late], ROWS[:2])[ROWS[0], HEAD].reason
    assert said == "就在本楼栋，已任关爱帮扶员，空闲时间需再商量。"


def test_a_role_that_a_whole_compound_lacks_is_suggested_for_the_compound():
    found = suggested([], [one(1), one(2), one(3)])
    assert {found[b, GATE].place_code for b in ROWS[:3]} == {ONE}
    assert len({found[b, GATE].volunteer_id for b in ROWS[:3]}) == 1
    assert found[ROWS[0], HEAD].place_code == ROWS[0]


@pytest.mark.parametrize(
    "one_of_them",
    [
        one(fit=False),
        one(given=Given(200, 1)),
        one(places=(TWO,)),
        one(roles={HEAD, CARE, Role.COORDINATOR}),
    ],
)
def test_who_is_not_suggested(one_of_them):
    assert (ROWS[0], GATE) not in suggested([Post(D, GATE, ROWS[1])], [one_of_them])


def test_who_does_the_same_next_door_is_asked_when_nobody_else_is_near():
    head_next_door, other = one(1, ROWS[1], roles={HEAD}), one(2, ROWS[2])
    posts = [Post(head_next_door.user_id, HEAD, ROWS[1]), Post(D, HEAD, ROWS[2])]
    assert suggested(posts, [head_next_door], ROWS[:3])[ROWS[0], HEAD].volunteer_id == head_next_door.volunteer_id
    assert suggested(posts, [head_next_door, other], ROWS[:3])[ROWS[0], HEAD].volunteer_id == other.volunteer_id


def test_a_head_lives_in_the_compound():
    assert (ROWS[0], HEAD) not in suggested([], [one(base=TWO)])
    assert (ROWS[0], HEAD) in suggested([], [one(base=ROWS[1])])


def test_nobody_is_suggested_for_more_roles_than_one_may_hold_and_the_order_does_not_matter():
    people = [one(n, random.Random(n).choice(ROWS)) for n in range(1, 8)]
    found = suggested([], people)
    planned = {}
    for (_, role), suggestion in found.items():
        planned.setdefault(suggestion.volunteer_id, set()).add(role)
    assert found and max(len(roles) for roles in planned.values()) <= 3
    assert suggested([], people[::-1]) == found


def test_what_the_next_weeks_leave_empty():
    soon, later, never = date(2020, 3, 10), date(2020, 3, 20), None
    posts = [
        Post(A, GATE, ONE, soon),
        Post(B, GATE, ROWS[0], later),  # the first building keeps one ten days longer
        Post(A, CARE, C, soon),
        Post(B, CARE, TWO, never),  # and the second compound loses none
        Post(D, HEAD, ROWS[1], date(2020, 5, 1)),  # beyond the horizon
    ]
    gaps = [(g.day, g.building, g.role, [p.user_id for p in g.last]) for g in forecast(ROWS, posts, date(2020, 4, 1))]
    assert gaps == [
        (soon, ROWS[0], CARE, [A]),
        (soon, ROWS[1], GATE, [A]),
        (soon, ROWS[1], CARE, [A]),
        (soon, ROWS[2], GATE, [A]),
        (soon, ROWS[2], CARE, [A]),
        (later, ROWS[0], GATE, [B]),
    ]
