"""What is shown of medicine: what kind and how much; what it is only when it was revealed. A page in a constant number
of queries."""

import uuid
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from backend.core import clock
from backend.core.auth import Actor
from backend.core.masking import mask_name
from backend.core.models import columns
from backend.core.transaction import database_now
from backend.core.workflow import allowed_actions
from backend.extensions import db
from backend.medicine.requests import courses, photos, rules
from backend.medicine.requests.besides import besides
from backend.medicine.requests.models import (
    CustodyReceipt,
    CustodyStatus,
    Form,
    LineStatus,
    MedicineCourse,
    MedicineLine,
    MedicineQuestion,
    MedicineRequest,
    Named,
    Paper,
    QuestionKind,
    RequestStatus,
)
from backend.medicine.workflow import CUSTODY, LINE, REQUEST, sides
from backend.people.models import HouseholdMember

WITH_LINES = (joinedload(MedicineRequest.household), selectinload(MedicineRequest.lines))
WITH_HOME = (joinedload(MedicineCourse.household),)
SEALED = ("cipher", "index")


def requests(page: Sequence[MedicineRequest], actor: Actor) -> list[dict[str, Any]]:
    seen, asked = photos.of_requests([request.id for request in page]), _questions(page)
    now = database_now()
    allowed = allowed_actions(REQUEST, page, actor, now)
    waiting = [line for request in page for line in request.lines if line.status == LineStatus.SUBSTITUTE_PENDING]
    answers = allowed_actions(LINE, waiting, actor, now) if waiting else {}
    more = besides(page, actor)
    return [
        {
            **_open(request),
            "room": request.household.room,
            "category": rules.category(request.lines, request.prescription),
            "status_label": RequestStatus(request.status).label,
            "asks": request.question_cipher is not None,
            "photo_ids": seen[request.id],
            "lines": [_line(line) for line in request.lines],
            "questions": [_question(question, answers) for question in asked[request.id]],
            "must_ask": more[request.id].must_ask,
            "owed_fen": more[request.id].owed_fen,
            "allowed_actions": allowed[request.id] + more[request.id].actions,
        }
        for request in page
    ]


def _open(row: Any) -> dict[str, Any]:
    """A row without what is sealed in it."""
    return {name: value for name, value in columns(row).items() if not name.endswith(SEALED)}


def _line(line: MedicineLine) -> dict[str, Any]:
    return {**_open(line), "form_label": Form(line.form).label, "status_label": LineStatus(line.status).label}


def _question(question: MedicineQuestion, answers: dict[uuid.UUID, list[str]]) -> dict[str, Any]:
    """With what the actor may answer: nothing, once somebody has."""
    return {
        **_open(question),
        "kind_label": QuestionKind(question.kind).label,
        "answer_by": question.created_at + rules.ANSWER_WITHIN,
        "allowed_actions": answers.get(question.line_id, []) if question.accepted is None else [],
    }


def _questions(page: Sequence[MedicineRequest]) -> dict[uuid.UUID, list[MedicineQuestion]]:
    """In the order in which they were asked: one query for a page."""
    found: dict[uuid.UUID, list[MedicineQuestion]] = defaultdict(list)
    about = {line.id: request.id for request in page for line in request.lines}
    query = select(MedicineQuestion).where(MedicineQuestion.line_id.in_(about)).order_by(MedicineQuestion.id)
    for question in db.session.scalars(query):
        found[about[question.line_id]].append(question)
    return found


def in_clear(request: MedicineRequest) -> dict[str, Any]:
    substitutes = [question for question in _questions([request])[request.id] if question.name_cipher]
    return {
        "id": request.id,
        "disease": request.disease,
        "note": request.note,
        "question": request.question,
        "lines": [named(line) for line in request.lines],
        "substitutes": [named(question) for question in substitutes],
    }


def of_patients(members: Sequence[HouseholdMember]) -> list[dict[str, Any]]:
    return [{"id": member.id, "name": mask_name(member.name)} for member in members]


def named(medicine: Named) -> dict[str, Any]:
    return {name: getattr(medicine, name) for name in ("id", "name", "maker", "specification")}


def receipts(page: Sequence[CustodyReceipt], actor: Actor) -> list[dict[str, Any]]:
    allowed, side = allowed_actions(CUSTODY, page, actor, database_now()), sides(page, actor)
    return [
        {
            **columns(receipt),
            "what_label": Paper(receipt.what).label,
            "status_label": CustodyStatus(receipt.status).label,
            "allowed_actions": [
                action
                for action in allowed[receipt.id]
                if (step := CUSTODY.step(receipt.status, action)) and step.lane in side[receipt.id]
            ],
        }
        for receipt in page
    ]


def of_courses(page: Sequence[MedicineCourse]) -> list[dict[str, Any]]:
    today = clock.today()
    ids = [course.id for course in page]
    due = set(db.session.scalars(select(MedicineCourse.id).where(MedicineCourse.id.in_(ids), courses.due(today))))
    return [
        {
            **_open(course),
            "room": course.household.room,
            "form_label": Form(course.form).label,
            "days_left": rules.days_left(course.runs_out_on, today),
            "due": course.id in due,
        }
        for course in page
    ]
