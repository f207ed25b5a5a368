"""The verbs of a campaign: open it, keep its promises, end it."""

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, exists, func, or_, select

from backend.core import audit, jobs
from backend.core.audit import AuditEvent
from backend.core.auth import HOUSE, Actor
from backend.core.errors import Conflict, DomainError, Forbidden, NotFound
from backend.core.models import within
from backend.core.permissions import Permission as P
from backend.core.transaction import database_now
from backend.core.workflow import Move, advance, advance_all, lock, refuse_stale
from backend.extensions import db
from backend.groupbuy.arrivals.allocation import Policy
from backend.groupbuy.models import Campaign, CampaignItem, CampaignPlace, CampaignStatus, Order, OrderLine, OrderStatus
from backend.groupbuy.money import Price, reprice
from backend.groupbuy.orders import close, expire, settle_paid
from backend.groupbuy.pricing import threshold_met
from backend.groupbuy.workflow import BEFORE_CUT_OFF, CAMPAIGN, COMMITTED, ORDER, campaigns_of
from backend.people.service import holds
from backend.places.service import place_named

LONGEST, AHEAD = timedelta(days=14), timedelta(days=90)


# --- Finding ----------------------------------------------------------------------------------------------------


def public() -> Any:
    """A select of what everyone may see: what was once published, also where it was cancelled since. What was
    cancelled as a draft never was."""
    published = exists().where(AuditEvent.subject_id == Campaign.id, AuditEvent.action == "publish")
    shown = or_(Campaign.status != CampaignStatus.CANCELLED, published)
    return select(Campaign).where(Campaign.status != CampaignStatus.DRAFT, shown)


def at(place_code: str) -> Any:
    """A select of the campaigns whose households include those at the place: above it, it, or below it."""
    above = [place_code[:n] for n in (4, 6, 9, 12, 16, 20, 24) if n <= len(place_code)]
    served = select(CampaignPlace.campaign_id).where(
        or_(CampaignPlace.place_code.in_(above), within(CampaignPlace.place_code, [place_code]))
    )
    return public().where(Campaign.id.in_(served))


def in_charge_of(actor: Actor) -> Any:
    """A select of the campaigns the actor organises or may approve, drafts among them."""
    own = or_(Campaign.organiser_id == actor.id, Campaign.deputy_id == actor.id)
    return select(Campaign).where(or_(own, within(Campaign.place_code, actor.scope(P.CAMPAIGN_APPROVE))))


def find(campaign_id: uuid.UUID) -> Campaign:
    """A campaign that everyone may see; 404 for one that was never published."""
    campaign = db.session.scalars(public().where(Campaign.id == campaign_id)).one_or_none()
    if campaign is None:
        raise NotFound("团购")
    return campaign


def organised(actor: Actor, campaign_id: uuid.UUID) -> Campaign:
    """A campaign the actor is in charge of; else 404."""
    campaign = db.session.scalars(in_charge_of(actor).where(Campaign.id == campaign_id)).one_or_none()
    if campaign is None:
        raise NotFound("团购")
    return campaign


def require_organiser(actor: Actor, campaign: Campaign) -> None:
    """403 for all but its organiser and deputy, and for those whose post has ended."""
    if campaign.id not in campaigns_of([campaign], actor):
        raise Forbidden("not_organiser", "这一步只能由这个团购的团长或副团长办理。")


# --- Before it opens --------------------------------------------------------------------------------------------


def draft(actor: Actor, place_code: str, values: dict[str, Any], items: Sequence[dict[str, Any]]) -> Campaign:
    """A new campaign of the actor's at a place where they are an organiser. Nobody sees it before it is published."""
    actor.require(P.CAMPAIGN_ORGANISE, place_code, visible=P.PLACE_READ)
    place_named(place_code)
    sentence = Policy(values["policy"]).sentence
    campaign = Campaign(place_code=place_code, organiser_id=actor.id, policy_sentence=sentence, **values)
    _refuse_senseless(campaign)
    db.session.add(campaign)
    db.session.flush()
    db.session.add(CampaignPlace(campaign_id=campaign.id, place_code=place_code, joined_by=actor.id))
    _put_items(campaign, items)
    audit.record("campaign", "draft", actor, campaign, new=CampaignStatus.DRAFT, place_code=place_code)
    db.session.flush()
    return campaign


