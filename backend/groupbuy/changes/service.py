"""After the cut-off an order is no longer cancelled freely. A household may ask to leave it, and is let go, share by
share, as neighbours of the waiting list take it over and have paid; to transfer it to a neighbour, who accepts; or, in
hardship, to be released by the community, whose fund then bears what has been bought for it. Only while the order is
locked: once the goods are there, they are its own.
"""

import uuid
from typing import Any

from sqlalchemy import or_, select, text

from backend.core import audit
from backend.core.auth import HOUSE, Actor
from backend.core.errors import Conflict, DomainError, Forbidden, NotFound
from backend.core.models import within
from backend.core.permissions import Permission as P
from backend.core.workflow import advance
from backend.extensions import db
from backend.groupbuy import orders
from backend.groupbuy.changes import passing_on, waiting
from backend.groupbuy.changes.models import ChangeKind, ChangeRequest, ChangeStatus
from backend.groupbuy.changes.workflow import CHANGE, TRANSFER
from backend.groupbuy.models import Campaign, CampaignStatus, Order, OrderStatus, Terms
from backend.groupbuy.money import COMMUNITY_DIGITS
from backend.groupbuy.workflow import ORDER, orders_of
from backend.payments import service as payments
from backend.people.households import acted_for, homes_of

K, R, S = ChangeKind, ChangeStatus, OrderStatus
BOUGHT = frozenset({CampaignStatus.ORDERED, CampaignStatus.IN_TRANSIT})

HOLD_CAPS = text("""
SELECT 1 FROM household_share WHERE household_id IN (:one, :other) AND item_id = ANY(:items)
ORDER BY household_id, item_id FOR UPDATE""")


# --- Asking -----------------------------------------------------------------------------------------------------


def ask(
    actor: Actor, order_id: uuid.UUID, kind: str, reason: str, to_household_id: uuid.UUID | None = None
) -> ChangeRequest:
    """One request an order at a time. To leave is tried at once, and again whenever somebody joins the line."""
    order = orders.find(actor, order_id)
    orders.hold(order)
    if not orders_of([order], actor):
        actor.require(P.ORDER_FOR_OTHERS, order.place_code)
    _refuse_unless_locked(order)
    to_place = _taker(order, kind, to_household_id)
    change = ChangeRequest(
        order_id=order.id,
        campaign_id=order.campaign_id,
        household_id=order.household_id,
        place_code=order.place_code,
        kind=kind,
        to_household_id=to_household_id,
        to_place=to_place,
        asked_by=actor.id,
        reason=reason,
    )
    _record(actor, change)
    if kind == K.LEAVE:
        passing_on.pass_on(change, order)
    return change


def _refuse_unless_locked(order: Order) -> None:
    if order.status in (S.AWAITING_PAYMENT, S.PAID, S.ON_DELIVERY, S.SPONSORED):
        raise Conflict("cancel_instead", "还没有锁定：截单前请直接取消订单；刚截单请等付款时限结束后再申请。")
    if order.status != S.LOCKED:
        raise Conflict("too_late", "货已经到了或订单已结束，不能再退出或转让。有质量问题请提出异议。")


def _taker(order: Order, kind: str, to_household_id: uuid.UUID | None) -> str | None:
    """The place of the household that a transfer goes to."""
    if (kind == K.TRANSFER) != (to_household_id is not None):
        raise DomainError("transfer_to_whom", "转让要选择转给哪一户；其他申请不用选。")
    if to_household_id is None:
        return None
    if order.terms == Terms.SPONSORED:
        raise DomainError("sponsored", "由社区资助的订单不能转让，请联系社区。")
    if to_household_id == order.household_id:
        raise DomainError("to_oneself", "不能转给自己家，请选择另一户。")
    return _served_home(order.campaign_id, to_household_id)


def _served_home(campaign_id: uuid.UUID, household_id: uuid.UUID) -> str:
    place = db.session.execute(SERVED_HOME, {"campaign": campaign_id, "household": household_id}).scalar()
    if place is None:
        raise waiting.refusal("household_missing")
    return place


SERVED_HOME = text("""
SELECT h.place_code FROM household h WHERE h.id = :household AND EXISTS (
  SELECT FROM campaign_place p WHERE p.campaign_id = :campaign AND starts_with(h.place_code, p.place_code))""")


def _record(actor: Actor, change: ChangeRequest) -> None:
    open_now = (ChangeRequest.order_id == change.order_id) & (ChangeRequest.status == R.OPEN)
    if db.session.scalar(select(ChangeRequest.id).where(open_now)):
        raise Conflict("already_asked", "这个订单已有一项申请在办理，请等结果，或先撤回。")
    db.session.add(change)
    details = {"kind": change.kind, "order": str(change.order_id)}
    audit.record(
        "change_request", "ask", actor, change, new=R.OPEN, place_code=change.place_code, details=details
    ).reason = change.reason
    db.session.flush()


# --- Finding ----------------------------------------------------------------------------------------------------


