"""An evening as the tables know it: the open carry tasks of a day, and what each volunteer of the team may still be
asked for. What refuses a claim for sure (tasks/claiming.py) keeps them out of the plan; what changes later is told when
the plan is applied."""

import uuid
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import func, or_, select

from backend.core.clock import SHANGHAI, day_of
from backend.core.errors import DomainError
from backend.core.models import within
from backend.core.transaction import database_now
from backend.extensions import db
from backend.people.models import User
from backend.people.service import posts_of
from backend.volunteering import rest
from backend.volunteering.planning.evening import Carrier, Instance, Stairwell
from backend.volunteering.records.leave import on_leave
from backend.volunteering.tasks.models import HOLDING, LIVE, StandDown, Task, TaskClaim, TaskKind, TaskStatus, TaskStop
from backend.volunteering.teams.members import fit_on
from backend.volunteering.teams.models import Team, Volunteer, VolunteerPlace

AROUND = timedelta(days=rest.DAYS_IN_A_ROW + 3)  # claims that the rest guard may look at
WEEK = timedelta(days=7)
MINUTE = timedelta(minutes=1)
STAIRWELLS_AT_MOST = 300


class Evening(NamedTuple):
    """`several`: tasks that want more than one at a time, with their packs; the plan is one of single carriers."""

    starts_at: datetime
    instance: Instance
    several: dict[uuid.UUID, int]


def carries_on(place_code: str, day: date) -> Any:
    """A select of the open carry tasks at or below a place that begin on a day of Shanghai, the most urgent first, as
    everyone sees them."""
    midnight = datetime.combine(day, datetime.min.time(), SHANGHAI)
    query = select(Task).where(
        within(Task.place_code, [place_code]),
        Task.kind == TaskKind.CARRY,
        Task.status == TaskStatus.OPEN,
        Task.taken < Task.capacity,
        Task.starts_at >= midnight,
        Task.starts_at < midnight + timedelta(days=1),
    )
    return query.order_by(Task.urgency.desc(), Task.place_code, Task.id).limit(STAIRWELLS_AT_MOST)


def read(team: Team, day: date) -> Evening:
    """422 when nothing is open that day."""
    tasks = list(db.session.scalars(carries_on(team.place_code, day)))
    if not tasks:
        raise DomainError("nothing_to_carry", "这一天没有待领的送货任务，不用排计划。请先生成送货任务。")
    now = database_now().replace(second=0, microsecond=0) + MINUTE
    starts_at = max(now, min(task.starts_at for task in tasks))
    ends_at = max(starts_at + MINUTE, *(task.ends_at for task in tasks))
    packs = _packs(task.id for task in tasks)
    instance = Instance(
        _carriers(team, starts_at, ends_at), [stairwell(task, packs[task.id]) for task in tasks if task.capacity == 1]
    )
    return Evening(starts_at, instance, {task.id: max(1, packs[task.id]) for task in tasks if task.capacity > 1})


def _packs(task_ids: Iterable[uuid.UUID]) -> Counter[uuid.UUID]:
    """Doors still to be gone to; a task without doors is taken for one pack."""
    waiting = select(TaskStop.task_id, func.count()).where(
        TaskStop.task_id.in_(list(task_ids)), TaskStop.outcome.is_(None)
    )
    return Counter(dict(db.session.execute(waiting.group_by(TaskStop.task_id)).all()))


def stairwell(task: Task, packs: int) -> Stairwell:
    return Stairwell(
        id=task.id,
        place=task.place_code,
        packs=max(1, packs),
        grams=task.grams,
        heaviest=task.heaviest,
        floor=task.floor or 1,
        minutes=task.minutes,
        role=task.role,
        urgency=task.urgency,
    )


# --- Who can ----------------------------------------------------------------------------------------------------


