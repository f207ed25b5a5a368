"""The verbs of a holder: accept, begin, ask for time, give back, finish; and of those who look after them."""

import hmac
import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from backend.core import photos
from backend.core.auth import HOUSE, Actor
from backend.core.clock import day_of
from backend.core.crypto import keyring
from backend.core.errors import Conflict, DomainError, Forbidden, NotFound
from backend.core.models import within
from backend.core.permissions import Permission as P
from backend.core.photos import Photo
from backend.core.workflow import Move, advance, lanes_of, lock, refuse_stale
from backend.extensions import db
from backend.volunteering.tasks.claiming import take
from backend.volunteering.tasks.making import free
from backend.volunteering.tasks.models import LIVE, OF_THE_HOUR, Failure, HoldStatus, Task, TaskClaim, TaskStatus
from backend.volunteering.tasks.origins import origin_of
from backend.volunteering.tasks.workflow import CLAIM, TASK, WORK
from backend.volunteering.teams.members import fit_on
from backend.volunteering.teams.models import Volunteer

TRIES = 5
PHOTO, PHOTOS_AT_MOST, PHOTO_KEPT_DAYS = "task_claim", 3, 30
# Somebody has to look at these before anyone goes there again; the others are tried again by whoever is free.
TO_LOOK_AT = frozenset({Failure.REFUSED, Failure.WRONG_ADDRESS, Failure.UNSAFE})


# --- Finding ----------------------------------------------------------------------------------------------------


def visible(actor: Actor) -> Any:
    """A select of the claims the actor may know of: their own, and those at places in their care."""
    mine = select(Volunteer.id).where(Volunteer.user_id == actor.id)
    in_care = within(TaskClaim.place_code, actor.scope(P.TASK_READ))
    return select(TaskClaim).where(TaskClaim.volunteer_id.in_(mine) | in_care)


def mine(actor: Actor, live: bool) -> Any:
    """A select of the actor's own claims."""
    own = select(Volunteer.id).where(Volunteer.user_id == actor.id)
    query = select(TaskClaim).where(TaskClaim.volunteer_id.in_(own)).options(joinedload(TaskClaim.task))
    return query.where(TaskClaim.status.in_(LIVE)) if live else query


def find(actor: Actor, claim_id: uuid.UUID) -> TaskClaim:
    claim = db.session.scalars(visible(actor).where(TaskClaim.id == claim_id)).one_or_none()
    if claim is None:
        raise NotFound("任务")
    return claim


def holder_of(claim: TaskClaim) -> Volunteer:
    return db.session.get_one(Volunteer, claim.volunteer_id)


def step(actor: Actor, claim: TaskClaim, action: str, revision: int | None, **data: Any) -> TaskClaim:
    """One step; by another than the holder it is on the holder's behalf, and the record says so."""
    user_id = holder_of(claim).user_id
    behalf = None if actor.id in (user_id, None) else user_id
    advance(CLAIM, claim, action, actor, revision=revision, on_behalf_of=behalf, **data)
    return claim


# --- Assigning --------------------------------------------------------------------------------------------------


def task_in_care(actor: Actor, task_id: uuid.UUID, permission: P = P.TASK_ASSIGN) -> Task:
    task = db.session.get(Task, task_id)
    if task is None or not actor.may(P.TASK_READ, task.place_code):
        raise NotFound("任务")
    actor.require(permission, task.place_code)
    return task


def assign(actor: Actor, task_id: uuid.UUID, volunteer_id: uuid.UUID) -> TaskClaim:
    """The coordinator asks one volunteer, who accepts or declines. What refuses a claim refuses this, but that the
    volunteer need not have said yet how they are today."""
    task_in_care(actor, task_id)
    return take(actor, task_id, volunteer_id, HoldStatus.ASSIGNED, "assign")


def accept(actor: Actor, claim_id: uuid.UUID, revision: int) -> TaskClaim:
    return step(actor, find(actor, claim_id), "accept", revision)


def decline(actor: Actor, claim_id: uuid.UUID, revision: int) -> TaskClaim:
    """Nobody has to say why."""
    claim = step(actor, find(actor, claim_id), "decline", revision)
    free([claim])
    return claim


# --- At work ----------------------------------------------------------------------------------------------------


def start(actor: Actor, claim_id: uuid.UUID, revision: int, at: datetime | None = None) -> TaskClaim:
    """The work begins, and with it the need to know the addresses (see doors.py)."""
    claim = find(actor, claim_id)
    step(actor, claim, "start", revision, check=_ready, at=at)
    origin_of(claim.task).started(claim.task, claim)
    return claim


