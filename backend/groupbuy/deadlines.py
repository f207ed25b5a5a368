"""What the clock does: a campaign opens and is cut off, its books close, unpaid orders expire."""

import uuid

from backend.core.auth import HOUSE
from backend.core.jobs import job
from backend.core.transaction import database_now
from backend.core.workflow import advance
from backend.extensions import db
from backend.groupbuy import campaigns, orders
from backend.groupbuy.models import Campaign, CampaignStatus
from backend.groupbuy.workflow import CAMPAIGN


def _campaign(campaign_id: str) -> Campaign:
    return db.session.get_one(Campaign, uuid.UUID(campaign_id))


@job("groupbuy.open")
def open_campaign(campaign_id: str) -> None:
    campaign = _campaign(campaign_id)
    if campaign.status == CampaignStatus.PUBLISHED and campaign.opens_at <= database_now():
        advance(CAMPAIGN, campaign, "open", HOUSE)


@job("groupbuy.cut_off")
def cut_off(campaign_id: str) -> None:
    """An extension has enqueued another; this one then finds that it is too early."""
    campaign = _campaign(campaign_id)
    if campaign.status == CampaignStatus.OPEN and campaign.cut_off_at <= database_now():
        campaigns.cut_off(campaign)


@job("groupbuy.close_books")
def close_books(campaign_id: str) -> None:
    campaigns.close_books(_campaign(campaign_id))


@job("groupbuy.expire", every="* * * * *")
def expire() -> None:
    """Orders not paid for in time give their shares back."""
    orders.close(orders.overdue(), "expire", "expired")