def redraft(
    actor: Actor, campaign_id: uuid.UUID, revision: int, values: dict[str, Any], items: Sequence[dict[str, Any]]
) -> Campaign:
    """Writes a draft anew. An approval was of what it said before, and is gone."""
    campaign = organised(actor, campaign_id)
    lock(campaign)
    refuse_stale(campaign, revision)
    require_organiser(actor, campaign)
    if campaign.status != CampaignStatus.DRAFT:
        raise Conflict("published", "公布以后不能再改，只能延长截单时间或降价。")
    with db.session.no_autoflush:  # what is senseless is refused in words, before the table's CHECKs see it
        for name, value in {**values, "policy_sentence": Policy(values["policy"]).sentence}.items():
            setattr(campaign, name, value)
        _refuse_senseless(campaign)
    campaign.approved_by = None
    campaign.revision += 1
    db.session.execute(delete(CampaignItem).where(CampaignItem.campaign_id == campaign.id))
    _put_items(campaign, items)
    audit.record("campaign", "redraft", actor, campaign, place_code=campaign.place_code)
    db.session.flush()
    db.session.refresh(campaign)
    return campaign


def _put_items(campaign: Campaign, items: Sequence[dict[str, Any]]) -> None:
    for position, item in enumerate(items, start=1):
        price = item["cost_fen"] + item["freight_fen"] + item["organiser_fen"]
        shares = {"total": item["total"], "available": item["total"], "price_fen": price}
        _refuse_senseless_item(position, item, price)
        db.session.add(CampaignItem(campaign_id=campaign.id, position=position, **{**item, **shares}))


def _refuse_senseless(campaign: Campaign) -> None:
    """What the table's CHECKs would refuse without saying it to a person."""
    wrong = (
        (campaign.cut_off_at <= campaign.opens_at, "cut_off_at", "截单时间要晚于开始时间。"),
        (campaign.cut_off_at <= database_now(), "cut_off_at", "截单时间已经过去。"),
        (campaign.opens_at - database_now() > AHEAD, "opens_at", "最多提前 90 天安排团购。"),
        (campaign.cut_off_at - campaign.opens_at > LONGEST, "cut_off_at", "团购最长开放 14 天。"),
        (campaign.at_once < campaign.batch_size, "at_once", "同时在场的人数不能少于每批叫号的人数。"),
        (campaign.deputy_id == campaign.organiser_id, "deputy_id", "副团长要是另一个人。"),
        (
            campaign.deputy_id is not None and not holds(campaign.deputy_id, P.CAMPAIGN_ORGANISE, campaign.place_code),
            "deputy_id",
            "副团长也要在这里担任团长，请先由社区任命。",
        ),
    )
    _refuse_first(wrong)


def _refuse_senseless_item(position: int, item: dict[str, Any], price: int) -> None:
    at = f"items/{position - 1}"
    wrong = (
        (price <= 0, f"{at}/cost_fen", "价格要大于 0。"),
        (item["subsidy_fen"] > price, f"{at}/subsidy_fen", "补贴不能多于价格。"),
        (item["cap"] > item["total"], f"{at}/cap", "每户上限不能多于总数。"),
        (item["weighed"] and not item["grams_per_share"], f"{at}/grams_per_share", "称重商品要填每份的克数。"),
    )
    _refuse_first(wrong)


def _refuse_first(wrong: Sequence[tuple[bool, str, str]]) -> None:
    for is_wrong, field, detail in wrong:
        if is_wrong:
            raise DomainError("invalid", detail, errors=[{"field": f"/{field}", "detail": detail}])


# --- Steps ------------------------------------------------------------------------------------------------------


def act(actor: Actor, campaign_id: uuid.UUID, action: str, revision: int, reason: str | None = None) -> Campaign:
    """`approve`, `order`, `dispatch`: a step that needs nothing else."""
    campaign = organised(actor, campaign_id)
    advance(CAMPAIGN, campaign, action, actor, revision=revision, reason=reason)
    return campaign


def publish(actor: Actor, campaign_id: uuid.UUID, revision: int) -> Campaign:
    """From here on the promise stands. The clock opens it, and cuts it off."""
    campaign = act(actor, campaign_id, "publish", revision)
    if campaign.opens_at <= database_now():
        advance(CAMPAIGN, campaign, "open", HOUSE)
    else:
        jobs.defer("groupbuy.open", at=campaign.opens_at, campaign_id=campaign.id)
    jobs.defer("groupbuy.cut_off", at=campaign.cut_off_at, campaign_id=campaign.id)
    return campaign


def extend(actor: Actor, campaign_id: uuid.UUID, revision: int, cut_off_at: datetime) -> Campaign:
    """The cut-off may only move later: nobody who counted on it is surprised."""
    campaign = organised(actor, campaign_id)

    def later(campaign: Campaign, move: Move) -> None:
        earlier = cut_off_at <= max(campaign.cut_off_at, move.now)
        _refuse_first(
            [
                (earlier, "cut_off_at", "截单时间只能往后改。"),
                (cut_off_at - campaign.opens_at > LONGEST, "cut_off_at", "团购最长开放 14 天。"),
            ]
        )
        move.data["details"] = {"from": campaign.cut_off_at.isoformat(), "to": cut_off_at.isoformat()}

    advance(CAMPAIGN, campaign, "extend", actor, revision=revision, check=later, cut_off_at=cut_off_at)
    jobs.defer("groupbuy.cut_off", at=cut_off_at, campaign_id=campaign.id)
    return campaign


