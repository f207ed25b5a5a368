"""How goods travel and where refused ones may go, on values alone."""

from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Protocol

COLD_LIMIT = timedelta(hours=2)  # from the counter to the door, in a bag with ice; then it counts as warm
IN_DATE = timedelta(days=30)  # what is passed on is good for at least this long
OFFER_WAIT = timedelta(hours=2)  # within which a household answers; goods do not wait for ever
RETURN_WITHIN = timedelta(days=7)  # what pharmacies take back, unopened and with the receipt


class Way(StrEnum):
    """Where refused goods may go."""

    FLOAT = "float"
    PHARMACY = "pharmacy"
    NEIGHBOUR = "neighbour"


class Line(Protocol):
    cold: bool
    sealed_otc: bool


class Goods(Protocol):
    expires_on: date
    bought_at: datetime
    cold_until: datetime | None


def ways(line: Line, goods: Goods, now: datetime, today: date) -> set[Way]:
    """The community can always keep them. What was to stay cold goes nowhere else: nobody knows how it was kept."""
    if line.cold or goods.cold_until:
        return {Way.FLOAT}
    found = {Way.FLOAT}
    if now <= goods.bought_at + RETURN_WITHIN:
        found.add(Way.PHARMACY)
    if line.sealed_otc and goods.expires_on >= today + IN_DATE:
        found.add(Way.NEIGHBOUR)
    return found


def seconds_left(cold_until: datetime | None, now: datetime) -> int | None:
    """How long something may still be on its way; 0 once it is too late, None for what needs no ice."""
    return None if cold_until is None else max(0, int((cold_until - now).total_seconds()))


def too_warm(cold_until: datetime | None, now: datetime) -> bool:
    return cold_until is not None and now > cold_until
