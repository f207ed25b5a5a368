"""The verbs of a request: make it, check it as a second person, ask and answer what is missing, take it back, look."""

import uuid
from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import delete, select

from backend.core import audit, clock
from backend.core import photos as core_photos
from backend.core.auth import Actor
from backend.core.errors import Conflict, DomainError, Forbidden, NotFound
from backend.core.photos import Photo
from backend.core.transaction import let_go
from backend.core.workflow import Move, advance
from backend.extensions import db
from backend.medicine.requests import photos, rules
from backend.medicine.requests.access import (
    basis_of,
    find,
    household_of,
    is_at_the_door,
    refuse_reading,
    visible,
)
from backend.medicine.requests.models import MedicineLine, MedicineRequest
from backend.medicine.requests.renewal import values_of
from backend.medicine.workflow import MAKER, REQUEST, papers_in
from backend.people.households import homes_of, members_of
from backend.places.models import Household


class Wish(NamedTuple):
    """What a household needs: `lines` as they are in the contract, and what goes for all of them."""

    lines: Sequence[dict[str, Any]]
    member_id: uuid.UUID | None = None
    insurance_card: bool = False
    disease: str | None = None
    note: str | None = None
    photo_ids: Sequence[uuid.UUID] = ()


def file(
    actor: Actor, wish: Wish, household_id: uuid.UUID | None = None, consent: str | None = None
) -> MedicineRequest:
    """A request of the actor's own home, or for a household that consents. A volunteer at the door, who acts for nobody
    by post, brings a photo of the box and the household's word in person."""
    household = household_of(actor, household_id)
    basis = basis_of(actor, household.id, household.place_code, consent)
    _refuse_hearsay(actor, household, basis, wish.photo_ids)
    _refuse_other_patients(household, wish.member_id)
    today = clock.today()
    request = MedicineRequest(
        household_id=household.id,
        place_code=household.place_code,
        member_id=wish.member_id,
        made_by=actor.id,
        consent_kind=basis,
        insurance_card=wish.insurance_card,
        disease=wish.disease,
        note=wish.note,
        erase_on=rules.kept_if_never_closed(today),
    )
    _set_lines(request, wish.lines)
    db.session.add(request)
    db.session.flush()
    audit.record(
        "medicine_request",
        "file",
        actor,
        request,
        new=request.status,
        lane=MAKER,
        place_code=request.place_code,
        on_behalf_of=household.id if basis else None,
        details={"lines": len(wish.lines), "photos": len(wish.photo_ids)},
    )
    photos.attach(household.id, request.id, wish.photo_ids)
    return request


def _refuse_hearsay(actor: Actor, household: Household, basis: str | None, photo_ids: Sequence[uuid.UUID]) -> None:
    if basis in (None, "standing") or not is_at_the_door(actor, household.place_code):
        return
    if basis != "in_person":
        raise DomainError("in_person_only", "上门登记要由住户当面同意。电话或书面委托请交给楼栋长或网格员办理。")
    if not photo_ids:
        raise DomainError(
            "photo_first",
            "请先拍下药盒照片再登记，以便核对。",
            errors=[{"field": "/photo_ids", "detail": "请先拍照。"}],
        )


def _refuse_other_patients(household: Household, member_id: uuid.UUID | None) -> None:
    if member_id and member_id not in {member.id for member in members_of([household.id])[household.id]}:
        raise NotFound("家庭成员")


def _set_lines(request: MedicineRequest, wanted: Sequence[dict[str, Any]]) -> None:
    request.lines = [_line(request, position, values) for position, values in enumerate(wanted)]
    request.needed_on = rules.needed_on(request.lines, clock.today())
    request.prescription = any(line.prescription for line in request.lines)


def _line(request: MedicineRequest, position: int, values: dict[str, Any]) -> MedicineLine:
    """What stays cold is known by its name, said or not; it is neither substituted nor passed on."""
    cold = rules.is_cold(values["cold"], values["name"])
    if values["substitution"] and not rules.HANDLING[cold].substitution:
        _refuse(
            position, "substitution", "cold_not_substituted", "需要冷藏的药（如胰岛素）不能换药，请关闭“可以换药”。"
        )
    if values["sealed_otc"] and (values["prescription"] or not rules.HANDLING[cold].re_offer):
        _refuse(position, "sealed_otc", "not_over_the_counter", "处方药和冷藏药不能转给别人，请关闭“未拆封非处方药”。")
    index = rules.index_of(values["name"], values["maker"], values["specification"])
    known = {**values, "cold": cold, "name_index": index}
    return MedicineLine(place_code=request.place_code, position=position, **known)


def _refuse(position: int, field: str, code: str, detail: str) -> None:
    raise DomainError(code, detail, errors=[{"field": f"/lines/{position}/{field}", "detail": detail}])


