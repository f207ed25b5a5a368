"""The rest guard, as a table; and the leave that working without a day of rest earns."""

from datetime import UTC, date, datetime, timedelta

import pytest

from backend.volunteering.rest import DAYS_IN_A_ROW, REST_MINUTES, Work, leave_due, reasons_to_rest, run_up_to

NINE = datetime(2020, 3, 10, 1, tzinfo=UTC)  # 09:00 in Shanghai
DAY = date(2020, 3, 10)


def work(hours=0.0, minutes=60, days=0):
    begins = NINE + timedelta(days=days, hours=hours)
    return Work(begins, begins + timedelta(minutes=minutes), minutes)


@pytest.mark.parametrize(
    ("wanted", "others", "own", "said"),
    [
        (work(), [], 480, []),
        (work(minutes=480), [], 480, []),
        (work(minutes=481), [], 480, ["enough_today"]),
        (work(minutes=61), [], 60, ["enough_today"]),
        (work(2), [work(minutes=60)], 120, []),
        (work(2), [work(minutes=61)], 120, ["enough_today"]),
        (work(2), [work(minutes=500)], 999, ["enough_today", "too_soon"]),  # nobody's own word goes beyond the house's
        (work(15.5), [work(-5, minutes=480)], 480, []),  # half past midnight in Shanghai is another day
        (work(0.5, minutes=30), [work(minutes=30)], 480, []),  # errands follow one another
        (work(4, minutes=30), [work(minutes=240)], 480, ["too_soon"]),
        (work(4 + REST_MINUTES / 60, minutes=30), [work(minutes=240)], 480, []),
        (work(-9, minutes=240), [work(minutes=30)], 480, ["too_soon"]),  # a long shift wants its rest before it, too
        (work(minutes=60), [work(days=-n) for n in range(1, DAYS_IN_A_ROW)], 480, []),
        (work(minutes=60), [work(days=-n) for n in range(1, DAYS_IN_A_ROW + 1)], 480, ["day_of_rest"]),
        (work(minutes=60), [work(days=n) for n in (-3, -2, -1, 1, 2, 3)], 480, ["day_of_rest"]),  # fills the gap
        (work(3), [work(days=-n) for n in range(DAYS_IN_A_ROW + 2)], 480, []),  # the day is worked already
    ],
)
def test_the_guard(wanted, others, own, said):
    reasons = reasons_to_rest(wanted, others, own)
    assert [reason.code for reason in reasons] == said
    assert all(reason.detail.endswith("。") for reason in reasons)


@pytest.mark.parametrize(
    ("worked", "run", "due"),
    [
        ([], 0, 0),
        ([0], 1, 0),
        ([1], 1, 0),  # up to yesterday: today has only begun
        ([2], 0, 0),
        (range(6), 6, 0),
        (range(7), 7, 1),
        (range(1, 31), 30, 4),
        ([*range(7), *range(8, 15)], 7, 2),
        ([*range(6), *range(7, 13)], 6, 0),  # a day of rest in between
    ],
)
def test_leave_is_earned_by_each_week_without_a_day_of_rest(worked, run, due):
    days = {DAY - timedelta(days=ago) for ago in worked}
    assert (run_up_to(days, DAY), leave_due(days)) == (run, due)
