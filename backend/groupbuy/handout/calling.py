"""Handing out without a crowd: pick-up numbers, batches and their pace, skipped numbers, quiet hours, what is kept.

A number is called, and the person collects or is skipped. A skipped number sits out one batch and is called again;
missed for the third time it is not collected. Numbers waiting are always called from the lowest up, so one that was
skipped goes before those who have not been called yet.
"""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta
from typing import NamedTuple
from uuid import UUID

from backend.core.clock import SHANGHAI

REQUEUED_AT_MOST = 2
ANSWER_WITHIN = timedelta(minutes=3)  # down the stairs and to the point, before nobody has answered
QUIET_FROM, QUIET_UNTIL = time(21), time(7, 30)
# How long what nobody came for is kept before it goes to others: an order with food that spoils, and any other.
KEPT_PERISHABLE, KEPT = timedelta(hours=3), timedelta(hours=72)

# --- Numbers ----------------------------------------------------------------------------------------------------


class Door(NamedTuple):
    """An order, and the door it belongs to."""

    order_id: UUID
    building_code: str
    unit_code: str
    floor: int | None
    room: str


def pickup_numbers(doors: Iterable[Door], first: int = 1) -> list[tuple[UUID, int]]:
    """Consecutive numbers along the stairwells, so that neighbours come together: by building, unit, floor, room.

    Room 2 comes before room 10, a door whose floor is not known after those of its unit whose floor is. `first`: where
    to go on when others have their numbers already.
    """
    return [(door.order_id, number) for number, door in enumerate(sorted(doors, key=_along_the_stairs), first)]


def _along_the_stairs(door: Door) -> tuple[object, ...]:
    floor = (door.floor is None, door.floor or 0)
    return _natural(door.building_code), _natural(door.unit_code), floor, _natural(door.room), door.order_id


def _natural(text: str) -> list[str | int]:
    """Digits as a number. Text and numbers alternate, so that any two keys compare."""
    return [int(part) if at % 2 else part for at, part in enumerate(re.split(r"(\d+)", text))]


# --- Batches ----------------------------------------------------------------------------------------------------


class Waiting(NamedTuple):
    """A number that is to be called. `not_before`: the first batch (counted from 1) whose turn it is again."""

    number: int
    skips: int = 0
    not_before: int = 0


def next_batch(waiting: Iterable[Waiting], batch: int, batch_size: int, at_once: int, present: int) -> list[int]:
    """The numbers to call as batch `batch`. Empty while the point is full: that is then no batch and is not counted.

    `present`: numbers called that have neither collected nor been skipped; they and this batch are never more than
    `at_once`. Numbers that sit this batch out are called only if it would not be full without them.
    """
    room = max(0, min(batch_size, at_once - present))
    queue = sorted(waiting, key=lambda entry: (entry.not_before > batch, entry.number))
    return [entry.number for entry in queue[:room]]


def may_call_from(now: datetime, last_call: datetime | None, every: timedelta, present: int) -> datetime:
    """When the next batch may be called: so long after the last one as was published, while anybody called still
    stands at the point; now, if nobody does."""
    return max(now, last_call + every) if last_call and present else now


def may_skip_from(called: datetime, every: timedelta) -> datetime:
    """When nobody has answered to a number: or one helper could call and skip through all of them in a minute."""
    return called + min(ANSWER_WITHIN, every)


def after_skip(entry: Waiting, batch: int) -> Waiting | None:
    """Where a called number stands that nobody answered to, `batch` being the last one called: behind the next batch.
    None: it has been called again as often as it may, and is not collected."""
    if entry.skips >= REQUEUED_AT_MOST:
        return None
    return Waiting(entry.number, entry.skips + 1, batch + 2)


def called_at(ahead: int, next_call_at: datetime, batch_size: int, every: timedelta) -> datetime:
    """Roughly when a number is called that has `ahead` waiting before it, if nobody is slow."""
    return next_call_at + ahead // batch_size * every


# --- Quiet hours ------------------------------------------------------------------------------------------------


def is_quiet(at: datetime, quiet_from: time = QUIET_FROM, quiet_until: time = QUIET_UNTIL) -> bool:
    """Nobody is called, rung up or sent a message now. The last quiet minute is the one before `quiet_until`."""
    clock = at.astimezone(SHANGHAI).time()
    if quiet_from <= quiet_until:
        return quiet_from <= clock < quiet_until
    return clock >= quiet_from or clock < quiet_until  # over midnight


def next_waking(at: datetime, quiet_from: time = QUIET_FROM, quiet_until: time = QUIET_UNTIL) -> datetime:
    """`at`, or the end of the quiet hours it falls into, in UTC."""
    if not is_quiet(at, quiet_from, quiet_until):
        return at
    here = at.astimezone(SHANGHAI)
    day = here.date() + timedelta(here.time() >= quiet_until)
    return datetime.combine(day, quiet_until, SHANGHAI).astimezone(UTC)


def hand_out_from(
    arrived_at: datetime, agreed: bool, quiet_from: time = QUIET_FROM, quiet_until: time = QUIET_UNTIL
) -> datetime:
    """When calling may begin: a lorry at three in the morning waits for the morning, unless the community has agreed
    to be woken."""
    return arrived_at if agreed else next_waking(arrived_at, quiet_from, quiet_until)


# --- What is published ------------------------------------------------------------------------------------------


def kept_for(perishable: bool) -> timedelta:
    return KEPT_PERISHABLE if perishable else KEPT


def keeping_sentence() -> str:
    """What becomes of what nobody fetches, as everyone may read it before the first order."""
    short, long = (int(kept.total_seconds() // 3600) for kept in (KEPT_PERISHABLE, KEPT))
    return (
        f"每个号最多叫 {REQUEUED_AT_MOST + 1} 次。叫了没来、敲门没人的，有易变质食品的订单替您保留 {short} 小时，"
        f"其他的保留 {long} 小时，可以请邻居代领或请人送上门；过时转给别人，已付的钱不退，没付的不用再付。"
    )
