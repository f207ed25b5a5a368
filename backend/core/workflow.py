"""State changes, for every feature, in one place: tables of Steps and the one function that walks them."""

import uuid
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select

from backend.core import audit
from backend.core.audit import AuditEvent
from backend.core.auth import HOUSE, Actor
from backend.core.errors import Conflict, DomainError, Forbidden, NotFound
from backend.core.permissions import Permission
from backend.extensions import db


@dataclass
class Move:
    """One attempt at a step: who, when (the database's clock), why, and what the step needs besides."""

    actor: Actor
    now: datetime
    reason: str | None = None
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Step:
    """One arrow of a flow.

    permission: None means that only the house itself (the clock, a case event) takes it; never offered. The house
        may take the others too: the clock returns what a reviewer could.
    owner: whoever the subject belongs to (see Workflow.owned) may take it, without a post that has the permission.
    lane: who has acted on a subject in one lane may not act on it in another (applicant, subdistrict, district).
    guard: a cheap refusal on the locked row alone; also hides the action from `allowed_actions`.
    effect: what the step does besides, in the same transaction, after status and audit.
    """

    action: str
    sources: Collection[str]
    target: str
    label: str
    permission: Permission | None = None
    lane: str | None = None
    needs_reason: bool = False
    guard: Callable[[Any, datetime], None] | None = None
    effect: Callable[[Any, Move], None] | None = None
    owner: bool = False


@dataclass(frozen=True)
class Workflow:
    """A model's table of Steps. `visible` is the permission without which the subject does not exist (404);
    `hands` names the row whose lanes count: the subject, or what it is about; `owned` tells which of some subjects
    are the actor's own (one query for a page of them)."""

    name: str
    steps: tuple[Step, ...]
    visible: Permission
    place_of: Callable[[Any], str]
    hands: Callable[[Any], uuid.UUID] = lambda subject: subject.id
    owned: Callable[[Sequence[Any], Actor], set[uuid.UUID]] = lambda subjects, actor: set()

    def step(self, status: str, action: str) -> Step | None:
        return next((s for s in self.steps if s.action == action and status in s.sources), None)


def advance(
    flow: Workflow,
    subject: Any,
    action: str,
    actor: Actor,
    *,
    revision: int | None = None,
    reason: str | None = None,
    check: Callable[[Any, Move], None] | None = None,
    **data: Any,
) -> AuditEvent:
    """Takes the step `action` on `subject`, or refuses.

    lock → revision (409 stale) → step (409 with the allowed actions) → permission at the place (403; 404 out of
    sight) → separate hands (403) → reason (422) → guard (422) → status, revision, audit → effect. `check` is the
    verb's own refusal that asks the database, made under the lock; `data` is what the step needs besides.
    """
    now = lock(subject)
    refuse_stale(subject, revision)
    step = flow.step(subject.status, action)
    if step is None:
        allowed = allowed_actions(flow, [subject], actor, now)[subject.id]
        raise Conflict(
            "not_now",
            "现在不能做这一步，请刷新查看最新进展。",
            status_now=subject.status,
            allowed_actions=allowed,
        )
    _permit(flow, step, subject, actor)
    if step.needs_reason and not (reason or "").strip():
        raise DomainError("reason_required", "请写明原因。", errors=[{"field": "/reason", "detail": "请写明原因。"}])
    move = Move(actor, now, reason, data)
    if step.guard:
        step.guard(subject, now)
    if check:
        check(subject, move)
    event = _take(flow, step, subject, move)
    db.session.flush()
    return event


def lock(subject: Any) -> datetime:
    """Locks the row, reads it anew, and returns the database's time at which the lock was had."""
    model = type(subject)
    # In one select the clock would be read before the wait for the row, not after it.
    held = select(model.id).where(model.id == subject.id).with_for_update(of=model).cte("held")
    now = db.session.scalar(select(func.clock_timestamp()).select_from(held))
    if now is None:
        raise NotFound()
    db.session.refresh(subject)
    return now


def refuse_stale(subject: Any, revision: int | None) -> None:
    """409 when the person acts on a row they have not seen as it is, whether it has a flow or not; None is the house,
    which looks under the lock."""
    if revision is not None and revision != subject.revision:
        now = {"status_now": subject.status} if hasattr(subject, "status") else {}
        raise Conflict("stale", "内容刚刚被更新过，请刷新后再操作。", revision=subject.revision, **now)


