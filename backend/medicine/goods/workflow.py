"""The flow of what was bought, and of an offer of it to another household. Of goods the house takes all steps: who may
is asked by the verbs, of the task they hold or of their post."""

import uuid
from collections.abc import Sequence

from sqlalchemy import select

from backend.core.auth import Actor
from backend.core.permissions import Permission as P
from backend.core.workflow import Move, Step, Workflow
from backend.extensions import db
from backend.medicine.goods.models import GoodsStatus, Offer, OfferStatus
from backend.medicine.requests.models import MedicineRequest
from backend.people.households import acted_for

G, O = GoodsStatus, OfferStatus  # noqa: E741


PURCHASE = Workflow(
    name="medicine_purchase",
    visible=P.PLACE_READ,
    place_of=lambda goods: goods.place_code,
    steps=(
        Step("deliver", {G.IN_HAND}, G.DELIVERED, "送到"),
        Step("keep", {G.IN_HAND}, G.KEPT, "没有收，归社区"),
        Step("give_back", {G.KEPT}, G.RETURNED, "退给药店"),
        Step("pass_on", {G.KEPT}, G.PASSED_ON, "转给需要的住户"),
        Step("lose", {G.IN_HAND, G.KEPT}, G.LOST, "登记损失"),
    ),
)


def offers_of(offers: Sequence[Offer], actor: Actor) -> set[uuid.UUID]:
    """Those made to a household the actor lives in, or which has agreed that the actor acts for it."""
    asked = [offer.request_id for offer in offers]
    query = select(MedicineRequest.id).where(
        MedicineRequest.id.in_(asked), MedicineRequest.household_id.in_(acted_for(actor))
    )
    mine = set(db.session.scalars(query))
    return {offer.id for offer in offers if offer.request_id in mine}


def _answer(offer: Offer, move: Move) -> None:
    offer.answered_by, offer.answered_at = move.actor.id, move.now
    offer.consent_kind = move.data.get("consent")


OFFER = Workflow(
    name="medicine_offer",
    visible=P.PLACE_READ,
    place_of=lambda offer: offer.place_code,
    owned=offers_of,
    steps=(
        Step("accept", {O.OFFERED}, O.ACCEPTED, "同意", P.MEDICINE_FOR_OTHERS, effect=_answer, owner=True),
        Step("decline", {O.OFFERED}, O.DECLINED, "不要", P.MEDICINE_FOR_OTHERS, effect=_answer, owner=True),
        Step("withdraw", {O.OFFERED}, O.WITHDRAWN, "收回", P.MEDICINE_PLAN, effect=_answer),
        Step("lapse", {O.OFFERED}, O.LAPSED, "没有及时答复", effect=_answer),
    ),
)
