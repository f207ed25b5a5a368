"""Who may take a task: each reason why not, said the same by the claim, the assignment, the hand-over and the list."""

from datetime import datetime, timedelta
from random import Random

import pytest

from backend.core import clock
from backend.core.permissions import Role
from backend.volunteering.rest import Work, reasons_to_rest
from backend.volunteering.tasks.claiming import LIMITS_WRITTEN, OF_ANOTHER, REFUSALS, REFUSALS_OF_ANOTHER
from tests.cast import BUILDING, ELSEWHERE, MACHIDUN, NEIGHBOUR, READY, SECOND, UNIT, key
from tests.factories import groupbuy as g
from tests.factories import tasks as t

HELD = """
INSERT INTO task_claim (id, task_id, volunteer_id, place_code, status, starts_at, ends_at, claimed_at, started_at,
  done_at, how)
SELECT gen_random_uuid(), id, %s, %s, 'verified', b, e, b, b, e, 'photo'
FROM task, (SELECT %s::timestamptz AS b, %s::timestamptz AS e) at WHERE id = %s"""
MAY = """
SELECT m.code FROM volunteer v, task t, LATERAL may_take(v, t, %s, false, false) m WHERE v.id = %s AND t.id = %s"""


@pytest.fixture
def qian(app, world):
    return t.helper(app, "qian")


def refused(world, who, task_id, status, code):
    answer = world.hand(who).post(f"/tasks/{task_id}/claim")
    assert (answer.status_code, answer.json.get("code")) == (status, code), answer.text
    assert len(answer.json["detail"]) > 8
    return answer.json


def test_a_volunteer_takes_a_task_and_nobody_else_can(world, app, qian):
    t.helper(app, "feng", Role.COORDINATOR)
    task_id = t.task(app)
    claim = t.claimed(world, "qian", task_id)
    assert claim["status"] == "claimed" and claim["lease_until"] > claim["claimed_at"]
    refused(world, "feng", task_id, 409, "taken")
    refused(world, "qian", task_id, 409, "already_yours")
    shown = t.show(world, task_id)
    assert (shown["taken"], [holder["name"] for holder in shown["holders"]]) == (1, ["q**"])
    assert not g.sound(app)


def test_one_key_takes_it_once(world, app, qian):
    task_id, again = t.task(app, capacity=3), key()
    first = world.qian.post(f"/tasks/{task_id}/claim", idempotency_key=again)
    second = world.qian.post(f"/tasks/{task_id}/claim", idempotency_key=again)
    assert first.json == second.json and first.status_code == second.status_code == 201
    other = world.qian.post(f"/tasks/{t.task(app)}/claim", idempotency_key=again)
    assert (other.status_code, other.json["code"]) == (422, "idempotency_key_reused")


def test_strangers_learn_nothing(world, app, qian):
    t.helper(app, "other_organiser", base_code=ELSEWHERE, team_place=NEIGHBOUR, post_at=NEIGHBOUR)
    task_id = t.task(app)
    refused(world, "he", task_id, 403, "forbidden")
    foreign = refused(world, "other_organiser", task_id, 404, "task_missing")
    missing = refused(world, "other_organiser", "01890000-0000-7000-8000-000000000000", 404, "task_missing")
    assert foreign["detail"] == missing["detail"]
    assert world.other_organiser.get(f"/tasks/{task_id}").status_code == 404