def visible(actor: Actor) -> Any:
    """A select of the requests of the homes the actor acts for, of those offered to them, and of the community's."""
    mine = acted_for(actor)
    own = or_(ChangeRequest.household_id.in_(mine), ChangeRequest.to_household_id.in_(mine))
    helps = actor.scope(P.ORDER_FOR_OTHERS)
    helped = or_(within(ChangeRequest.place_code, helps), within(ChangeRequest.to_place, helps))
    return select(ChangeRequest).where(or_(own, helped))


def find(actor: Actor, change_id: uuid.UUID) -> ChangeRequest:
    change = db.session.scalars(visible(actor).where(ChangeRequest.id == change_id)).one_or_none()
    if change is None:
        raise NotFound("申请")
    return change


def _held(actor: Actor, change_id: uuid.UUID) -> tuple[ChangeRequest, Order]:
    """The request and its order, whose row is locked first, as everywhere."""
    change = find(actor, change_id)
    order = db.session.get_one(Order, change.order_id)
    orders.hold(order)
    return change, order


def withdraw(actor: Actor, change_id: uuid.UUID, revision: int) -> ChangeRequest:
    """As long as no neighbour is paying for a share."""
    change, order = _held(actor, change_id)
    if sum(passing_on.promised(order).values()):
        raise Conflict("being_taken", "有邻居正在付款接手，现在不能撤回。请等付款时限结束后再试。")
    advance(CHANGE, change, "withdraw", actor, revision=revision)
    return change


# --- A transfer -------------------------------------------------------------------------------------------------


def accept(actor: Actor, change_id: uuid.UUID, revision: int, consent: str | None = None) -> ChangeRequest:
    """The neighbour takes the order as it is, within the cap. Whoever paid has paid: what should go back later goes
    back to them, and what is still due is now the neighbour's to pay."""
    change, order = _held(actor, change_id)
    _refuse_unless_locked(order)
    _refuse_own(actor, change)
    basis = waiting.acting(actor, change.campaign_id, change.to_household_id, consent)[1]
    advance(TRANSFER, change, "accept", actor, revision=revision, details={"basis": basis or "own"})
    assert change.to_household_id and change.to_place
    _move_caps(order, change.to_household_id)
    payments.move_subject(actor, order.id, order.campaign_id, order.due_fen, order.household_id, change.to_household_id)
    order.household_id, order.place_code = change.to_household_id, change.to_place
    order.revision += 1
    details = {"from": str(change.household_id), "to": str(change.to_household_id)}
    audit.record("order", "transfer", actor, order, place_code=order.place_code, details=details)
    db.session.flush()
    return change


def _move_caps(order: Order, to_household_id: uuid.UUID) -> None:
    items = [line.item_id for line in order.lines]
    db.session.execute(HOLD_CAPS, {"one": order.household_id, "other": to_household_id, "items": items})
    for line in order.lines:
        wanted = {"household": to_household_id, "item": line.item_id, "quantity": line.quantity}
        if db.session.execute(passing_on.TAKE_CAP, wanted).first() is None:
            raise DomainError("over_cap", f"接手后会超过每户上限 {line.item.cap} {line.item.share_label}，不能接手。")
        db.session.execute(passing_on.LESS_CAP, {**wanted, "household": order.household_id})


def decline(actor: Actor, change_id: uuid.UUID, revision: int) -> ChangeRequest:
    change, _ = _held(actor, change_id)
    advance(TRANSFER, change, "decline", actor, revision=revision)
    return change


def _refuse_own(actor: Actor, change: ChangeRequest) -> None:
    """Nobody decides their own request, nor accepts for another what they have asked for themselves."""
    own = change.household_id in set(db.session.scalars(homes_of(actor)))
    if own or actor.id == change.asked_by:
        raise Forbidden("not_your_own", "自己提出的或自己家的申请，要由另一个人办理。")


# --- Hardship ---------------------------------------------------------------------------------------------------


def grant(actor: Actor, change_id: uuid.UUID, revision: int, reason: str | None) -> ChangeRequest:
    """The order is released and refunded. What has been bought for it by then is borne by the community's fund, to the
    fen, so that neither the organiser nor the neighbours pay for it."""
    change = find(actor, change_id)
    share = select(Campaign).where(Campaign.id == change.campaign_id).with_for_update(read=True)
    campaign = db.session.scalars(share, execution_options={"populate_existing": True}).one()
    change, order = _held(actor, change_id)
    _refuse_own(actor, change)
    _refuse_unless_locked(order)
    advance(CHANGE, change, "grant", actor, revision=revision, reason=reason)
    worth = order.total_fen
    advance(ORDER, order, "release", HOUSE, reason=reason)
    orders.undo([(order, S.LOCKED)], actor, "hardship")
    if campaign.status in BOUGHT:
        borne: list[Any] = [("fund", campaign.place_code[:COMMUNITY_DIGITS], worth), ("campaign", campaign.id, -worth)]
        payments.post("hardship", campaign.id, order.id, actor, borne)
    return change


def refuse(actor: Actor, change_id: uuid.UUID, revision: int, reason: str | None) -> ChangeRequest:
    change, _ = _held(actor, change_id)
    _refuse_own(actor, change)
    advance(CHANGE, change, "refuse", actor, revision=revision, reason=reason)
    return change
