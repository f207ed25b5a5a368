"""Claims and recalls over HTTP."""

from typing import Any
from uuid import UUID

from backend.core.contract import Blueprint
from backend.core.operation import SIGNED_IN, current_actor, operation
from backend.core.pagination import PageQuery, page
from backend.core.permissions import Permission as P
from backend.groupbuy.claims import recalls, views
from backend.groupbuy.claims import schemas as s
from backend.groupbuy.claims import service as claims
from backend.groupbuy.claims.models import Claim, Recall, RecallNotice
from backend.groupbuy.schemas import RevisionSchema

blp = Blueprint("claims", __name__, url_prefix="/api/v1", description="异议与召回 claims and recalls")
RECALLS = (P.CAMPAIGN_ORGANISE, P.CAMPAIGN_APPROVE)


@blp.route("/orders/<uuid:order_id>/claims", methods=["POST"])
@operation("fileClaim", "提出异议", "Say what was wrong, within 24 hours", needs=SIGNED_IN, errors=(404,))
@blp.arguments(s.NewClaimSchema)
@blp.response(201, s.ClaimSchema)
def file(body: dict, order_id: UUID) -> Any:
    return _claim(claims.file(current_actor(), order_id, **body))


@blp.route("/orders/<uuid:order_id>/claims")
@operation("listOrderClaims", "订单的异议", "The claims on an order", needs=SIGNED_IN, errors=(404,))
@blp.arguments(PageQuery, location="query")
@blp.response(200, s.ClaimPageSchema)
def list_of_order(query: dict, order_id: UUID) -> Any:
    return _claims(claims.of_order(current_actor(), order_id), query)


@blp.route("/campaigns/<uuid:campaign_id>/claims")
@operation(
    "listCampaignClaims", "团购的异议", "The claims of a campaign, for those with a part in them", needs=SIGNED_IN
)
@blp.arguments(PageQuery, location="query")
@blp.response(200, s.ClaimPageSchema)
def list_of_campaign(query: dict, campaign_id: UUID) -> Any:
    return _claims(claims.of_campaign(current_actor(), campaign_id), query)


@blp.route("/claims/<uuid:claim_id>")
@operation("getClaim", "一项异议", "One claim", needs=SIGNED_IN, errors=(404,))
@blp.response(200, s.ClaimSchema)
def get(claim_id: UUID) -> Any:
    return _claim(claims.find(current_actor(), claim_id))


@blp.route("/claims/<uuid:claim_id>/accept", methods=["POST"])
@operation("acceptClaim", "同意退款", "Refund so much: the organiser, or the community's ruling", needs=RECALLS)
@blp.arguments(s.ClaimAmountSchema)
@blp.response(200, s.ClaimSchema)
def accept(body: dict, claim_id: UUID) -> Any:
    return _act(claim_id, "accept", body)


@blp.route("/claims/<uuid:claim_id>/offer", methods=["POST"])
@operation("offerOnClaim", "提出退款金额", "Offer so much", needs=P.CAMPAIGN_ORGANISE)
@blp.arguments(s.ClaimAmountSchema)
@blp.response(200, s.ClaimSchema)
def offer(body: dict, claim_id: UUID) -> Any:
    return _act(claim_id, "offer", body)


@blp.route("/claims/<uuid:claim_id>/decline", methods=["POST"])
@operation("declineClaim", "不同意", "Decline, with a reason; the community may be asked", needs=P.CAMPAIGN_ORGANISE)
@blp.arguments(s.ClaimStepSchema)
@blp.response(200, s.ClaimSchema)
def decline(body: dict, claim_id: UUID) -> Any:
    return _act(claim_id, "decline", body)


@blp.route("/claims/<uuid:claim_id>/agree", methods=["POST"])
@operation("agreeToOffer", "接受提出的金额", "Take what was offered", needs=SIGNED_IN, errors=(404,))
@blp.arguments(s.ClaimStepSchema)
@blp.response(200, s.ClaimSchema)
def agree(body: dict, claim_id: UUID) -> Any:
    return _act(claim_id, "agree", body)


@blp.route("/claims/<uuid:claim_id>/escalate", methods=["POST"])
@operation("escalateClaim", "请社区裁定", "Ask the community to decide", needs=SIGNED_IN, errors=(404,))
@blp.arguments(s.ClaimStepSchema)
@blp.response(200, s.ClaimSchema)
def escalate(body: dict, claim_id: UUID) -> Any:
    return _act(claim_id, "escalate", body)


