"""The verbs of an arrival: what a truck brought, whether people may be woken for it, what the scales say."""

import uuid
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from backend.core import audit
from backend.core.auth import Actor
from backend.core.clock import SHANGHAI
from backend.core.errors import Conflict, DomainError, Forbidden, NotFound
from backend.core.permissions import Permission as P
from backend.core.workflow import advance, advance_all, lock
from backend.extensions import db
from backend.groupbuy import campaigns
from backend.groupbuy.arrivals import substitution
from backend.groupbuy.arrivals.models import Lot
from backend.groupbuy.arrivals.shortfall import Served, give_out, hold, served, settle
from backend.groupbuy.claims.recalls import withheld
from backend.groupbuy.handout.calling import QUIET_FROM, is_quiet, next_waking
from backend.groupbuy.models import Campaign, CampaignItem, Order
from backend.groupbuy.money import Price, reprice
from backend.groupbuy.pricing import weighed_difference, weighed_price
from backend.groupbuy.workflow import CAMPAIGN, ORDER

# What other packages do once goods have come (deliveries to make): called with the campaign's id, in its transaction.
on_arrival: list[Callable[[uuid.UUID], None]] = []


# --- A truck ----------------------------------------------------------------------------------------------------


def arrive(
    actor: Actor,
    campaign_id: uuid.UUID,
    revision: int,
    counts: Sequence[dict[str, Any]],
    last: bool = True,
    shortfall_fen: int | None = None,
    substitutes: Sequence[dict[str, Any]] = (),
) -> Campaign:
    """Records what a truck brought, lot by lot, and gives it out at once by the published policy.

    `last`: nothing more will come. What is missing then goes back in the same transaction: its price, or shares of
    the supplier's credit `shortfall_fen`. While more may come nothing is refunded, and an order that still waits for
    something stays locked: it is handed out once. What is more than was ordered stays unallocated.
    """
    campaign = campaigns.organised(actor, campaign_id)
    _refuse_senseless(counts, last, shortfall_fen)
    advance(CAMPAIGN, campaign, "arrive", actor, revision=revision, last=last, shortfall_fen=shortfall_fen)
    hold(campaign)
    give_out(campaign, _unload(campaign, counts), withheld(campaign.id))
    for offered in substitutes:
        substitution.put(actor, campaign, **offered)
    settle(campaign, actor)
    for react in on_arrival:
        react(campaign.id)
    db.session.flush()
    return campaign


def _refuse_senseless(counts: Sequence[dict[str, Any]], last: bool, shortfall_fen: int | None) -> None:
    lots = [(count["item_id"], count["lot"]) for count in counts]
    if len(set(lots)) < len(lots):
        raise DomainError("lot_twice", "同一种商品的同一批号出现了两次，请合并数量后重试。")
    if not counts and not last:
        raise DomainError("nothing_arrived", "请填写到了什么货；如果不会再来货，请选“全部到货”。")
    if shortfall_fen is not None and not last:
        raise DomainError("credit_too_early", "后面还有货要来，等最后一批到了再登记供货商补的钱。")


def _unload(campaign: Campaign, counts: Sequence[dict[str, Any]]) -> list[CampaignItem]:
    """A row for each lot; the campaign's items with what has arrived of them by now."""
    query = select(CampaignItem).where(CampaignItem.campaign_id == campaign.id).order_by(CampaignItem.position)
    items = {item.id: item for item in db.session.scalars(query, execution_options={"populate_existing": True})}
    part = (db.session.scalar(select(func.max(Lot.part)).where(Lot.campaign_id == campaign.id)) or 0) + 1
    for count in counts:
        if count["item_id"] not in items:
            raise NotFound("商品")
        item = items[count["item_id"]]
        item.arrived += count["quantity"]
        values = {"quantity": count["quantity"], "grams": count["grams"], "number": count["lot"], "part": part}
        db.session.add(Lot(campaign_id=campaign.id, item_id=item.id, arrived_at=func.clock_timestamp(), **values))
    db.session.flush()
    return list(items.values())


# --- Quiet hours ------------------------------------------------------------------------------------------------


