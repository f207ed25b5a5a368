"""Objections to a public notice: anyone may raise one, the district answers, an admitted one stops the clock."""

import uuid
from typing import Any

from sqlalchemy import select

from backend.certification import facts
from backend.certification.models import NOTICE, Application, Objection, ObjectionStatus
from backend.certification.service import open_accountability
from backend.certification.workflow import APPLICATION, OBJECTION, OPEN, bar
from backend.core import audit
from backend.core.auth import HOUSE, PUBLIC, Actor
from backend.core.errors import Conflict, NotFound
from backend.core.models import within
from backend.core.permissions import Permission
from backend.core.workflow import advance, lock
from backend.extensions import db


def object_to(
    actor: Actor, application_id: uuid.UUID, words: str, contact: str | None, channel: str = "online"
) -> Objection:
    """Raises an objection while the notice runs or is frozen. Without sign-in, or taken down by staff for someone
    who came or called (`channel`)."""
    application = db.session.get(Application, application_id)
    if application is None:
        raise NotFound("公示")
    if actor is not PUBLIC:
        actor.require(Permission.OBJECTION_RECORD, application.unit_code, visible=Permission.OBJECTION_RECORD)
    lock(application)
    if application.status not in NOTICE:
        raise Conflict("no_notice", "这份公示已经结束，如有情况请直接联系区指挥部。")
    objection = Objection(
        application_id=application.id,
        text=words,
        contact=contact,
        channel=channel,
        recorded_by=actor.id,
    )
    db.session.add(objection)
    audit.record("objection", "raise", actor, objection, new="received", place_code=application.unit_code)
    db.session.flush()
    return objection


def answer(
    actor: Actor,
    objection_id: uuid.UUID,
    action: str,
    revision: int,
    reason: str | None,
    falsified: bool = False,
) -> Objection:
    """`admit` freezes the notice; `overrule` lets it go on; `uphold` ends the application, and opens an
    accountability record where the report was `falsified`; `dismiss` is for what is not admissible."""
    objection = find(actor, objection_id)
    application = objection.application
    lock(application)
    advance(OBJECTION, objection, action, actor, revision=revision, reason=reason)
    if objection.status == ObjectionStatus.UPHELD:
        if application.status in OPEN:
            advance(APPLICATION, application, "fail", HOUSE, reason=reason)
        bar(application)  # also whoever withdrew before it was answered
        if falsified:
            open_accountability(application, actor, reason or "")
    elif application.status in NOTICE:
        facts.settle(application)
    return objection


def reveal(actor: Actor, objection_id: uuid.UUID, purpose: str) -> Objection:
    """How to reach the objector, for who answers them. The look is audited."""
    objection = find(actor, objection_id)
    actor.require(Permission.OBJECTION_REVEAL, objection.application.unit_code)
    place = objection.application.unit_code
    audit.record("objection", "reveal", actor, objection, place_code=place, details={"purpose": purpose})
    return objection


def find(actor: Actor, objection_id: uuid.UUID) -> Objection:
    query = select(Objection).join(Objection.application).where(Objection.id == objection_id, _in_sight(actor))
    found = db.session.scalars(query).one_or_none()
    if found is None:
        raise NotFound("异议")
    return found


def visible(actor: Actor, application_id: uuid.UUID | None = None, status: str | None = None) -> Any:
    """A select of the objections in the actor's sight."""
    query = select(Objection).join(Objection.application).where(_in_sight(actor))
    if application_id:
        query = query.where(Objection.application_id == application_id)
    return query.where(Objection.status == status) if status else query


def by_number(objection_id: uuid.UUID) -> Objection:
    """For the objector, who alone knows the number."""
    objection = db.session.get(Objection, objection_id)
    if objection is None:
        raise NotFound("异议")
    return objection


def _in_sight(actor: Actor) -> Any:
    return within(Application.unit_code, actor.scope(Permission.OBJECTION_READ))
