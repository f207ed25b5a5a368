"""Asked before money is spent: another medicine instead, or a price above the ceiling. The household's word decides."""

import uuid

from sqlalchemy import exists, select

from backend.core import audit
from backend.core.auth import HOUSE, Actor
from backend.core.errors import Conflict, DomainError, Forbidden, NotFound
from backend.core.transaction import database_now
from backend.core.workflow import advance, advance_all, lock
from backend.extensions import db
from backend.medicine.requests import rules
from backend.medicine.requests.access import basis_of, find
from backend.medicine.requests.models import (
    LineStatus,
    MedicineLine,
    MedicineQuestion,
    MedicineRequest,
    QuestionKind,
    RequestStatus,
)
from backend.medicine.workflow import LINE, REQUEST


def ask(
    actor: Actor,
    line: MedicineLine,
    kind: QuestionKind,
    fen: int,
    name: str | None = None,
    maker: str | None = None,
    specification: str | None = None,
) -> MedicineQuestion:
    """From the counter: for `fen` the line's own medicine, above its ceiling, or another one (its `name`). The caller
    has asked who the actor is there, and holds the request, which is being bought. Of a line that takes no substitute
    none is proposed."""
    if kind == QuestionKind.SUBSTITUTE and not (line.substitution and rules.HANDLING[line.cold].substitution):
        raise DomainError("no_substitute", "住户不同意换药，或者这种药不能换。没有原药请登记“没有买到”。")
    question = MedicineQuestion(line_id=line.id, kind=kind.value, fen=fen, asked_by=actor.id)
    if kind == QuestionKind.SUBSTITUTE:
        question.name, question.maker, question.specification = name, maker, specification
        question.name_index = rules.index_of(name or "", maker, specification)
    if not advance_all(LINE, select(MedicineLine).where(MedicineLine.id == line.id), "ask", actor):
        raise Conflict("not_now", "这种药现在不需要询问住户，请刷新查看最新进展。", status_now=line.status)
    db.session.add(question)
    details = {"line": str(line.id), "kind": kind.value}
    audit.record("medicine_question", "ask", actor, question, place_code=line.place_code, details=details)
    advance_all(REQUEST, select(MedicineRequest).where(MedicineRequest.id == line.request_id), "ask", actor)
    db.session.flush()
    return question


def answer(actor: Actor, question_id: uuid.UUID, accept: bool, consent: str | None = None) -> MedicineRequest:
    """Yes or no, by the household or on its behalf, but not by whoever asks for it at the counter. Yes raises the
    ceiling of the line to what was asked; no ends the line. When nothing else waits, buying goes on."""
    question = db.session.get(MedicineQuestion, question_id)
    if question is None:
        raise NotFound("询问")
    request = _asked_in_sight(actor, question)
    basis = basis_of(actor, request.household_id, request.place_code, consent)
    if basis and question.asked_by == actor.id:
        raise Forbidden("separate_hands", "您是询问的人，不能替住户答复。请住户本人、楼栋长或网格员来答复。")
    lock(request)
    db.session.refresh(question)
    if question.accepted is not None:
        raise Conflict("already_answered", "这个问题已经答复过了，请刷新查看最新进展。")
    on_behalf_of = request.household_id if basis else None
    advance(LINE, question.line, "agree" if accept else "decline", actor, on_behalf_of=on_behalf_of)
    now = database_now()
    question.accepted, question.answered_by, question.answered_at = accept, actor.id, now
    question.consent_kind = basis
    if accept:
        question.line.ceiling_fen = max(question.line.ceiling_fen, question.fen)
    said = {"place_code": request.place_code, "on_behalf_of": on_behalf_of, "details": {"accepted": accept}}
    audit.record("medicine_question", "answer", actor, question, **said)
    db.session.flush()
    _resume(request)
    return request


def _asked_in_sight(actor: Actor, question: MedicineQuestion) -> MedicineRequest:
    try:
        return find(actor, question.line.request_id)
    except NotFound:
        raise NotFound("询问") from None


def _resume(request: MedicineRequest) -> None:
    waiting = exists().where(
        MedicineLine.request_id == request.id, MedicineLine.status == LineStatus.SUBSTITUTE_PENDING.value
    )
    if request.status == RequestStatus.SUBSTITUTE_PENDING and not db.session.scalar(select(waiting)):
        advance(REQUEST, request, "resume", HOUSE)
