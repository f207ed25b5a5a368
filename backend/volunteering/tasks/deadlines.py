"""What time does to tasks: leases run out, and the hour of a shift passes."""

import uuid

from sqlalchemy import exists, func, select

from backend.core.auth import HOUSE
from backend.core.jobs import each_alone, job
from backend.core.transaction import database_now
from backend.core.workflow import advance, lock
from backend.extensions import db
from backend.volunteering.tasks.holding import close_when_done
from backend.volunteering.tasks.making import free
from backend.volunteering.tasks.models import HOLDING, LIVE, OF_THE_HOUR, HoldStatus, Task, TaskClaim, TaskStatus
from backend.volunteering.tasks.workflow import CLAIM, TASK

ROUND = 500
# Who is at work is not put off it: the coordinator sees that the time is over, and rings.
RUNS_OUT = (HoldStatus.CLAIMED, HoldStatus.ASSIGNED, HoldStatus.ACCEPTED)


@job("volunteering.expire_leases", every="* * * * *", edge=False)
def expire_leases() -> None:
    """A slot that shows no sign of life goes to others: the task is so much more urgent, and nobody is blamed."""
    due = (TaskClaim.lease_until <= func.now()) & TaskClaim.status.in_(RUNS_OUT)
    each_alone(expire, select(TaskClaim.id).where(due).order_by(TaskClaim.lease_until).limit(ROUND))


def expire(claim_id: uuid.UUID) -> None:
    claim = db.session.get_one(TaskClaim, claim_id)
    now = lock(claim)
    if claim.status in RUNS_OUT and claim.lease_until and claim.lease_until <= now:  # they may just have asked for more
        advance(CLAIM, claim, "expire", HOUSE)
        free([claim], urgency=1)


@job("volunteering.pass_hours", every="*/5 * * * *", edge=False)
def pass_hours() -> None:
    """A shift whose hour is over: done by whoever came, or lapsed where nobody did. One that somebody is still at, or
    whose work nobody has verified yet, is left for later, and stands in no other's way."""
    over = (Task.status == TaskStatus.OPEN) & Task.kind.in_(OF_THE_HOUR) & (Task.ends_at <= func.now())
    waits = exists().where(TaskClaim.task_id == Task.id, TaskClaim.status.in_((*LIVE, HoldStatus.DONE)))
    each_alone(pass_hour, select(Task.id).where(over, ~waits).order_by(Task.ends_at).limit(ROUND))


def pass_hour(task_id: uuid.UUID) -> None:
    task = db.session.get_one(Task, task_id)
    close_when_done(task)
    held = select(TaskClaim.id).where(TaskClaim.task_id == task.id, TaskClaim.status.in_(HOLDING))
    if task.status == TaskStatus.OPEN and task.ends_at <= database_now() and db.session.scalar(held.limit(1)) is None:
        advance(TASK, task, "lapse", HOUSE)
