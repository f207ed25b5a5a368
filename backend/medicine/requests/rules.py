"""The rules of a request, on values alone: what must stay cold, how soon it is needed, when it runs out."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import NamedTuple, Protocol

from backend.core.crypto import keyring

# By these words in its name a medicine stays between 2 and 8 °C, whether or not somebody thought of saying so.
COLD_WORDS = ("insulin", "胰岛素", "甘精", "门冬", "赖脯", "利拉鲁肽", "度拉糖肽", "司美格鲁肽", "促红素", "干扰素")
NOT_URGENT = 3  # days within which whatever does not press is bought
KEPT_DAYS = 30  # the health text, once a request is closed
LONGEST_OPEN = 60  # days after which an open request that nobody buys for has lapsed
PHOTO_DAYS = 7  # once it is fulfilled
AHEAD = 5  # days before a medicine runs out at which the next request is proposed
COURSE_KEPT_DAYS = 60  # after it ran out and was not asked for again
ANSWER_WITHIN = timedelta(minutes=15)  # a household that is asked: nobody stands at a counter for longer


class Medicine(Protocol):
    cold: bool
    days_left: int | None


class Handling(NamedTuple):
    """How a medicine travels. Cold: with no substitute, on the same day, and never on to another household."""

    substitution: bool
    same_day: bool
    re_offer: bool


HANDLING = {True: Handling(False, True, False), False: Handling(True, False, True)}


def is_cold(said: bool, name: str) -> bool:
    return said or any(word in name.lower() for word in COLD_WORDS)


def needed_on(lines: Iterable[Medicine], today: date) -> date:
    """The day before the first of the medicines runs out; today for what stays cold, in three days for what does not
    press."""
    return min(today + timedelta(days=_within(line)) for line in lines)


def _within(line: Medicine) -> int:
    if HANDLING[line.cold].same_day:
        return 0
    return NOT_URGENT if line.days_left is None else min(NOT_URGENT, max(0, line.days_left - 1))


def kept_if_never_closed(today: date) -> date:
    return today + timedelta(days=LONGEST_OPEN + KEPT_DAYS)


def runs_out_on(delivered: date, asked: date, days_left: int | None, quantity: int, days_each: int) -> date:
    """What was left on the day of asking is used first; then each of what was delivered lasts `days_each` days."""
    empty = asked + timedelta(days=days_left or 0)
    return max(delivered, empty) + timedelta(days=quantity * days_each)


def days_left(runs_out: date, today: date) -> int:
    return max(0, (runs_out - today).days)


def index_of(name: str, maker: str | None, specification: str | None) -> bytes:
    """The same medicine, however it was spaced and capitalised, has the same index; nothing can be read from it."""
    words = ["".join((word or "").split()).casefold() for word in (name, maker, specification)]
    return keyring.blind_index("\x1f".join(words), "medicine.name")


def category(lines: Sequence[Medicine], prescription: bool) -> str:
    """What an officer reads without looking: 药品2种，需冷藏，凭处方"""
    cold = "，需冷藏" if any(line.cold for line in lines) else ""
    return f"药品{len(lines)}种{cold}{'，凭处方' if prescription else ''}"
