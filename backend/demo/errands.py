"""What the demo's volunteers have to do today, and who is at it: an evening of packs to carry, calls and visits, what
comes again each day, the line at which 700 packs are made up.

Made once a day; what nobody did yesterday is called off.
"""

import uuid
from collections.abc import Callable, Sequence
from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy import func, select

from backend.core import clock
from backend.core.errors import DomainError
from backend.core.permissions import Role
from backend.core.transaction import unit_of_work
from backend.demo.people import COMMUNITY, actor
from backend.demo.volunteers import HOME, TEAM
from backend.extensions import db
from backend.places.models import Household, Place
from backend.volunteering.planning import lines
from backend.volunteering.planning.line import WINDOW
from backend.volunteering.planning.models import AssemblyLine, LineCount, LineStatus
from backend.volunteering.tasks import claiming, doors, holding, making, patterns
from backend.volunteering.tasks.making import Door, Wanted
from backend.volunteering.tasks.models import HoldStatus, Task, TaskClaim, TaskKind, TaskPattern
from backend.volunteering.teams.models import Team, Volunteer

ORIGIN = "demo"
COORDINATOR, SECRETARY = "冯玉洁", "李国强"
STAIRWELLS, PACK_GRAMS = 24, 5_000
EVERY_DAY = [1, 2, 3, 4, 5, 6, 7]


def load(say: Callable[[str], Any]) -> None:
    with unit_of_work():
        team_id = db.session.scalars(select(Team.id).where(Team.place_code == COMMUNITY, Team.name == TEAM)).one()
        _patterns()
        fresh = not db.session.scalar(_of_today(team_id).limit(1))
        if fresh:
            say("  loading what volunteers have to do: an evening of 24 stairwells, calls, visits, shifts …")
            making.cancel_tasks(ORIGIN, team_id, "演示：新的一天")
            _tasks(team_id)
        _line(team_id)
    for story in (_claimed, _about_to_run_out, _done) if fresh else ():
        try:
            with unit_of_work():
                story(team_id)
        except DomainError as refused:  # a visitor has changed what this one may do
            say(f"  left out who is at a task: {refused.detail}")


# --- What there is to do ----------------------------------------------------------------------------------------


def _key(name: str) -> str:
    return f"{clock.today()}:{name}"


def _of_today(team_id: uuid.UUID) -> Any:
    today = Task.origin_key.startswith(_key(""))
    return select(Task.id).where(Task.origin_type == ORIGIN, Task.origin_id == team_id, today)


def evening() -> datetime:
    """Seven in the evening, today or, when that is over, tomorrow."""
    at = datetime.combine(clock.today(), time(19), clock.SHANGHAI)
    return at if clock.now() < at else at + timedelta(days=1)


def _tasks(team_id: uuid.UUID) -> None:
    """An evening of packs for the doors of the first compound, and what can be begun at once."""
    units = list(db.session.scalars(
        select(Place.code).where(Place.kind == "unit", Place.code.startswith(HOME)).order_by(Place.code)
    ))[:STAIRWELLS]  # fmt: skip
    homes = {unit: _homes(unit, 6 + n % 5) for n, unit in enumerate(units)}
    at_seven = [_carry(team_id, unit, homes[unit]) for unit in units]
    making.make_tasks([*at_seven, *_now(team_id, units, homes)], actor(COORDINATOR))


def _homes(unit: str, count: int) -> list[Household]:
    """From the top floor down, as one carries."""
    some = select(Household).where(Household.place_code == unit).order_by(func.md5(Household.room)).limit(count)
    return sorted(db.session.scalars(some), key=lambda home: -(home.floor or 0))


def _carry(team_id: uuid.UUID, unit: str, homes: Sequence[Household]) -> Wanted:
    begins = evening()
    return Wanted(
        unit, TaskKind.CARRY, f"送爱心菜：{int(unit[17:20])}栋{int(unit[21:])}单元 {len(homes)} 户", begins,
        begins + timedelta(hours=3), 10 + 2 * len(homes), urgency=4, grams=PACK_GRAMS * len(homes),
        heaviest=PACK_GRAMS, floor=max(home.floor or 1 for home in homes), origin_type=ORIGIN, origin_id=team_id,
        origin_key=_key(unit), doors=[Door(home.id, None, PACK_GRAMS) for home in homes],
    )  # fmt: skip


