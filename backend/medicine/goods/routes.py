"""Refused goods and offers of them over HTTP."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from backend.core.contract import Blueprint
from backend.core.models import columns
from backend.core.operation import SIGNED_IN, current_actor, operation
from backend.core.pagination import page
from backend.core.permissions import Permission as P
from backend.medicine.goods import schemas as s
from backend.medicine.goods import service
from backend.medicine.goods.models import GoodsStatus, Loss, Offer, Purchase, Refusal

blp = Blueprint("medicine_goods", __name__, url_prefix="/api/v1", description="拒收的药 refused medicine")


def _goods(found: Sequence[Purchase]) -> list[dict[str, Any]]:
    ways = service.ways(found)
    return [
        {
            **columns(goods),
            "form": goods.line.form,
            "status_label": GoodsStatus(goods.status).label,
            "refusal_label": Refusal(goods.refusal).label if goods.refusal else None,
            "ways": sorted(ways[goods.id]),
        }
        for goods in found
    ]


@blp.route("/medicine-goods")
@operation("listMedicineGoods", "社区存药", "Refused goods at a community", needs=P.MEDICINE_PLAN)
@blp.arguments(s.GoodsQuery, location="query")
@blp.response(200, s.RefusedGoodsPageSchema)
def list_goods(query: dict) -> Any:
    kept = service.kept_at(current_actor(), query["place"])
    found, following = page(kept, Purchase.id, query["limit"], query["after"])
    return {"items": _goods(found), "next": following}


@blp.route("/medicine-goods/<uuid:purchase_id>/candidates")
@operation("listCandidates", "同样需要的住户", "Open requests for the very same", needs=P.MEDICINE_PLAN, errors=(404,))
@blp.response(200, s.CandidatesSchema)
def list_candidates(purchase_id: UUID) -> Any:
    found = service.candidates(current_actor(), purchase_id)
    return {"items": [{"request_id": each.id, "needed_on": each.needed_on} for each in found]}


@blp.route("/medicine-goods/<uuid:purchase_id>/returns", methods=["POST"])
@operation("returnToPharmacy", "退给药店", "Take back to the pharmacy", needs=P.PAYMENT_READ, errors=(404,))
@blp.arguments(s.GiveBackSchema)
@blp.response(200, s.RefusedGoodsSchema)
def give_back(body: dict, purchase_id: UUID) -> Any:
    return _goods([service.give_back(current_actor(), purchase_id, **body)])[0]


@blp.route("/medicine-goods/<uuid:purchase_id>/write-offs", methods=["POST"])
@operation("writeOffGoods", "登记损失", "The fund bears what is lost", needs=P.PAYMENT_READ, errors=(404,))
@blp.arguments(s.WriteOffSchema)
@blp.response(200, s.RefusedGoodsSchema)
def write_off(body: dict, purchase_id: UUID) -> Any:
    revision, loss = body["revision"], Loss(body["loss"])
    return _goods([service.write_off(current_actor(), purchase_id, revision, loss)])[0]


@blp.route("/medicine-goods/<uuid:purchase_id>/offers", methods=["POST"])
@operation("offerGoods", "转给需要的住户", "Offer to a household", needs=P.MEDICINE_PLAN, errors=(404,))
@blp.arguments(s.NewOfferSchema)
@blp.response(201, s.OfferSchema)
def offer(body: dict, purchase_id: UUID) -> Any:
    return _offers([service.offer(current_actor(), purchase_id, **body)])[0]


def _offers(found: Sequence[Offer]) -> list[dict[str, Any]]:
    return service.shown_offers(found, current_actor())


@blp.route("/medicine-offers")
@operation("listMedicineOffers", "征求意见的转让", "Offers waiting for one's word", needs=SIGNED_IN)
@blp.arguments(s.OfferQuery, location="query")
@blp.response(200, s.OfferPageSchema)
def list_offers(query: dict) -> Any:
    found, following = page(service.offers_to(current_actor()), Offer.id, query["limit"], query["after"])
    return {"items": _offers(found), "next": following}


@blp.route("/medicine-offers/<uuid:offer_id>/answer", methods=["POST"])
@operation("answerOffer", "答复转让", "Say yes or no to goods offered", needs=SIGNED_IN, errors=(404,))
@blp.arguments(s.AnswerOfferSchema)
@blp.response(200, s.OfferSchema)
def answer(body: dict, offer_id: UUID) -> Any:
    return _offers([service.answer(current_actor(), offer_id, **body)])[0]


@blp.route("/medicine-offers/<uuid:offer_id>/withdraw", methods=["POST"])
@operation("withdrawOffer", "收回转让", "Withdraw an offer", needs=P.MEDICINE_PLAN, errors=(404,))
@blp.arguments(s.SeenGoodsSchema)
@blp.response(200, s.OfferSchema)
def withdraw(body: dict, offer_id: UUID) -> Any:
    return _offers([service.withdraw(current_actor(), offer_id, **body)])[0]
