"""Volunteers abused at a door. An incident is no rating of anyone: it says that two go there next time."""

import uuid
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, exists, func, or_, select

from backend.core import audit, clock
from backend.core.auth import Actor
from backend.core.errors import Conflict, DomainError, NotFound
from backend.core.jobs import job
from backend.core.models import within
from backend.core.permissions import Permission as P
from backend.core.transaction import database_now
from backend.core.workflow import refuse_stale
from backend.extensions import db
from backend.places.models import Household
from backend.places.service import level_of, place_named
from backend.volunteering.records.models import Incident
from backend.volunteering.tasks.models import UNDONE, Task, TaskStop

KEPT_DAYS = 180  # as the security log (QUALITY section 5); a household that changed is not held to it for ever
LATE = timedelta(days=14)
# A pair for a whole community would be a pair for everyone.
NARROW = {"compound", "building", "unit"}


def record(
    actor: Actor,
    kind: str,
    happened_at: datetime,
    account: str,
    household_id: uuid.UUID | None,
    place_code: str | None,
) -> Incident:
    """Whoever helps there may tell, of a household or of a place (a building's entrance); up to two weeks later. From
    now on each task there is for two: those to come (see needs_pair), and those that wait already."""
    where = _where(actor, household_id, place_code)
    if not database_now() - LATE <= happened_at <= database_now():
        detail = "发生时间要在最近十四天内，请核对。"
        raise DomainError("wrong_time", detail, errors=[{"field": "/happened_at", "detail": detail}])
    erase_on = clock.today() + timedelta(days=KEPT_DAYS)
    incident = Incident(
        household_id=household_id,
        place_code=where,
        kind=kind,
        happened_at=happened_at,
        recorded_by=actor.id,
        erase_on=erase_on,
        account=account,
    )
    db.session.add(incident)
    db.session.flush()
    audit.record("incident", "record", actor, incident, place_code=where, details={"kind": kind})
    _two_go(incident)
    return incident


def _two_go(incident: Incident) -> None:
    """Whoever has begun is not called back; who has not waits for the second."""
    there = select(TaskStop.task_id).join(Household, Household.id == TaskStop.household_id)
    if incident.household_id:
        there = there.where(Household.id == incident.household_id, TaskStop.outcome.is_(None))
    else:
        there = there.where(within(Household.place_code, [incident.place_code]), TaskStop.outcome.is_(None))
    waiting = select(Task).where(Task.id.in_(there), Task.status.in_(UNDONE), ~Task.needs_pair).order_by(Task.id)
    held = waiting.with_for_update(key_share=True).execution_options(populate_existing=True)
    for task in db.session.scalars(held):
        task.needs_pair, task.capacity = True, max(task.capacity, 2)
        task.revision += 1
    db.session.flush()


def _where(actor: Actor, household_id: uuid.UUID | None, place_code: str | None) -> str:
    """The place, within the actor's care: a household elsewhere answers as a missing one."""
    if (household_id is None) == (place_code is None):
        raise DomainError("household_or_place", "请选择住户或地点，二者填一项。")
    if household_id is not None:
        home = db.session.get(Household, household_id)
        if home is None or not actor.may(P.INCIDENT_RECORD, home.place_code):
            raise NotFound("住户")
        return home.place_code
    assert place_code
    if not actor.may(P.INCIDENT_RECORD, place_code):
        raise NotFound("地点")
    if level_of(place_code) not in NARROW:
        raise DomainError("wrong_kind_of_place", "请选择小区、楼栋或单元。")
    return place_named(place_code).code


def needs_pair(household_ids: Collection[uuid.UUID]) -> set[uuid.UUID]:
    """At which of the doors two must go: somebody was abused there, or at a place it lies in. One statement, by the
    indexes of both."""
    stands = Incident.lifted_at.is_(None) & (Incident.erase_on > clock.today())
    above = [func.left(Household.place_code, digits) for digits in (16, 20, 24)]
    behind = exists().where(Incident.household_id == Household.id, stands)
    around = exists().where(Incident.place_code.in_(above), Incident.household_id.is_(None), stands)
    query = select(Household.id).where(Household.id.in_(household_ids), or_(behind, around))
    return set(db.session.scalars(query)) if household_ids else set()


def seen(actor: Actor) -> Any:
    """A select of the incidents in the care of the actor, who assigns tasks there. What was said is not shown."""
    return select(Incident).where(within(Incident.place_code, actor.scope(P.TASK_ASSIGN)))


def find(actor: Actor, incident_id: uuid.UUID) -> Incident:
    found = db.session.scalars(seen(actor).where(Incident.id == incident_id).with_for_update()).one_or_none()
    if found is None:
        raise NotFound("记录")
    return found


def reveal(actor: Actor, incident_id: uuid.UUID, purpose: str) -> Incident:
    """What happened, in the words of who told it: for the office alone, and each look is audited."""
    incident = find(actor, incident_id)
    actor.require(P.TEAM_EDIT, incident.place_code)
    details = {"purpose": purpose}
    audit.record("incident", "reveal", actor, incident, place_code=incident.place_code, details=details)
    return incident


def lift(actor: Actor, incident_id: uuid.UUID, revision: int, reason: str | None) -> Incident:
    """It is settled (talked over, moved away): one may go alone again. With a reason."""
    incident = find(actor, incident_id)
    actor.require(P.TEAM_EDIT, incident.place_code)
    refuse_stale(incident, revision)
    if incident.lifted_at:
        raise Conflict("already_lifted", "这条记录已经解除。")
    if not (reason or "").strip():
        raise DomainError("reason_required", "请写明原因。", errors=[{"field": "/reason", "detail": "请写明原因。"}])
    incident.lifted_at, incident.lifted_by = func.now(), actor.id
    incident.revision += 1
    audit.record("incident", "lift", actor, incident, place_code=incident.place_code).reason = reason
    db.session.flush()
    return incident


@job("volunteering.forget_incidents", every="31 17 * * *")
def forget_incidents() -> None:
    db.session.execute(delete(Incident).where(Incident.erase_on <= clock.today()))
