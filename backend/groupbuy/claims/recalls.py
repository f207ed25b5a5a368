"""The recall of a lot: hand-out stops, every household concerned is told and refunded, what is left is destroyed.

Which order got which lot is not written down. So a recall takes in every line that has shares of the item, but for
those whose household had its goods before the lot came: rather too many are told than too few. A line is taken back
whole, and for good.
"""

import uuid
from collections import defaultdict
from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select, update

from backend.core import audit
from backend.core.auth import HOUSE, Actor
from backend.core.errors import Conflict, DomainError, NotFound
from backend.core.models import within
from backend.core.permissions import Permission as P
from backend.core.photos import Photo
from backend.core.workflow import advance, advance_all, lock
from backend.extensions import db
from backend.groupbuy.arrivals.models import Lot
from backend.groupbuy.arrivals.shortfall import served
from backend.groupbuy.campaigns import organised, require_organiser
from backend.groupbuy.claims import photos as claim_photos
from backend.groupbuy.claims import service as claims
from backend.groupbuy.claims.models import Recall, RecallNotice, RecallStatus
from backend.groupbuy.claims.workflow import RECALL
from backend.groupbuy.models import Campaign, CampaignItem, Order, OrderLine, OrderStatus
from backend.groupbuy.money import COMMUNITY_DIGITS, Price, reprice
from backend.groupbuy.settlement import service as settlement
from backend.groupbuy.settlement.models import Settlement
from backend.groupbuy.workflow import CAMPAIGN, ORDER, WITH_GOODS, acting_for, led
from backend.payments import service as payments

GIVEN_UP = frozenset({OrderStatus.CANCELLED, OrderStatus.EXPIRED})  # what was given to them is there for others
EMPTY = GIVEN_UP | {OrderStatus.REFUNDED}


# --- What the hand-out asks -------------------------------------------------------------------------------------


def recalled_items(order_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, set[uuid.UUID]]:
    """The items of each of some orders that must not be handed out: one query for a page of them."""
    found: dict[uuid.UUID, set[uuid.UUID]] = defaultdict(set)
    query = select(RecallNotice.order_id, RecallNotice.item_id).where(RecallNotice.order_id.in_(order_ids))
    for order_id, item_id in db.session.execute(query):
        found[order_id].add(item_id)
    return found


def refuse_recalled(order: Order, item_ids: Collection[uuid.UUID] | None = None) -> None:
    """409 where one of the items to be handed over is recalled. Without `item_ids`, whatever may be handed over is
    meant: then only where nothing is left of the order. The caller holds the order."""
    recalled = recalled_items([order.id])[order.id]
    others = item_ids is None and any(line.item_id not in recalled and line.fen for line in order.lines)
    stopped = recalled if item_ids is None else recalled & set(item_ids)
    if stopped and not others:
        names = "、".join(line.item.name for line in order.lines if line.item_id in stopped)
        detail = f"{names}已召回，请不要发出，留在原处等待销毁；订单里的其他商品照常发放。"
        raise Conflict("recalled", detail, item_ids=[str(item_id) for item_id in sorted(stopped)])


def withheld(campaign_id: uuid.UUID) -> dict[uuid.UUID, int]:
    """Shares of each item that have come and that nobody may be given any more."""
    query = select(Recall.item_id, func.sum(Recall.withheld)).where(Recall.campaign_id == campaign_id)
    return {item_id: int(shares) for item_id, shares in db.session.execute(query.group_by(Recall.item_id))}


def handed_before(order_ids: Collection[uuid.UUID], at: datetime) -> None:
    """A paper list, entered late: these households had their goods before a recall that took them not to."""
    later = select(Recall.id).where(Recall.created_at > at)
    ticked = update(RecallNotice).where(RecallNotice.order_id.in_(order_ids), RecallNotice.recall_id.in_(later))
    db.session.execute(ticked.values(handed_out=True))


# --- Finding ----------------------------------------------------------------------------------------------------


def find(actor: Actor, campaign_id: uuid.UUID, recall_id: uuid.UUID) -> Recall:
    """For the organiser, the community and the helpers who hand out; 404 for everyone else."""
    recall = db.session.scalars(in_sight(actor).where(Recall.id == recall_id)).one_or_none()
    if recall is None or recall.campaign_id != campaign_id:
        raise NotFound("召回")
    return recall


