"""What a phone without a network tells later: events with their own times, taken in their order."""

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text

from backend.core.auth import HOUSE, Actor
from backend.core.errors import DomainError, NotFound
from backend.core.transaction import savepoint
from backend.core.workflow import lock
from backend.extensions import db
from backend.volunteering.tasks import doors, holding
from backend.volunteering.tasks.models import LIVE, Failure, HoldStatus, TaskClaim

# The slot of a claim whose lease ran out while its holder was out of reach, if nobody has taken it since, the time of
# day is theirs still, and nobody has sent them to rest.
TAKE_BACK = text("""
UPDATE task SET taken = taken + 1 WHERE id = :task AND status = 'open' AND taken < capacity
  AND NOT EXISTS (SELECT FROM stand_down s WHERE s.volunteer_id = :volunteer)
  AND NOT EXISTS (SELECT FROM task_claim o WHERE o.volunteer_id = :volunteer AND o.lease_until IS NOT NULL
    AND o.starts_at < :ends_at AND o.ends_at > :starts_at)
  AND NOT EXISTS (SELECT FROM task_claim o WHERE o.volunteer_id = :volunteer AND o.task_id = :task
    AND (o.lease_until IS NOT NULL OR o.done_at IS NOT NULL))
RETURNING id""")
HOLD_VOLUNTEER = text("SELECT id FROM volunteer WHERE id = :volunteer AND left_at IS NULL FOR NO KEY UPDATE")


def tell(actor: Actor, events: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each event as it stands then, in the order of the events' own times; one that is refused keeps none of the
    others. Outcomes: `taken` down; `conflict`: somebody else had done it, kept and shown to the coordinator; else the
    refusal's code with its words. A claim that is a stranger's is missing."""
    told_of = {event["claim_id"] for event in events}
    seen = holding.visible(actor).where(TaskClaim.id.in_(told_of)).with_only_columns(TaskClaim.id)
    if len(db.session.scalars(seen).all()) < len(told_of):
        raise NotFound("任务")
    told: dict[int, dict[str, Any]] = {}
    for n, event in sorted(enumerate(events), key=lambda each: each[1]["at"]):
        try:
            with savepoint():
                outcome, detail = _one(actor, **event), None
        except DomainError as refusal:
            outcome, detail = refusal.code, refusal.detail
        told[n] = {"claim_id": event["claim_id"], "action": event["action"], "outcome": outcome, "detail": detail}
    return [told[n] for n in range(len(events))]


def _one(
    actor: Actor,
    claim_id: uuid.UUID,
    action: str,
    at: datetime,
    position: int | None = None,
    outcome: str | None = None,
    failure: str | None = None,
    how: str = "doors",
) -> str:
    claim = holding.find(actor, claim_id)
    now = lock(claim)
    holding.in_time(claim, at, now)
    if _too_late(actor, claim, at):
        doors.keep_conflict(actor, claim, action, at, position, outcome or failure)
        return "conflict"
    if action == "start":
        if claim.started_at is None:
            holding.start(actor, claim_id, claim.revision, at)
    elif action == "settle":
        return _settled(actor, claim, position or 0, outcome or doors.DONE, at)
    elif action == "fail":
        holding.fail(actor, claim_id, claim.revision, failure or Failure.NOT_HOME, at)
    elif claim.status not in (HoldStatus.DONE, HoldStatus.VERIFIED):
        holding.finish(actor, claim, how, at)
    return "taken"


def _settled(actor: Actor, claim: TaskClaim, position: int, outcome: str, at: datetime) -> str:
    doors.settle(actor, claim.id, position, outcome, at)
    mine = {stop.position: stop.claim_id for stop in claim.task.stops}
    return "taken" if mine.get(position) == claim.id else "conflict"


def _too_late(actor: Actor, claim: TaskClaim, at: datetime) -> bool:
    """The claim is over, and cannot be taken up again: begun after its lease, or the slot is another's."""
    if claim.status in (*LIVE, HoldStatus.DONE, HoldStatus.VERIFIED):
        return False
    if claim.status != HoldStatus.EXPIRED or at > _lease_of(claim) or not _taken_back(claim):
        return True
    holding.step(HOUSE, claim, "resume", None, at=at)
    return False


def _lease_of(claim: TaskClaim) -> datetime:
    """By when a sign of life was due; an extension keeps the slot as much longer as it was kept at first."""
    return claim.starts_at + timedelta(minutes=claim.task.lease_minutes) * (1 + claim.extensions)


def _taken_back(claim: TaskClaim) -> bool:
    if db.session.execute(HOLD_VOLUNTEER, {"volunteer": claim.volunteer_id}).one_or_none() is None:  # they have left
        return False
    slot = {"task": claim.task_id, "volunteer": claim.volunteer_id}
    when = {"starts_at": claim.starts_at, "ends_at": claim.ends_at}
    return db.session.execute(TAKE_BACK, slot | when).one_or_none() is not None