def consent_to_wake(actor: Actor, campaign_id: uuid.UUID, reason: str) -> Campaign:
    """The community agrees that residents are called in the coming (or present) quiet hours, for a truck that is here
    or on its way. Never the organiser themselves."""
    campaign = campaigns.find(campaign_id)
    if not actor.may(P.QUIET_CONSENT, campaign.place_code):
        raise NotFound("团购")
    if actor.id in (campaign.organiser_id, campaign.deputy_id):
        raise Forbidden("separate_hands", "夜间发放要由社区的另一个人同意，团长不能自己同意。")
    now = lock(campaign)
    campaign.quiet_consent_until = _morning(now)
    if campaign.hand_out_from and campaign.hand_out_from > now:
        campaign.hand_out_from = now
    event = audit.record("campaign", "quiet_consent", actor, campaign, place_code=campaign.place_code)
    event.reason = reason
    db.session.flush()
    return campaign


def _morning(now: datetime) -> datetime:
    """The end of the quiet hours that are, or come next."""
    return next_waking(now if is_quiet(now) else datetime.combine(now.astimezone(SHANGHAI), QUIET_FROM, SHANGHAI))


# --- The scales -------------------------------------------------------------------------------------------------


def weigh(actor: Actor, campaign_id: uuid.UUID, revision: int, weights: Sequence[dict[str, Any]]) -> Campaign:
    """The price of what the scales show, before it is handed out. Within the campaign's threshold the difference is
    waived, beyond it all of it comes off. Nobody ever pays more: what is heavier than the shares bought costs no more
    than they did, and a second weighing never costs more than the first, since the money is on its way back. The
    subsidy keeps its part of the price. A line that has its share of a supplier's credit is not weighed any more."""
    campaign = campaigns.organised(actor, campaign_id)
    wanted = {(weight["order_id"], weight["item_id"]): weight["grams"] for weight in weights}
    if len(wanted) < len(weights):
        raise DomainError("weight_twice", "同一户的同一种商品登记了两次重量，请核对。")
    advance(CAMPAIGN, campaign, "weigh", actor, revision=revision)
    ids = {order_id for order_id, _ in wanted}
    found = select(Order).where(Order.campaign_id == campaign.id, Order.id.in_(ids))
    orders = {order.id: order for order, _ in advance_all(ORDER, found, "weigh", actor)}
    if ids - set(orders):
        raise Conflict("not_weighable", "有的订单还没有分配，或者已经领走，不能登记重量。请刷新名单后重试。")
    bought = {line.key: line for line in served(campaign, ids)}
    if set(wanted) - set(bought):
        raise NotFound("商品")
    prices = [_weighed(campaign, orders[key[0]], bought[key], grams) for key, grams in wanted.items()]
    reprice(actor, prices, "weighed")
    return campaign


def _weighed(campaign: Campaign, order: Order, line: Served, grams: int) -> Price:
    item, row = line.row.item, line.row
    if not item.weighed or not item.grams_per_share or not row.allocated:
        raise DomainError("not_weighed", f"{item.name}不按重量计价，或者这一户没有分到，不能登记重量。")
    if campaign.shortfall_fen is not None and line.missing:
        # The credit is for all that the lorry was short of, and the lines have come to exactly that. Weighed as well,
        # they would get back more than the supplier gives.
        detail = f"供货商补的钱已经按户分完，没有分足的{item.name}不再称重；分足的各户可以照常称重。"
        raise Conflict("credit_shared", detail)
    row.grams = grams
    ordered = row.allocated * row.price_fen
    actual = weighed_price(row.price_fen, item.grams_per_share, grams)
    lighter = max(0, weighed_difference(ordered, actual, campaign.waive_fen))
    return line.costs(order, min(row.fen, ordered - lighter + line.substituted_fen))


def at_work(actor: Actor, campaign_id: uuid.UUID) -> Campaign:
    """The campaign, for those who may know what came: who is in charge of it, or hands it out; else 404."""
    campaign = campaigns.find(campaign_id)
    if actor.id in (campaign.organiser_id, campaign.deputy_id) or actor.may(P.HANDOUT, campaign.place_code):
        return campaign
    raise NotFound("团购")