def in_sight(actor: Actor) -> Any:
    """A select of the recalls of campaigns the actor organises, approves, or hands out."""
    posts = [*actor.scope(P.CAMPAIGN_APPROVE), *actor.scope(P.HANDOUT)]
    in_charge = or_(led(actor), within(Campaign.place_code, posts))
    return select(Recall).join(Campaign, Campaign.id == Recall.campaign_id).where(in_charge)


def notices_to(actor: Actor) -> Any:
    """A select of what the homes that the actor acts for have been told."""
    return select(RecallNotice).join(Order, Order.id == RecallNotice.order_id).where(acting_for(actor))


def notices_of(recall: Recall) -> list[RecallNotice]:
    query = select(RecallNotice).where(RecallNotice.recall_id == recall.id)
    return list(db.session.scalars(query.order_by(RecallNotice.place_code, RecallNotice.id)))


# --- Recalling --------------------------------------------------------------------------------------------------


def begin(actor: Actor, campaign_id: uuid.UUID, item_id: uuid.UUID, lot: str, reason: str) -> Recall:
    """Stops the lot, tells every household concerned and refunds it in full, those who have it already too: in one
    transaction, and in as many statements for 5,000 orders as for one."""
    campaign = organised(actor, campaign_id)
    lock(campaign)
    if not actor.may(P.CAMPAIGN_APPROVE, campaign.place_code):
        require_organiser(actor, campaign)
    came_at = _came_at(campaign, item_id, lot)
    _open_books(campaign)
    recall = Recall(campaign_id=campaign.id, item_id=item_id, lot=lot, reason=reason, opened_by=actor.id)
    db.session.add(recall)
    db.session.flush()
    audit.record("recall", "begin", actor, recall, new=recall.status, place_code=campaign.place_code)
    _take_back(actor, recall, came_at)
    _end_campaign(campaign)
    return recall


def _came_at(campaign: Campaign, item_id: uuid.UUID, lot: str) -> datetime:
    item = db.session.get(CampaignItem, item_id)
    if item is None or item.campaign_id != campaign.id:
        raise NotFound("商品")
    if db.session.scalar(select(Recall.id).where(Recall.item_id == item_id, Recall.lot == lot)):
        raise Conflict("already_recalled", "这个批号已经召回，请直接查看名单和销毁记录。")
    came_at = db.session.scalar(select(func.min(Lot.arrived_at)).where(Lot.item_id == item_id, Lot.number == lot))
    if came_at is None:
        raise DomainError("lot_unknown", "到货记录里没有这个批号，请核对包装上的批号。")
    return came_at


def _open_books(campaign: Campaign) -> None:
    """A settled campaign is not even any more: its settlement is taken back in the ledger, and made anew later. What
    the community had paid of the organiser's share before is no part of it, and stays paid."""
    if not CAMPAIGN.step(campaign.status, "reopen"):
        return
    advance(CAMPAIGN, campaign, "reopen", HOUSE)
    settled = db.session.get(Settlement, campaign.id)
    if settled is None:
        return
    share, surplus = settled.share_fen - settlement.share_paid(campaign.id), settled.surplus_fen
    if share or surplus:
        fund = campaign.place_code[:COMMUNITY_DIGITS]
        entries = [("campaign", campaign.id, -share - surplus), ("organiser", campaign.organiser_id, share)]
        payments.post("reopened", campaign.id, None, HOUSE, [*entries, ("fund", fund, surplus)])
    db.session.delete(settled)
    db.session.flush()


def _take_back(actor: Actor, recall: Recall, came_at: datetime) -> None:
    had = {order.id: order.handed_out_at is not None for order in claims.hold(_concerned(recall, came_at))}
    moved = advance_all(ORDER, select(Order).where(Order.id.in_(had)), "recall", actor, recall=str(recall.id))
    orders = {order.id: order for order, _ in moved}
    lines = [line for line in served(recall.campaign, orders) if line.row.item_id == recall.item_id]
    # A claim may have brought a line below what its substitutes cost: nothing is ever charged again.
    prices = [line.costs(orders[line.row.order_id], min(line.row.fen, line.substituted_fen)) for line in lines]
    notices = [_notice(recall, price, had[price.order.id]) for price in prices]
    recall.refunded_fen = sum(notice.refund_fen for notice in notices)
    recall.withheld = _withheld(recall)
    db.session.add_all(notices)
    reprice(actor, prices, "recalled")
    claims.cover([(line.row.order_id, line.row.item_id) for line in lines if line.row.fen == 0])
    undisputed = Order.status != OrderStatus.DISPUTED.value
    emptied = select(Order).where(Order.id.in_(orders), Order.total_fen == 0, undisputed)
    advance_all(ORDER, emptied, "refund", actor)


