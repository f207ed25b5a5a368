"""Who needs to know: the household and those acting for it, who checks and plans at the place, and whoever holds the
task or a paper at this moment. To everyone else a request is not there."""

import uuid
from collections.abc import Callable
from typing import Any

from sqlalchemy import and_, exists, false, or_, select

from backend.core.auth import Actor
from backend.core.errors import DomainError, Forbidden, NotFound
from backend.core.models import within
from backend.core.permissions import Permission as P
from backend.extensions import db
from backend.medicine.requests.models import CustodyReceipt, CustodyStatus, MedicineRequest
from backend.medicine.workflow import BEFORE_CHECK, CLOSED, requests_of
from backend.people.households import acted_for, consents_to, homes_of, members_of
from backend.people.models import HouseholdMember
from backend.places.models import Household

# Selects of the requests of which an actor has started the task. The trips add theirs, this room knows no trip.
HELD: list[Callable[[Actor], Any]] = []


def visible(actor: Actor) -> Any:
    """A select of the requests the actor needs to know of."""
    carried = select(CustodyReceipt.request_id).where(
        CustodyReceipt.handed_to == actor.id, CustodyReceipt.status != CustodyStatus.RETURNED.value
    )
    own = and_(
        MedicineRequest.made_by == actor.id,
        or_(
            MedicineRequest.status.in_(BEFORE_CHECK),
            and_(
                MedicineRequest.status.not_in(CLOSED),
                within(MedicineRequest.place_code, actor.scope(P.MEDICINE_FOR_OTHERS)),
            ),
        ),
    )
    return select(MedicineRequest).where(
        or_(
            MedicineRequest.household_id.in_(acted_for(actor)),
            own,
            within(MedicineRequest.place_code, actor.scope(P.MEDICINE_CHECK)),
            within(MedicineRequest.place_code, actor.scope(P.MEDICINE_PLAN)),
            MedicineRequest.id.in_(carried),
            *[MedicineRequest.id.in_(held(actor)) for held in HELD],
        )
    )


def find(actor: Actor, request_id: uuid.UUID, *options: Any) -> MedicineRequest:
    """The request, or 404 for one that is missing or a stranger's."""
    query = visible(actor).where(MedicineRequest.id == request_id).options(*options)
    request = db.session.scalars(query).one_or_none()
    if request is None:
        raise NotFound("药品需求")
    return request


def is_theirs(actor: Actor, request_id: uuid.UUID) -> bool:
    """Whether the actor lives in the request's household, or acts for it with its consent."""
    theirs = MedicineRequest.household_id.in_(acted_for(actor))
    return db.session.scalar(select(exists().where(MedicineRequest.id == request_id, theirs))) or False


def holds_task(actor: Actor, request: MedicineRequest) -> bool:
    """Whether the actor has started the task this request is on."""
    among = or_(false(), *[MedicineRequest.id.in_(held(actor)) for held in HELD])
    one = select(MedicineRequest.id).where(MedicineRequest.id == request.id, among)
    return db.session.scalar(one) is not None


def refuse_reading(actor: Actor, request: MedicineRequest) -> None:
    """In clear it is for fewer than know of it: not for who only plans, nor for who only carries a card."""
    if request.id in requests_of([request], actor) or actor.may(P.MEDICINE_REVEAL, request.place_code):
        return
    if not holds_task(actor, request):
        raise Forbidden("forbidden", "您只能看到药品种类；需要看药名，请联系核对人员。")


def household_of(actor: Actor, household_id: uuid.UUID | None) -> Household:
    """The household meant: by its id, or the actor's only home."""
    chosen = Household.id == household_id if household_id else Household.id.in_(homes_of(actor))
    found = list(db.session.scalars(select(Household).where(chosen).limit(2)))
    if len(found) != 1:
        if household_id is None and found:
            raise DomainError("which_home", "您登记了多个住处，请选择为哪一户申请。")
        raise NotFound("住户")
    return found[0]


def basis_of(actor: Actor, household_id: uuid.UUID, place_code: str, consent: str | None) -> str | None:
    """By what right the actor speaks for the household: None for its own, `standing`, or the consent given now. 404 for
    whoever has nothing to do with it."""
    if household_id in set(db.session.scalars(homes_of(actor))):
        return None
    if household_id in set(db.session.scalars(consents_to(actor))):
        return "standing"
    if not (actor.may(P.MEDICINE_FOR_OTHERS, place_code) or is_at_the_door(actor, place_code)):
        raise NotFound("住户")
    if consent is None:
        raise DomainError(
            "consent_needed",
            "替别人办理要说明对方怎样同意的：语音、书面或当面。",
            errors=[{"field": "/consent", "detail": "请选择对方怎样同意的。"}],
        )
    return consent


def patients(actor: Actor, household_id: uuid.UUID) -> list[HouseholdMember]:
    """Whom a request may be for, to the household and to those who act for it: nobody types a name that is known."""
    household = household_of(actor, household_id)
    acts = household.id in set(db.session.scalars(acted_for(actor)))
    if not (acts or actor.may(P.MEDICINE_FOR_OTHERS, household.place_code)):
        raise NotFound("住户")
    return members_of([household.id])[household.id]


def is_at_the_door(actor: Actor, place_code: str) -> bool:
    """A volunteer there who acts for nobody by post, only for whoever opens the door."""
    return actor.may(P.TASK_CLAIM, place_code) and not actor.may(P.MEDICINE_FOR_OTHERS, place_code)
