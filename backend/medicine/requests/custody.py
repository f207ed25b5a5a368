"""Cards and prescriptions that somebody carries for a household: handed over, given back, signed for by both sides."""

import uuid
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from backend.core import audit
from backend.core.auth import HOUSE, Actor
from backend.core.errors import Conflict, Forbidden, NotFound
from backend.core.permissions import Permission as P
from backend.core.workflow import advance, lock
from backend.extensions import db
from backend.medicine.money import payable
from backend.medicine.requests.access import basis_of, find, holds_task, visible
from backend.medicine.requests.models import CustodyReceipt, CustodyStatus, MedicineRequest, Paper, RequestStatus
from backend.medicine.workflow import CARRIER, CLOSED, CUSTODY, REQUEST, SIGNER, needs, papers_in, sides
from backend.people.households import homes_of


def of_request(actor: Actor, request_id: uuid.UUID) -> list[CustodyReceipt]:
    request = find(actor, request_id)
    query = select(CustodyReceipt).where(CustodyReceipt.request_id == request.id)
    return list(db.session.scalars(query.options(joinedload(CustodyReceipt.request)).order_by(CustodyReceipt.id)))


def carried_by(actor: Actor) -> Any:
    """A select of what the actor has not given back, or what the household has not signed for yet."""
    out = CustodyReceipt.status != CustodyStatus.RETURNED.value
    query = select(CustodyReceipt).where(CustodyReceipt.handed_to == actor.id, out)
    return query.options(joinedload(CustodyReceipt.request))


def take(actor: Actor, request_id: uuid.UUID, what: Paper) -> CustodyReceipt:
    """Says that the household has handed a paper to the actor: an officer of the place, or the holder of the started
    task. Only the fact is kept. In custody it is when the household's side has signed."""
    request = find(actor, request_id)
    _refuse_others(actor, request)
    lock(request)
    if request.status in CLOSED:
        raise Conflict("closed", "这份需求已经办结，不用再交证件。", status_now=request.status)
    out = select(CustodyReceipt.id).where(
        CustodyReceipt.request_id == request.id,
        CustodyReceipt.what == what.value,
        CustodyReceipt.status != CustodyStatus.RETURNED.value,
    )
    if db.session.scalar(out):
        raise Conflict("already_out", f"{what.label}已经登记收下，还没有归还。")
    receipt = CustodyReceipt(request_id=request.id, place_code=request.place_code, what=what.value, handed_to=actor.id)
    db.session.add(receipt)
    db.session.flush()
    request.cards_out += 1
    request.revision += 1
    said = {"lane": CARRIER, "place_code": request.place_code, "details": {"what": what.value}}
    audit.record("custody_receipt", "take", actor, receipt, new=receipt.status, **said)
    db.session.flush()
    return receipt


def _refuse_others(actor: Actor, request: MedicineRequest) -> None:
    if request.household_id in set(db.session.scalars(homes_of(actor))):
        raise Forbidden("separate_hands", "自家的证件不用登记交接；请由送药的志愿者或社区工作人员登记。")
    if not (actor.may(P.MEDICINE_CHECK, request.place_code) or holds_task(actor, request)):
        raise Forbidden("forbidden", "只有正在办理这份需求的志愿者或社区工作人员可以代收证件。")


def sign_over(actor: Actor, receipt_id: uuid.UUID, revision: int, consent: str | None = None) -> CustodyReceipt:
    """The household's side signs that it was handed over; whoever carries it does not. With the last paper a held
    request goes on."""
    receipt = _sign(actor, receipt_id, "sign_over", revision, consent)
    request = receipt.request
    if request.status == RequestStatus.HELD_FOR_PRESCRIPTION and papers_in(request):
        advance(REQUEST, request, "release", HOUSE)
    return receipt


def sign_back(actor: Actor, receipt_id: uuid.UUID, revision: int, consent: str | None = None) -> CustodyReceipt:
    """The household's side signs that it is back. With the last one a request that is paid for is settled."""
    receipt = _sign(actor, receipt_id, "sign_back", revision, consent)
    payable.close_if_done([receipt.request_id])
    return receipt


def _sign(actor: Actor, receipt_id: uuid.UUID, action: str, revision: int, consent: str | None) -> CustodyReceipt:
    receipt = _find(actor, receipt_id)
    request = receipt.request
    lock(request)  # before the receipt, as everywhere
    _refuse_other_side(receipt, actor, SIGNER)
    basis = basis_of(actor, request.household_id, request.place_code, consent)
    on_behalf_of = request.household_id if basis else None
    advance(CUSTODY, receipt, action, actor, revision=revision, consent=basis, on_behalf_of=on_behalf_of)
    return receipt


def _refuse_other_side(receipt: CustodyReceipt, actor: Actor, side: str) -> None:
    if side not in sides([receipt], actor)[receipt.id]:
        raise Forbidden("separate_hands", "交接要双方各自签字：收证件的人不能替住户签，住户也不能替收证件的人签。")


def give_back(actor: Actor, receipt_id: uuid.UUID, revision: int) -> CustodyReceipt:
    """Whoever carries it, or an officer in their stead, says it was given back; the household's side signs that.
    Nobody's card is kept from them: a request that nobody has planned for waits for it anew."""
    receipt = _find(actor, receipt_id)
    lock(receipt.request)
    _refuse_other_side(receipt, actor, CARRIER)
    advance(CUSTODY, receipt, "give_back", actor, revision=revision)
    if needs(receipt.request, receipt.what) and REQUEST.step(receipt.request.status, "lack"):
        advance(REQUEST, receipt.request, "lack", HOUSE, what=receipt.what)
    return receipt


def _find(actor: Actor, receipt_id: uuid.UUID) -> CustodyReceipt:
    known = visible(actor).with_only_columns(MedicineRequest.id)
    query = select(CustodyReceipt).where(CustodyReceipt.id == receipt_id, CustodyReceipt.request_id.in_(known))
    receipt = db.session.scalars(query.options(joinedload(CustodyReceipt.request))).one_or_none()
    if receipt is None:
        raise NotFound("证件登记")
    return receipt
