"""The waiting list, requests after the cut-off, and case fill over HTTP."""

from typing import Any
from uuid import UUID

from backend.core.contract import Blueprint
from backend.core.operation import SIGNED_IN, current_actor, operation
from backend.core.pagination import page
from backend.core.permissions import Permission as P
from backend.core.schemas import ReasonSchema
from backend.groupbuy.changes import case_fill, waiting
from backend.groupbuy.changes import schemas as s
from backend.groupbuy.changes import service as changes
from backend.groupbuy.changes import views as change_views
from backend.groupbuy.changes.models import ChangeRequest, Waiting
from backend.groupbuy.schemas import RevisionSchema

blp = Blueprint("changes", __name__, url_prefix="/api/v1", description="候补、退出与凑箱 waiting, changes, case fill")
IN_CHARGE = (P.CAMPAIGN_ORGANISE, P.CAMPAIGN_APPROVE)


def _waiting(entry: Waiting) -> Any:
    return change_views.waiting([entry], current_actor())[0]


def _change(change: ChangeRequest) -> Any:
    return change_views.changes([change], current_actor())[0]


# --- The waiting list -------------------------------------------------------------------------------------------


@blp.route("/campaigns/<uuid:campaign_id>/waiting", methods=["POST"])
@operation("joinWaiting", "登记候补", "Wait for an item that is sold out", needs=P.ORDER_PLACE, errors=(404,))
@blp.arguments(s.JoinWaitingSchema)
@blp.response(201, s.WaitingSchema)
def join_waiting(body: dict, campaign_id: UUID) -> Any:
    return _waiting(waiting.join(current_actor(), campaign_id, **body))


@blp.route("/campaigns/<uuid:campaign_id>/waiting")
@operation("listWaiting", "候补名单", "The waiting entries in my sight", needs=SIGNED_IN)
@blp.arguments(s.WaitingQuery, location="query")
@blp.response(200, s.WaitingPageSchema)
def list_waiting(query: dict, campaign_id: UUID) -> Any:
    chosen = waiting.of_campaign(current_actor(), campaign_id).options(*change_views.WITH_ITEM)
    if query["household"]:
        chosen = chosen.where(Waiting.household_id == query["household"])
    found, following = page(chosen, Waiting.id, query["limit"], query["after"])
    return {"items": change_views.waiting(found, current_actor()), "next": following}


@blp.route("/waiting/<uuid:entry_id>/leave", methods=["POST"])
@operation("leaveWaiting", "退出候补", "Leave the waiting list", needs=SIGNED_IN, errors=(404,))
@blp.arguments(RevisionSchema)
@blp.response(200, s.WaitingSchema)
def leave_waiting(body: dict, entry_id: UUID) -> Any:
    return _waiting(waiting.leave(current_actor(), entry_id, **body))


# --- Requests after the cut-off ---------------------------------------------------------------------------------


@blp.route("/orders/<uuid:order_id>/change-requests", methods=["POST"])
@operation("askForChange", "申请退出或转让", "Ask to leave or transfer a locked order", needs=SIGNED_IN, errors=(404,))
@blp.arguments(s.NewChangeSchema)
@blp.response(201, s.ChangeSchema)
def ask(body: dict, order_id: UUID) -> Any:
    return _change(changes.ask(current_actor(), order_id, **body))


@blp.route("/change-requests")
@operation("listChanges", "退出和转让申请", "The requests in my sight", needs=SIGNED_IN)
@blp.arguments(s.ChangeQuery, location="query")
@blp.response(200, s.ChangePageSchema)
def list_changes(query: dict) -> Any:
    chosen = changes.visible(current_actor())
    if query["order"]:
        chosen = chosen.where(ChangeRequest.order_id == query["order"])
    if query["status"]:
        chosen = chosen.where(ChangeRequest.status == query["status"])
    found, following = page(chosen, ChangeRequest.id, query["limit"], query["after"])
    return {"items": change_views.changes(found, current_actor()), "next": following}


