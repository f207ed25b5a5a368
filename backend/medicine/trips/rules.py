"""Which requests go on which trip: pure functions, with the same answer in whatever order one asks."""

import uuid
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, time
from typing import NamedTuple

CAPACITY = 20  # packages one volunteer carries back
COMPOUND_DIGITS = 16
UNKNOWN_QUEUE = 30  # minutes, where nobody has told


class Wanted(NamedTuple):
    """One request, as the planner needs it. `medicines`: what it asks for, by blind index."""

    id: uuid.UUID
    place_code: str
    needed_on: date
    disease: str | None
    cold: bool
    medicines: frozenset[bytes]


class Shop(NamedTuple):
    """One pharmacy as of now. `lacks`: what somebody has lately seen missing; `queue`: minutes."""

    id: uuid.UUID
    diseases: frozenset[str]
    cold: bool
    closes_at: time
    queue: int | None
    lacks: frozenset[bytes]


class Group(NamedTuple):
    """A trip to be. `same_day`: somebody on it has nothing left tomorrow, or waits for what must stay cold."""

    shop_id: uuid.UUID
    request_ids: tuple[uuid.UUID, ...]
    same_day: bool


class Plan(NamedTuple):
    """`unplaced`: the requests no pharmacy would do for, with the reason."""

    groups: list[Group]
    unplaced: list[tuple[uuid.UUID, str]]


NO_DESIGNATED = "附近没有这种重症慢病的定点药店，请联系街道。"
NO_COLD = "附近没有能供应冷藏药品的药店，请联系街道。"
NONE_OPEN = "附近没有登记营业中的药店，请先登记。"
NOWHERE_IN_STOCK = "附近的药店都报告缺货，请过后再安排。"


def plan(wanted: Iterable[Wanted], shops: Sequence[Shop], today: date, capacity: int = CAPACITY) -> Plan:
    """Each request to a pharmacy that may sell it, as few pharmacies as need be, the shortest queue first; then by
    urgency and area into trips of at most `capacity` packages."""
    choices, unplaced = {}, []
    for one in sorted(wanted, key=lambda each: (each.needed_on, not each.cold, each.place_code, each.id)):
        fitting, why = _fitting(one, shops)
        if fitting:
            choices[one] = fitting
        else:
            unplaced.append((one.id, why))
    placed = _assigned(choices)
    return Plan(
        [group for shop in _in_order(placed) for group in _trips(shop, placed[shop], today, capacity)], unplaced
    )


def _fitting(one: Wanted, shops: Sequence[Shop]) -> tuple[list[Shop], str]:
    left, why = list(shops), NONE_OPEN
    for keeps, otherwise in (
        (lambda shop: one.disease is None or one.disease in shop.diseases, NO_DESIGNATED),
        (lambda shop: shop.cold or not one.cold, NO_COLD),
        (lambda shop: not one.medicines & shop.lacks, NOWHERE_IN_STOCK),
    ):
        found = [shop for shop in left if keeps(shop)]
        if left and not found:
            why = otherwise
        left = found
    return left, why


def _assigned(choices: dict[Wanted, list[Shop]]) -> dict[Shop, list[Wanted]]:
    """Who has the least choice first, and where somebody goes anyway: a second queue helps nobody."""
    placed: dict[Shop, list[Wanted]] = defaultdict(list)
    asked = Counter(shop.id for fitting in choices.values() for shop in fitting)
    for one in sorted(choices, key=lambda each: len(choices[each])):
        shop = min(choices[one], key=lambda each: (each not in placed, _queue(each), -asked[each.id], each.id))
        placed[shop].append(one)
    return placed


def _queue(shop: Shop) -> int:
    return UNKNOWN_QUEUE if shop.queue is None else shop.queue


def _in_order(placed: dict[Shop, list[Wanted]]) -> list[Shop]:
    return sorted(placed, key=lambda shop: (min(one.needed_on for one in placed[shop]), shop.closes_at, shop.id))


def _trips(shop: Shop, requests: list[Wanted], today: date, capacity: int) -> Iterable[Group]:
    def press(one: Wanted) -> bool:
        return one.cold or one.needed_on <= today

    ordered = sorted(requests, key=lambda o: (not press(o), o.place_code[:COMPOUND_DIGITS], o.place_code, o.id))
    for at in range(0, len(ordered), capacity):
        some = ordered[at : at + capacity]
        yield Group(shop.id, tuple(one.id for one in some), any(map(press, some)))
