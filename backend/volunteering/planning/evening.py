"""Who carries which stairwells this evening: what a plan is made of, what it costs, what is better, and the plan that
comes about by itself when whoever is free takes the next one on the list. The better plan is searched in `solver.py`.

All times are whole minutes after the evening's start. A volunteer works through their stairwells without a break; no
two wait for each other, so the evening ends with whoever has most to do.
"""

import heapq
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple
from uuid import UUID

# What a carry takes, in seconds. Nobody has published figures for stairwells: these are a stated guess, to be corrected
# by what the teams measure. A trip is a load fetched at the pick-up point and brought up; each pack then has its door.
FETCHING, AT_THE_DOOR = 60, 45
FLOOR_ON_FOOT = 25  # up with a load and down again
LIFT_FROM, BY_LIFT = 7, 120  # a house of seven floors or more has a lift (GB 50096): one ride, whatever the floor
BAG_GRAMS = 15_000  # what someone carries at once who has not said how much
# From where one sets out to the stairwell: in one's own building, in the same compound, beyond it.
HERE, NEAR, FAR = 60, 240, 480
NEVER = 1440  # minutes: more than anyone has left


class Carrier(NamedTuple):
    """A volunteer on one evening. `minutes` is what may still be asked of them (their own limit, the rest guard, their
    free hours), from `free_at` on; `week` the minutes they have given in these seven days. `enters`: the places below
    which they may go; `posts`: their roles, each with the place it is held at. None: no limit of their own."""

    id: UUID
    minutes: int
    week: int
    base: str
    enters: Sequence[str]
    posts: frozenset[tuple[str, str]] = frozenset()
    free_at: int = 0
    max_floor: int | None = None
    carry_grams: int | None = None


class Stairwell(NamedTuple):
    """The packs of one stairwell, carried by one person. `heaviest` is the heaviest pack, `floor` the highest door,
    `minutes` what the task is reckoned at by the rest guard: a carry is never planned at less."""

    id: UUID
    place: str
    packs: int
    grams: int
    heaviest: int
    floor: int
    minutes: int = 1
    role: str | None = None
    urgency: int = 1


class Bar(NamedTuple):
    """Why somebody cannot take a stairwell: as the coordinator reads it of one person, and counted over several."""

    detail: str
    counted: str


NO_ENTRY = Bar("不能进这栋楼", "人不能进这栋楼")
TOO_HIGH = Bar("上不到这么高的楼层", "人上不到这么高")
TOO_HEAVY = Bar("提不动其中最重的一份", "人提不动其中最重的一份")
NO_POST = Bar("没有这项任务要求的岗位", "人没有要求的岗位")
TOO_LONG = Bar("今晚剩下的时间不够", "人今晚剩下的时间不够")
NOBODY = "今晚没有志愿者有空。"
FULL = "能去的人今晚都排满了。"


@dataclass(frozen=True)
class Instance:
    """An evening: who can, and what is to be carried, in the order of the list that everyone sees."""

    carriers: Sequence[Carrier]
    stairwells: Sequence[Stairwell]

    @cached_property
    def costs(self) -> dict[tuple[UUID, UUID], int]:
        """The minutes of every (carrier, stairwell) that may be."""
        return {
            (carrier.id, stairwell.id): minutes(carrier, stairwell)
            for carrier in self.carriers
            for stairwell in self.stairwells
            if barred(carrier, stairwell) is None
        }

    @cached_property
    def carrier(self) -> dict[UUID, Carrier]:
        return {carrier.id: carrier for carrier in self.carriers}

    @cached_property
    def stairwell(self) -> dict[UUID, Stairwell]:
        return {stairwell.id: stairwell for stairwell in self.stairwells}


@dataclass
class Plan:
    """Who carries what: stairwell → carrier. What is not in it is left behind."""

    given: dict[UUID, UUID] = field(default_factory=dict)

    def of(self, carrier: UUID) -> list[UUID]:
        return [stairwell for stairwell, taker in self.given.items() if taker == carrier]


class Leg(NamedTuple):
    """One stairwell of a carrier's evening: when they set out for it and when its last door is done."""

    stairwell: UUID
    starts: int
    ends: int


class Worth(NamedTuple):
    """What a plan is worth: smaller is better, one field before the next."""

    left: int  # packs left behind, urgent ones counting more
    finish: int  # when the last door is done
    unevenness: int  # of the week


# --- What may be, and what it takes -------------------------------------------------------------------------------


def barred(carrier: Carrier, stairwell: Stairwell) -> Bar | None:
    """Why this person cannot take this stairwell, even if they took nothing else."""
    if not any(stairwell.place.startswith(place) for place in carrier.enters):
        return NO_ENTRY
    held = {role for role, place in carrier.posts if stairwell.place.startswith(place)}
    if stairwell.role is not None and stairwell.role not in held:
        return NO_POST
    if carrier.max_floor is not None and stairwell.floor > carrier.max_floor:
        return TOO_HIGH
    if carrier.carry_grams is not None and stairwell.heaviest > carrier.carry_grams:
        return TOO_HEAVY
    return TOO_LONG if minutes(carrier, stairwell) > carrier.minutes else None


def minutes(carrier: Carrier, stairwell: Stairwell) -> int:
    """The way there and the work, and never less than what the task is reckoned at."""
    seconds = _way(carrier.base, stairwell.place) + _work(stairwell, carrier.carry_grams or BAG_GRAMS)
    return max(stairwell.minutes, _up(seconds, 60))