@blp.route("/change-requests/<uuid:change_id>")
@operation("getChange", "一项申请", "One request", needs=SIGNED_IN, errors=(404,))
@blp.response(200, s.ChangeSchema)
def get_change(change_id: UUID) -> Any:
    return _change(changes.find(current_actor(), change_id))


@blp.route("/change-requests/<uuid:change_id>/accept", methods=["POST"])
@operation("acceptTransfer", "接手订单", "Take over a neighbour's order", needs=SIGNED_IN, errors=(404,))
@blp.arguments(s.AcceptTransferSchema)
@blp.response(200, s.ChangeSchema)
def accept(body: dict, change_id: UUID) -> Any:
    return _change(changes.accept(current_actor(), change_id, **body))


@blp.route("/change-requests/<uuid:change_id>/decline", methods=["POST"])
@operation("declineTransfer", "不接手", "Decline a neighbour's order", needs=SIGNED_IN, errors=(404,))
@blp.arguments(RevisionSchema)
@blp.response(200, s.ChangeSchema)
def decline(body: dict, change_id: UUID) -> Any:
    return _change(changes.decline(current_actor(), change_id, **body))


@blp.route("/change-requests/<uuid:change_id>/withdraw", methods=["POST"])
@operation("withdrawChange", "撤回申请", "Withdraw a request", needs=SIGNED_IN, errors=(404,))
@blp.arguments(RevisionSchema)
@blp.response(200, s.ChangeSchema)
def withdraw(body: dict, change_id: UUID) -> Any:
    return _change(changes.withdraw(current_actor(), change_id, **body))


@blp.route("/change-requests/<uuid:change_id>/grant", methods=["POST"])
@operation("grantHardship", "同意退出", "Release an order in hardship", needs=P.ORDER_SPONSOR, errors=(404,))
@blp.arguments(ReasonSchema)
@blp.response(200, s.ChangeSchema)
def grant(body: dict, change_id: UUID) -> Any:
    return _change(changes.grant(current_actor(), change_id, **body))


@blp.route("/change-requests/<uuid:change_id>/refuse", methods=["POST"])
@operation("refuseHardship", "不同意退出", "Refuse a request of hardship", needs=P.ORDER_SPONSOR, errors=(404,))
@blp.arguments(ReasonSchema)
@blp.response(200, s.ChangeSchema)
def refuse(body: dict, change_id: UUID) -> Any:
    return _change(changes.refuse(current_actor(), change_id, **body))


# --- Case fill --------------------------------------------------------------------------------------------------


@blp.route("/orders/<uuid:order_id>/extra-offers", methods=["POST"])
@operation("offerExtra", "愿意多要", "One more is fine, if it fills a case", needs=SIGNED_IN, errors=(404,))
@blp.arguments(s.NewExtraOfferSchema)
@blp.response(201, s.ExtraOfferSchema)
def offer(body: dict, order_id: UUID) -> Any:
    return case_fill.offer(current_actor(), order_id, **body)


@blp.route("/campaigns/<uuid:campaign_id>/case-fill")
@operation("getCaseFill", "凑整箱", "How far each item fills its cases", needs=IN_CHARGE, errors=(404,))
@blp.response(200, s.CaseFillsSchema)
def get_case_fill(campaign_id: UUID) -> Any:
    return {"items": case_fill.cases(current_actor(), campaign_id)}


@blp.route("/campaigns/<uuid:campaign_id>/case-fill", methods=["POST"])
@operation("fillCase", "用多要的凑满一箱", "Take offers to fill a case", needs=P.CAMPAIGN_ORGANISE, errors=(404,))
@blp.arguments(s.FillCaseSchema)
@blp.response(200, s.FilledCaseSchema)
def fill(body: dict, campaign_id: UUID) -> Any:
    return case_fill.fill(current_actor(), campaign_id, **body)
