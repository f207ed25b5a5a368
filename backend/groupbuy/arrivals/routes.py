"""Arrivals over HTTP: record a truck, weigh, offer something else; read why one got what one got."""

from typing import Any
from uuid import UUID

from backend.core.contract import Blueprint
from backend.core.operation import SIGNED_IN, current_actor, operation
from backend.core.permissions import Permission as P
from backend.groupbuy import orders
from backend.groupbuy.arrivals import schemas as s
from backend.groupbuy.arrivals import service as arrivals
from backend.groupbuy.arrivals import substitution, views

blp = Blueprint("arrivals", __name__, url_prefix="/api/v1", description="到货与分配 arrivals and allocation")


@blp.route("/campaigns/<uuid:campaign_id>/arrive", methods=["POST"])
@operation(
    "recordArrival",
    "登记到货并分配",
    "Record what a truck brought, and allocate it",
    needs=P.CAMPAIGN_ORGANISE,
    errors=(404,),
)
@blp.arguments(s.ArriveSchema)
@blp.response(200, s.ArrivalSchema)
def arrive(body: dict, campaign_id: UUID) -> Any:
    return views.arrival(arrivals.arrive(current_actor(), campaign_id, **body))


@blp.route("/campaigns/<uuid:campaign_id>/arrivals")
@operation("showArrivals", "到货情况", "What came and what is missing", needs=P.HANDOUT, errors=(404,))
@blp.response(200, s.ArrivalSchema)
def show(campaign_id: UUID) -> Any:
    return views.arrival(arrivals.at_work(current_actor(), campaign_id))


@blp.route("/campaigns/<uuid:campaign_id>/quiet-consent", methods=["POST"])
@operation(
    "consentToWake",
    "同意夜间叫号",
    "Agree that residents are called in quiet hours",
    needs=P.QUIET_CONSENT,
    errors=(404,),
)
@blp.arguments(s.QuietConsentSchema)
@blp.response(200, s.ArrivalSchema)
def consent(body: dict, campaign_id: UUID) -> Any:
    return views.arrival(arrivals.consent_to_wake(current_actor(), campaign_id, **body))


@blp.route("/campaigns/<uuid:campaign_id>/weigh", methods=["POST"])
@operation("weighOrders", "登记重量", "Weights, and the prices they make", needs=P.CAMPAIGN_ORGANISE, errors=(404,))
@blp.arguments(s.WeighSchema)
@blp.response(200, s.ArrivalSchema)
def weigh(body: dict, campaign_id: UUID) -> Any:
    return views.arrival(arrivals.weigh(current_actor(), campaign_id, **body))


@blp.route("/campaigns/<uuid:campaign_id>/substitutes", methods=["POST"])
@operation("offerSubstitute", "提供换货", "Offer something else", needs=P.CAMPAIGN_ORGANISE, errors=(404,))
@blp.arguments(s.SubstituteOfferSchema)
@blp.response(200, s.ArrivalSchema)
def offer(body: dict, campaign_id: UUID) -> Any:
    return views.arrival(substitution.offer(current_actor(), campaign_id, **body))


@blp.route("/orders/<uuid:order_id>/substitutes/<uuid:substitute_id>/answer", methods=["POST"])
@operation(
    "answerSubstitute",
    "答复换货",
    "Say yes or no to a substitute, for one's home or on behalf",
    needs=SIGNED_IN,
    errors=(404,),
)
@blp.arguments(s.SubstituteAnswerSchema)
@blp.response(200, s.ExplanationSchema)
def answer(body: dict, order_id: UUID, substitute_id: UUID) -> Any:
    return views.explanation(substitution.answer(current_actor(), order_id, substitute_id, **body))


@blp.route("/orders/<uuid:order_id>/explanation")
@operation("explainOrder", "为什么分到这些", "Why the household got what it got", needs=SIGNED_IN, errors=(404,))
@blp.response(200, s.ExplanationSchema)
def explain(order_id: UUID) -> Any:
    return views.explanation(orders.find(current_actor(), order_id))