@blp.route("/claims/<uuid:claim_id>/withdraw", methods=["POST"])
@operation("withdrawClaim", "撤回异议", "Withdraw a claim", needs=SIGNED_IN, errors=(404,))
@blp.arguments(s.ClaimStepSchema)
@blp.response(200, s.ClaimSchema)
def withdraw(body: dict, claim_id: UUID) -> Any:
    return _act(claim_id, "withdraw", body)


@blp.route("/claims/<uuid:claim_id>/refuse", methods=["POST"])
@operation("refuseClaim", "裁定不退", "Rule that nothing is refunded", needs=P.CAMPAIGN_APPROVE)
@blp.arguments(s.ClaimStepSchema)
@blp.response(200, s.ClaimSchema)
def refuse(body: dict, claim_id: UUID) -> Any:
    return _act(claim_id, "refuse", body)


def _act(claim_id: UUID, action: str, body: dict) -> Any:
    return _claim(claims.act(current_actor(), claim_id, action, **body))


def _claim(claim: Claim) -> Any:
    return views.of_claims([claim], current_actor())[0]


def _claims(chosen: Any, query: dict) -> Any:
    found, following = page(chosen.options(*views.WITH_ITEM), Claim.id, query["limit"], query["after"])
    return {"items": views.of_claims(found, current_actor()), "next": following}


# --- Recalls ----------------------------------------------------------------------------------------------------


@blp.route("/campaigns/<uuid:campaign_id>/recalls", methods=["POST"])
@operation("recallLot", "召回一个批号", "Recall a lot: stop it, tell everyone, refund them", needs=RECALLS)
@blp.arguments(s.NewRecallSchema)
@blp.response(201, s.RecallListSchema)
def recall(body: dict, campaign_id: UUID) -> Any:
    return views.with_doors(recalls.begin(current_actor(), campaign_id, **body), current_actor())


@blp.route("/campaigns/<uuid:campaign_id>/recalls")
@operation("listCampaignRecalls", "团购的召回", "The recalls of a campaign", needs=P.HANDOUT)
@blp.arguments(PageQuery, location="query")
@blp.response(200, s.RecallPageSchema)
def list_recalls(query: dict, campaign_id: UUID) -> Any:
    chosen = recalls.in_sight(current_actor()).where(Recall.campaign_id == campaign_id)
    found, following = page(chosen.options(*views.OF_ITEM), Recall.id, query["limit"], query["after"])
    return {"items": views.of_recalls(found, current_actor()), "next": following}


@blp.route("/campaigns/<uuid:campaign_id>/recalls/<uuid:recall_id>")
@operation("getRecall", "召回名单（按单元）", "One recall, with its doors by stairwell", needs=P.HANDOUT, errors=(404,))
@blp.response(200, s.RecallListSchema)
def get_recall(campaign_id: UUID, recall_id: UUID) -> Any:
    return views.with_doors(recalls.find(current_actor(), campaign_id, recall_id), current_actor())


@blp.route("/campaigns/<uuid:campaign_id>/recalls/<uuid:recall_id>/destroy", methods=["POST"])
@operation("recordDestruction", "记录销毁", "Record how much was destroyed, and where", needs=RECALLS)
@blp.arguments(s.DestroySchema)
@blp.response(200, s.RecallSchema)
def destroy(body: dict, campaign_id: UUID, recall_id: UUID) -> Any:
    return _recall(recalls.destroy(current_actor(), campaign_id, recall_id, **body))


@blp.route("/campaigns/<uuid:campaign_id>/recalls/<uuid:recall_id>/witness", methods=["POST"])
@operation("witnessDestruction", "见证销毁", "Say as a second person that it was destroyed", needs=P.HANDOUT)
@blp.arguments(RevisionSchema)
@blp.response(200, s.RecallSchema)
def witness(body: dict, campaign_id: UUID, recall_id: UUID) -> Any:
    return _recall(recalls.witness(current_actor(), campaign_id, recall_id, **body))


def _recall(recall: Recall) -> Any:
    return views.of_recalls([recall], current_actor())[0]


@blp.route("/recalls")
@operation("listMyRecalls", "我家的召回通知", "What the homes I act for were told to give back", needs=SIGNED_IN)
@blp.arguments(PageQuery, location="query")
@blp.response(200, s.RecallNoticePageSchema)
def list_mine(query: dict) -> Any:
    chosen = recalls.notices_to(current_actor()).options(*views.WITH_RECALL)
    found, following = page(chosen, RecallNotice.id, query["limit"], query["after"])
    return {"items": views.of_notices(found), "next": following}
