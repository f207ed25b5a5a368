"""What is shown of an arrival: to those who hand out what came, to each household why it got what it got."""

import uuid
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from backend.core.money import yuan
from backend.core.transaction import database_now
from backend.extensions import db
from backend.groupbuy.arrivals.allocation import AWAITED, NOT_CHARGED, REFUNDED, Policy, explain
from backend.groupbuy.arrivals.models import Lot, Substitute, SubstituteAnswer
from backend.groupbuy.arrivals.substitution import instead
from backend.groupbuy.models import Campaign, CampaignItem, Order, OrderLine, OrderStatus
from backend.payments import service as payments

NOT_YET = "货还没有到。到货以后，这里会告诉您分到多少、为什么。"
INSTEAD = "没到的按您的选择换成下面的商品。"
OUT = "这张订单已取消，没有参加分配。"
ENDED = frozenset({OrderStatus.CANCELLED, OrderStatus.EXPIRED})
DIFFERENCES = frozenset({"shortfall", "weighed", "price_lowered"})
ASKED = "没到的可以换成别的，请在下面答复。"
WAITS = "您的订单还在等后面的货，等齐了再一起发放。"
# What becomes of a refund, by its state; money that came by hand goes back by hand.
STATES = {
    "pending": "正在退回",
    "sent": "正在退回",
    "unknown": "正在退回，结果核实中，不用重复申请",
    "succeeded": "已原路退回",
    "failed": "没有退成，社区会联系您退还现金",
}
BY_HAND = {"cash": "请向收款人领取现金", "transfer": "由收款人转账退给您", "community_transfer": "由社区转账退给您"}


# --- For those at work ------------------------------------------------------------------------------------------


def arrival(campaign: Campaign) -> dict[str, Any]:
    """What came, what is missing, what nobody ordered, and from when people may be called."""
    items = list(_of(CampaignItem, campaign, CampaignItem.position))
    return {
        "campaign_id": campaign.id,
        "status": campaign.status,
        "revision": campaign.revision,
        "hand_out_from": campaign.hand_out_from,
        "all_arrived": campaign.all_arrived_at is not None,
        "items": [_item(item) for item in items],
        "lots": list(_of(Lot, campaign, Lot.id)),
        "substitutes": list(_of(Substitute, campaign, Substitute.id)),
        "notes": [_surplus(item) for item in items if item.arrived > item.sold],
    }


def _of(model: Any, campaign: Campaign, order: Any) -> Any:
    return db.session.scalars(select(model).where(model.campaign_id == campaign.id).order_by(order))


def _item(item: CampaignItem) -> dict[str, Any]:
    short, surplus = max(0, item.sold - item.arrived), max(0, item.arrived - item.sold)
    return {"item_id": item.id, "name": item.name, "share_label": item.share_label, "ordered": item.sold,
            "arrived": item.arrived, "short": short, "surplus": surplus}  # fmt: skip


def _surplus(item: CampaignItem) -> str:
    return f"{item.name}多到 {item.arrived - item.sold} {item.share_label}，没有分配，请与社区商量怎样处理。"


# --- For the household ------------------------------------------------------------------------------------------


def explanation(order: Order) -> dict[str, Any]:
    """Why this household got what it got, what was given instead, and what becomes of its money."""
    offered = instead([order.id])
    sentences = [OUT, *_refunds(order)] if order.status in ENDED else [NOT_YET]
    if order.campaign.arrived_at and order.status not in ENDED:
        sentences = _sentences(order, offered)
    return {
        "order_id": order.id,
        "allocation": order.allocation,
        "sentences": sentences,
        "questions": [_question(answer, substitute) for answer, substitute in _open(order, offered)],
    }