CANNOT = [
    # what they are like, what the task is like, the refusal
    ({"well": None}, {}, 409, "health_unknown"),
    ({"well": False}, {}, 409, "not_fit"),
    ({"role": Role.GATE_DUTY}, {"role": "transporter"}, 403, "role_needed"),
    ({"post_at": SECOND}, {"role": "transporter"}, 403, "role_needed"),
    ({"role": Role.RESIDENT, "post_at": READY}, {}, 403, "no_post"),
    ({"places": (f"{SECOND}",)}, {}, 403, "may_not_enter"),
    ({"max_floor": 4}, {"floor": 5}, 422, "too_high"),
    ({"carry_grams": 10_000}, {"heaviest": 10_001}, 422, "too_heavy"),
    ({"minutes_a_day": 60}, {"minutes": 61}, 409, "enough_today"),
    ({"withdraws_on": clock.today() + timedelta(days=1)}, {"starts_at": t.noon() + timedelta(days=1),
                                                           "ends_at": t.noon() + timedelta(days=2)}, 409, "withdrawn"),
]  # fmt: skip


@pytest.mark.parametrize(("person", "work", "status", "code"), CANNOT, ids=[case[3] for case in CANNOT])
def test_why_not(world, app, person, work, status, code):
    """The claim, the list, the assignment and the hand-over say the same; health is asked of oneself alone."""
    volunteer_id = t.helper(app, "xu", **person)
    t.helper(app, "feng", Role.COORDINATOR)
    task_id = t.task(app, **work)
    said = refused(world, "xu", task_id, status, code)["detail"]
    listed = t.list_of(world, "xu")[task_id] if code != "no_post" else {"offered": False, "why": said}
    assert (listed["offered"], listed["why"]) == (False, said)
    assigned = world.feng.post(f"/tasks/{task_id}/assign", {"volunteer_id": volunteer_id})
    expected = (201, None) if code == "health_unknown" else (status, code)
    assert (assigned.status_code, assigned.json.get("code")) == expected, assigned.text
    assert not g.sound(app)


CAN = [
    ({}, {}),
    ({"role": Role.GATE_DUTY}, {}),
    ({"role": Role.TRANSPORTER, "post_at": BUILDING}, {"role": "transporter", "place": UNIT}),
    ({"places": (BUILDING,)}, {"place": UNIT}),
    ({"places": (BUILDING,)}, {"place": READY, "kind": "gate_shift"}),
    ({"max_floor": 5, "carry_grams": 10_000}, {"floor": 5, "heaviest": 10_000, "grams": 90_000}),
    ({"base_code": MACHIDUN}, {"place": UNIT}),
    ({"minutes_a_day": 60}, {"minutes": 60}),
]


@pytest.mark.parametrize(("person", "work"), CAN)
def test_why_so(world, app, person, work):
    t.helper(app, "xu", **person)
    task_id = t.task(app, **work)
    listed = t.list_of(world, "xu")[task_id]
    assert listed["offered"], listed["why"]
    t.claimed(world, "xu", task_id)


# --- Time -------------------------------------------------------------------------------------------------------


def test_what_overlaps_is_put_after_it_or_refused(world, app, qian):
    """Two errands of the same evening come one after the other; of two shifts at the same hour one is refused."""
    noon = t.noon()
    evening = {"starts_at": noon, "ends_at": noon + timedelta(hours=1), "minutes": 30}
    first, second = (t.claimed(world, "qian", t.task(app, **evening)) for _ in range(2))
    assert first["ends_at"] == second["starts_at"]
    refused(world, "qian", t.task(app, **evening), 409, "overlap")
    assert not g.sound(app)


def test_two_shifts_at_once(world, app, qian):
    t.claimed(world, "qian", t.shift(app))
    refused(world, "qian", t.shift(app, hours_from_now=25), 409, "overlap")
    assert t.claimed(world, "qian", t.shift(app, hours_from_now=26.1))


def test_a_shift_that_is_over(world, app, qian):
    refused(world, "qian", t.shift(app, hours_from_now=-3), 409, "over")
    late = t.claimed(world, "qian", t.task(app, starts_at=clock.now() - timedelta(days=2),
                                           ends_at=clock.now() - timedelta(days=1)))  # fmt: skip
    assert late["status"] == "claimed", "what must be brought is brought late"