def _ready(claim: TaskClaim, move: Move) -> None:
    at = move.data.get("at")
    in_time(claim, at, move.now)
    if not fit_on([claim.volunteer_id], day_of(at or move.now)).get(claim.volunteer_id):
        raise Conflict("health_unknown", "请先登记今天的健康状况；身体不适的话请退回任务，好好休息。")
    if claim.task.needs_pair and len(db.session.scalars(_live(claim.task_id)).all()) < 2:
        raise Conflict("pair_missing", "这项任务要两个人一起去，另一位还没有领。请等一等，或联系综合协调员。")


def _live(task_id: uuid.UUID) -> Any:
    return select(TaskClaim.id).where(TaskClaim.task_id == task_id, TaskClaim.status.in_(LIVE))


def in_time(claim: TaskClaim, at: datetime | None, now: datetime) -> None:
    """An event is told at its own time, which lies between the claim and now."""
    if at is not None and not claim.claimed_at <= at <= now:
        raise DomainError("time_out_of_range", "登记的时间要在领取之后、现在之前，请核对手机的时间。")


def extend(actor: Actor, claim_id: uuid.UUID, revision: int) -> TaskClaim:
    """One tap, twice at most: the slot is kept as much longer as it was kept at first."""
    return step(actor, find(actor, claim_id), "extend", revision)


def release(actor: Actor, claim_id: uuid.UUID, revision: int, excuse: str | None = None) -> TaskClaim:
    """Given back before it was begun. The excuse is for the coordinator's planning; nobody is counted or blamed."""
    claim = step(actor, find(actor, claim_id), "release", revision, details={"excuse": excuse} if excuse else {})
    free([claim])
    return claim


def fail(actor: Actor, claim_id: uuid.UUID, revision: int, failure: str, at: datetime | None = None) -> TaskClaim:
    """It could not be done, for a reason that is nobody's fault. Where nobody was at home or nothing ready it is open
    for the next; what was refused, wrong or unsafe waits for the coordinator."""
    claim = find(actor, claim_id)
    step(actor, claim, "fail", revision, failure=failure, at=at, details={"failure": failure})
    origin_of(claim.task).failed(claim.task, claim, failure)
    _hold_back(claim.task, Failure(failure))
    free([claim], urgency=1)
    return claim


def _hold_back(task: Task, failure: Failure) -> None:
    if failure in TO_LOOK_AT and task.capacity == 1 and task.status == TaskStatus.OPEN:
        advance(TASK, task, "hold", HOUSE, reason=failure.label)


def no_show(actor: Actor, claim_id: uuid.UUID, revision: int, excuse: str | None = None) -> TaskClaim:
    """They did not come and cannot be reached. Others are asked in turn (see ladder_rung())."""
    claim = find(actor, claim_id)
    step(actor, claim, "no_show", revision, details={"excuse": excuse} if excuse else {})
    free([claim], urgency=1)
    return claim


# --- Finishing --------------------------------------------------------------------------------------------------


def completion_code(task_id: uuid.UUID) -> str:
    """Six digits, known to whoever the work is for: the head of the gate, the coordinator. They tell it to the
    volunteer when it is done."""
    digest = keyring.blind_index(str(task_id), "task.completion_code")
    return f"{int.from_bytes(digest[:8]) % 10**6:06d}"


def done(
    actor: Actor, claim_id: uuid.UUID, revision: int, how: str, code: str | None = None, at: datetime | None = None
) -> TaskClaim | DomainError:
    """Finished: shown by the code, by a photo or a signature sent before, by all doors gone to, or said by the building
    head (or whoever verifies) for a volunteer without a phone. A wrong code is returned, not raised: it is remembered,
    and after five another way must be found. The code is the word of a second person, and needs none to verify; unless
    whoever tells it could have looked it up."""
    claim = find(actor, claim_id)
    lock(claim)
    refuse_stale(claim, revision)
    if how == "code" and claim.status == HoldStatus.IN_PROGRESS and (wrong := _wrong_code(claim, code or "")):
        return wrong
    finish(actor, claim, how, at)
    if how == "code" and not actor.may(P.TASK_VERIFY, claim.place_code):
        verified(HOUSE, claim)
    return claim


def finish(actor: Actor, claim: TaskClaim, how: str, at: datetime | None) -> None:
    def shown(claim: TaskClaim, move: Move) -> None:
        in_time(claim, at, move.now)
        _refuse_unshown(actor, claim, how)

    step(actor, claim, "done", None, check=shown, how=how, at=at, details={"how": how})
    origin_of(claim.task).done(claim.task, claim)


