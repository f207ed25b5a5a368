"""What an order costs, and the one way in which that changes."""

import uuid
from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy.orm.attributes import flag_modified

from backend.core.auth import Actor
from backend.extensions import db
from backend.groupbuy.models import Order, OrderLine, Terms
from backend.payments import service as payments

COMMUNITY_DIGITS = 12
DISTRICT_DIGITS = 6  # the district gives the subsidies


class Price(NamedTuple):
    """What a line is to cost from now on, and how much of that is the subsidy. Both in fen."""

    order: Order
    line: OrderLine
    fen: int
    subsidised_fen: int


def reprice(actor: Actor, prices: Sequence[Price], cause: str) -> None:
    """Sets what lines cost. The ledger takes off (or puts on) the difference for the household, the community's fund in
    its stead, and whoever gives the subsidy; what was paid beyond what is now due goes back to whoever paid it. The
    orders are locked by the caller; a constant number of statements whatever their number."""
    entries: dict[Order, list[tuple[str, str | uuid.UUID, int]]] = defaultdict(list)
    for price in prices:
        entries[price.order] += _apply(price)
    changed = [(order, _summed(found)) for order, found in entries.items()]
    postings = [("order_changed", order.campaign_id, order.id, actor, found) for order, found in changed if found]
    db.session.flush()
    if postings:
        payments.post_many(postings)
    _refund_excess([order for order, _ in changed], cause)


def _apply(price: Price) -> list[tuple[str, str | uuid.UUID, int]]:
    """Writes the new amounts on line and order; returns the entries of the difference."""
    order, line = price.order, price.line
    _written_whole(order, line)
    subsidy = price.subsidised_fen - line.subsidised_fen
    own = price.fen - line.fen - subsidy
    line.fen, line.subsidised_fen = price.fen, price.subsidised_fen
    order.total_fen += own + subsidy
    order.subsidy_fen += subsidy
    payer: tuple[str, str | uuid.UUID] = ("household", order.household_id)
    if order.terms == Terms.SPONSORED:
        order.sponsored_fen += own
        payer = ("fund", order.place_code[:COMMUNITY_DIGITS])
    else:
        order.due_fen += own
    found = [(*payer, own), ("campaign", order.campaign_id, -own - subsidy)]
    return [*found, ("subsidy", order.campaign.place_code[:DISTRICT_DIGITS], subsidy)] if subsidy else found


def _written_whole(order: Order, line: OrderLine) -> None:
    """Every row sets the same columns, changed or not: rows that set different ones would be a statement each."""
    for name in ("fen", "subsidised_fen"):
        flag_modified(line, name)
    for name in ("total_fen", "subsidy_fen", "sponsored_fen", "due_fen"):
        flag_modified(order, name)


def _summed(entries: Sequence[tuple[str, str | uuid.UUID, int]]) -> list[tuple[str, str | uuid.UUID, int]]:
    sums: dict[tuple[str, str | uuid.UUID], int] = defaultdict(int)
    for account, owner, fen in entries:
        sums[account, owner] += fen
    return [(account, owner, fen) for (account, owner), fen in sums.items() if fen]


def _refund_excess(orders: Sequence[Order], cause: str) -> None:
    """But for what the provider has refused to give back: that waits for a person, and must not go a second way."""
    ids = [order.id for order in orders]
    paid, by_hand = payments.paid(ids), payments.refused(ids)
    excess = [(order.id, paid[order.id] - by_hand.get(order.id, 0) - order.due_fen) for order in orders]
    if back := [(order_id, fen) for order_id, fen in excess if fen > 0]:
        payments.refund_many("order", back, cause)
