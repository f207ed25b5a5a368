"""Compensatory leave 调休 of grid workers: what they have earned by working without a day of rest, what they took."""

import uuid
from collections.abc import Collection
from datetime import date, timedelta
from typing import Any, NamedTuple

from sqlalchemy import func, select

from backend.core import audit, clock
from backend.core.auth import Actor
from backend.core.errors import Conflict, DomainError, NotFound
from backend.core.models import within
from backend.core.permissions import Permission as P
from backend.core.permissions import Role
from backend.extensions import db
from backend.fieldwork.service import days_recorded
from backend.people.models import RoleAssignment, User
from backend.volunteering.records.models import Leave
from backend.volunteering.records.work import minutes_by_day
from backend.volunteering.rest import leave_due, run_up_to
from backend.volunteering.teams.models import Volunteer

WINDOW_DAYS = 90  # what was earned earlier has lapsed
AHEAD_DAYS, BACK_DAYS = 30, 7


class Standing(NamedTuple):
    """How a grid worker stands: the days they worked, and the leave they took or were promised."""

    user_id: uuid.UUID
    name: str
    worked: set[date]
    taken: set[date]

    @property
    def days_in_a_row(self) -> int:
        return run_up_to(self.worked, clock.today())

    @property
    def earned(self) -> int:
        return leave_due(self.worked)

    @property
    def due(self) -> int:
        return max(self.earned - len(self.taken), 0)

    @property
    def on_leave_today(self) -> bool:
        return clock.today() in self.taken


def on_leave(user_ids: Collection[uuid.UUID], day: date) -> set[uuid.UUID]:
    """Who of them rests on a day."""
    return set(db.session.scalars(select(Leave.user_id).where(Leave.user_id.in_(user_ids), Leave.day == day)))


def standings(place_code: str) -> list[Standing]:
    """The grid workers at or below a place: four statements, however many they are."""
    people = dict(db.session.execute(_grid_workers(place_code)).all())
    today = clock.today()
    since = today - timedelta(days=WINDOW_DAYS)
    worked, taken = _worked(people, place_code, since, today), _taken(people, since)
    return [Standing(one, name, worked[one], taken[one]) for one, name in sorted(people.items())]


def _grid_workers(place_code: str) -> Any:
    unending = RoleAssignment.until.is_(None) | (RoleAssignment.until > func.now())
    query = select(User.id, User.name).join(RoleAssignment, RoleAssignment.user_id == User.id).distinct()
    return query.where(
        RoleAssignment.role == Role.GRID_WORKER.value,
        within(RoleAssignment.place_code, [place_code]),
        RoleAssignment.ended_at.is_(None),
        unending,
    )


def _worked(people: Collection[uuid.UUID], place_code: str, since: date, today: date) -> dict[uuid.UUID, set[date]]:
    """The days on which they entered a sheet, or did a task."""
    sheets = days_recorded(place_code, since)
    worked = {user_id: set(sheets.get(user_id, ())) for user_id in people}
    joined = select(Volunteer.id, Volunteer.user_id).where(Volunteer.user_id.in_(people), Volunteer.left_at.is_(None))
    volunteers = dict(db.session.execute(joined).all())
    for volunteer_id, days in minutes_by_day(list(volunteers), since, today).items():
        worked[volunteers[volunteer_id]] |= set(days)
    return worked


def _taken(people: Collection[uuid.UUID], since: date) -> dict[uuid.UUID, set[date]]:
    taken: dict[uuid.UUID, set[date]] = {user_id: set() for user_id in people}
    query = select(Leave.user_id, Leave.day).where(Leave.user_id.in_(people), Leave.day >= since)
    for user_id, day in db.session.execute(query):
        taken[user_id].add(day)
    return taken


def take(actor: Actor, user_id: uuid.UUID, place_code: str, day: date) -> Leave:
    """A day of leave, of what is due: from a week back to 30 days ahead, and not a day that was worked. The person's
    row is locked: of two who enter at once the second counts the first's."""
    actor.require(P.TEAM_EDIT, place_code, visible=P.TEAM_READ)
    if user_id == actor.id:
        raise Conflict("not_by_oneself", "自己的调休请由另一位社区工作者登记。")
    db.session.get(User, user_id, with_for_update={"key_share": True})
    standing = next((each for each in standings(place_code) if each.user_id == user_id), None)
    if standing is None:
        raise NotFound("网格员")
    _refuse_day(day, standing.worked)
    if not standing.due:
        raise Conflict("no_leave_due", "这位网格员目前没有可调休的天数。连续工作满七天，才攒下一天调休。")
    leave = Leave(user_id=user_id, place_code=place_code, day=day, recorded_by=actor.id)
    db.session.add(leave)
    db.session.flush()
    audit.record("leave", "take", actor, leave, place_code=place_code, on_behalf_of=user_id)
    return leave


def _refuse_day(day: date, worked: Collection[date]) -> None:
    today = clock.today()
    if not today - timedelta(days=BACK_DAYS) <= day <= today + timedelta(days=AHEAD_DAYS):
        detail = f"调休只能登记最近 {BACK_DAYS} 天或今后 {AHEAD_DAYS} 天的。"
        raise DomainError("day_out_of_range", detail, errors=[{"field": "/day", "detail": detail}])
    if day in worked:
        detail = "这一天有工作记录，不能登记为调休，请换一天。"
        raise DomainError("worked_that_day", detail, errors=[{"field": "/day", "detail": detail}])


def cancel(actor: Actor, leave_id: uuid.UUID) -> None:
    """A day promised for the future, given back. What was taken stays."""
    seen = select(Leave).where(Leave.id == leave_id, within(Leave.place_code, actor.scope(P.TEAM_EDIT)))
    leave = db.session.scalars(seen.with_for_update()).one_or_none()
    if leave is None:
        raise NotFound("调休")
    if leave.day <= clock.today():
        raise Conflict("leave_over", "这一天的调休已经开始或过去，不能取消。")
    audit.record("leave", "cancel", actor, leave, place_code=leave.place_code, on_behalf_of=leave.user_id)
    db.session.delete(leave)
    db.session.flush()
