"""What is shown of tasks: to a volunteer who looks for one, to its holder, to those in charge."""

import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import func, select

from backend.core.auth import Actor
from backend.core.masking import mask_name
from backend.core.permissions import Permission as P
from backend.core.transaction import database_now, rows
from backend.core.workflow import allowed_actions
from backend.extensions import db
from backend.people.service import user_names
from backend.places.models import Household
from backend.places.service import names
from backend.volunteering.tasks.claiming import LIMITS_WRITTEN, reason
from backend.volunteering.tasks.handing_over import custody_of
from backend.volunteering.tasks.holding import completion_code
from backend.volunteering.tasks.models import (
    HoldStatus,
    Task,
    TaskClaim,
    TaskConflict,
    TaskHandOver,
    TaskKind,
    TaskStatus,
    TaskStop,
)
from backend.volunteering.tasks.schemas import RUNGS
from backend.volunteering.tasks.workflow import CLAIM, EXTENSIONS, TASK
from backend.volunteering.teams.models import Volunteer

LIST_LONGEST = 50
OFFERED = "SELECT * FROM tasks_for(%s, %s, %s)"
COLUMNS = (
    "id", "place_code", "place_name", "kind", "title", "role", "capacity", "taken", "urgency", "starts_at", "ends_at",
    "minutes", "grams", "floor", "needs_pair", "ring", "asked", "code", "more", "begins", "unusual",
)  # fmt: skip
NEAR = ("就在您的单元", "就在您这栋楼", "在您的小区", "在您的社区")
URGENT = 5
REMIND_BEFORE = timedelta(minutes=10)
RUNG_LASTS = timedelta(minutes=10)
ASKED = """
SELECT v.id, u.name, r.rung, t.freed_at FROM task t
JOIN mass_work_team w ON w.place_code = left(t.place_code, 12)
JOIN volunteer v ON v.team_id = w.id AND v.left_at IS NULL
JOIN app_user u ON u.id = v.user_id, LATERAL ladder_rung(v, t) r (rung)
WHERE t.id = %s AND t.freed_at IS NOT NULL AND t.taken < t.capacity AND t.status = 'open' AND r.rung IS NOT NULL
  AND NOT EXISTS (SELECT FROM task_claim c WHERE c.task_id = t.id AND c.volunteer_id = v.id)
ORDER BY r.rung, u.name, v.id LIMIT 20"""


# --- What can I do now? -----------------------------------------------------------------------------------------


def offered(actor: Actor) -> list[dict[str, Any]]:
    """The open tasks of the actor's community: those that fit first, nearest and most urgent, each with its reason."""
    found = rows(OFFERED, (actor.id, LIMITS_WRITTEN.decode(), LIST_LONGEST))
    return [_offered(dict(zip(COLUMNS, row, strict=True))) for row in found]


def _offered(task: dict[str, Any]) -> dict[str, Any]:
    more = task["more"] if isinstance(task["more"], dict) else orjson.loads(task["more"] or "{}")
    why = reason(task["code"], more) if task["code"] else _because(task)
    free = task["capacity"] - task["taken"]
    label = TaskKind(task["kind"]).label
    return {**task, "kind_label": label, "free": free, "offered": task["code"] is None, "why": why}


def _because(task: dict[str, Any]) -> str:
    words = [NEAR[task["ring"]]]
    if task["asked"]:
        words.insert(0, "别人来不了，轮到问您")
    if task["urgency"] >= URGENT:
        words.append("比较急")
    if task["role"]:
        words.append("正是您的岗位")
    words.append("不在您登记的空闲时间里，方便的话再领" if task["unusual"] else "时间也合适")
    return "，".join(words) + "。"


# --- Tasks, for those in charge ---------------------------------------------------------------------------------


def place_names(codes: Iterable[str]) -> dict[str, str]:
    """Compound, building and unit in one, for each code; a community by its own name."""
    wanted = set(codes)
    parts = {code: [code[:n] for n in (16, 20, 24) if n <= len(code)] or [code] for code in wanted}
    known = names({part for found in parts.values() for part in found})
    return {code: "".join(known.get(part, "") for part in found) for code, found in parts.items()}


def tasks(page: Sequence[Task], actor: Actor) -> list[dict[str, Any]]:
    where = place_names(task.place_code for task in page)
    allowed = allowed_actions(TASK, page, actor, database_now()) if page else {}
    return [_task(task, where, allowed[task.id]) for task in page]


def _task(task: Task, where: dict[str, str], allowed: list[str]) -> dict[str, Any]:
    shown = {column.name: getattr(task, column.name) for column in Task.__table__.columns}
    return {
        **shown,
        "place_name": where[task.place_code],
        "kind_label": TaskKind(task.kind).label,
        "status_label": TaskStatus(task.status).label,
        "allowed_actions": allowed,
    }