def carry_minutes(packs: int, grams: int, floor: int) -> int:
    """What a stairwell is reckoned at before anyone is named for it: the work, without the way."""
    return max(1, _up(_work(Stairwell(UUID(int=0), "", packs, grams, 0, floor), BAG_GRAMS), 60))


def _work(stairwell: Stairwell, at_once: int) -> int:
    trips = max(1, _up(stairwell.grams, at_once))
    climb = BY_LIFT if stairwell.floor >= LIFT_FROM else FLOOR_ON_FOOT * (stairwell.floor - 1)
    return trips * (FETCHING + max(0, climb)) + stairwell.packs * AT_THE_DOOR


def _up(whole: int, part: int) -> int:
    return -(-whole // part)


def _way(base: str, place: str) -> int:
    steps = distance(base, place)
    return (HERE, NEAR, FAR)[steps]


def distance(base: str, place: str) -> int:
    """0 in one's own building, 1 in the same compound, 2 beyond it or when one sets out from no compound."""
    mine, theirs = base.split("-"), place.split("-")
    return 0 if mine[:3] == theirs[:3] and len(mine) > 2 else 1 if mine[:2] == theirs[:2] and len(mine) > 1 else 2


def why_left(instance: Instance, stairwell: Stairwell) -> str:
    """A sentence that says why nobody has it, in counts of people."""
    if not instance.carriers:
        return NOBODY
    bars = Counter(bar for carrier in instance.carriers if (bar := barred(carrier, stairwell)))
    if sum(bars.values()) < len(instance.carriers):
        return FULL
    return "，".join(f"{count} {bar.counted}" for bar, count in bars.most_common()) + "。"


# --- A plan, hour by hour -----------------------------------------------------------------------------------------


def route(instance: Instance, plan: Plan, carrier_id: UUID) -> list[Leg]:
    """In which order somebody goes, and when each stairwell is done: urgent first, then near before far."""
    carrier = instance.carrier[carrier_id]
    mine = [instance.stairwell[one] for one in plan.of(carrier_id)]
    at, legs = carrier.free_at, []
    for stairwell in sorted(mine, key=lambda one: (-one.urgency, distance(carrier.base, one.place), one.place, one.id)):
        ends = at + instance.costs[carrier_id, stairwell.id]
        legs.append(Leg(stairwell.id, at, ends))
        at = ends
    return legs


def loads(instance: Instance, plan: Plan) -> dict[UUID, int]:
    """The minutes each carrier is given this evening."""
    given = dict.fromkeys(instance.carrier, 0)
    for stairwell, carrier in plan.given.items():
        given[carrier] += instance.costs[carrier, stairwell]
    return given


def finish(instance: Instance, plan: Plan) -> int:
    """When the last door is done; 0 for an empty plan."""
    given = loads(instance, plan)
    return max((carrier.free_at + given[carrier.id] for carrier in instance.carriers if given[carrier.id]), default=0)


def worth(instance: Instance, plan: Plan) -> Worth:
    left = sum(weight(one) for one in instance.stairwells if one.id not in plan.given)
    return Worth(left, finish(instance, plan), unevenness(instance, plan))


def weight(stairwell: Stairwell) -> int:
    return stairwell.packs * (stairwell.urgency + 1)


def unevenness(instance: Instance, plan: Plan) -> int:
    """How unfair the week becomes: the squares of everyone's minutes. The largest alone would no longer tell apart
    what the others get."""
    given = loads(instance, plan)
    return sum(harder(carrier, given[carrier.id]) for carrier in instance.carriers)


def harder(carrier: Carrier, minutes: int) -> int:
    """What so many minutes weigh on a carrier's week: more for who has given more."""
    return (carrier.week + minutes) ** 2 - carrier.week**2


def refusals(instance: Instance, plan: Plan) -> Iterable[tuple[UUID, UUID, Bar]]:
    """What in a plan cannot be: (carrier, stairwell, why)."""
    given = dict.fromkeys(instance.carrier, 0)
    for stairwell_id, carrier_id in plan.given.items():
        carrier, stairwell = instance.carrier[carrier_id], instance.stairwell[stairwell_id]
        given[carrier_id] += minutes(carrier, stairwell)
        bar = barred(carrier, stairwell) or (TOO_LONG if given[carrier_id] > carrier.minutes else None)
        if bar:
            yield carrier_id, stairwell_id, bar


# --- First come -----------------------------------------------------------------------------------------------------


def first_come(instance: Instance) -> Plan:
    """What happens without a plan: whoever is free first takes the first stairwell of the list that they may and still
    have time for; who finds none goes home."""
    plan, open_ = Plan(), list(instance.stairwells)
    left = {carrier.id: carrier.minutes for carrier in instance.carriers}
    turns = [(carrier.free_at, at, carrier.id) for at, carrier in enumerate(instance.carriers)]
    heapq.heapify(turns)
    while turns and open_:
        free, at, carrier = heapq.heappop(turns)
        fitting = (one for one in open_ if instance.costs.get((carrier, one.id), NEVER) <= left[carrier])
        if took := next(fitting, None):
            cost = instance.costs[carrier, took.id]
            plan.given[took.id], left[carrier] = carrier, left[carrier] - cost
            open_.remove(took)
            heapq.heappush(turns, (free + cost, at, carrier))
    return plan