def lower_price(
    actor: Actor, campaign_id: uuid.UUID, revision: int, item_id: uuid.UUID, parts: dict[str, int]
) -> Campaign:
    """A price only goes down, and for those who have ordered already too; each of its parts only goes down as well."""
    campaign = organised(actor, campaign_id)

    def lower(campaign: Campaign, move: Move) -> None:
        item = next((item for item in campaign.items if item.id == item_id), None)
        if item is None:
            raise NotFound("商品")
        new = sum(parts.values())
        _refuse_first(
            [
                (new >= item.price_fen, "cost_fen", "公布以后只能降价。"),
                (any(parts[name] > getattr(item, name) for name in parts), "organiser_fen", "各项费用都只能降低。"),
                (new <= 0 or new < item.subsidy_fen, "cost_fen", "价格不能低于补贴。"),
            ]
        )
        move.data["details"] = {"item": str(item_id), "from_fen": item.price_fen, "to_fen": new}

    advance(CAMPAIGN, campaign, "lower_price", actor, revision=revision, check=lower)
    orders = _standing(campaign)  # before the item: whoever pays holds an order and then wants the item
    item = next(item for item in campaign.items if item.id == item_id)
    for name, value in {**parts, "price_fen": sum(parts.values())}.items():
        setattr(item, name, value)
    _pass_on(actor, item, orders)
    return campaign


def _standing(campaign: Campaign) -> dict[uuid.UUID, Order]:
    """Its orders that nobody has ended, locked."""
    standing = _orders_of(campaign).where(Order.status.in_(BEFORE_CUT_OFF))
    found = db.session.scalars(standing.order_by(Order.id).with_for_update(of=Order))
    return {order.id: order for order in found}


def _pass_on(actor: Actor, item: CampaignItem, orders: dict[uuid.UUID, Order]) -> None:
    """The lower price for the orders placed before it."""
    lines = db.session.scalars(
        select(OrderLine)
        .where(OrderLine.item_id == item.id, OrderLine.order_id.in_(orders))
        .order_by(OrderLine.order_id)
    )
    prices = []
    for line in lines:
        line.price_fen = item.price_fen
        prices.append(Price(orders[line.order_id], line, line.quantity * item.price_fen, line.subsidised_fen))
    reprice(actor, prices, "price_lowered")
    settle_paid(list(orders.values()))


def cancel(actor: Actor, campaign_id: uuid.UUID, revision: int, reason: str | None) -> Campaign:
    """Everyone gets back what they paid."""
    campaign = organised(actor, campaign_id)
    advance(CAMPAIGN, campaign, "cancel", actor, revision=revision, reason=reason)
    close(_orders_of(campaign), "release", "campaign_cancelled")
    return campaign


# --- The clock --------------------------------------------------------------------------------------------------


def cut_off(campaign: Campaign) -> None:
    """The cut-off has come: no more orders. Those placed in time may still be paid for until their term is over."""
    advance(CAMPAIGN, campaign, "cut_off", HOUSE)
    term = timedelta(minutes=campaign.pay_minutes, seconds=1)
    jobs.defer("groupbuy.close_books", at=database_now() + term, campaign_id=campaign.id)


def close_books(campaign: Campaign) -> None:
    """The last payment term is over. Enough shares: every order is locked. Too few: the campaign fails, and everyone
    gets back what they paid. Where a payment begun in time has no answer yet, the round of the next minute does it."""
    lock(campaign)
    if campaign.status != CampaignStatus.CUT_OFF or campaign.locked_at:
        return
    expire(_orders_of(campaign))
    if db.session.scalar(select(_orders_of(campaign).where(Order.status == OrderStatus.AWAITING_PAYMENT).exists())):
        return
    if threshold_met(_shares(campaign), campaign.minimum_shares):
        advance_all(ORDER, _orders_of(campaign), "lock")
        campaign.locked_at = database_now()
        db.session.flush()
    else:
        advance(CAMPAIGN, campaign, "fail", HOUSE)
        close(_orders_of(campaign), "release", "campaign_failed")


def _orders_of(campaign: Campaign) -> Any:
    return select(Order).where(Order.campaign_id == campaign.id)


def _shares(campaign: Campaign) -> int:
    """How many shares are firmly ordered."""
    query = select(func.coalesce(func.sum(OrderLine.quantity), 0)).join(Order, Order.id == OrderLine.order_id)
    firm = (Order.campaign_id == campaign.id) & Order.status.in_(COMMITTED)
    return db.session.scalars(query.where(firm)).one()