def _permit(flow: Workflow, step: Step, subject: Any, actor: Actor) -> None:
    if actor is HOUSE:
        return
    if not (step.owner and subject.id in flow.owned([subject], actor)):
        _require(flow, step, subject, actor)
    about = flow.hands(subject)
    if step.lane and lanes_of(actor, [about])[about] - {step.lane}:
        raise Forbidden("separate_hands", "申报人和各级审核人必须是不同的人：您已经办理过这份申请的另一个环节。")


def _require(flow: Workflow, step: Step, subject: Any, actor: Actor) -> None:
    if step.permission is None:
        raise Forbidden("forbidden", "这一步只能由本人办理。" if step.owner else "这一步由系统自动完成。")
    actor.require(step.permission, flow.place_of(subject), visible=flow.visible)


def advance_all(
    flow: Workflow, subjects: Select, action: str, actor: Actor = HOUSE, **details: Any
) -> list[tuple[Any, AuditEvent]]:
    """Takes one step on every row that the select finds in one of its sources, locked in the order of their ids; the
    rest are left alone. For the house, and for verbs that have asked for the permission themselves."""
    model = subjects.column_descriptions[0]["entity"]
    ready = subjects.where(model.status.in_({s for step in flow.steps if step.action == action for s in step.sources}))
    locked = ready.order_by(None).order_by(model.id).with_for_update(of=model)
    found = list(db.session.scalars(locked, execution_options={"populate_existing": True}))
    now = db.session.scalars(select(func.clock_timestamp())).one() if found else None
    taken = []
    for subject in found:
        step = flow.step(subject.status, action)
        assert step and now
        taken.append((subject, _take(flow, step, subject, Move(actor, now, data={"details": details}))))
    db.session.flush()
    return taken


def _take(flow: Workflow, step: Step, subject: Any, move: Move) -> AuditEvent:
    old, subject.status = subject.status, step.target
    subject.revision += 1
    event = audit.record(
        flow.name,
        step.action,
        move.actor,
        subject,
        old=old,
        new=step.target,
        lane=step.lane,
        place_code=flow.place_of(subject),
        details=move.data.pop("details", {}),
        on_behalf_of=move.data.pop("on_behalf_of", None),
    )
    event.reason = move.reason
    if step.effect:
        step.effect(subject, move)
    return event


def lanes_of(actor: Actor, subject_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, set[str]]:
    """In which lanes the actor has acted on each subject: one query for a page of them."""
    lanes: dict[uuid.UUID, set[str]] = {subject_id: set() for subject_id in subject_ids}
    query = select(AuditEvent.subject_id, AuditEvent.lane).where(
        AuditEvent.subject_id.in_(lanes), AuditEvent.actor_id == actor.id, AuditEvent.lane.is_not(None)
    )
    for row in db.session.execute(query.distinct()):
        lanes[row.subject_id].add(row.lane)
    return lanes


def allowed_actions(flow: Workflow, subjects: Iterable[Any], actor: Actor, now: datetime) -> dict[uuid.UUID, list[str]]:
    """What the actor may do with each subject now, read from the table that guards it."""
    page = list(subjects)
    about = {s.id: flow.hands(s) for s in page}
    lanes = lanes_of(actor, about.values()) if actor.id else {found: set() for found in about.values()}
    own = flow.owned(page, actor) if actor.id and page else set()
    return {
        s.id: [
            step.action
            for step in flow.steps
            if s.status in step.sources
            and _may(flow, step, s, actor, s.id in own)
            and _offered(step, s, lanes[about[s.id]], now)
        ]
        for s in page
    }


def _may(flow: Workflow, step: Step, subject: Any, actor: Actor, own: bool) -> bool:
    if step.owner and own:
        return True
    return step.permission is not None and actor.may(step.permission, flow.place_of(subject))


def _offered(step: Step, subject: Any, lanes: set[str], now: datetime) -> bool:
    if step.lane and lanes - {step.lane}:
        return False
    try:
        if step.guard:
            step.guard(subject, now)
    except DomainError:
        return False
    return True
