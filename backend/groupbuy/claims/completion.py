"""What the clock does after the hand-out: orders are completed, campaigns closed, claims not left lying."""

from sqlalchemy import func, or_, select

from backend.core.jobs import each_alone, job
from backend.core.workflow import advance_all
from backend.groupbuy.claims import service as claims
from backend.groupbuy.claims.models import Claim
from backend.groupbuy.models import Campaign, CampaignStatus, Order, OrderStatus
from backend.groupbuy.workflow import CAMPAIGN, CLAIM_WITHIN, ORDER

ROUND = 500  # campaigns looked at in one round
OVER = frozenset({OrderStatus.COMPLETED, OrderStatus.CANCELLED, OrderStatus.EXPIRED, OrderStatus.REFUNDED})


@job("groupbuy.complete", every="*/5 * * * *", edge=False)
def complete() -> None:
    """Whoever has had their goods for a day without a claim is done. A claim holds the order `disputed`."""
    had = Order.status.in_({OrderStatus.COLLECTED, OrderStatus.DELIVERED})
    in_peace = select(Order).where(had, Order.handed_out_at < func.now() - CLAIM_WITHIN)
    each_alone(
        lambda campaign_id: advance_all(ORDER, in_peace.where(Order.campaign_id == campaign_id), "complete"),
        in_peace.with_only_columns(Order.campaign_id).distinct().limit(ROUND),
    )


@job("groupbuy.close_settled", every="*/10 * * * *", edge=False)
def close_settled() -> None:
    """A campaign is closed when it is settled, all its orders are over, and nobody can claim any more."""
    lately = Order.handed_out_at >= func.now() - CLAIM_WITHIN
    unfinished = select(Order.id).where(Order.campaign_id == Campaign.id, or_(Order.status.not_in(OVER), lately))
    settled = select(Campaign).where(Campaign.status == CampaignStatus.SETTLED.value, ~unfinished.exists())
    each_alone(
        lambda campaign_id: advance_all(CAMPAIGN, settled.where(Campaign.id == campaign_id), "close"),
        settled.with_only_columns(Campaign.id).limit(ROUND),
    )


@job("groupbuy.unanswered_claims", every="*/10 * * * *", edge=False)
def unanswered_claims() -> None:
    """Silence is an answer, campaign by campaign."""
    unanswered = select(Claim.campaign_id).where(Claim.answer_by <= func.now()).distinct().limit(ROUND)
    each_alone(claims.take_silence_for_an_answer, unanswered)