def whole(task: Task, actor: Actor) -> dict[str, Any]:
    """One task with all that belongs to it; for a volunteer who may only take it, without."""
    shown = tasks([task], actor)[0]
    in_charge = actor.may(P.TASK_READ, task.place_code)
    doors, finished = _doors([task.id]).get(task.id, (0, 0))
    code = completion_code(task.id) if actor.may(P.TASK_VERIFY, task.place_code) else None
    behind = {
        "holders": _holders(task) if in_charge else [],
        "asked": _asked(task) if in_charge else [],
        "conflicts": _conflicts(task) if in_charge else [],
    }
    return {**shown, "code": code, "doors": doors, "doors_done": finished, **behind}


def _holders(task: Task) -> list[dict[str, Any]]:
    query = select(TaskClaim, Volunteer.user_id).join(Volunteer, Volunteer.id == TaskClaim.volunteer_id)
    found = db.session.execute(query.where(TaskClaim.task_id == task.id).order_by(TaskClaim.id)).all()
    known = user_names([user for _, user in found])
    fields = ("volunteer_id", "status", "revision", "lease_until", "started_at", "done_at", "how", "failure")
    return [
        {
            "claim_id": claim.id,
            "name": mask_name(known[user]),
            "status_label": HoldStatus(claim.status).label,
            **{name: getattr(claim, name) for name in fields},
        }
        for claim, user in found
    ]


def _asked(task: Task) -> list[dict[str, Any]]:
    now = database_now()
    return [
        {
            "volunteer_id": volunteer,
            "name": mask_name(name),
            "rung": RUNGS[rung],
            "now": now >= freed_at + rung * RUNG_LASTS,
        }
        for volunteer, name, rung, freed_at in rows(ASKED, (task.id,))
    ]


def _conflicts(task: Task) -> list[TaskConflict]:
    query = select(TaskConflict).where(TaskConflict.task_id == task.id).order_by(TaskConflict.at)
    return list(db.session.scalars(query))


def _doors(task_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, tuple[int, int]]:
    """How many doors each task has, and how many were gone to: one query for a page."""
    counted = select(TaskStop.task_id, func.count(), func.count(TaskStop.outcome)).group_by(TaskStop.task_id)
    found = db.session.execute(counted.where(TaskStop.task_id.in_(set(task_ids))))
    return {task_id: (doors, settled) for task_id, doors, settled in found}


# --- Claims -----------------------------------------------------------------------------------------------------


def claims(page: Sequence[TaskClaim], actor: Actor) -> list[dict[str, Any]]:
    if not page:
        return []
    now = database_now()
    where = place_names(claim.place_code for claim in page)
    doors = _doors([claim.task_id for claim in page])
    allowed = allowed_actions(CLAIM, page, actor, now)
    return [_claim(claim, where, doors.get(claim.task_id, (0, 0)), allowed[claim.id], now) for claim in page]


def _claim(
    claim: TaskClaim, where: dict[str, str], doors: tuple[int, int], allowed: list[str], now: datetime
) -> dict[str, Any]:
    shown = {column.name: getattr(claim, column.name) for column in TaskClaim.__table__.columns}
    return {
        **shown,
        "place_name": where[claim.place_code],
        "kind": claim.task.kind,
        "kind_label": TaskKind(claim.task.kind).label,
        "title": claim.task.title,
        "status_label": HoldStatus(claim.status).label,
        "reminder_due": claim.lease_until is not None and now >= claim.lease_until - REMIND_BEFORE,
        "extensions_left": EXTENSIONS - claim.extensions,
        "doors": doors[0],
        "doors_done": doors[1],
        "allowed_actions": allowed,
    }


def with_doors(claim: TaskClaim, actor: Actor) -> dict[str, Any]:
    """A claim with the addresses; the caller has asked whether they may be seen, and recorded it."""
    query = select(TaskStop, Household).join(Household, Household.id == TaskStop.household_id)
    found = db.session.execute(query.where(TaskStop.task_id == claim.task_id).order_by(TaskStop.position))
    stops = [
        {
            "position": stop.position, "household_id": home.id, "place_code": home.place_code, "room": home.room,
            "floor": home.floor, "grams": stop.grams, "outcome": stop.outcome,
        }
        for stop, home in found
    ]  # fmt: skip
    return {**claims([claim], actor)[0], "stops": stops}


def hand_overs(page: Sequence[TaskHandOver]) -> list[dict[str, Any]]:
    return [
        {
            "id": offered.id,
            "claim_id": offered.claim_id,
            "title": offered.claim.task.title,
            "place_code": offered.claim.place_code,
            "to_volunteer_id": offered.to_volunteer_id,
            "custody": custody_of(offered),
            "doors_left": len(offered.stops),
            "offered_at": offered.created_at,
            "accepted": offered.accepted,
            "answered_at": offered.answered_at,
            "new_claim_id": offered.new_claim_id,
        }
        for offered in page
    ]
