"""The doors of a task: shown to the holder once they have begun, gone to one by one, never settled twice."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from backend.core import audit
from backend.core.auth import Actor
from backend.core.errors import Conflict, Forbidden, NotFound
from backend.core.models import new_id
from backend.core.permissions import Permission as P
from backend.core.workflow import lock
from backend.extensions import db
from backend.people.households import members_of
from backend.people.models import HouseholdMember
from backend.volunteering.tasks.holding import find, holder_of, in_time
from backend.volunteering.tasks.models import Failure, HoldStatus, Task, TaskClaim, TaskConflict, TaskStop
from backend.volunteering.tasks.origins import origin_of

DONE = "done"
OUTCOMES = (DONE, *[failure.value for failure in Failure if failure is not Failure.NOT_DONE])


def _theirs(actor: Actor, claim_id: uuid.UUID) -> TaskClaim:
    """The claim, for its holder, or whoever acts for a holder without a phone."""
    claim = find(actor, claim_id)
    if holder_of(claim).user_id != actor.id:
        actor.require(P.TASK_VERIFY, claim.place_code)
    return claim


def _at_work(actor: Actor, claim_id: uuid.UUID) -> TaskClaim:
    """The same, while they are at work."""
    claim = _theirs(actor, claim_id)
    if not (actor.scope(P.TASK_CLAIM) or actor.may(P.TASK_VERIFY, claim.place_code)):
        raise Forbidden("no_post", "您的岗位已经结束，不能再查看住户地址。手里的东西请交给综合协调员。")
    _refuse_idle(claim)
    return claim


def _refuse_idle(claim: TaskClaim) -> None:
    if claim.status != HoldStatus.IN_PROGRESS:
        raise Conflict("not_begun", "开始之后、完成之前才能看到住户的地址。请先点“开始”。", status_now=claim.status)


def look(actor: Actor, claim_id: uuid.UUID) -> TaskClaim:
    """Room and floor of each door. Every look is recorded."""
    claim = _at_work(actor, claim_id)
    said = {"doors": len(claim.task.stops)}
    audit.record("task_claim", "see_doors", actor, claim, place_code=claim.place_code, details=said)
    return claim


def phone(actor: Actor, claim_id: uuid.UUID, position: int, purpose: str) -> HouseholdMember:
    """The number of whoever speaks for the household at one of the doors, to ring before coming. Recorded."""
    claim = _at_work(actor, claim_id)
    stop = _stop(claim, position)
    member = next((one for one in members_of([stop.household_id])[stop.household_id] if one.phone_cipher), None)
    if stop.outcome is not None or member is None:
        raise NotFound("电话")
    said = {"purpose": purpose, "task_claim": str(claim.id)}
    audit.record("household_member", "reveal", actor, member, place_code=claim.place_code, details=said)
    return member


def _stop(claim: TaskClaim, position: int, locked: bool = False) -> TaskStop:
    query = select(TaskStop).where(TaskStop.task_id == claim.task_id, TaskStop.position == position)
    query = query.with_for_update() if locked else query
    stop = db.session.scalars(query, execution_options={"populate_existing": True}).one_or_none()
    if stop is None:
        raise NotFound("住户")
    return stop


def settle(actor: Actor, claim_id: uuid.UUID, position: int, outcome: str, at: datetime | None = None) -> TaskClaim:
    """One door has been gone to. Told twice by the same holder it counts once; settled by somebody else meanwhile, what
    is told now is kept beside it."""
    claim = _theirs(actor, claim_id)
    now = lock(claim)
    in_time(claim, at, now)
    stop = _stop(claim, position, locked=True)
    if stop.outcome is not None:
        if (stop.claim_id, stop.outcome) != (claim.id, outcome):
            keep_conflict(actor, claim, "settle", at or now, position, outcome)
        return claim
    _refuse_idle(claim)
    stop.outcome, stop.settled_at, stop.claim_id = outcome, at or now, claim.id
    said = {"position": position, "outcome": outcome}
    audit.record("task_claim", "settle_door", actor, claim, place_code=claim.place_code, details=said)
    db.session.flush()
    origin_of(claim.task).settled(claim.task, claim, stop)
    return claim


def door_done(origin_type: str, origin_id: uuid.UUID, subject_id: uuid.UUID, outcome: str) -> None:
    """Another package has seen to what is brought to a door, by the holder or past them: nobody need go there, or say
    so, a second time."""
    open_ones = select(TaskStop).join(Task, Task.id == TaskStop.task_id)
    of_it = open_ones.where(Task.origin_type == origin_type, Task.origin_id == origin_id)
    waiting = of_it.where(TaskStop.subject_id == subject_id, TaskStop.outcome.is_(None)).with_for_update(of=TaskStop)
    for stop in db.session.scalars(waiting, execution_options={"populate_existing": True}):
        at_work = (TaskClaim.task_id == stop.task_id) & (TaskClaim.status == HoldStatus.IN_PROGRESS)
        stop.claim_id = db.session.scalar(select(TaskClaim.id).where(at_work).limit(1))
        stop.outcome, stop.settled_at = outcome, func.now()
    db.session.flush()


def keep_conflict(
    actor: Actor, claim: TaskClaim, action: str, at: datetime, position: int | None = None, outcome: str | None = None
) -> None:
    """What was told later than somebody else's: neither lost nor counted. The same told again is one."""
    if holder_of(claim).user_id != actor.id and not actor.may(P.TASK_VERIFY, claim.place_code):
        raise Forbidden("forbidden", "只有本人或代办人可以登记，请联系他们。")
    told = {"position": position, "action": action, "at": at, "outcome": outcome}
    row: dict[str, Any] = {"id": new_id(), "task_id": claim.task_id, "claim_id": claim.id, **told}
    kept = insert(TaskConflict).values(row).on_conflict_do_nothing().returning(TaskConflict.id)
    if db.session.scalar(kept) is not None:
        said = {"action": action, **({"position": position} if position else {})}
        audit.record("task_claim", "conflict", actor, claim, place_code=claim.place_code, details=said)