def _wrong_code(claim: TaskClaim, code: str) -> DomainError | None:
    if claim.tries >= TRIES:
        raise Conflict("code_locked", "完成码已经输错 5 次，请改用拍照，或请楼栋长登记。")
    if hmac.compare_digest(code, completion_code(claim.task_id)):
        return None
    claim.tries += 1
    left = TRIES - claim.tries
    return DomainError("wrong_code", f"完成码不对，请再核对一次（还可以试 {left} 次）。", left=left)


def _refuse_unshown(actor: Actor, claim: TaskClaim, how: str) -> None:
    stops = claim.task.stops
    if any(stop.outcome is None for stop in stops):
        left = sum(stop.outcome is None for stop in stops)
        raise Conflict("doors_left", f"还有 {left} 户没有登记送到或没送到，请先逐户登记。", left=left)
    if how == "doors" and not stops:
        raise DomainError("nothing_shown", "这项任务没有要上门的住户，请用完成码、照片或签名登记完成。")
    if how == "building_head" and holder_of(claim).user_id == actor.id:
        raise DomainError("not_by_oneself", "由楼栋长登记是给没有手机的志愿者用的，您自己完成的请用别的方式登记。")
    if how in ("photo", "signature") and not _photos(claim.id):
        raise DomainError("photo_missing", "请先上传照片或签名，再登记完成。")


def _photos(claim_id: uuid.UUID) -> int:
    sent = select(func.count()).where(Photo.subject_type == PHOTO, Photo.subject_id == claim_id)
    return db.session.scalars(sent.where(Photo.erased_at.is_(None))).one()


def add_photo(actor: Actor, claim_id: uuid.UUID, data: bytes) -> Photo:
    """What shows that it was done, or the signature of who received it; by the holder, at work."""
    claim = find(actor, claim_id)
    if holder_of(claim).user_id != actor.id or claim.status != HoldStatus.IN_PROGRESS:
        raise Conflict("not_at_work", "只有正在做这项任务的人可以上传照片，请先点“开始”。")
    photo = photos.take(actor, data, claim.place_code, PHOTO, claim.id, erase_after_days=PHOTO_KEPT_DAYS)
    lock(claim)
    if _photos(claim.id) > PHOTOS_AT_MOST:
        raise Conflict("too_many_photos", f"最多上传 {PHOTOS_AT_MOST} 张照片，请直接登记完成。")
    return photo


def look(actor: Actor, photo_id: uuid.UUID) -> bytes:
    """The JPEG, for whoever holds the claim or verifies it."""
    seen = visible(actor).with_only_columns(TaskClaim.id)
    query = select(Photo).where(Photo.id == photo_id, Photo.subject_type == PHOTO, Photo.subject_id.in_(seen))
    photo = db.session.scalars(query).one_or_none()
    if photo is None:
        raise NotFound("照片")
    return photos.read(photo)


# --- Verifying --------------------------------------------------------------------------------------------------


def verify(actor: Actor, claim_id: uuid.UUID, revision: int) -> TaskClaim:
    """A second person, who has not worked on it, says that it is done. Enough of them close the task."""
    claim = _by_another(actor, claim_id)
    return verified(actor, claim, revision)


def reject(actor: Actor, claim_id: uuid.UUID, revision: int, reason: str | None) -> TaskClaim:
    """It was not done: the slot is free again."""
    claim = _by_another(actor, claim_id)
    advance(CLAIM, claim, "reject", actor, revision=revision, reason=reason, failure=Failure.NOT_DONE.value)
    free([claim], urgency=1)
    return claim


def _by_another(actor: Actor, claim_id: uuid.UUID) -> TaskClaim:
    claim = find(actor, claim_id)
    if holder_of(claim).user_id == actor.id or WORK in lanes_of(actor, [claim.id])[claim.id]:
        raise Forbidden("separate_hands", "您自己做的或代别人登记的任务，要由另一个人核实。")
    return claim


def verified(actor: Actor, claim: TaskClaim, revision: int | None = None) -> TaskClaim:
    advance(CLAIM, claim, "verify", actor, revision=revision)
    close_when_done(claim.task)
    return claim


def close_when_done(task: Task) -> None:
    """As many as were wanted have done it and nobody is at it; or its hour is over and whoever came has done it."""
    now = lock(task)
    statuses = list(db.session.scalars(select(TaskClaim.status).where(TaskClaim.task_id == task.id)))
    stood = statuses.count(HoldStatus.VERIFIED)
    over = task.kind in OF_THE_HOUR and task.ends_at <= now and stood > 0
    undone = any(status in (*LIVE, HoldStatus.DONE) for status in statuses)
    if task.status in (TaskStatus.OPEN, TaskStatus.HELD) and not undone and (stood >= task.capacity or over):
        advance(TASK, task, "close", HOUSE)
