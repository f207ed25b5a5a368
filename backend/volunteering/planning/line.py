"""The line of a mass distribution: how fast each station is, which one holds up the rest, when the last door is done.

A rate is what a station counted in the last WINDOW. People tap a trolley at a time, every five minutes or so: in less
than a quarter of an hour one tap more or less would double the rate, and in more a station that stands still would
look busy while the packs pile up before it. A station that has nothing waiting is not slow but fed slowly: it keeps
pace with the one before it, so it neither holds up the line nor sets its end.
"""

import math
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from backend.core.models import Labelled
from backend.volunteering.planning.wording import number

WINDOW = timedelta(minutes=15)
HOUR = timedelta(hours=1)
HALF_DAY = 12  # hours


class Station(Labelled):
    """In the order in which a pack passes them."""

    SORT = "sort", "分拣"
    PACK = "pack", "打包"
    CARRY = "carry", "搬运"
    FLOOR = "floor", "上楼"


class Tally(NamedTuple):
    """What was counted at a station: in all, in the last WINDOW, and when the first and the last time."""

    done: int = 0
    lately: int = 0
    first: datetime | None = None
    last: datetime | None = None


class Pace(NamedTuple):
    """A station now. `rate`: packs an hour; `queue`: packs that wait before it; `left`: packs it still has to see;
    `ends_at`: when it is through (None: nobody can tell)."""

    station: Station
    done: int
    left: int
    queue: int
    rate: float
    ends_at: datetime | None


class Line(NamedTuple):
    stations: Sequence[Pace]
    bottleneck: Station | None
    ends_at: datetime | None


def see(
    packs: int, begun: datetime, now: datetime, counted: Mapping[Station, Tally], usual: Mapping[Station, float]
) -> Line:
    """`usual`: packs an hour of the team's last line, for a station that nobody has counted at yet."""
    stations: list[Pace] = []
    arrived, fed_since, free_at = packs, begun, now
    known = True
    for station in Station:
        tally = counted.get(station, Tally())
        rate = _rate(tally, fed_since, now) or (usual.get(station, 0.0) if tally.first is None else 0.0)
        left, queue = packs - tally.done, max(0, arrived - tally.done)
        ends = _ends(left, queue, rate, now, free_at) if known else None
        known, free_at = ends is not None, ends or now
        stations.append(Pace(station, tally.done, left, queue, rate, ends))
        arrived, fed_since = tally.done, tally.first or now
    return Line(stations, bottleneck(stations), stations[-1].ends_at)


def _rate(tally: Tally, fed_since: datetime, now: datetime) -> float:
    """Packs an hour over the window, or over as much of it as there has been anything to do."""
    length = min(WINDOW, max(now - fed_since, timedelta(minutes=1)))
    return max(0, tally.lately) / (length / HOUR)


def _ends(left: int, queue: int, rate: float, now: datetime, free_at: datetime) -> datetime | None:
    """When a station is through, given when the one before it is."""
    if not left:
        return free_at
    if not rate:
        return None
    if not queue:
        return free_at + HOUR / rate  # the last pack, when it comes
    return max(free_at, now + left * HOUR / rate)


def bottleneck(stations: Sequence[Pace]) -> Station | None:
    """Of the stations before which packs wait the one that needs longest for all it has left. None when no pack waits
    anywhere."""
    busy = [pace for pace in stations if pace.queue]
    return max(busy, key=lambda pace: (_hours(pace), pace.queue)).station if busy else None


def _hours(pace: Pace) -> float:
    return pace.left / pace.rate if pace.rate else math.inf


# --- In words ---------------------------------------------------------------------------------------------------


def advice(line: Line) -> str:
    """Which station holds up the rest, and what to do about it."""
    if line.bottleneck is None:
        return "没有积压，各站都跟得上。"
    pace = next(pace for pace in line.stations if pace.station == line.bottleneck)
    if not pace.rate:
        return f"{pace.station.label}停着，前面积压 {pace.queue} 份：请去看一看，或调人过去。"
    return f"{pace.station.label}最慢，每小时 {pace.rate:.0f} 份，前面积压 {pace.queue} 份：请调人过去。"


def duration(length: timedelta) -> str:
    """2 天半, 5 小时, 40 分钟: as one tells it."""
    hours = length / HOUR
    if hours < 1:
        return f"{max(1, round(hours * 60))} 分钟"
    if hours < 2 * HALF_DAY:
        return f"{round(hours)} 小时"
    halves = round(hours / HALF_DAY)
    return f"{halves // 2} 天{'半' if halves % 2 else ''}"


def beside(packs: int, length: timedelta, before: int, took: timedelta, how_many: int) -> str:
    """This line beside the team's last one, the `how_many`th of them."""
    faster = packs / before * (took / length)
    compared = f"快到 {faster:.1f} 倍" if faster >= 1.05 else "差不多快" if faster > 0.95 else f"慢到 {faster:.1f} 倍"
    return (
        f"第{number(how_many)}次 {before} 份用了 {duration(took)}，"
        f"这次 {packs} 份用 {duration(length)}，每小时的份数{compared}。"
    )
