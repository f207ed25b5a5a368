"""The flow of a request to join: the place asks, the campaign's organiser or deputy answers."""

import uuid
from collections.abc import Sequence
from datetime import datetime

from backend.core.auth import Actor
from backend.core.errors import Conflict
from backend.core.permissions import Permission as P
from backend.core.workflow import Move, Step, Workflow
from backend.groupbuy.joining.models import JoinRequest, JoinStatus
from backend.groupbuy.models import Campaign, CampaignStatus
from backend.groupbuy.workflow import campaigns_of

J = JoinStatus
JOINED_WHILE = frozenset({CampaignStatus.PUBLISHED, CampaignStatus.OPEN})


def hosted(requests: Sequence[JoinRequest], actor: Actor) -> set[uuid.UUID]:
    """Those that ask to join a campaign the actor organises."""
    own = campaigns_of([request.campaign for request in requests], actor)
    return {request.id for request in requests if request.campaign_id in own}


def refuse_unless_open(campaign: Campaign) -> None:
    if campaign.status not in JOINED_WHILE:
        raise Conflict("not_open", "这个团购已经截单或取消，不能再加入。可以等下一次，或自己开一个团购。")


def _is_open(request: JoinRequest, now: datetime) -> None:
    refuse_unless_open(request.campaign)


def _answer(request: JoinRequest, move: Move) -> None:
    request.answer = move.reason


JOINING = Workflow(
    name="join_request",
    visible=P.PLACE_READ,
    place_of=lambda request: request.place_code,
    owned=hosted,
    steps=(
        Step("accept", {J.OPEN}, J.ACCEPTED, "同意一起团", guard=_is_open, effect=_answer, owner=True),
        Step("refuse", {J.OPEN}, J.REFUSED, "不同意", needs_reason=True, effect=_answer, owner=True),
        Step("withdraw", {J.OPEN}, J.WITHDRAWN, "撤回申请", P.CAMPAIGN_JOIN),
        Step("lapse", {J.OPEN}, J.LAPSED, "截单，没有答复"),
    ),
)