def repeat(actor: Actor, request_id: uuid.UUID, consent: str | None = None) -> MedicineRequest:
    """The same as last time, for the same household and patient: nobody types what is known. What was left is asked
    anew of the patient, so it is not repeated."""
    last = find(actor, request_id)
    refuse_reading(actor, last)
    if last.erased_on:
        raise Conflict("erased", "这份需求的药名已按规定删除，请重新填写。")
    lines = [{**values_of(line), "days_left": None, "days_each": line.days_each} for line in last.lines]
    again = Wish(lines, last.member_id, last.insurance_card, last.disease)
    return file(actor, again, last.household_id, consent)


# --- A second person --------------------------------------------------------------------------------------------


def check(actor: Actor, request_id: uuid.UUID, revision: int) -> MedicineRequest:
    """A second person has seen that the lines match the photo. Where a prescription or the insurance card must be
    shown, the request is held until it is in custody."""
    request = find(actor, request_id)
    action = "check" if papers_in(request) else "hold"
    advance(REQUEST, request, action, actor, revision=revision, check=_refuse_own_home)
    return request


def ask_info(actor: Actor, request_id: uuid.UUID, revision: int, question: str) -> MedicineRequest:
    """What the second person cannot tell from the photo goes back to who made the request. The words are health data:
    they stand in the request, which is erased, and not in the audit trail, which is not."""
    request = find(actor, request_id)
    advance(REQUEST, request, "ask_info", actor, revision=revision, check=_refuse_own_home, question=question)
    return request


def _refuse_own_home(request: MedicineRequest, move: Move) -> None:
    if request.household_id in set(db.session.scalars(homes_of(move.actor))):
        raise Forbidden("separate_hands", "自家的药要由另一位工作人员核对。")


def amend(
    actor: Actor,
    request_id: uuid.UUID,
    revision: int,
    note: str | None = None,
    lines: Sequence[dict[str, Any]] | None = None,
    photo_ids: Sequence[uuid.UUID] = (),
    consent: str | None = None,
) -> MedicineRequest:
    """The answer to what was asked: words, other lines, better photos. Then it is checked anew."""
    request = find(actor, request_id)
    basis = basis_of(actor, request.household_id, request.place_code, consent)
    advance(REQUEST, request, "amend", actor, revision=revision, on_behalf_of=request.household_id if basis else None)
    request.note, request.question = note or request.note, None
    if lines is not None:
        db.session.execute(delete(MedicineLine).where(MedicineLine.request_id == request.id))
        db.session.expire(request, ["lines"])
        _set_lines(request, lines)
    photos.attach(request.household_id, request.id, photo_ids)
    db.session.flush()
    return request


def cancel(actor: Actor, request_id: uuid.UUID, revision: int) -> MedicineRequest:
    """By the household or on its behalf, as long as nobody has set out for it."""
    request = find(actor, request_id)
    own = request.household_id in set(db.session.scalars(homes_of(actor)))
    advance(REQUEST, request, "cancel", actor, revision=revision, on_behalf_of=None if own else request.household_id)
    return request


# --- Looking ----------------------------------------------------------------------------------------------------


def reveal(actor: Actor, request_id: uuid.UUID, purpose: str) -> MedicineRequest:
    """The medicines in clear, for a stated purpose. The look is audited, a household's own as well."""
    request = find(actor, request_id)
    refuse_reading(actor, request)
    if request.erased_on:
        raise DomainError("erased", "这份需求的内容已按规定删除。", status=410)
    details = {"purpose": purpose}
    audit.record("medicine_request", "reveal", actor, request, place_code=request.place_code, details=details)
    return request


def add_photo(actor: Actor, household_id: uuid.UUID | None, data: bytes) -> Photo:
    """A photo of a box, by whoever may make a request for the household."""
    household = household_of(actor, household_id)
    basis_of(actor, household.id, household.place_code, consent="in_person")
    return photos.take(actor, household, data)


def look(actor: Actor, photo_id: uuid.UUID, purpose: str) -> bytes:
    """The photo of a box, for whoever may read its request; before there is one, for whoever sent it. The look is
    audited. 404 for everyone else, 410 once it is erased."""
    known = Photo.id == photo_id
    sent = select(Photo).where(known, Photo.subject_type == photos.DOOR, Photo.uploaded_by == actor.id)
    photo = db.session.scalars(sent).one_or_none() or _of_request(actor, photo_id)
    details = {"purpose": purpose}
    audit.record("photo", "look", actor, photo, place_code=photo.place_code, details=details)
    let_go()  # the look is recorded, and nothing waits for the store
    return core_photos.read(photo)


def _of_request(actor: Actor, photo_id: uuid.UUID) -> Photo:
    photo = db.session.get(Photo, photo_id)
    if photo is None or photo.subject_type != photos.REQUEST:
        raise NotFound("照片")
    request = db.session.scalars(visible(actor).where(MedicineRequest.id == photo.subject_id)).one_or_none()
    if request is None:
        raise NotFound("照片")
    refuse_reading(actor, request)
    return photo
