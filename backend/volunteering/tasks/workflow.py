"""The flow of a task, and of a volunteer's hold on one, as tables of Steps (DOMAIN section 6)."""

import uuid
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from backend.core.auth import Actor
from backend.core.clock import SHANGHAI
from backend.core.errors import Conflict
from backend.core.permissions import Permission as P
from backend.core.workflow import Move, Step, Workflow
from backend.extensions import db
from backend.volunteering.tasks.models import LIVE, HoldStatus, Task, TaskClaim, TaskStatus
from backend.volunteering.teams.models import Volunteer

T, H = TaskStatus, HoldStatus
EXTENSIONS = 2
EARLY = timedelta(hours=1)
# What one says by oneself, and somebody else on behalf of who has no phone, counts as work; the work of another is
# what one verifies.
WORK, VERIFY = "work", "verify"


def _one_more(task: Task, move: Move) -> None:
    """All slots are used up by work that stands: reopened, the task takes one more. Doors that were gone to in vain
    are gone to again."""
    if task.taken >= task.capacity:
        task.capacity = task.taken + 1
    for stop in task.stops:
        if stop.outcome and stop.outcome != "done":
            stop.outcome = stop.settled_at = stop.claim_id = None


TASK = Workflow(
    name="task",
    visible=P.TASK_READ,
    place_of=lambda task: task.place_code,
    steps=(
        Step("hold", {T.OPEN}, T.HELD, "暂停", P.TASK_ASSIGN, needs_reason=True),
        Step("cancel", {T.OPEN, T.HELD}, T.CANCELLED, "取消", P.TASK_ASSIGN, needs_reason=True),
        Step("close", {T.OPEN, T.HELD}, T.CLOSED, "办结", P.TASK_VERIFY),
        Step("lapse", {T.OPEN}, T.LAPSED, "过时没有人做"),
        Step("reopen", {T.HELD, T.CLOSED, T.CANCELLED, T.LAPSED}, T.OPEN, "重新开放", P.TASK_ASSIGN,
             needs_reason=True, effect=_one_more),
    ),
)  # fmt: skip


def owned(claims: Sequence[TaskClaim], actor: Actor) -> set[uuid.UUID]:
    """Those that the actor holds."""
    mine = select(Volunteer.id).where(
        Volunteer.user_id == actor.id, Volunteer.id.in_({claim.volunteer_id for claim in claims})
    )
    volunteers = set(db.session.scalars(mine))
    return {claim.id for claim in claims if claim.volunteer_id in volunteers}


def _not_yet(claim: TaskClaim, now: datetime) -> None:
    if now < claim.starts_at - EARLY:
        when = (claim.starts_at - EARLY).astimezone(SHANGHAI)
        raise Conflict("too_early", f"{when:%m月%d日 %H:%M} 以后才能开始，那时会显示地址。", begin_from=when)


def _few(claim: TaskClaim, now: datetime) -> None:
    if claim.extensions >= EXTENSIONS:
        detail = f"已经延长过 {EXTENSIONS} 次。来不及的话请退回任务或交接给别人，没有人会怪您。"
        raise Conflict("extended_enough", detail)


def _due(claim: TaskClaim, now: datetime) -> None:
    if now < claim.starts_at:
        raise Conflict("not_due", "还没有到开始时间，请先打电话问一问。")


def _let_go(claim: TaskClaim, move: Move) -> None:
    claim.lease_until = None


def _handed_over(claim: TaskClaim, move: Move) -> None:
    claim.lease_until, claim.handed_to = None, move.data["to"]


def _begun(claim: TaskClaim, move: Move) -> None:
    claim.started_at = claim.started_at or move.data.get("at") or move.now
    claim.lease_until = max(move.now, claim.ends_at)
    claim.lease_until += timedelta(minutes=claim.task.lease_minutes)


def _extended(claim: TaskClaim, move: Move) -> None:
    claim.extensions += 1
    claim.lease_until = max(move.now, claim.lease_until or move.now) + timedelta(minutes=claim.task.lease_minutes)


def _finished(claim: TaskClaim, move: Move) -> None:
    started = claim.started_at or move.now
    claim.lease_until, claim.done_at, claim.how = None, max(started, move.data.get("at") or move.now), move.data["how"]


def _failed(claim: TaskClaim, move: Move) -> None:
    claim.lease_until, claim.done_at, claim.failure = None, None, move.data["failure"]


NOT_BEGUN = {H.CLAIMED, H.ACCEPTED}
HELD = {*NOT_BEGUN, H.IN_PROGRESS}


def _ours(action: str, sources: Collection[str], target: str, label: str, **more: Any) -> Step:
    """A step of the holder's, or of whoever acts on behalf of one without a phone."""
    return Step(action, sources, target, label, P.TASK_VERIFY, owner=True, lane=WORK, **more)


CLAIM = Workflow(
    name="task_claim",
    visible=P.TASK_READ,
    place_of=lambda claim: claim.place_code,
    owned=owned,
    steps=(
        _ours("accept", {H.ASSIGNED}, H.ACCEPTED, "接受"),
        _ours("decline", {H.ASSIGNED}, H.DECLINED, "不接受", effect=_let_go),
        _ours("start", NOT_BEGUN, H.IN_PROGRESS, "开始", guard=_not_yet, effect=_begun),
        *[
            _ours("extend", {status}, status, "再给我一点时间", guard=_few, effect=_extended)
            for status in sorted(HELD)
        ],
        _ours("release", {*NOT_BEGUN}, H.RELEASED, "退回", effect=_let_go),
        _ours("done", {H.IN_PROGRESS}, H.DONE, "完成", effect=_finished),
        _ours("fail", HELD, H.FAILED, "没有做成", effect=_failed),
        Step("no_show", HELD, H.NO_SHOW, "没有到场", P.TASK_ASSIGN, guard=_due, effect=_let_go),
        Step("verify", {H.DONE}, H.VERIFIED, "核实", P.TASK_VERIFY, lane=VERIFY),
        Step("reject", {H.DONE}, H.FAILED, "核实没有完成", P.TASK_VERIFY, lane=VERIFY, needs_reason=True,
             effect=_failed),
        Step("expire", {H.ASSIGNED, *NOT_BEGUN}, H.EXPIRED, "保留时间已过", effect=_let_go),
        # A phone without a network tells later that it was begun in time.
        Step("resume", {H.EXPIRED}, H.IN_PROGRESS, "补记开始", effect=_begun),
        # Offered by the one, taken by the other (handing_over.py): the house then takes the step for both.
        _ours("hand_over", HELD, H.HANDED_OVER, "交接", effect=_handed_over),
        Step("stand_down", set(LIVE), H.RELEASED, "停止服务", effect=_let_go),
        Step("cancel", set(LIVE), H.CANCELLED, "任务取消", effect=_let_go),
    ),
)  # fmt: skip
