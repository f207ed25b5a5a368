"""What is shown of an application to those in charge: the actions offered, the evidence, the history."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import select

from backend.certification import facts
from backend.certification.models import Application, Objection
from backend.certification.rules import Verdict
from backend.certification.workflow import APPLICATION, OBJECTION
from backend.core import clock
from backend.core.audit import AuditEvent
from backend.core.auth import HOUSE, Actor
from backend.core.errors import NotFound
from backend.core.permissions import Permission
from backend.core.workflow import Workflow, allowed_actions
from backend.extensions import db
from backend.people.service import user_names


def readiness(actor: Actor, code: str) -> Verdict:
    """The dry run, for anyone in charge of the place."""
    if not actor.may(Permission.APPLICATION_READ, code):
        raise NotFound("地点")
    verdict = facts.readiness(code, clock.today())
    return verdict if actor.may(Permission.CASE_READ, code) else _without_cases(verdict)


def _without_cases(verdict: Verdict) -> Verdict:
    """For who may not know of cases at all: the same answer, naming none of them."""
    criteria = [
        replace(result, records=tuple(cause for cause in result.records if cause.kind != "case_event"))
        for result in verdict.criteria
    ]
    return replace(verdict, criteria=tuple(criteria))


def with_actions(actor: Actor, applications: Sequence[Application]) -> Sequence[Application]:
    return _offer(APPLICATION, actor, applications)


def objections_with_actions(actor: Actor, objections: Sequence[Objection]) -> Sequence[Objection]:
    return _offer(OBJECTION, actor, objections)


def _offer(flow: Workflow, actor: Actor, subjects: Sequence[Any]) -> Sequence[Any]:
    offered = allowed_actions(flow, subjects, actor, clock.now())
    for subject in subjects:
        subject.allowed_actions = offered[subject.id]
    return subjects


def in_detail(actor: Actor, application: Application) -> Application:
    """With the latest filing's frozen evidence and every act since, signed by name."""
    detailed: Any = with_actions(actor, [application])[0]
    detailed.filing = _visible_filing(actor, application)
    detailed.history = history(application)
    return detailed


def _visible_filing(actor: Actor, application: Application) -> dict[str, Any]:
    """The latest filing; the cases in it only for who may know of cases at all."""
    filing = facts.last_filing(application)
    may_see = actor.may(Permission.CASE_READ, application.unit_code)
    records = [record for record in filing.records if may_see or record["kind"] != "case_event"]
    return {
        "number": filing.number,
        "as_of": filing.as_of,
        "verdict": filing.verdict,
        "note": filing.note,
        "records": records,
    }


def history(application: Application) -> list[dict[str, Any]]:
    query = select(AuditEvent).where(AuditEvent.subject_id == application.id).order_by(AuditEvent.at)
    events = list(db.session.scalars(query))
    names = user_names([event.actor_id for event in events if event.actor_id])
    labels = {step.action: step.label for step in APPLICATION.steps}
    return [
        {
            "at": event.at,
            "action": event.action,
            "label": labels.get(event.action, event.action),
            "old": event.old,
            "new": event.new,
            "by": names.get(event.actor_id, HOUSE.name) if event.actor_id else HOUSE.name,
            "reason": event.reason,
        }
        for event in events
    ]