def _sentences(order: Order, offered: Sequence[Any]) -> list[str]:
    given_back = _refunds(order)
    lines = {line.item_id: line for line in db.session.scalars(_lines(order))}
    why = [_why(order, line, offered, bool(given_back)) for line in lines.values()]
    weights = [_weight(line) for line in lines.values() if line.grams]
    told = [_told(answer, substitute, lines[answer.item_id]) for answer, substitute in offered]
    waits = [WAITS] if order.status == OrderStatus.LOCKED else []
    return [*why, *weights, *filter(None, told), *given_back, *waits]


def _lines(order: Order) -> Any:
    query = select(OrderLine).where(OrderLine.order_id == order.id).options(joinedload(OrderLine.item))
    return query.order_by(OrderLine.item_id)


def _why(order: Order, line: OrderLine, offered: Sequence[Any], refunded: bool) -> str:
    item, asked = line.item, {answer.item_id for answer, _ in _open(order, offered)}
    given = any(answer.given for answer, _ in offered if answer.item_id == line.item_id)
    then = REFUNDED if refunded else NOT_CHARGED
    if order.status == OrderStatus.LOCKED and line.fen:  # nothing is awaited for what was taken back
        then = AWAITED
    if given:
        then = INSTEAD
    if line.item_id in asked:
        then = ASKED
    got = line.allocated or 0
    short = max(item.sold - item.arrived, line.quantity - got)
    return explain(Policy(order.campaign.policy), item.name, item.share_label, line.quantity, got, short, then)


def _weight(line: OrderLine) -> str:
    item = line.item
    price = f"每{item.share_label}（{item.grams_per_share} 克）¥{yuan(line.price_fen)}"
    return f"{item.name}实称 {line.grams} 克，{price}，共 ¥{yuan(line.fen)}；重了不加钱。"


def _told(answer: SubstituteAnswer, substitute: Substitute, line: OrderLine) -> str:
    label = line.item.share_label
    if answer.given:
        return f"换给您 {answer.given} {label}{substitute.name}，每{label} ¥{yuan(substitute.price_fen)}，差价退给您。"
    if answer.answer == "accept":
        return f"{substitute.name}已经换完，没能换给您，没到的退款。"
    if answer.answer == "lapsed":
        return f"到期没有收到您的答复，没有换成{substitute.name}，没到的退款。"
    return f"您没有换{substitute.name}，没到的退款。" if answer.answer == "refuse" else ""


def _refunds(order: Order) -> list[str]:
    """Each under its own number, as the person finds it at the provider."""
    query = select(payments.Refund).join(payments.Payment, payments.Payment.id == payments.Refund.payment_id)
    found = query.where(payments.Payment.subject_id == order.id).order_by(payments.Refund.id)
    return [
        f"{'差额' if refund.cause in DIFFERENCES else '退款'} ¥{yuan(refund.amount_fen)} {_state(refund)}，"
        f"退款单号 {refund.number}。"
        for refund in db.session.scalars(found)
    ]


def _state(refund: Any) -> str:
    by_hand = BY_HAND.get(refund.method) if refund.status == "pending" else None
    return by_hand or STATES[refund.status]


def _open(order: Order, offered: Sequence[Any]) -> list[tuple[SubstituteAnswer, Substitute]]:
    if order.status != OrderStatus.LOCKED:
        return []
    now = database_now()
    return [(answer, sub) for answer, sub in offered if answer.answer is None and sub.answer_by > now]


def _question(answer: SubstituteAnswer, substitute: Substitute) -> dict[str, Any]:
    return {"substitute_id": substitute.id, "item_id": answer.item_id, "name": substitute.name,
            "price_fen": substitute.price_fen, "remaining": substitute.remaining,
            "answer_by": substitute.answer_by}  # fmt: skip


def substitutes_of(order_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, list[tuple[str, int]]]:
    """What each of a page of orders is handed out instead: names and shares. For the lists of the hand-out."""
    found: dict[uuid.UUID, list[tuple[str, int]]] = {order_id: [] for order_id in order_ids}
    for answer, substitute in instead(order_ids):
        if answer.given:
            found[answer.order_id].append((substitute.name, answer.given))
    return found
