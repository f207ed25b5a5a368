"""Fen and shares: splitting to the last fen, weighed goods, full cases, the minimum.

Whole numbers only. A fraction is rounded once, at the end; where several roundings would have to add up to a known
sum, the sum is split instead.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypeVar
from uuid import UUID

Key = TypeVar("Key")


def largest_remainder(total: int, weights: Sequence[int]) -> list[int]:
    """`total` in whole parts proportional to the weights, each within one of its exact share.

    Everyone gets the whole part of their share; what is left over goes one each to the largest remainders, of equal
    ones to the first. No part is larger than its weight as long as the total is not larger than their sum.
    """
    whole = sum(weights)
    if total < 0 or min(weights, default=0) < 0 or (total and not whole):
        raise ValueError(f"cannot split {total} by weights that come to {whole}")
    if not whole:
        return [0] * len(weights)
    parts = [total * weight // whole for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda at: -(total * weights[at] % whole))  # stable: first wins
    for at in by_remainder[: total - sum(parts)]:
        parts[at] += 1
    return parts


# --- Weighed goods ----------------------------------------------------------------------------------------------


def weighed_price(price_fen: int, grams_per_share: int, grams: int) -> int:
    """What the grams on the scale cost at the price of a share. Rounded half up, once, for the whole line."""
    return (2 * price_fen * grams + grams_per_share) // (2 * grams_per_share)


def weighed_difference(ordered_fen: int, actual_fen: int, waive_fen: int) -> int:
    """To give back (positive) or to charge (negative). Up to and including the stated threshold it is waived, whomever
    that favours; beyond it the whole difference counts, not only what exceeds the threshold."""
    difference = ordered_fen - actual_fen
    return 0 if abs(difference) <= waive_fen else difference


# --- A shortfall in money ---------------------------------------------------------------------------------------


class Missing(NamedTuple):
    """Shares of a line that were not delivered, at the price of the line."""

    line_id: UUID
    price_fen: int
    quantity: int

    @property
    def fen(self) -> int:
        return self.price_fen * self.quantity


def shortfall_refunds(missing: Sequence[Missing], total_fen: int | None = None) -> dict[UUID, int]:
    """What to give back for each line: the price of what is missing.

    With `total_fen`, the supplier's credit for the whole shortfall (a lorry weighed short, not counted in shares), that
    sum is split in proportion, and adds up to the fen. It cannot be more than the missing shares cost: nobody gets
    back more than was paid, and a surplus belongs to the community's fund.
    """
    worth = [line.fen for line in missing]
    if total_fen is None:
        total_fen = sum(worth)
    if total_fen > sum(worth):
        raise ValueError(f"{total_fen} fen are credited for goods that cost {sum(worth)}")
    return dict(zip([line.line_id for line in missing], largest_remainder(total_fen, worth), strict=True))


# --- Does it go ahead, and in full cases ------------------------------------------------------------------------


def threshold_met(shares: int, minimum: int) -> bool:
    """Enough was ordered to go ahead. A campaign without a minimum still needs one share: there is nothing to buy."""
    return shares >= max(minimum, 1)


class CaseFill(NamedTuple):
    """Full cases, the shares over that fill none, and how many are short of one more case."""

    cases_full: int
    over: int
    short: int


def case_fill(ordered: int, case_size: int) -> CaseFill:
    """12 a case, 31 ordered: two full cases, 7 over, 5 short."""
    full, over = divmod(ordered, case_size)
    return CaseFill(full, over, case_size - over if over else 0)


def who_could_fill(short: int, offers: Mapping[Key, int]) -> dict[Key, int]:
    """How many more each household would take, of those who said some more is fine (`offers`, by time).

    Never more than a household offered, nor more in all than are short. When it comes to less, the case stays open.
    """
    filling: dict[Key, int] = {}
    for household, extra in offers.items():
        if (taken := min(extra, short)) > 0:
            filling[household] = taken
            short -= taken
    return filling
