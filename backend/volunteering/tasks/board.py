"""The verbs of those who make and oversee tasks by hand, and what may be seen of them."""

import uuid
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import or_, select

from backend.core.auth import Actor
from backend.core.errors import Conflict, DomainError, NotFound
from backend.core.models import within
from backend.core.permissions import Permission as P
from backend.core.transaction import database_now
from backend.core.workflow import Move, advance
from backend.extensions import db
from backend.places.models import Household
from backend.places.service import place_named
from backend.volunteering.tasks.holding import task_in_care
from backend.volunteering.tasks.making import Door, Wanted, call_off, make_tasks
from backend.volunteering.tasks.models import LIVE, HoldStatus, Task, TaskClaim, TaskKind, TaskStatus
from backend.volunteering.tasks.origins import origin_of
from backend.volunteering.tasks.workflow import TASK
from backend.volunteering.teams.models import Volunteer

AHEAD = timedelta(days=60)


def make(actor: Actor, place_code: str, household_ids: Sequence[uuid.UUID], **values: Any) -> Task:
    """A task made by hand, with the households to go to, all of them at or below its place."""
    actor.require(P.TASK_ASSIGN, place_code, visible=P.TASK_READ)
    place_named(place_code)
    now = database_now()
    if values["ends_at"] <= now:
        raise DomainError("in_the_past", "结束时间已经过去，请改成将来的时间。")
    if values["ends_at"] > now + AHEAD:
        raise DomainError("too_far_ahead", f"任务最多提前 {AHEAD.days} 天发布，请改早一些，或者到时再发布。")
    doors = doors_of(place_code, household_ids)
    kind = TaskKind(values.pop("kind"))
    return make_tasks([Wanted(place_code, kind, **values, doors=doors)], actor)[0]


def doors_of(place_code: str, household_ids: Sequence[uuid.UUID]) -> list[Door]:
    here = select(Household.id).where(Household.id.in_(household_ids), within(Household.place_code, [place_code]))
    known = set(db.session.scalars(here)) if household_ids else set()
    if known != set(household_ids):
        raise NotFound("住户")
    return [Door(home) for home in dict.fromkeys(household_ids)]


def tasks_at(actor: Actor, place_code: str, status: str | None) -> Any:
    """A select of the tasks at or below a place, within the actor's sight."""
    actor.require(P.TASK_READ, place_code, visible=None)
    query = select(Task).where(within(Task.place_code, [place_code]))
    return query.where(Task.status == status) if status else query


def find(actor: Actor, task_id: uuid.UUID) -> Task:
    """One task: for those in charge of its place, for whoever holds or held it, and while it is open for the volunteers
    of its community; else 404."""
    me = select(Volunteer).where(Volunteer.user_id == actor.id, Volunteer.left_at.is_(None)).subquery()
    held = select(TaskClaim.task_id).where(TaskClaim.volunteer_id.in_(select(me.c.id)))
    mine = db.session.scalars(select(me.c.base_code)).one_or_none()
    open_to_me = (Task.status == TaskStatus.OPEN) & within(Task.place_code, [mine[:12]] if mine else [])
    seen = or_(within(Task.place_code, actor.scope(P.TASK_READ)), Task.id.in_(held), open_to_me)
    task = db.session.scalars(select(Task).where(Task.id == task_id, seen)).one_or_none()
    if task is None:
        raise NotFound("任务")
    return task


def hold(actor: Actor, task_id: uuid.UUID, revision: int, reason: str | None) -> Task:
    """Nobody new takes it until the coordinator has looked into it."""
    task = task_in_care(actor, task_id)
    advance(TASK, task, "hold", actor, revision=revision, reason=reason)
    return task


def cancel(actor: Actor, task_id: uuid.UUID, revision: int, reason: str | None) -> Task:
    """By the coordinator, whoever holds it; what made the task may refuse."""
    task = task_in_care(actor, task_id)
    origin_of(task).called_off(task)
    return call_off(task, actor, reason, revision)


def reopen(actor: Actor, task_id: uuid.UUID, revision: int, reason: str | None) -> Task:
    task = task_in_care(actor, task_id)
    advance(TASK, task, "reopen", actor, revision=revision, reason=reason)
    return task


def close(actor: Actor, task_id: uuid.UUID, revision: int) -> Task:
    """Fewer came than were wanted, and it is done all the same. Whoever is still at it finishes first."""
    task = task_in_care(actor, task_id, P.TASK_VERIFY)
    advance(TASK, task, "close", actor, revision=revision, check=_unfinished)
    return task


def _unfinished(task: Task, move: Move) -> None:
    undone = select(TaskClaim.id).where(TaskClaim.task_id == task.id, TaskClaim.status.in_((*LIVE, HoldStatus.DONE)))
    if db.session.scalar(undone.limit(1)):
        raise Conflict("still_held", "还有人在做，或者有做完的没有核实。请先核实，或等他们做完。")
