"""Who may take a task: each reason why not, said the same by the claim, the assignment, the hand-over and the list."""

from datetime import timedelta

import pytest

from backend.core import clock
from backend.core.permissions import Role
from tests.cast import BUILDING, ELSEWHERE, MACHIDUN, NEIGHBOUR, READY, SECOND, UNIT, key
from tests.factories import groupbuy as g
from tests.factories import tasks as t


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
    assert (shown["taken"], [holder["name"] for holder in shown["holders"]]) == (1, ["qian"])
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


def test_someone_who_has_left_takes_nothing(world, app, owner, qian):
    task_id = t.task(app)
    owner.execute("UPDATE volunteer SET left_at = now() WHERE id = %s", [qian])
    refused(world, "qian", task_id, 403, "forbidden")


def test_a_closed_account_takes_nothing(world, app, owner, qian):
    task_id = t.task(app)
    assert world.qian.get("/me").status_code == 200
    owner.execute("UPDATE app_user SET active = false WHERE demo_name = 'qian'")
    refused(world, "qian", task_id, 401, "unknown_user")
