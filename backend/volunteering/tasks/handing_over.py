"""A holder hands a task over to another volunteer: offered with a list of what they carry, accepted with the same."""

import json
import uuid
from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from backend.core import audit
from backend.core.auth import HOUSE, Actor
from backend.core.errors import Conflict, DomainError, Forbidden, NotFound
from backend.core.permissions import Permission as P
from backend.core.workflow import advance, lock, refuse_stale
from backend.extensions import db
from backend.volunteering.tasks.claiming import REFUSALS, REFUSALS_OF_ANOTHER, refuse_unfit, take
from backend.volunteering.tasks.holding import find, holder_of
from backend.volunteering.tasks.models import HoldStatus, TaskClaim, TaskHandOver, TaskStop
from backend.volunteering.tasks.origins import origin_of
from backend.volunteering.tasks.workflow import CLAIM, HELD
from backend.volunteering.teams.models import Volunteer


def offer(
    actor: Actor, claim_id: uuid.UUID, revision: int, to_volunteer_id: uuid.UUID, custody: Sequence[str]
) -> TaskHandOver:
    """The first signature: what is handed over, piece by piece, and which doors are left. What would refuse the other a
    claim is said at once."""
    claim = find(actor, claim_id)
    lock(claim)
    refuse_stale(claim, revision)
    giver = holder_of(claim)
    if giver.user_id != actor.id:
        actor.require(P.TASK_VERIFY, claim.place_code)
    if claim.status not in HELD:
        raise Conflict("not_held", "这项任务现在不在您手里，不能交接。请刷新后再看。", status_now=claim.status)
    refuse_unfit(claim.task_id, to_volunteer_id)
    left = select(TaskStop.position).where(TaskStop.task_id == claim.task_id, TaskStop.outcome.is_(None))
    doors = list(db.session.scalars(left.order_by(TaskStop.position)))
    offered = TaskHandOver(claim_id=claim.id, to_volunteer_id=to_volunteer_id, stops=doors)
    offered.custody = json.dumps(list(custody), ensure_ascii=False)
    db.session.add(offered)
    said: dict[str, Any] = {"hand_over": str(offered.id), "pieces": len(custody), "doors": len(doors)}
    behalf = None if giver.user_id == actor.id else giver.user_id
    audit.record(
        "task_claim", "offer", actor, claim, place_code=claim.place_code, details=said, on_behalf_of=behalf, lane="work"
    )
    db.session.flush()
    return offered


def answer(actor: Actor, hand_over_id: uuid.UUID, accept: bool, pieces: int | None = None) -> TaskHandOver:
    """The second signature: so many pieces, as the list says. Only then does the task change hands, in the same stroke
    for both. Declined, or withdrawn by whoever offered it, nothing changes."""
    offered = _offer(actor, hand_over_id)
    # A volunteer before any claim, as where a whole home stands down at this moment: nobody waits in a circle.
    taker = select(Volunteer.id).where(Volunteer.id == offered.to_volunteer_id)
    db.session.execute(taker.with_for_update(key_share=True))
    lock(offered.claim)
    db.session.refresh(offered, with_for_update=True)
    if offered.accepted is not None:
        raise Conflict("already_answered", "这次交接已经有了答复，请刷新后再看。")
    if accept:
        _change_hands(actor, offered, pieces)
    else:
        offered.accepted, offered.answered_at = False, func.now()
        said = {"hand_over": str(offered.id)}
        place = offered.claim.place_code
        audit.record("task_claim", "offer_declined", actor, offered.claim, place_code=place, details=said)
        db.session.flush()
    return offered


def _change_hands(actor: Actor, offered: TaskHandOver, pieces: int | None) -> None:
    claim, taker = offered.claim, db.session.get_one(Volunteer, offered.to_volunteer_id)
    by_giver = holder_of(claim).user_id == actor.id
    if taker.user_id != actor.id and (by_giver or not actor.may(P.TASK_VERIFY, claim.place_code)):
        raise Forbidden("forbidden", "要由接手的人自己确认，或由楼栋长代为确认；交出的人不能替对方签字。")
    if claim.status not in HELD:
        raise Conflict("not_held", "这项任务已经不在对方手里，不能交接。请刷新后再看。", status_now=claim.status)
    if pieces != len(custody_of(offered)):
        listed = len(custody_of(offered))
        detail = f"交接单上有 {listed} 件，和您点的数目不一样。请当面再点一遍，数目对上了再确认。"
        raise DomainError("custody_differs", detail, listed=listed)
    status = HoldStatus.IN_PROGRESS if claim.status == HoldStatus.IN_PROGRESS else HoldStatus.ACCEPTED
    told = REFUSALS if taker.user_id == actor.id else REFUSALS_OF_ANOTHER
    taken: TaskClaim = take(actor, claim.task_id, taker.id, status, "take_over", swap=True, refusals=told)
    advance(CLAIM, claim, "hand_over", HOUSE, details={"to": str(taken.id)}, to=taker.id)
    offered.accepted, offered.new_claim_id = True, taken.id
    offered.answered_at = func.now()
    db.session.flush()
    if taken.status == HoldStatus.IN_PROGRESS:
        origin_of(taken.task).started(taken.task, taken)


def _offer(actor: Actor, hand_over_id: uuid.UUID) -> TaskHandOver:
    found = db.session.get(TaskHandOver, hand_over_id)
    if found is None or not (_concerned(actor, found) or actor.may(P.TASK_READ, found.claim.place_code)):
        raise NotFound("交接")
    if not (_concerned(actor, found) or actor.may(P.TASK_VERIFY, found.claim.place_code)):
        raise Forbidden("forbidden", "交接要由双方确认，或由楼栋长代为确认。")
    return found


def _concerned(actor: Actor, offered: TaskHandOver) -> bool:
    both = {offered.to_volunteer_id, offered.claim.volunteer_id}
    mine = select(Volunteer.id).where(Volunteer.user_id == actor.id, Volunteer.id.in_(both))
    return db.session.scalar(mine.limit(1)) is not None


def custody_of(offered: TaskHandOver) -> list[str]:
    return json.loads(offered.custody)


def mine(actor: Actor) -> Any:
    """A select of the offers that wait for an answer, of what is still held: to the actor, and by the actor."""
    own = select(Volunteer.id).where(Volunteer.user_id == actor.id)
    by_me = select(TaskClaim.id).where(TaskClaim.volunteer_id.in_(own))
    whole = joinedload(TaskHandOver.claim).joinedload(TaskClaim.task)
    query = select(TaskHandOver).join(TaskHandOver.claim).options(whole)
    query = query.where(TaskHandOver.accepted.is_(None), TaskClaim.status.in_(HELD))
    return query.where(TaskHandOver.to_volunteer_id.in_(own) | TaskHandOver.claim_id.in_(by_me))
