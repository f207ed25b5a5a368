"""Orders that somebody brings to the door, for whoever organises the carrying."""

import uuid
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import func, select

from backend.core.auth import HOUSE
from backend.core.transaction import database_now
from backend.core.workflow import advance, lock
from backend.extensions import db
from backend.groupbuy.arrivals.models import Lot
from backend.groupbuy.campaigns import find
from backend.groupbuy.handout.models import Pickup
from backend.groupbuy.handout.service import may_go, waking
from backend.groupbuy.models import CampaignItem, Order, OrderLine, OrderStatus
from backend.groupbuy.workflow import HAD, ORDER
from backend.places.models import Household


class Arrival(NamedTuple):
    """What the last truck brought, and when people may be called to work on it."""

    place_code: str
    title: str
    part: int
    shares: int
    begins_at: datetime


class ToBring(NamedTuple):
    """A ready order and its door. `grams` as far as the scales or the item tell."""

    order_id: uuid.UUID
    household_id: uuid.UUID
    place_code: str
    floor: int | None
    room: str
    grams: int
    title: str
    begins_at: datetime


def arrival_of(campaign_id: uuid.UUID) -> Arrival:
    campaign = find(campaign_id)
    last = select(Lot.part, func.sum(Lot.quantity)).where(Lot.campaign_id == campaign.id).group_by(Lot.part)
    part, shares = db.session.execute(last.order_by(Lot.part.desc()).limit(1)).one_or_none() or (0, 0)
    return Arrival(campaign.place_code, campaign.title, part, shares, waking(campaign, database_now()))


def to_the_door(campaign_id: uuid.UUID) -> list[ToBring]:
    campaign = find(campaign_id)
    weight = func.coalesce(OrderLine.grams, OrderLine.allocated * CampaignItem.grams_per_share, 0)
    query = (
        select(Order.id, Household.id, Household.place_code, Household.floor, Household.room, func.sum(weight))
        .join(Household, Household.id == Order.household_id)
        .join(OrderLine, OrderLine.order_id == Order.id)
        .join(CampaignItem, CampaignItem.id == OrderLine.item_id)
        .where(Order.campaign_id == campaign.id, Order.delivery == "door", Order.status == OrderStatus.READY)
        .group_by(Order.id, Household.id)
    )
    begins = waking(campaign, database_now())
    return [ToBring(*found, campaign.title, begins) for found in db.session.execute(query)]


def brought(order_id: uuid.UUID, by: uuid.UUID) -> None:
    """Delivered, unless it has been handed out meanwhile; `by` is what the record names. The same rule for money as at
    the point."""
    order = db.session.get_one(Order, order_id)
    lock(order)
    if order.status not in HAD:
        advance(ORDER, order, "deliver", HOUSE, check=may_go, details={"left_with": "household", "by": str(by)})


def not_at_home(order_id: uuid.UUID, by: uuid.UUID) -> None:
    """Nobody opened: kept, as the stated rule says."""
    order: Any = db.session.get_one(Order, order_id)
    now = lock(order)
    if order.status == OrderStatus.READY:
        advance(ORDER, order, "miss", HOUSE, details={"by": str(by)})
        db.session.get_one(Pickup, order_id, with_for_update=True).missed_at = now