def _withheld(recall: Recall) -> int:
    """Of the lot, what nobody had been given: at most what was left over of the item."""
    given = select(func.sum(OrderLine.allocated)).join(Order, Order.id == OrderLine.order_id)
    given = given.where(OrderLine.item_id == recall.item_id, Order.status.not_in(GIVEN_UP))
    before = withheld(recall.campaign_id).get(recall.item_id, 0)
    left = recall.item.arrived - (db.session.scalar(given) or 0) - before
    return max(0, min(_came(recall), left))


def _came(recall: Recall) -> int:
    came = select(func.sum(Lot.quantity)).where(Lot.item_id == recall.item_id, Lot.number == recall.lot)
    return db.session.scalar(came) or 0


def _concerned(recall: Recall, came_at: datetime) -> set[uuid.UUID]:
    taken_back = select(RecallNotice.id).where(
        RecallNotice.order_id == OrderLine.order_id, RecallNotice.item_id == OrderLine.item_id
    )
    query = (
        select(Order.id)
        .join(OrderLine, OrderLine.order_id == Order.id)
        .where(
            Order.campaign_id == recall.campaign_id,
            Order.status.in_(WITH_GOODS),
            OrderLine.item_id == recall.item_id,
            OrderLine.allocated > 0,
            or_(Order.handed_out_at.is_(None), Order.handed_out_at >= came_at),
            ~taken_back.exists(),
        )
    )
    return set(db.session.scalars(query))


def _notice(recall: Recall, price: Price, had: bool) -> RecallNotice:
    """The substitutes that a line was given instead are not recalled, and stay paid for."""
    order, line = price.order, price.line
    return RecallNotice(
        recall_id=recall.id,
        order_id=order.id,
        item_id=line.item_id,
        household_id=order.household_id,
        place_code=order.place_code,
        quantity=line.allocated,
        grams=line.grams,
        handed_out=had,
        refund_fen=claims.own_part(line) - (price.fen - price.subsidised_fen),
    )


def _end_campaign(campaign: Campaign) -> None:
    """With everything recalled there is nothing left to hand out or to settle."""
    left = select(Order.id).where(Order.campaign_id == campaign.id, Order.status.not_in(EMPTY)).limit(1)
    if CAMPAIGN.step(campaign.status, "recall") and db.session.scalar(left) is None:
        advance(CAMPAIGN, campaign, "recall", HOUSE)
        for react in settlement.on_end:
            react(campaign.id)


# --- Destroying -------------------------------------------------------------------------------------------------


def destroy(
    actor: Actor, campaign_id: uuid.UUID, recall_id: uuid.UUID, revision: int, quantity: int, where: str
) -> Recall:
    """How much of the lot was destroyed, and where. Another person has to have seen it; see `witness`."""
    recall = find(actor, campaign_id, recall_id)
    most = _came(recall)
    if quantity > most:
        raise DomainError("more_than_came", f"这个批号只到了 {most} {recall.item.share_label}，请核对数量。", most=most)
    advance(RECALL, recall, "destroy", actor, revision=revision, quantity=quantity, where=where)
    return recall


def add_photo(actor: Actor, recall_id: uuid.UUID, data: bytes) -> Photo:
    """A photo of the destruction, by whoever sees the recall, until it is closed."""
    recall = db.session.scalars(in_sight(actor).where(Recall.id == recall_id)).one_or_none()
    if recall is None:
        raise NotFound("召回")
    if recall.status == RecallStatus.CLOSED:
        raise Conflict("closed", "这次召回已经办结，不能再加照片。")
    return claim_photos.for_recall(actor, recall, data)


def witness(actor: Actor, campaign_id: uuid.UUID, recall_id: uuid.UUID, revision: int) -> Recall:
    """A second person says that they saw it destroyed. That closes the recall."""
    recall = find(actor, campaign_id, recall_id)
    if not claim_photos.of_subjects([recall.id])[recall.id]:
        raise Conflict("photo_needed", "还没有销毁的照片，请记录销毁的人先上传照片。")
    advance(RECALL, recall, "witness", actor, revision=revision)
    return recall
