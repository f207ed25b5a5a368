"""Making tasks and calling them off: by hand, again each day, or by another package; and who holds them."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import literal, select, tuple_

from backend.core import audit
from backend.core.auth import HOUSE, Actor
from backend.core.errors import DomainError
from backend.core.permissions import Permission as P
from backend.core.transaction import hot_row_last
from backend.core.workflow import advance, advance_all
from backend.extensions import db
from backend.places.service import level_of
from backend.volunteering.records.incidents import needs_pair
from backend.volunteering.tasks.models import LIVE, UNDONE, HoldStatus, Task, TaskClaim, TaskKind, TaskStatus, TaskStop
from backend.volunteering.tasks.workflow import CLAIM, TASK
from backend.volunteering.teams.models import Volunteer

PLACES_OF_TASKS = {"community", "compound", "building", "unit"}
# Counts the slots of claims that are over as free again; the rows are taken in the order of their ids.
FREE = """
WITH freed AS (SELECT task_id, count(*)::integer AS slots FROM unnest(%s::uuid[]) AS given (task_id) GROUP BY 1),
held AS (SELECT id, slots FROM task JOIN freed ON task_id = id ORDER BY id FOR NO KEY UPDATE OF task)
UPDATE task SET taken = taken - slots, freed_at = clock_timestamp(), urgency = least(9, urgency + %s)
FROM held WHERE task.id = held.id"""


class Door(NamedTuple):
    """A household to go to; `subject_id` is what is brought."""

    household_id: uuid.UUID
    subject_id: uuid.UUID | None = None
    grams: int = 0


@dataclass(frozen=True)
class Wanted:
    """A task to make. With an origin, (type, id, key) makes it just once."""

    place_code: str
    kind: TaskKind
    title: str
    starts_at: datetime
    ends_at: datetime
    minutes: int
    role: str | None = None
    capacity: int = 1
    urgency: int = 1
    lease_minutes: int = 30
    grams: int = 0
    heaviest: int = 0
    floor: int | None = None
    needs_pair: bool = False
    origin_type: str | None = None
    origin_id: uuid.UUID | None = None
    origin_key: str | None = None
    doors: Sequence[Door] = ()

    @property
    def origin(self) -> tuple[str | None, uuid.UUID | None, str | None]:
        return self.origin_type, self.origin_id, self.origin_key


def make_tasks(wanted: Sequence[Wanted], actor: Actor = HOUSE) -> list[Task]:
    """The tasks, in the order wished; those whose origin has them already are left as they are. Where somebody was
    abused at one of the doors two go."""
    known = _known(wanted)
    abused = needs_pair({door.household_id for one in wanted for door in one.doors})
    made = [known.get(one.origin) or _made(one, abused, actor) for one in wanted]
    db.session.flush()
    return made


def _known(wanted: Sequence[Wanted]) -> dict[tuple, Task]:
    origins = {one.origin for one in wanted if one.origin_type}
    query = select(Task).where(tuple_(Task.origin_type, Task.origin_id, Task.origin_key).in_(origins))
    found = db.session.scalars(query) if origins else ()
    return {(task.origin_type, task.origin_id, task.origin_key): task for task in found}


def _made(wanted: Wanted, abused: set[uuid.UUID], actor: Actor) -> Task:
    if level_of(wanted.place_code) not in PLACES_OF_TASKS:
        raise DomainError("wrong_kind_of_place", "任务要落在社区、小区、楼栋或单元，请重新选择地点。")
    values = {name: value for name, value in vars(wanted).items() if name != "doors"}
    pair = wanted.needs_pair or any(door.household_id in abused for door in wanted.doors)
    values |= {"needs_pair": pair, "capacity": max(wanted.capacity, 2 if pair else 1)}
    task = Task(**values, status=TaskStatus.OPEN.value)
    task.stops = [
        TaskStop(position=n, household_id=door.household_id, subject_id=door.subject_id, grams=door.grams)
        for n, door in enumerate(wanted.doors, 1)
    ]
    db.session.add(task)
    audit.record("task", "make", actor, task, new=TaskStatus.OPEN.value, place_code=task.place_code)
    return task


# --- Calling off ------------------------------------------------------------------------------------------------


def cancel_tasks(origin_type: str, origin_id: uuid.UUID, reason: str, actor: Actor = HOUSE) -> None:
    """All that is undone of an origin is called off, whoever holds it."""
    for task_id in db.session.scalars(_of_origin(origin_type, origin_id).with_only_columns(Task.id).order_by(Task.id)):
        call_off(db.session.get_one(Task, task_id), actor, reason)


def call_off(task: Task, actor: Actor, reason: str | None, revision: int | None = None) -> Task:
    """Held claims end before the task's row is asked for, as everywhere; who claims meanwhile is refused by the row."""
    _end_claims(task)
    advance(TASK, task, "cancel", actor, reason=reason, revision=revision)
    _end_claims(task)
    return task


def _end_claims(task: Task) -> None:
    ended = advance_all(CLAIM, select(TaskClaim).where(TaskClaim.task_id == task.id), "cancel")
    free([claim for claim, _ in ended])


def free(claims: Sequence[TaskClaim], urgency: int = 0) -> None:
    """The slots of claims that are over are free, the task so much more urgent; the rows everyone wants, hence last."""
    if claims:
        hot_row_last(FREE, ([claim.task_id for claim in claims], urgency), lambda answer: None)


# --- Who holds them ---------------------------------------------------------------------------------------------


def _of_origin(origin_type: str, origin_id: uuid.UUID) -> Any:
    return select(Task).where(Task.origin_type == origin_type, Task.origin_id == origin_id, Task.status.in_(UNDONE))


def holders(task_id: uuid.UUID) -> list[uuid.UUID]:
    """The users who hold it now, the first to take it first."""
    held = select(Volunteer.user_id).join(TaskClaim, TaskClaim.volunteer_id == Volunteer.id)
    live = held.where(TaskClaim.task_id == task_id, TaskClaim.status.in_(LIVE))
    return list(db.session.scalars(live.order_by(TaskClaim.id)))


def at_work_on(actor: Actor, origin_type: str) -> Any:
    """A select of the origins of a type that the actor is at work on: until they begin, and once they are done or hold
    no post any more, they need not know."""
    return (
        select(Task.origin_id)
        .join(TaskClaim, TaskClaim.task_id == Task.id)
        .join(Volunteer, Volunteer.id == TaskClaim.volunteer_id)
        .where(Task.origin_type == origin_type, Volunteer.user_id == actor.id)
        .where(TaskClaim.status == HoldStatus.IN_PROGRESS, literal(bool(actor.scope(P.TASK_CLAIM))))
    )


def holds_task(actor: Actor, origin_type: str, origin_id: uuid.UUID) -> bool:
    """Whether the actor is at work on a task of this origin."""
    return db.session.scalar(at_work_on(actor, origin_type).where(Task.origin_id == origin_id).limit(1)) is not None
