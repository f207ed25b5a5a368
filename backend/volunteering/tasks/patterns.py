"""What comes again: gate shifts, rounds of disinfection, calls to those who live alone."""

import uuid
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import or_, select

from backend.core import audit, clock
from backend.core.auth import Actor
from backend.core.errors import DomainError, NotFound
from backend.core.jobs import each_alone, job
from backend.core.models import within
from backend.core.permissions import Permission as P
from backend.core.workflow import lock, refuse_stale
from backend.extensions import db
from backend.places.service import place_named
from backend.volunteering.tasks.board import doors_of
from backend.volunteering.tasks.making import Wanted, make_tasks
from backend.volunteering.tasks.models import Task, TaskKind, TaskPattern

ORIGIN = "pattern"
AHEAD_DAYS = 3
ROUND = 5000


def make(actor: Actor, place_code: str, household_id: uuid.UUID | None, **values: Any) -> TaskPattern:
    """The tasks of the coming days are made at once, those of later days by the clock."""
    actor.require(P.TASK_ASSIGN, place_code, visible=P.TASK_READ)
    place_named(place_code)
    doors_of(place_code, [household_id] if household_id else [])
    if values["until"] and values["until"] < max(values["since"], clock.today()):
        raise DomainError("until_past", "最后一天不能早于第一天，也不能是过去的日子。")
    weekdays = sorted(set(values.pop("weekdays")))
    pattern = TaskPattern(place_code=place_code, household_id=household_id, weekdays=weekdays, **values)
    db.session.add(pattern)
    db.session.flush()
    audit.record("task_pattern", "make", actor, pattern, place_code=place_code)
    make_ahead(pattern.id)
    return pattern


def patterns_at(actor: Actor, place_code: str) -> Any:
    """A select of what comes again at or below a place and is not over."""
    actor.require(P.TASK_READ, place_code, visible=None)
    going_on = or_(TaskPattern.until.is_(None), TaskPattern.until >= clock.today())
    return select(TaskPattern).where(within(TaskPattern.place_code, [place_code]), going_on)


def end(actor: Actor, pattern_id: uuid.UUID, revision: int, until: date) -> TaskPattern:
    """The last day. Tasks that are there already stay, and are cancelled one by one where they should not."""
    seen = select(TaskPattern).where(
        TaskPattern.id == pattern_id, within(TaskPattern.place_code, actor.scope(P.TASK_READ))
    )
    pattern = db.session.scalars(seen).one_or_none()
    if pattern is None:
        raise NotFound("定期任务")
    actor.require(P.TASK_ASSIGN, pattern.place_code)
    lock(pattern)
    refuse_stale(pattern, revision)
    if until < max(pattern.since, clock.today()):
        raise DomainError("until_past", "最后一天不能早于第一天，也不能是过去的日子。")
    pattern.until = until
    pattern.revision += 1
    audit.record("task_pattern", "end", actor, pattern, place_code=pattern.place_code)
    db.session.flush()
    return pattern


@job("volunteering.make_ahead", every="12 * * * *", edge=False)
def make_all_ahead() -> None:
    """Each hour, for the coming days; what is there already is left as it is. Whoever waits longest comes first."""
    last = clock.today() + timedelta(days=AHEAD_DAYS)
    going_on = or_(TaskPattern.until.is_(None), TaskPattern.until >= clock.today())
    behind = or_(TaskPattern.made_until.is_(None), TaskPattern.made_until < last)
    due = select(TaskPattern.id).where(going_on, behind).order_by(TaskPattern.made_until.nulls_first(), TaskPattern.id)
    each_alone(make_ahead, due.limit(ROUND))


def make_ahead(pattern_id: uuid.UUID) -> list[Task]:
    pattern = db.session.get_one(TaskPattern, pattern_id)
    days = [clock.today() + timedelta(days=n) for n in range(AHEAD_DAYS + 1)]
    made = make_tasks([one for one in (_on(pattern, day) for day in days) if one])
    pattern.made_until = days[-1]
    return made


def _on(pattern: TaskPattern, day: date) -> Wanted | None:
    begins = datetime.combine(day, pattern.at, clock.SHANGHAI)
    ends = begins + timedelta(minutes=pattern.minutes)
    within_term = pattern.since <= day and (pattern.until is None or day <= pattern.until)
    if not within_term or day.isoweekday() not in pattern.weekdays or ends <= clock.now():
        return None
    doors = doors_of(pattern.place_code, [pattern.household_id] if pattern.household_id else [])
    same = {name: getattr(pattern, name) for name in ("place_code", "title", "role", "capacity", "urgency", "minutes")}
    return Wanted(
        **same,
        kind=TaskKind(pattern.kind),
        starts_at=begins,
        ends_at=ends,
        needs_pair=pattern.needs_pair,
        origin_type=ORIGIN,
        origin_id=pattern.id,
        origin_key=day.isoformat(),
        doors=doors,
    )