def test_enough_for_a_day(world, app, qian):
    """Eight hours a day: the ninth belongs to somebody else."""
    noon = t.noon()
    for hour in (-3, 1):
        begins = noon + timedelta(hours=hour)
        t.claimed(world, "qian", t.task(app, starts_at=begins, ends_at=begins + timedelta(hours=4), minutes=235))
    refused(world, "qian", t.task(app, starts_at=noon + timedelta(hours=6), ends_at=noon + timedelta(hours=8),
                                  minutes=30), 409, "enough_today")  # fmt: skip


def test_rest_after_a_long_shift(world, app, qian):
    noon = t.noon()
    late = noon + timedelta(hours=7)
    t.claimed(world, "qian", t.task(app, starts_at=late, ends_at=late + timedelta(hours=4), minutes=240))
    early = noon + timedelta(hours=20)  # eight in the morning, nine hours later
    refused(world, "qian", t.task(app, starts_at=early, ends_at=early + timedelta(minutes=40), minutes=30),
            409, "too_soon")  # fmt: skip
    later = early + timedelta(hours=1, minutes=1)
    t.claimed(world, "qian", t.task(app, starts_at=later, ends_at=later + timedelta(hours=1), minutes=30))


def test_a_day_of_rest_after_six(world, app, qian):
    for day in (1, 2, 3, 5, 6):
        begins = t.noon() + timedelta(days=day)
        t.claimed(world, "qian", t.task(app, starts_at=begins, ends_at=begins + timedelta(hours=1), minutes=30))
    begins = t.noon() + timedelta(days=4)
    between = t.task(app, starts_at=begins, ends_at=begins + timedelta(hours=1), minutes=30)
    t.claimed(world, "qian", between)  # the sixth in a row
    begins = t.noon() + timedelta(days=7)
    seventh = t.task(app, starts_at=begins, ends_at=begins + timedelta(hours=1), minutes=30)
    refused(world, "qian", seventh, 409, "day_of_rest")
    assert t.list_of(world, "qian")[seventh]["offered"] is False


def test_hours_are_for_those_who_give_tasks_away(world, app, qian, owner):
    """qian is free from two to four. A task of the afternoon is set into these hours by whoever assigns it, one of the
    evening is not assigned; qian takes either, told that it is outside them."""
    noon = t.noon()
    owner.execute("UPDATE volunteer SET free_from = '14:00', free_until = '16:00' WHERE id = %s", [qian])
    until = noon + timedelta(hours=6)
    long = {"starts_at": noon, "ends_at": until, "minutes": 30}
    asked = g.ok(world.feng.post(f"/tasks/{t.task(app, **long)}/assign", {"volunteer_id": qian}), 201)
    assert datetime.fromisoformat(asked["starts_at"]) == noon + timedelta(hours=2)
    late = t.task(app, starts_at=until, ends_at=until + timedelta(hours=1), minutes=30)
    for work in (late, t.task(app, **long | {"minutes": 121})):
        answer = world.feng.post(f"/tasks/{work}/assign", {"volunteer_id": qian})
        assert (answer.status_code, answer.json["code"]) == (409, "outside_hours"), answer.text
        assert "您" not in answer.json["detail"]
    listed = t.list_of(world, "qian")[late]
    assert listed["offered"] and "不在您登记的空闲时间里" in listed["why"]
    assert datetime.fromisoformat(t.claimed(world, "qian", late)["starts_at"]) == until


def test_nobody_is_called_from_their_leave(world, app, qian, owner):
    leave = ("INSERT INTO compensatory_leave (id, user_id, place_code, day, recorded_by)"
             " SELECT gen_random_uuid(), user_id, %s, %s, user_id FROM volunteer WHERE id = %s")  # fmt: skip
    owner.execute(leave, [MACHIDUN, t.noon().date(), qian])
    noon = t.noon()
    task_id = t.task(app, starts_at=noon, ends_at=noon + timedelta(hours=1))
    answer = world.feng.post(f"/tasks/{task_id}/assign", {"volunteer_id": qian})
    assert (answer.status_code, answer.json["code"]) == (409, "on_leave")
    t.claimed(world, "qian", task_id)  # who wants to may


