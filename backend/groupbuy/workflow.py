"""The flow of a campaign and of an order, as tables of Steps (DOMAIN section 4)."""

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import or_

from backend.core.auth import Actor
from backend.core.errors import Conflict, DomainError, Forbidden
from backend.core.models import within
from backend.core.permissions import Permission as P
from backend.core.workflow import Move, Step, Workflow
from backend.extensions import db
from backend.groupbuy.handout.calling import hand_out_from
from backend.groupbuy.models import Campaign, CampaignStatus, Order, OrderStatus
from backend.people.households import acted_for

C, S = CampaignStatus, OrderStatus


# --- A campaign -------------------------------------------------------------------------------------------------


def campaigns_of(campaigns: Sequence[Campaign], actor: Actor) -> set[uuid.UUID]:
    """Those that the actor organises, as long as they hold the post of an organiser there."""
    return {
        campaign.id
        for campaign in campaigns
        if actor.id in (campaign.organiser_id, campaign.deputy_id)
        and actor.may(P.CAMPAIGN_ORGANISE, campaign.place_code)
    }


def led(actor: Actor) -> Any:
    """The same as a condition on campaigns, for what may be seen of them."""
    own = or_(Campaign.organiser_id == actor.id, Campaign.deputy_id == actor.id)
    return own & within(Campaign.place_code, actor.scope(P.CAMPAIGN_ORGANISE))


def _still_time(campaign: Campaign, now: datetime) -> None:
    if campaign.cut_off_at <= now:
        raise DomainError("cut_off_past", "截单时间已经过去，请先改到将来的时间。")


def _is_subsidised(campaign: Campaign, now: datetime) -> None:
    if not any(item.subsidy_fen for item in campaign.items):
        raise DomainError("no_approval_needed", "这个团购没有补贴商品，不需要社区批准，可以直接公布。")


def _is_approved(campaign: Campaign, now: datetime) -> None:
    _still_time(campaign, now)
    if not campaign.items:
        raise DomainError("no_items", "还没有商品，请先添加商品再公布。")
    if campaign.approved_by is None and any(item.subsidy_fen for item in campaign.items):
        raise DomainError("approval_needed", "有补贴的商品要先由社区批准，请联系社区书记或社区工作者。")


def _is_locked(campaign: Campaign, now: datetime) -> None:
    if campaign.locked_at is None:
        raise DomainError("still_paying", "还有邻居在付款时限内，付款结束后才能向供货商下单。")


def _approve(campaign: Campaign, move: Move) -> None:
    if move.actor.id in (campaign.organiser_id, campaign.deputy_id):
        raise Forbidden("second_person", "自己负责的团购，补贴要由社区另一位工作人员批准。")
    campaign.approved_by = move.actor.id


def _extend(campaign: Campaign, move: Move) -> None:
    campaign.cut_off_at = move.data["cut_off_at"]


def _more_may_come(campaign: Campaign, now: datetime) -> None:
    if campaign.all_arrived_at:
        raise Conflict("all_arrived", "已经登记全部到货，没到的已经退款。多出来的货请先与社区商量怎样处理。")


def _sells_by_weight(campaign: Campaign, now: datetime) -> None:
    if not any(item.weighed for item in campaign.items):
        raise DomainError("nothing_weighed", "这个团购没有称重的商品，不需要登记重量。")


def _arrive(campaign: Campaign, move: Move) -> None:
    """At night the residents are not called, unless the community has agreed to be woken."""
    agreed = bool(campaign.quiet_consent_until and move.now < campaign.quiet_consent_until)
    campaign.arrived_at = campaign.arrived_at or move.now
    campaign.hand_out_from = hand_out_from(move.now, agreed)
    if move.data.get("last", True):
        campaign.all_arrived_at = move.now
        campaign.shortfall_fen = move.data.get("shortfall_fen")


def _settle(campaign: Campaign, move: Move) -> None:
    campaign.settled_at = move.now


NOT_YET_ORDERED = frozenset({C.DRAFT, C.PUBLISHED, C.OPEN, C.CUT_OFF})

