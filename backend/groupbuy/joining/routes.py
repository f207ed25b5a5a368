"""Joining a campaign over HTTP: ask, answer, withdraw."""

from typing import Any
from uuid import UUID

from backend.core.contract import Blueprint
from backend.core.operation import current_actor, operation
from backend.core.pagination import page
from backend.core.permissions import Permission as P
from backend.core.schemas import ReasonSchema
from backend.groupbuy.joining import schemas as s
from backend.groupbuy.joining import service as joining
from backend.groupbuy.joining import views
from backend.groupbuy.joining.models import JoinRequest
from backend.groupbuy.schemas import RevisionSchema

blp = Blueprint("joining", __name__, url_prefix="/api/v1", description="邻近小区一起团 pooling with a neighbour")


def _request(request: JoinRequest) -> Any:
    return views.requests([request], current_actor())[0]


@blp.route("/campaigns/<uuid:campaign_id>/join-requests", methods=["POST"])
@operation("askToJoin", "申请一起团", "Ask to pool a neighbouring place's orders", needs=P.CAMPAIGN_JOIN, errors=(404,))
@blp.arguments(s.NewJoinSchema)
@blp.response(201, s.JoinRequestSchema)
def ask(body: dict, campaign_id: UUID) -> Any:
    return _request(joining.ask(current_actor(), campaign_id, **body))


@blp.route("/join-requests")
@operation("listJoinRequests", "一起团的申请", "The requests to join in my sight", needs=P.CAMPAIGN_JOIN)
@blp.arguments(s.JoinQuery, location="query")
@blp.response(200, s.JoinPageSchema)
def list_requests(query: dict) -> Any:
    chosen = joining.visible(current_actor()).options(*views.WITH_CAMPAIGN)
    if query["campaign"]:
        chosen = chosen.where(JoinRequest.campaign_id == query["campaign"])
    if query["status"]:
        chosen = chosen.where(JoinRequest.status == query["status"])
    found, following = page(chosen, JoinRequest.id, query["limit"], query["after"])
    return {"items": views.requests(found, current_actor()), "next": following}


@blp.route("/join-requests/<uuid:request_id>")
@operation("getJoinRequest", "一项一起团的申请", "One request to join", needs=P.CAMPAIGN_JOIN, errors=(404,))
@blp.response(200, s.JoinRequestSchema)
def get_request(request_id: UUID) -> Any:
    return _request(joining.find(current_actor(), request_id))


@blp.route("/join-requests/<uuid:request_id>/accept", methods=["POST"])
@operation("acceptJoining", "同意一起团", "Accept: its households may order", needs=P.CAMPAIGN_ORGANISE, errors=(404,))
@blp.arguments(ReasonSchema)
@blp.response(200, s.JoinRequestSchema)
def accept(body: dict, request_id: UUID) -> Any:
    return _request(joining.accept(current_actor(), request_id, **body))


@blp.route("/join-requests/<uuid:request_id>/refuse", methods=["POST"])
@operation("refuseJoining", "不同意一起团", "Refuse, with a reason", needs=P.CAMPAIGN_ORGANISE, errors=(404,))
@blp.arguments(ReasonSchema)
@blp.response(200, s.JoinRequestSchema)
def refuse(body: dict, request_id: UUID) -> Any:
    return _request(joining.refuse(current_actor(), request_id, **body))


@blp.route("/join-requests/<uuid:request_id>/withdraw", methods=["POST"])
@operation("withdrawJoining", "撤回一起团的申请", "Withdraw the request", needs=P.CAMPAIGN_JOIN, errors=(404,))
@blp.arguments(RevisionSchema)
@blp.response(200, s.JoinRequestSchema)
def withdraw(body: dict, request_id: UUID) -> Any:
    return _request(joining.withdraw(current_actor(), request_id, **body))
