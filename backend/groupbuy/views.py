"""What is shown of campaigns and orders: a page of them in a constant number of queries."""

import uuid
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from backend.core.auth import Actor
from backend.core.masking import mask_name
from backend.core.models import columns
from backend.core.permissions import Permission as P
from backend.core.transaction import database_now
from backend.core.workflow import allowed_actions
from backend.extensions import db
from backend.groupbuy.arrivals.allocation import Policy
from backend.groupbuy.handout.calling import keeping_sentence
from backend.groupbuy.models import Campaign, CampaignStatus, Order, OrderLine, OrderStatus
from backend.groupbuy.workflow import CAMPAIGN, NO_MORE, ORDER, orders_of
from backend.integrations.payments import online
from backend.payments import service as payments
from backend.people.service import user_names
from backend.places.models import Household

# What a page of each loads besides, one query apiece.
WITH_ITEMS = (selectinload(Campaign.items), selectinload(Campaign.places))
WITH_LINES = (selectinload(Order.lines).joinedload(OrderLine.item), selectinload(Order.campaign))


def campaigns(page: Sequence[Campaign]) -> list[dict[str, Any]]:
    """As everyone sees them."""
    names = user_names([campaign.organiser_id for campaign in page])
    return [_campaign(campaign, names) for campaign in page]


def own_campaigns(page: Sequence[Campaign], actor: Actor) -> list[dict[str, Any]]:
    """As whoever is in charge sees them, with what they may do now."""
    allowed = allowed_actions(CAMPAIGN, page, actor, database_now())
    return [
        {
            **shown,
            "organiser_id": campaign.organiser_id,
            "deputy_id": campaign.deputy_id,
            "approved": campaign.approved_by is not None,
            "locked_at": campaign.locked_at,
            "allowed_actions": allowed[campaign.id],
        }
        for campaign, shown in zip(page, campaigns(page), strict=True)
    ]


def _campaign(campaign: Campaign, names: dict[uuid.UUID, str]) -> dict[str, Any]:
    policy = Policy(campaign.policy)
    return {
        **columns(campaign),
        "organiser": mask_name(names[campaign.organiser_id]),
        "status_label": CampaignStatus(campaign.status).label,
        "policy_label": policy.label,
        "keeping_sentence": keeping_sentence(),
        "items": campaign.items,
        "places": [served.place_code for served in campaign.places],
    }


def orders(page: Sequence[Order], actor: Actor) -> list[dict[str, Any]]:
    """With what was paid, and what the actor may do now."""
    ids = [order.id for order in page]
    paid, allowed = payments.paid(ids), allowed_actions(ORDER, page, actor, database_now())
    own = orders_of(page, actor)
    homes = select(Household.id, Household.room).where(Household.id.in_({order.household_id for order in page}))
    rooms = {home_id: room for home_id, room in db.session.execute(homes)}
    return [
        {
            **columns(order),
            "title": order.campaign.title,
            "room": rooms[order.household_id],
            "status_label": OrderStatus(order.status).label,
            "paid_fen": paid.get(order.id, 0),
            "lines": [_line(line) for line in order.lines],
            "allowed_actions": [*allowed[order.id], *_asked_for(order, actor, order.id in own, paid[order.id])],
        }
        for order in page
    ]


def _asked_for(order: Order, actor: Actor, own: bool, paid_fen: int) -> list[str]:
    """What is no step of the order itself, but begins a payment of it, or a request to leave it or pass it on."""
    pay = own and online() and order.status not in NO_MORE and order.due_fen > paid_fen
    change = order.status == OrderStatus.LOCKED and (own or actor.may(P.ORDER_FOR_OTHERS, order.place_code))
    return ["pay"] * pay + ["change"] * change


def _line(line: OrderLine) -> dict[str, Any]:
    return {**columns(line), "name": line.item.name, "share_label": line.item.share_label}
