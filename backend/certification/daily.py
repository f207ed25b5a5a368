"""The arithmetic of daily controls: kept or not, since which days, and how long to wait.

Every aggregate is a sum of gains, one per day, that must reach a need. As days
pass the oldest gain leaves and the best one enters, so the wait is found in one
pass. All in whole numbers: 0.95 is 19/20, and 95 households of 100 are enough.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from backend.certification.packs import Daily
from backend.core.evidence import LATE_ENTRY_DAYS

Days = Sequence[Mapping[str, Any]]  # the values of each day's record, oldest day first; empty: no record
Margins = Sequence[int | None]  # how far inside the bound; below 0: outside; None: not recorded


class Readings(NamedTuple):
    """Each day's measure, what it is a share of (of nothing: 1), and how far it is inside the bound."""

    values: list[int | None]
    bases: list[int | None]
    margins: list[int | None]


class Outlook(NamedTuple):
    """A criterion over its window.

    `good`: how many days keep the bound (of a sum: are recorded); `wait`: days
    until it is met, 0 when mending the last days today is enough; `red`: places
    of the days to blame, oldest first, counted from 0 as in the readings.
    """

    readings: Readings
    met: bool
    good: int
    wait: int
    red: Sequence[int]


class Tally(NamedTuple):
    """Gains, oldest day first; `later`: the gain of a good day to come.

    `best`: the gain of each day if it were mended; None when that is `later` for all.
    """

    gains: list[int]
    need: int
    later: int
    best: list[int] | None = None


def look(criterion: Daily, days: Days) -> Outlook:
    """Judge the days of the criterion's window, yesterday last."""
    readings = _read(criterion, days)
    tallies = _TALLIES[criterion.aggregate](criterion, readings)
    totals = [sum(tally.gains) for tally in tallies]
    for total, tally in zip(totals, tallies, strict=True):
        if total < tally.need:
            break
    else:
        return Outlook(readings, True, totals[0], 0, ())
    wait = max([_wait(tally) for tally in tallies])
    return Outlook(readings, False, totals[0], wait, _red(criterion, readings))


def latest(margins: Margins) -> int:
    """Place of the latest recorded day; yesterday's when none is, for that is the one to enter."""
    for at in range(len(margins) - 1, -1, -1):
        if margins[at] is not None:
            return at
    return len(margins) - 1


def _read(criterion: Daily, days: Days) -> Readings:
    slope, floor, measure, of = criterion.slope, criterion.floor, criterion.measure, criterion.of
    values = [day.get(measure) for day in days]
    if of is None:
        return Readings(values, [1] * len(values), [None if v is None else v * slope - floor for v in values])
    bases = [day.get(of) for day in days]
    margins = [
        None if v is None or b is None else v * slope - b * floor for v, b in zip(values, bases, strict=True)
    ]  # fmt: skip
    return Readings(values, bases, margins)


def _wait(tally: Tally) -> int:
    """Days until the gains reach the need, if what can still be mended is mended today."""
    best = tally.best or [tally.later] * len(tally.gains)
    mended = [max(pair) for pair in zip(tally.gains, best, strict=True)]
    hopeful = tally.gains[:-LATE_ENTRY_DAYS] + mended[-LATE_ENTRY_DAYS:]
    total = sum(hopeful)
    for wait, leaving in enumerate(hopeful):
        if total >= tally.need:
            return wait
        total += tally.later - leaving
    return len(hopeful)


def _good_days(criterion: Daily, readings: Readings) -> list[Tally]:
    good = [1 if margin is not None and margin >= 0 else 0 for margin in readings.margins]
    return [Tally(good, criterion.days_needed, 1)]


def _latest_day(criterion: Daily, readings: Readings) -> list[Tally]:
    gains = [0] * len(readings.margins)
    place = latest(readings.margins)
    margin = readings.margins[place]
    gains[place] = 1 if margin is not None and margin >= 0 else 0
    return [Tally(gains, 1, 1)]


def _total(criterion: Daily, readings: Readings) -> list[Tally]:
    recorded = [0 if margin is None else 1 for margin in readings.margins]
    total = _amount if criterion.of is None else _share
    return [Tally(recorded, criterion.days_needed, 1), total(criterion, readings)]


def _share(criterion: Daily, readings: Readings) -> Tally:
    """The margins add up. No later demand is counted on: a later day adds 0 of 0, a mended one meets its own.

    A large demand fully met later would only bring the day forward.
    """
    unit = max(criterion.slope, 0) - criterion.floor
    recorded = zip(readings.margins, readings.bases, strict=True)
    best = [0 if margin is None else unit * (base or 0) for margin, base in recorded]
    return Tally([margin or 0 for margin in readings.margins], 0, 0, best)


def _amount(criterion: Daily, readings: Readings) -> Tally:
    """The amounts add up; one good day may bring all that is missing, or nothing of what is too much."""
    gains = [(value or 0) * criterion.slope for value in readings.values]
    return Tally(gains, criterion.floor, max(criterion.floor, 0))


_TALLIES: dict[str, Callable[[Daily, Readings], list[Tally]]] = {
    "each_day": _good_days,
    "any_day": _good_days,
    "sum": _total,
    "latest": _latest_day,
}


def _red(criterion: Daily, readings: Readings) -> list[int]:
    """For a plain sum the days to blame are those behind an even share of the bound."""
    margins = readings.margins
    if criterion.aggregate == "latest":
        return [latest(margins)]
    if criterion.aggregate == "sum" and criterion.of is None:
        slope, even = criterion.slope * criterion.days, criterion.floor
        return [at for at, value in enumerate(readings.values) if value is None or value * slope < even]
    return [at for at, margin in enumerate(margins) if margin is None or margin < 0]
