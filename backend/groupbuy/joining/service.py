"""Pooling asks the host. Whoever may join for a neighbouring place asks; the organiser of the campaign, or the deputy,
accepts or refuses with a reason; only then may its households order. As long as orders are taken, for after the cut-off
what the supplier is asked for is settled."""

import uuid
from typing import Any

from sqlalchemy import or_, select

from backend.core import audit
from backend.core.auth import Actor
from backend.core.errors import Conflict, DomainError, Forbidden, NotFound
from backend.core.jobs import each_alone, job
from backend.core.models import within
from backend.core.permissions import Permission as P
from backend.core.workflow import Move, advance, advance_all, lock
from backend.extensions import db
from backend.groupbuy import campaigns
from backend.groupbuy.joining.models import JoinRequest, JoinStatus
from backend.groupbuy.joining.workflow import JOINED_WHILE, JOINING, refuse_unless_open
from backend.groupbuy.models import Campaign, CampaignPlace
from backend.groupbuy.workflow import led
from backend.places.service import place_named

NEIGHBOURHOOD_DIGITS = 9  # compounds of one subdistrict may pool their orders
ROUND = 500  # campaigns looked at in one round


def ask(actor: Actor, campaign_id: uuid.UUID, place_code: str, households: int, reason: str) -> JoinRequest:
    """For the organiser or the community of the place that would join, within one subdistrict; one open request a
    campaign and place."""
    actor.require(P.CAMPAIGN_JOIN, place_code, visible=P.PLACE_READ)
    place_named(place_code)
    campaign = campaigns.find(campaign_id)
    refuse_unless_open(campaign)
    _refuse_unless_neighbour(campaign, place_code)
    request = JoinRequest(
        campaign_id=campaign.id, place_code=place_code, households=households, asked_by=actor.id, reason=reason
    )
    _record(actor, request)
    return request


def _refuse_unless_neighbour(campaign: Campaign, place_code: str) -> None:
    if place_code[:NEIGHBOURHOOD_DIGITS] != campaign.place_code[:NEIGHBOURHOOD_DIGITS]:
        raise DomainError("not_a_neighbour", "只能加入同一街道的团购。")
    if any(place_code.startswith(served.place_code) for served in campaign.places):
        raise Conflict("already_joined", "这里的住户已经可以在这个团购下单。")


def _record(actor: Actor, request: JoinRequest) -> None:
    same = (JoinRequest.campaign_id == request.campaign_id) & (JoinRequest.place_code == request.place_code)
    if db.session.scalar(select(JoinRequest.id).where(same, JoinRequest.status == JoinStatus.OPEN)):
        raise Conflict("already_asked", "这里已经申请过，正在等团长答复；想改内容请先撤回。")
    db.session.add(request)
    details = {"campaign": str(request.campaign_id), "households": request.households}
    audit.record(
        "join_request", "ask", actor, request, new=JoinStatus.OPEN, place_code=request.place_code, details=details
    ).reason = request.reason
    db.session.flush()


def visible(actor: Actor) -> Any:
    """A select of the requests to the campaigns the actor organises, and of the places they may join for."""
    asked = within(JoinRequest.place_code, actor.scope(P.CAMPAIGN_JOIN))
    return select(JoinRequest).join(Campaign, Campaign.id == JoinRequest.campaign_id).where(or_(led(actor), asked))


def find(actor: Actor, request_id: uuid.UUID) -> JoinRequest:
    request = db.session.scalars(visible(actor).where(JoinRequest.id == request_id)).one_or_none()
    if request is None:
        raise NotFound("申请")
    return request


def accept(actor: Actor, request_id: uuid.UUID, revision: int, reason: str | None) -> JoinRequest:
    """From here on the households of the place may order. Whoever speaks for both places says both. The campaign's row
    is locked first: the cut-off comes before this or after it."""
    request = find(actor, request_id)
    lock(request.campaign)
    advance(JOINING, request, "accept", actor, revision=revision, reason=reason, check=_is_neighbour)
    served = CampaignPlace(campaign_id=request.campaign_id, place_code=request.place_code, joined_by=request.asked_by)
    db.session.add(served)
    audit.record("campaign", "join", actor, request.campaign, place_code=request.place_code)
    db.session.flush()
    return request


def _is_neighbour(request: JoinRequest, move: Move) -> None:
    """Still, and not yet served: a place around it may have joined meanwhile."""
    _refuse_unless_neighbour(request.campaign, request.place_code)


def refuse(actor: Actor, request_id: uuid.UUID, revision: int, reason: str | None) -> JoinRequest:
    """With a reason that the place can read. It may ask again: what spoke against it may have changed."""
    request = find(actor, request_id)
    advance(JOINING, request, "refuse", actor, revision=revision, reason=reason)
    return request


def withdraw(actor: Actor, request_id: uuid.UUID, revision: int) -> JoinRequest:
    """By whoever may ask for the place, also where another has asked."""
    request = find(actor, request_id)
    if not actor.may(P.CAMPAIGN_JOIN, request.place_code):
        raise Forbidden("not_the_asker", "只有提出申请的一方才能撤回；不同意请点“不同意”并写明原因。")
    advance(JOINING, request, "withdraw", actor, revision=revision)
    return request


@job("groupbuy.lapse_joining", every="*/5 * * * *", edge=False)
def lapse() -> None:
    """Nobody answers any more where no orders are taken any more."""
    over = select(JoinRequest.campaign_id).join(Campaign, Campaign.id == JoinRequest.campaign_id)
    over = over.where(JoinRequest.status == JoinStatus.OPEN, Campaign.status.not_in(JOINED_WHILE))
    each_alone(_lapse_of, over.distinct().limit(ROUND))


def _lapse_of(campaign_id: uuid.UUID) -> None:
    advance_all(JOINING, select(JoinRequest).where(JoinRequest.campaign_id == campaign_id), "lapse")
