"""Full cases before the supplier is asked: who has said "one more is fine" gets one more, as far as a case needs it.

An offer is the consent; it is taken, first offered, first taken, only where it fills a case. Nobody is dropped to make
the cases come out even.
"""

import uuid
from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select, text

from backend.core import audit
from backend.core.auth import Actor
from backend.core.errors import Conflict, DomainError, NotFound
from backend.core.permissions import Permission as P
from backend.core.transaction import hot_row_last
from backend.core.workflow import lock
from backend.extensions import db
from backend.groupbuy import campaigns, orders
from backend.groupbuy.changes.models import ExtraOffer
from backend.groupbuy.models import Campaign, CampaignItem, CampaignStatus, Order, OrderLine, OrderStatus, Terms
from backend.groupbuy.money import Price, reprice
from backend.groupbuy.pricing import case_fill, who_could_fill
from backend.groupbuy.workflow import BEFORE_CUT_OFF, orders_of

TAKE = """
UPDATE campaign_item SET available = available - %s, sold = sold + %s
WHERE id = %s AND available >= %s RETURNING id"""
# How many more each household may have of an item.
ROOM = text("""
SELECT s.household_id, i.cap - s.quantity FROM household_share s JOIN campaign_item i ON i.id = s.item_id
WHERE s.item_id = :item AND s.household_id = ANY(:homes) ORDER BY s.household_id FOR UPDATE OF s""")
MORE_CAP = text("""
UPDATE household_share s SET quantity = s.quantity + m.extra FROM (
  SELECT o.household_id, sum(x.extra)::integer AS extra FROM unnest(CAST(:orders AS uuid[]), CAST(:extras AS integer[]))
    AS x (id, extra) JOIN group_order o ON o.id = x.id GROUP BY 1) m
WHERE s.household_id = m.household_id AND s.item_id = :item""")


def offer(actor: Actor, order_id: uuid.UUID, item_id: uuid.UUID, quantity: int) -> ExtraOffer:
    """So many more of what the household has ordered are fine, if they fill a case. Said anew, it replaces what was
    said before; until the orders are locked."""
    order = orders.find(actor, order_id)
    lock(order)
    if not orders_of([order], actor):
        actor.require(P.ORDER_FOR_OTHERS, order.place_code)
    if order.status not in BEFORE_CUT_OFF:
        raise Conflict("locked", "订单已经锁定，不能再改愿意多要的数量。")
    if order.terms == Terms.SPONSORED:
        raise DomainError("sponsored", "由社区资助的订单不能多要，请联系社区。")
    line = next((line for line in order.lines if line.item_id == item_id), None)
    if line is None:
        raise DomainError("item_missing", "只能对自己已订的商品表示愿意多要。")
    if line.quantity + quantity > line.item.cap:
        raise DomainError("over_cap", f"每户最多 {line.item.cap} {line.item.share_label}，请减少愿意多要的数量。")
    return _said(actor, order, item_id, quantity)


def _said(actor: Actor, order: Order, item_id: uuid.UUID, quantity: int) -> ExtraOffer:
    known = select(ExtraOffer).where(ExtraOffer.order_id == order.id, ExtraOffer.item_id == item_id)
    said = db.session.scalars(known).one_or_none()
    if said is None:
        said = ExtraOffer(order_id=order.id, item_id=item_id, quantity=quantity, taken=0, offered_by=actor.id)
        db.session.add(said)
    assert actor.id
    said.quantity, said.offered_by = quantity, actor.id
    details = {"item": str(item_id), "quantity": quantity}
    audit.record("order", "offer_extra", actor, order, place_code=order.place_code, details=details)
    db.session.flush()
    return said


def cases(actor: Actor, campaign_id: uuid.UUID) -> list[dict[str, Any]]:
    """For each item: how many are ordered, what that is in cases, and what the offers would make of it."""
    campaign = campaigns.organised(actor, campaign_id)
    offered = _offered([item.id for item in campaign.items])
    return [_case(item, offered.get(item.id, 0)) for item in campaign.items]


def _offered(item_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, int]:
    left = func.sum(ExtraOffer.quantity - ExtraOffer.taken)
    query = select(ExtraOffer.item_id, left).join(Order, Order.id == ExtraOffer.order_id)
    standing = query.where(ExtraOffer.item_id.in_(item_ids), Order.status.in_([*BEFORE_CUT_OFF, OrderStatus.LOCKED]))
    return {item_id: int(shares) for item_id, shares in db.session.execute(standing.group_by(ExtraOffer.item_id))}


def _case(item: CampaignItem, offered: int) -> dict[str, Any]:
    ordered = item.sold + item.reserved - item.kept
    full, over, short = case_fill(ordered, item.case_size)
    words = f"{item.case_size} {item.share_label}一箱，满 {full} 箱"
    return {
        "item_id": item.id,
        "name": item.name,
        "case_size": item.case_size,
        "ordered": ordered,
        "cases_full": full,
        "over": over,
        "short": short,
        "offered": offered,
        "fillable": 0 < short <= min(offered, item.available),
        "sentence": f"{words}，还差 {short} {item.share_label}凑满下一箱。" if short else f"{words}，正好。",
    }