def _now(team_id: uuid.UUID, units: Sequence[str], homes: dict[str, list[Household]]) -> list[Wanted]:
    def wanted(name: str, unit: str, kind: TaskKind, title: str, minutes: int, **more: Any) -> Wanted:
        begins = clock.now()
        key: dict[str, Any] = {"origin_type": ORIGIN, "origin_id": team_id, "origin_key": _key(name)}
        return Wanted(unit, kind, title, begins, begins + timedelta(hours=5), minutes, **key, **more)

    near = [Door(home.id) for home in homes[units[1]][:3]]
    call = [Door(home.id) for home in homes[units[2]][:4]]
    one, two = ([Door(homes[units[n]][0].id)] for n in (3, 4))
    return [
        wanted("visit", units[1], TaskKind.CARE_VISIT, "看望独居老人（3户）", 30, urgency=5, floor=6, doors=near),
        wanted("call", units[2], TaskKind.CARE_CALL, "给独居老人打电话（4户）", 15, lease_minutes=10, doors=call),
        wanted("lamp", units[0][:20], TaskKind.CARE_VISIT, "帮张奶奶换灯泡", 20, doors=one),
        wanted("phone", units[4], TaskKind.CARE_CALL, "教王爷爷用手机买菜", 15, doors=two),
        wanted("clinic", HOME, TaskKind.PATIENT_ESCORT, "陪李爷爷去医院换药", 60, urgency=7,
               role=Role.CARE_SUPPORT.value),
        wanted("sort", HOME, TaskKind.SORT, "分拣晚上的爱心菜", 90, capacity=4, urgency=4),
    ]  # fmt: skip


def _patterns() -> None:
    if db.session.scalar(select(TaskPattern.id).where(TaskPattern.place_code.startswith(COMMUNITY)).limit(1)):
        return
    feng = actor(COORDINATOR)
    for kind, title, at, minutes, role, capacity in (
        (TaskKind.GATE_SHIFT, "马池苑西门夜间值守", time(19, 30), 180, Role.GATE_DUTY, 2),
        (TaskKind.DISINFECTION, "楼道消杀", time(9), 60, None, 2),
        (TaskKind.CARE_CALL, "独居老人早间电话", time(10), 45, Role.CARE_SUPPORT, 1),
    ):
        patterns.make(
            feng, HOME, None, kind=kind.value, title=title, role=role.value if role else None, capacity=capacity,
            urgency=3, needs_pair=False, weekdays=EVERY_DAY, at=at, minutes=minutes, since=clock.today(), until=None,
        )  # fmt: skip


# --- Who is at it -----------------------------------------------------------------------------------------------


def take(name: str, task_id: uuid.UUID) -> TaskClaim:
    """As the phone's one tap does it."""
    who = actor(name)
    mine = select(Volunteer.id).where(Volunteer.user_id == who.id, Volunteer.left_at.is_(None))
    return claiming.take(who, task_id, db.session.scalars(mine).one(), HoldStatus.CLAIMED, "claim")


def _named(team_id: uuid.UUID, name: str) -> uuid.UUID:
    return db.session.scalars(_of_today(team_id).where(Task.origin_key == _key(name))).one()


def _claimed(team_id: uuid.UUID) -> None:
    take("罗志刚", _named(team_id, "visit"))


def _about_to_run_out(team_id: uuid.UUID) -> None:
    """Ten minutes of lease: the reminder is due at once."""
    take("丁小军", _named(team_id, "call"))


def _done(team_id: uuid.UUID) -> None:
    """刘大爷 has been there; somebody else has to say so."""
    liu, claim = actor("刘大爷"), take("刘大爷", _named(team_id, "lamp"))
    claim = holding.start(liu, claim.id, claim.revision)
    doors.settle(liu, claim.id, 1, doors.DONE)
    holding.done(liu, claim.id, claim.revision, "doors")


# --- The line ---------------------------------------------------------------------------------------------------


def _line(team_id: uuid.UUID) -> None:
    """700 packs, two hours under way: people carry slower than others pack. Its counts lie in the past; a line at which
    nobody has counted for a while makes room for one that runs."""
    secretary, now = actor(SECRETARY), clock.now()
    lately = select(LineCount.line_id).where(LineCount.at > now - WINDOW)
    under_way = lines.lines_of(secretary, team_id).where(AssemblyLine.status == LineStatus.OPEN)
    if db.session.scalars(under_way.where(AssemblyLine.id.in_(lately))).first():
        return
    for line in db.session.scalars(under_way):
        lines.close(secretary, line.id, line.revision)
    line = lines.open_line(secretary, team_id, "爱心菜 700 份", 700, None)
    line.created_at = now - timedelta(hours=2)
    for station, packs in (("sort", 24), ("pack", 21), ("carry", 11), ("floor", 11)):
        db.session.add_all(
            LineCount(line_id=line.id, station=station, packs=packs, counted_by=secretary.id,
                      at=now - timedelta(minutes=5 * n)) for n in range(1, 22)
        )  # fmt: skip
    db.session.flush()
