"""The rest guard: how much one person may give, on values alone. The claim asks the same numbers in its statement.

Labour Law of the PRC: art. 36 (eight hours a day), art. 38 (a day of rest in each week). Volunteers fall under neither;
whoever wore out in February was gone in March.
"""

from collections.abc import Collection, Container, Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from backend.core.clock import day_of

# What anyone may do in a day of Shanghai, however much they offer; a volunteer's own `minutes_a_day` may be less.
MINUTES_A_DAY = 480
# A shift this long is followed, and preceded, by so much rest. Errands of half an hour need none between them.
LONG_SHIFT_MINUTES, REST_MINUTES = 240, 600
# Who has worked on so many days in a row rests on the next.
DAYS_IN_A_ROW = 6


class Work(NamedTuple):
    """A task someone holds or has done: when it is, and how many minutes of work it is reckoned at."""

    starts_at: datetime
    ends_at: datetime
    minutes: int


class Reason(NamedTuple):
    code: str
    detail: str


def reasons_to_rest(wanted: Work, others: Sequence[Work], minutes_a_day: int = MINUTES_A_DAY) -> list[Reason]:
    """Why this person had better not take `wanted` besides `others`; empty: they may."""
    found = (_enough_today(wanted, others, minutes_a_day), _too_soon(wanted, others), _too_many_days(wanted, others))
    return [reason for reason in found if reason]


def _enough_today(wanted: Work, others: Iterable[Work], own: int) -> Reason | None:
    day, most = day_of(wanted.starts_at), min(own, MINUTES_A_DAY)
    given = sum(work.minutes for work in others if day_of(work.starts_at) == day)
    if given + wanted.minutes <= most:
        return None
    detail = f"您当天已有 {given} 分钟的任务，加上这项超过一天 {most} 分钟，请休息，或换一天的任务。"
    return Reason("enough_today", detail)


def _too_soon(wanted: Work, others: Iterable[Work]) -> Reason | None:
    rest = timedelta(minutes=REST_MINUTES)
    for work in others:
        long = max(work.minutes, wanted.minutes) >= LONG_SHIFT_MINUTES
        # A long shift wants its rest before and after it; whichever of the two is later waits for the other.
        if long and work.starts_at < wanted.ends_at + rest and wanted.starts_at < work.ends_at + rest:
            hours = REST_MINUTES // 60
            return Reason("too_soon", f"这项任务和您另一项任务挨得太近，长班前后要休息 {hours} 小时，请换一个时间。")
    return None


def _too_many_days(wanted: Work, others: Iterable[Work]) -> Reason | None:
    day = day_of(wanted.starts_at)
    worked = {day_of(work.starts_at) for work in others}
    before, after = _run(worked, day, -1), _run(worked, day, 1)
    if day in worked or before + 1 + after <= DAYS_IN_A_ROW:
        return None
    return Reason("day_of_rest", f"您会连续服务 {before + 1 + after} 天，连续 {DAYS_IN_A_ROW} 天后请先休息一天。")


def _run(worked: Container[date], day: date, step: int) -> int:
    """On how many days in a row, beginning next to `day`, there was work."""
    count = 0
    while day + timedelta(days=step * (count + 1)) in worked:
        count += 1
    return count


def run_up_to(worked: Container[date], day: date) -> int:
    """On how many days in a row someone has worked, up to this day; or to the one before, if this has only begun."""
    return _run(worked, day, -1) + (day in worked)


def leave_due(worked: Collection[date]) -> int:
    """Days of leave earned: one for each week in which there was no day of rest (art. 38, made up for by art. 44)."""
    days = set(worked)
    firsts = [day for day in days if day - timedelta(days=1) not in days]
    return sum((1 + _run(days, day, 1)) // (DAYS_IN_A_ROW + 1) for day in firsts)