def _carriers(team: Team, starts_at: datetime, ends_at: datetime) -> list[Carrier]:
    """The members of the team who may be asked that evening; constantly many queries."""
    day = day_of(starts_at)
    members = list(db.session.scalars(_members(team, day)))
    ids = [member.id for member in members]
    unfit = {volunteer for volunteer, fit in fit_on(ids, day).items() if not fit}
    posts = posts_of(member.user_id for member in members)
    places, held = _places(ids), _held(ids, starts_at)
    away = on_leave([member.user_id for member in members], day)
    carriers = []
    for member in members:
        mine = frozenset((post.role, post.place_code) for post in posts[member.user_id])
        gap = _gap(member, held[member.id], starts_at, ends_at)
        if mine and gap and member.id not in unfit and member.user_id not in away:
            carriers.append(_carrier(member, team, mine, places[member.id], held[member.id], starts_at, gap))
    return [carrier for carrier in carriers if carrier.minutes > 0]


def _members(team: Team, day: date) -> Any:
    stays = or_(Volunteer.withdraws_on.is_(None), Volunteer.withdraws_on > day)
    stood_down = select(StandDown.volunteer_id)
    query = select(Volunteer).join(User, User.id == Volunteer.user_id)
    present = query.where(Volunteer.team_id == team.id, Volunteer.left_at.is_(None), User.active, stays)
    return present.where(Volunteer.id.not_in(stood_down)).order_by(Volunteer.id)


def _places(ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, list[str]]:
    places = defaultdict(list)
    for place in db.session.scalars(select(VolunteerPlace).where(VolunteerPlace.volunteer_id.in_(ids))):
        places[place.volunteer_id].append(place.place_code)
    return places


def _held(ids: Sequence[uuid.UUID], starts_at: datetime) -> dict[uuid.UUID, list[TaskClaim]]:
    """What they hold and have done in the days around, by its beginning."""
    held = defaultdict(list)
    around = select(TaskClaim).where(
        TaskClaim.volunteer_id.in_(ids),
        TaskClaim.status.in_(HOLDING),
        TaskClaim.ends_at > starts_at - AROUND,
        TaskClaim.starts_at < starts_at + AROUND,
    )
    for claim in db.session.scalars(around.order_by(TaskClaim.starts_at, TaskClaim.id)):
        held[claim.volunteer_id].append(claim)
    return held


def _gap(member: Volunteer, held: Sequence[TaskClaim], starts_at: datetime, ends_at: datetime) -> Any:
    """The first time of the evening that is their own: within the hours they gave, between what they hold already."""
    day = day_of(starts_at)
    begins, until = starts_at, ends_at
    if member.free_from and member.free_until:
        begins = max(begins, datetime.combine(day, member.free_from, SHANGHAI))
        until = min(until, datetime.combine(day, member.free_until, SHANGHAI))
    for claim in held:
        if claim.status in LIVE and claim.starts_at <= begins:
            begins = max(begins, claim.ends_at)
    until = min([until, *(claim.starts_at for claim in held if claim.status in LIVE and claim.starts_at > begins)])
    return (begins, until) if begins < until else None


def _carrier(
    member: Volunteer,
    team: Team,
    posts: frozenset[tuple[str, str]],
    places: Sequence[str],
    held: Sequence[TaskClaim],
    starts_at: datetime,
    gap: tuple[datetime, datetime],
) -> Carrier:
    begins, until = gap
    works = [rest.Work(claim.starts_at, claim.ends_at, _minutes(claim.ends_at - claim.starts_at)) for claim in held]
    days = {day: sum(work.minutes for work in works if day_of(work.starts_at) == day) for day in _week(starts_at)}
    still = min(member.minutes_a_day, rest.MINUTES_A_DAY) - days[day_of(starts_at)]
    rests = rest.reasons_to_rest(rest.Work(begins, until, 1), works, member.minutes_a_day)
    return Carrier(
        id=member.id,
        minutes=0 if rests else min(still, _minutes(until - begins)),
        week=sum(days.values()),
        base=member.base_code,
        enters=places or [team.place_code],
        posts=posts,
        free_at=_minutes(begins - starts_at),
        max_floor=member.max_floor,
        carry_grams=member.carry_grams,
    )


def _minutes(length: timedelta) -> int:
    return int(length / MINUTE)


def _week(starts_at: datetime) -> list[date]:
    """The seven days that end with this one."""
    return [day_of(starts_at - timedelta(days=back)) for back in range(WEEK.days)]