def fill(actor: Actor, campaign_id: uuid.UUID, item_id: uuid.UUID) -> dict[str, Any]:
    """Takes offers up to what the last case is short of, and charges them at the price of the order; who has paid
    pays the difference online or when collecting. Before the supplier is asked. What it was before, and is now."""
    campaign = campaigns.organised(actor, campaign_id)
    lock(campaign)
    campaigns.require_organiser(actor, campaign)
    _refuse_unless_locked(campaign)
    item = next((item for item in campaign.items if item.id == item_id), None)
    if item is None:
        raise NotFound("商品")
    before = _case(item, _offered([item.id]).get(item.id, 0))
    taken = _choose(item, before["short"])
    _enlarge(actor, item, taken)
    details = {"item": str(item.id), "before": before["ordered"], "after": before["ordered"] + before["short"]}
    audit.record("campaign", "fill_case", actor, campaign, place_code=campaign.place_code, details=details)
    after = case_fill(details["after"], item.case_size)
    return {"before": before, "ordered": details["after"], "cases_full": after.cases_full, "households": len(taken)}


def _refuse_unless_locked(campaign: Campaign) -> None:
    if campaign.status != CampaignStatus.CUT_OFF or campaign.locked_at is None:
        raise Conflict("not_now", "截单并锁定以后、向供货商下单以前，才能凑整箱。")


def _choose(item: CampaignItem, short: int) -> dict[Order, tuple[ExtraOffer, int]]:
    """Whose offers fill the case: all of it, or nobody's."""
    if not short:
        raise Conflict("cases_full", "已经是整箱，不用再凑。")
    offers = _standing(item)
    chosen = who_could_fill(short, _within_caps(item, offers))
    if sum(chosen.values()) < short:
        some = sum(chosen.values())
        raise DomainError(
            "not_enough_offers", f"还差 {short} {item.share_label}，愿意多要的只有 {some} {item.share_label}，凑不满。"
        )
    return {offers[order_id][0]: (offers[order_id][1], extra) for order_id, extra in chosen.items()}


def _within_caps(item: CampaignItem, offers: dict[uuid.UUID, tuple[Order, ExtraOffer]]) -> dict[uuid.UUID, int]:
    """What each offer still comes to, two orders of one household under one cap."""
    homes = list({order.household_id for order, _ in offers.values()})
    room = {home: free for home, free in db.session.execute(ROOM, {"item": item.id, "homes": homes})}
    extras = {}
    for order_id, (order, said) in offers.items():
        extras[order_id] = min(said.quantity - said.taken, room[order.household_id])
        room[order.household_id] -= extras[order_id]
    return extras


def _standing(item: CampaignItem) -> dict[uuid.UUID, tuple[Order, ExtraOffer]]:
    """The offers of locked orders, by time; the orders' rows are locked in the order of their ids."""
    query = select(Order).join(ExtraOffer, ExtraOffer.order_id == Order.id).where(ExtraOffer.item_id == item.id)
    locked = query.where(Order.status == OrderStatus.LOCKED).order_by(Order.id).with_for_update(of=Order)
    found = {o.id: o for o in db.session.scalars(locked, execution_options={"populate_existing": True})}
    said = select(ExtraOffer).where(ExtraOffer.item_id == item.id, ExtraOffer.order_id.in_(found))
    return {each.order_id: (found[each.order_id], each) for each in db.session.scalars(said.order_by(ExtraOffer.id))}


def _enlarge(actor: Actor, item: CampaignItem, taken: dict[Order, tuple[ExtraOffer, int]]) -> None:
    lines = select(OrderLine).where(OrderLine.item_id == item.id, OrderLine.order_id.in_([o.id for o in taken]))
    prices = []
    for line in db.session.scalars(lines.order_by(OrderLine.order_id)):
        order = next(order for order in taken if order.id == line.order_id)
        said, extra = taken[order]
        said.taken += extra
        line.quantity += extra
        order.revision += 1
        prices.append(Price(order, line, line.quantity * line.price_fen, line.quantity * line.subsidy_fen))
        details = {"item": str(item.id), "quantity": extra}
        audit.record("order", "take_extra", actor, order, place_code=order.place_code, details=details)
    reprice(actor, prices, "case_filled")
    more = {order.id: extra for order, (_, extra) in taken.items()}
    db.session.execute(MORE_CAP, {"item": item.id, "orders": list(more), "extras": list(more.values())})
    shares = sum(more.values())
    hot_row_last(TAKE, (shares, shares, item.id, shares), _refuse_without_stock)


def _refuse_without_stock(answer: list[Any]) -> None:
    if not answer:
        raise Conflict("sold_out", "已到总量上限，凑不满这一箱。")
