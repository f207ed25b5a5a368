"""What the clock does: a campaign opens and is cut off, its books close, unpaid orders expire."""

import uuid

from sqlalchemy import and_, func, or_, select

from backend.core.auth import HOUSE
from backend.core.jobs import each_alone, job
from backend.core.transaction import database_now
from backend.core.workflow import advance
from backend.extensions import db
from backend.groupbuy import campaigns, orders
from backend.groupbuy.models import Campaign, CampaignStatus, Order
from backend.groupbuy.workflow import CAMPAIGN

ROUND = 500  # campaigns looked at in one round; the rest waits for the next
AT_ONCE = 1000  # orders of one campaign that expire in one transaction


def _campaign(campaign_id: str) -> Campaign:
    return db.session.get_one(Campaign, uuid.UUID(campaign_id))


@job("groupbuy.open")
def open_campaign(campaign_id: str) -> None:
    campaign = _campaign(campaign_id)
    if campaign.status == CampaignStatus.PUBLISHED and campaign.opens_at <= database_now():
        advance(CAMPAIGN, campaign, "open", HOUSE)


@job("groupbuy.cut_off")
def cut_off(campaign_id: str) -> None:
    """An extension has enqueued another; this one then finds that it is too early. After a long outage the opening may
    still be ahead of it: one that nobody opens would never be cut off."""
    open_campaign(campaign_id)
    campaign = _campaign(campaign_id)
    if campaign.status == CampaignStatus.OPEN and campaign.cut_off_at <= database_now():
        campaigns.cut_off(campaign)


@job("groupbuy.close_books")
def close_books(campaign_id: str) -> None:
    campaigns.close_books(_campaign(campaign_id))


@job("groupbuy.overdue", every="* * * * *", edge=False)
def overdue() -> None:
    """The round behind these jobs: whatever they could not do in a long outage, campaign by campaign."""
    late = Campaign.cut_off_at + func.make_interval(0, 0, 0, 0, 0, Campaign.pay_minutes) < func.now()
    due = or_(
        and_(Campaign.status == CampaignStatus.PUBLISHED, Campaign.opens_at <= func.now()),
        and_(Campaign.status == CampaignStatus.OPEN, Campaign.cut_off_at <= func.now()),
        and_(Campaign.status == CampaignStatus.CUT_OFF, Campaign.locked_at.is_(None), late),
    )
    each_alone(_catch_up, select(Campaign.id).where(due).order_by(Campaign.id).limit(ROUND))


def _catch_up(campaign_id: uuid.UUID) -> None:
    """One act a round: books that close right after the cut-off would leave nobody the time to pay."""
    if _campaign(str(campaign_id)).status == CampaignStatus.CUT_OFF:
        close_books(str(campaign_id))
    else:
        cut_off(str(campaign_id))


@job("groupbuy.expire", every="* * * * *", edge=False)
def expire() -> None:
    """Orders not paid for in time give their shares back, campaign by campaign."""
    late = orders.overdue().with_only_columns(Order.campaign_id).distinct().limit(ROUND)
    each_alone(
        lambda campaign_id: orders.expire(orders.overdue().where(Order.campaign_id == campaign_id).limit(AT_ONCE)),
        late,
    )