def test_what_is_said_of_another_tells_no_one_how_they_are(world, app, qian):
    """Every reason has words for whoever gives the task away, and none addresses them."""
    said = {code: words for code, (_, words) in REFUSALS_OF_ANOTHER.items() if code in OF_ANOTHER}
    assert set(OF_ANOTHER) == set(REFUSALS) - {
        "unknown_user", "forbidden", "volunteer_missing", "task_missing", "not_open", "over", "taken"
    }  # fmt: skip
    assert not any("您" in words for words in said.values()) and said["not_fit"] == said["resting"]


def test_fifty_tasks_of_another_post_do_not_hide_the_one_that_is_theirs(world, app, qian):
    for _ in range(50):
        t.task(app, place=BUILDING, role="gate_duty", urgency=9)
    mine = t.task(app, place=READY, urgency=0)
    assert t.list_of(world, "qian")[mine]["offered"]


# --- The rest guard, twice: in the statement and on values --------------------------------------------------------


@pytest.mark.parametrize("seed", range(12))
def test_the_statement_says_what_the_guard_says(world, app, owner, qian, seed):
    """may_take() and reasons_to_rest() are one rule: asked of many weeks, they give the same first reason."""
    rnd, seen = Random(seed), set()
    for _ in range(12):
        owner.execute("DELETE FROM task_claim")
        owner.execute("UPDATE task SET status = 'closed', taken = 0")
        most = rnd.choice([60, 240, 480])
        owner.execute("UPDATE volunteer SET minutes_a_day = %s WHERE id = %s", [most, qian])
        begins = t.noon() + timedelta(days=7)
        others = [begins + timedelta(days=day, hours=rnd.choice([-6, -3, 4, 8])) for day in range(-7, 8)]
        lengths = [rnd.choice([0, 30, 30, 120, 240]) for _ in others]
        works = [Work(at, at + timedelta(minutes=n), n) for at, n in zip(others, lengths, strict=True) if n]
        for work in works:
            owner.execute(HELD, [qian, BUILDING, work.starts_at, work.ends_at, t.task(app)])
        minutes = rnd.choice([30, 60, 180])
        wanted = Work(begins, begins + timedelta(minutes=minutes), minutes)
        wished = t.task(app, starts_at=wanted.starts_at, ends_at=wanted.ends_at, minutes=minutes)
        reasons = [reason.code for reason in reasons_to_rest(wanted, works, most)]
        limits = LIMITS_WRITTEN.decode()
        (code,) = owner.execute(MAY, [limits, qian, wished]).fetchone()
        assert code == (reasons or [None])[0], (seed, wanted, works)
        seen.add(code)
    assert len(seen) > 1, "it refuses some weeks and not others"


def test_someone_who_has_left_takes_nothing(world, app, owner, qian):
    task_id = t.task(app)
    owner.execute("UPDATE volunteer SET left_at = now() WHERE id = %s", [qian])
    refused(world, "qian", task_id, 403, "forbidden")


def test_a_closed_account_takes_nothing_and_is_told_nothing_again(world, app, owner, qian):
    task_id, taken, one_key = t.task(app), t.task(app), key()
    claimed = g.ok(world.qian.post(f"/tasks/{taken}/claim", {}, one_key), 201)
    assert g.ok(world.qian.post(f"/tasks/{taken}/claim", {}, one_key), 201) == claimed
    owner.execute("UPDATE app_user SET active = false WHERE demo_name = 'qian'")
    refused(world, "qian", task_id, 401, "unknown_user")
    again = world.qian.post(f"/tasks/{taken}/claim", {}, one_key)
    assert (again.status_code, again.json["code"]) == (401, "unknown_user")
