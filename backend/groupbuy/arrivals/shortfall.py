"""Less came than was ordered: the shares are given out by the published policy, and the rest is given back."""

import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ARRAY, Uuid, any_, exists, func, literal, or_, select, text

from backend.core.auth import Actor
from backend.core.errors import Conflict, DomainError
from backend.core.workflow import advance_all
from backend.extensions import db
from backend.groupbuy.arrivals.allocation import VULNERABLE, Claim, Policy, allocate
from backend.groupbuy.arrivals.models import Substitute, SubstituteAnswer
from backend.groupbuy.models import Campaign, CampaignItem, Order, OrderLine, OrderStatus
from backend.groupbuy.money import Price, reprice
from backend.groupbuy.pricing import Missing, largest_remainder, shortfall_refunds
from backend.groupbuy.workflow import ORDER
from backend.places.models import Household

ALLOCATE = text("""
UPDATE order_line SET allocated = given.shares
FROM unnest(CAST(:orders AS uuid[]), CAST(:items AS uuid[]), CAST(:shares AS integer[]))
  AS given (order_id, item_id, shares)
WHERE order_line.order_id = given.order_id AND order_line.item_id = given.item_id""")

# An order is decided once it has all it asked for, or nothing more will come and no question to it is open. It is
# handed out once, so it waits for its last line.
DECIDE = text("""
UPDATE group_order SET allocation = CASE WHEN got = 0 THEN 'none' WHEN got < asked THEN 'part' ELSE 'full' END
FROM (
  SELECT l.order_id, sum(l.quantity) AS asked, sum(coalesce(l.allocated, 0) + coalesce(s.given, 0)) AS got
  FROM group_order o JOIN order_line l ON l.order_id = o.id LEFT JOIN (
    SELECT a.order_id, a.item_id, sum(a.given) AS given, bool_or(a.answer IS NULL) AS asked
    FROM substitute_answer a JOIN substitute ON substitute.id = a.substitute_id
    WHERE substitute.campaign_id = :campaign GROUP BY 1, 2) s ON (s.order_id, s.item_id) = (l.order_id, l.item_id)
  WHERE o.campaign_id = :campaign AND o.status = 'locked' AND (CAST(:only AS uuid) IS NULL OR o.id = :only)
  GROUP BY 1
  HAVING sum(l.quantity) = sum(coalesce(l.allocated, 0) + coalesce(s.given, 0)) OR :last AND NOT bool_or(
    coalesce(s.asked, false) AND l.quantity > coalesce(l.allocated, 0) + coalesce(s.given, 0))) decided
WHERE group_order.id = decided.order_id""")


# --- Who gets what ----------------------------------------------------------------------------------------------


class Ask(NamedTuple):
    """A line as the allocation sees it. `waiting`: its order is locked and its goods were not taken back; any other
    keeps what it has and asks for no more. `substituted`: shares it was given something else for."""

    order_id: uuid.UUID
    item_id: uuid.UUID
    household_id: uuid.UUID
    placed_at: Any
    waiting: bool
    quantity: int
    allocated: int | None
    substituted: int
    vulnerable: bool
    substitution: str

    @property
    def missing(self) -> int:
        return self.quantity - (self.allocated or 0) - self.substituted if self.waiting else 0

    def claim(self) -> Claim:
        asked = (self.allocated or 0) + self.missing
        return Claim(self.order_id, self.household_id, asked, self.placed_at, vulnerable=self.vulnerable)


def hold(campaign: Campaign) -> None:
    """Locks the orders that wait for their goods, in the order of their ids."""
    waiting = (Order.campaign_id == campaign.id) & (Order.status == OrderStatus.LOCKED)
    db.session.execute(select(Order.id).where(waiting).order_by(Order.id).with_for_update())


def given(campaign_id: uuid.UUID) -> Any:
    """A subselect of what lines were given instead: shares, and what they cost."""
    shares, fen = func.sum(SubstituteAnswer.given), func.sum(SubstituteAnswer.given * Substitute.price_fen)
    query = select(SubstituteAnswer.order_id, SubstituteAnswer.item_id, shares.label("shares"), fen.label("fen"))
    joined = query.join(Substitute, Substitute.id == SubstituteAnswer.substitute_id)
    chosen = joined.where(Substitute.campaign_id == campaign_id)
    return chosen.group_by(SubstituteAnswer.order_id, SubstituteAnswer.item_id).subquery()


def asks(campaign: Campaign) -> dict[uuid.UUID, list[Ask]]:
    """The lines of all orders that stand, by item: one statement."""
    instead = given(campaign.id)
    same = (instead.c.order_id == OrderLine.order_id) & (instead.c.item_id == OrderLine.item_id)
    query = (
        select(
            OrderLine.order_id,
            OrderLine.item_id,
            Order.household_id,
            Order.created_at,
            (Order.status == OrderStatus.LOCKED) & (OrderLine.fen > func.coalesce(instead.c.fen, 0)),
            OrderLine.quantity,
            OrderLine.allocated,
            func.coalesce(instead.c.shares, 0),
            or_(*[getattr(Household, flag) for flag in VULNERABLE]),
            OrderLine.substitution,
        )
        .join(Order, Order.id == OrderLine.order_id)
        .join(Household, Household.id == Order.household_id)
        .outerjoin(instead, same)
        .where(Order.campaign_id == campaign.id)
        .where(Order.status.not_in([OrderStatus.CANCELLED, OrderStatus.EXPIRED]))
    )
    found: dict[uuid.UUID, list[Ask]] = defaultdict(list)
    for row in db.session.execute(query):
        found[row.item_id].append(Ask(*row))
    return found