CAMPAIGN = Workflow(
    name="campaign",
    visible=P.PLACE_READ,
    place_of=lambda campaign: campaign.place_code,
    owned=campaigns_of,
    steps=(
        Step("approve", {C.DRAFT}, C.DRAFT, "批准补贴", P.CAMPAIGN_APPROVE, guard=_is_subsidised, effect=_approve),
        Step("publish", {C.DRAFT}, C.PUBLISHED, "公布", guard=_is_approved, owner=True),
        Step("open", {C.PUBLISHED}, C.OPEN, "开始接龙"),
        Step("extend", {C.PUBLISHED}, C.PUBLISHED, "延长截单时间", effect=_extend, owner=True),
        Step("extend", {C.OPEN}, C.OPEN, "延长截单时间", guard=_still_time, effect=_extend, owner=True),
        Step("lower_price", {C.PUBLISHED}, C.PUBLISHED, "降价", owner=True),
        Step("lower_price", {C.OPEN}, C.OPEN, "降价", owner=True),
        Step("cut_off", {C.OPEN}, C.CUT_OFF, "截单"),
        Step("fail", {C.CUT_OFF}, C.FAILED, "未达到成团数量，全部退款"),
        Step("order", {C.CUT_OFF}, C.ORDERED, "向供货商下单", guard=_is_locked, owner=True),
        Step("dispatch", {C.ORDERED}, C.IN_TRANSIT, "货已发出", owner=True),
        Step("arrive", {C.ORDERED, C.IN_TRANSIT}, C.ARRIVED, "货已到", effect=_arrive, owner=True),
        Step("arrive", {C.ARRIVED}, C.ARRIVED, "又到一批", guard=_more_may_come, effect=_arrive, owner=True),
        Step("arrive", {C.HANDING_OUT}, C.HANDING_OUT, "又到一批", guard=_more_may_come, effect=_arrive, owner=True),
        Step("substitute", {C.ARRIVED}, C.ARRIVED, "换货", guard=_more_may_come, owner=True),
        Step("substitute", {C.HANDING_OUT}, C.HANDING_OUT, "换货", guard=_more_may_come, owner=True),
        Step("weigh", {C.ARRIVED}, C.ARRIVED, "称重", guard=_sells_by_weight, owner=True),
        Step("weigh", {C.HANDING_OUT}, C.HANDING_OUT, "称重", guard=_sells_by_weight, owner=True),
        Step("hand_out", {C.ARRIVED}, C.HANDING_OUT, "开始发放", owner=True),
        Step("hand_out", {C.HANDING_OUT}, C.HANDING_OUT, "新到的一批可以领取", owner=True),
        Step("settle", {C.HANDING_OUT}, C.SETTLED, "结算", effect=_settle, owner=True),
        Step("close", {C.SETTLED}, C.CLOSED, "结束"),
        Step("reopen", {C.SETTLED, C.CLOSED}, C.HANDING_OUT, "商品召回，重新结算"),
        Step(
            "cancel",
            {*NOT_YET_ORDERED, C.ORDERED},
            C.CANCELLED,
            "取消团购，全部退款",
            P.CAMPAIGN_APPROVE,
            needs_reason=True,
            owner=True,
        ),
        Step("recall", {C.IN_TRANSIT, C.ARRIVED, C.HANDING_OUT}, C.RECALLED, "全部召回"),
    ),
)


# --- An order ---------------------------------------------------------------------------------------------------


def orders_of(orders: Sequence[Order], actor: Actor) -> set[uuid.UUID]:
    """Those of a household the actor lives in, or which has agreed that the actor acts for it."""
    wanted = {order.household_id for order in orders}
    mine = set(db.session.scalars(acted_for(actor))) & wanted
    return {order.id for order in orders if order.household_id in mine}


def acting_for(actor: Actor) -> Any:
    """A condition on orders: the actor's own household's, or one's that has agreed."""
    return Order.household_id.in_(acted_for(actor))


COMMITTED = frozenset({S.PAID, S.ON_DELIVERY, S.SPONSORED})
BEFORE_CUT_OFF = frozenset({S.AWAITING_PAYMENT, *COMMITTED})
HAD = frozenset({S.COLLECTED, S.DELIVERED, S.DISPUTED, S.COMPLETED})
WITH_GOODS = frozenset({S.LOCKED, S.ALLOCATED, S.READY, S.NOT_COLLECTED, *HAD})
NO_MORE = frozenset({S.CANCELLED, S.EXPIRED, S.REFUNDED})  # no money is welcome any more
CLAIM_WITHIN = timedelta(hours=24)


def _had(order: Order, move: Move) -> None:
    order.handed_out_at = move.now


def _in_time(order: Order, now: datetime) -> None:
    if order.handed_out_at is None or now > order.handed_out_at + CLAIM_WITHIN:
        raise DomainError(
            "claim_too_late", "领取或送到后 24 小时内可以提出。现在已经过了时间，请直接联系社区帮您协调。"
        )


ORDER = Workflow(
    name="order",
    visible=P.PLACE_READ,
    place_of=lambda order: order.place_code,
    owned=orders_of,
    steps=(
        Step("pay", {S.AWAITING_PAYMENT}, S.PAID, "付清"),
        Step("expire", {S.AWAITING_PAYMENT}, S.EXPIRED, "逾期未付"),
        Step("cancel", BEFORE_CUT_OFF, S.CANCELLED, "取消订单", P.ORDER_FOR_OTHERS, owner=True),
        Step("lock", COMMITTED, S.LOCKED, "截单锁定"),
        # The campaign failed or was cancelled, the community granted a hardship, the waiting list took the share.
        Step("release", {*BEFORE_CUT_OFF, S.LOCKED}, S.CANCELLED, "退出并退款"),
        Step("allocate", {S.LOCKED}, S.ALLOCATED, "分配"),
        Step("weigh", {S.ALLOCATED}, S.ALLOCATED, "称重"),
        Step("weigh", {S.READY}, S.READY, "称重"),
        Step("refund", WITH_GOODS, S.REFUNDED, "全部退款"),
        Step("get_ready", {S.ALLOCATED}, S.READY, "可以领取"),
        Step("collect", {S.READY, S.NOT_COLLECTED}, S.COLLECTED, "领取", P.HANDOUT, effect=_had),
        Step("deliver", {S.READY, S.NOT_COLLECTED}, S.DELIVERED, "送到", P.HANDOUT, effect=_had),
        Step("miss", {S.READY}, S.NOT_COLLECTED, "未领取", P.HANDOUT),
        Step("give_up", {S.NOT_COLLECTED}, S.COMPLETED, "按公布的规则处理", P.HANDOUT, needs_reason=True),
        Step("dispute", HAD, S.DISPUTED, "提出异议", P.ORDER_FOR_OTHERS, guard=_in_time, owner=True),
        Step("resolve", {S.DISPUTED}, S.COMPLETED, "异议办结"),
        Step("complete", {S.COLLECTED, S.DELIVERED}, S.COMPLETED, "完成"),
        # Some of its goods are recalled: the order stays where it is, and nobody acts on what they saw before.
        *[Step("recall", {status}, status, "部分商品召回") for status in sorted(WITH_GOODS)],
    ),
)