def give_out(campaign: Campaign, items: Sequence[CampaignItem], withheld: dict[uuid.UUID, int]) -> None:
    """Gives what has arrived and nobody has to the lines that wait, never taking any away; but for what a recall
    withholds. What is left over when all have what they asked for stays unallocated."""
    policy, asked = Policy(campaign.policy), asks(campaign)
    free = {item.id: item.arrived - withheld.get(item.id, 0) for item in items}
    changed = [new for item_id, came in free.items() for new in _shares(policy, item_id, came, asked[item_id])]
    if changed:
        order_ids, item_ids, shares = (list(column) for column in zip(*changed, strict=True))
        db.session.execute(ALLOCATE, {"orders": order_ids, "items": item_ids, "shares": shares})


def _shares(policy: Policy, item_id: uuid.UUID, came: int, lines: Sequence[Ask]) -> list[tuple[Any, Any, int]]:
    already = {line.order_id: line.allocated or 0 for line in lines}
    left = max(0, came - sum(already.values()))
    got = allocate(policy, left, [line.claim() for line in lines], already)
    return [(line.order_id, item_id, got[line.order_id]) for line in lines if line.allocated != got[line.order_id]]


# --- What becomes of the orders ---------------------------------------------------------------------------------


def settle(campaign: Campaign, actor: Actor, only: uuid.UUID | None = None) -> None:
    """The orders (or `only` one) for which all is decided are allocated, or refunded where they got nothing; what they
    miss is taken off and goes back. The caller holds the campaign and the orders."""
    last = campaign.all_arrived_at is not None
    db.session.flush()
    db.session.execute(DECIDE, {"campaign": campaign.id, "only": only, "last": last})
    decided = select(Order).where(Order.campaign_id == campaign.id, Order.status == OrderStatus.LOCKED)
    empty = advance_all(ORDER, decided.where(Order.allocation == "none"), "refund", actor)
    some = advance_all(ORDER, decided.where(Order.allocation.in_(["full", "part"])), "allocate", actor)
    _refuse_credit_while_asking(campaign)
    reprice(actor, _prices(campaign, {order.id: order for order, _ in [*empty, *some]}), "shortfall")


def _refuse_credit_while_asking(campaign: Campaign) -> None:
    """A credit is split among all that is missing, so all of it must be known."""
    waiting = (Order.campaign_id == campaign.id) & (Order.status == OrderStatus.LOCKED)
    if campaign.shortfall_fen is not None and db.session.scalar(select(exists().where(waiting))):
        raise Conflict("still_asking", "还有邻居没有答复换不换货，等答复或到期以后再登记供货商补的钱。")


def served(campaign: Campaign, orders: Iterable[uuid.UUID]) -> list["Served"]:
    """The lines of these orders: one statement."""
    instead = given(campaign.id)
    same = (instead.c.order_id == OrderLine.order_id) & (instead.c.item_id == OrderLine.item_id)
    query = (
        select(OrderLine, func.coalesce(instead.c.shares, 0), func.coalesce(instead.c.fen, 0))
        .outerjoin(instead, same)
        .where(OrderLine.order_id == any_(literal(list(orders), ARRAY(Uuid))))
        .order_by(OrderLine.order_id, OrderLine.item_id)
    )
    return [Served(*row) for row in db.session.execute(query, execution_options={"populate_existing": True})]


def _prices(campaign: Campaign, orders: dict[uuid.UUID, Order]) -> list[Price]:
    """What the lines cost that did not get all of what they asked for. One whose goods were taken back costs nothing
    more already."""
    lines = [line for line in served(campaign, orders) if line.row.fen > line.substituted_fen]
    short = [line for line in lines if line.missing or line.substituted]
    back = refunds(short, campaign.shortfall_fen)
    return [line.costs(orders[line.row.order_id], line.fen - back[line.key]) for line in short]


class Served(NamedTuple):
    """A line with the shares it was given something else for, and what those cost."""

    row: OrderLine
    substituted: int
    substituted_fen: int

    @property
    def key(self) -> Any:
        return self.row.order_id, self.row.item_id

    @property
    def missing(self) -> int:
        return self.row.quantity - (self.row.allocated or 0) - self.substituted

    @property
    def fen(self) -> int:
        """With nothing taken off for what is missing."""
        return (self.row.quantity - self.substituted) * self.row.price_fen + self.substituted_fen

    def costs(self, order: Order, fen: int) -> Price:
        """From now on. The subsidy keeps its part of the price, to the fen."""
        row = self.row
        return Price(order, row, fen, largest_remainder(fen, [row.subsidy_fen, row.price_fen - row.subsidy_fen])[0])


def refunds(lines: Iterable[Served], credit_fen: int | None) -> dict[Any, int]:
    """What each line gets back for what it misses: the price. Where the supplier gives a credit for the whole shortfall
    instead, the lines come to exactly that: those that got nothing pay nothing, and the rest of it is split among
    those that got a part."""
    nothing: list[Missing] = []
    part: list[Missing] = []
    for line in lines:
        into = part if line.missing < line.row.quantity else nothing
        into.append(Missing(line.key, line.row.price_fen, line.missing))
    if credit_fen is None:
        return shortfall_refunds([*nothing, *part])
    least, most = (sum(missing.fen for missing in found) for found in (nothing, [*nothing, *part]))
    if not least <= credit_fen <= most:
        detail = "供货商补的钱不能少于完全没分到的金额，也不能多于缺货的总金额。"
        raise DomainError("credit_out_of_bounds", detail, least_fen=least, most_fen=most)
    return {**shortfall_refunds(nothing), **shortfall_refunds(part, credit_fen - least)}
