"""The verbs of a line: opened, counted at by whoever stands at a station, seen, closed."""

import uuid
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, func, literal, select

from backend.core import audit
from backend.core.auth import Actor
from backend.core.errors import Conflict, DomainError, NotFound
from backend.core.permissions import Permission as P
from backend.core.transaction import database_now
from backend.core.workflow import advance, lock
from backend.extensions import db
from backend.volunteering.planning.line import HOUR, WINDOW, Line, Station, Tally, beside, see
from backend.volunteering.planning.models import AssemblyLine, LineCount, LineStatus
from backend.volunteering.planning.service import team_in_care
from backend.volunteering.planning.workflow import LINE
from backend.volunteering.tasks.models import Task, TaskKind, TaskStop
from backend.volunteering.teams.members import volunteer_of
from backend.volunteering.teams.models import Team


class Seen(NamedTuple):
    """`beside`: how this line does beside the team's last one; None for the first."""

    line: Line
    beside: str | None


def open_line(actor: Actor, team_id: uuid.UUID, title: str, packs: int, origin_id: uuid.UUID | None) -> AssemblyLine:
    """Opens a line of so many packs. With an origin (a campaign) the doors of its carry tasks count as the last
    station. One open line an origin (409 `line_exists`, by the table)."""
    team = team_in_care(actor, team_id, P.TASK_ASSIGN)
    if origin_id and db.session.scalars(_carries(origin_id, team.place_code).limit(1)).one_or_none() is None:
        raise NotFound("送货任务")
    line = AssemblyLine(team_id=team.id, place_code=team.place_code, title=title, packs=packs, origin_id=origin_id,
                        status=LineStatus.OPEN.value)  # fmt: skip
    db.session.add(line)
    audit.record("assembly_line", "open", actor, line, new=LineStatus.OPEN.value, place_code=line.place_code)
    db.session.flush()
    return line


def _carries(origin_id: uuid.UUID, place_code: str) -> Any:
    return select(Task.id).where(
        Task.origin_id == origin_id, Task.kind == TaskKind.CARRY, Task.place_code.startswith(place_code)
    )


def lines_of(actor: Actor, team_id: uuid.UUID) -> Any:
    """A select of the lines of a team, for its members and those in whose care it is."""
    team = db.session.get(Team, team_id)
    if team is None or not _stands_there(actor, team.id, team.place_code):
        raise NotFound("群众工作队")
    return select(AssemblyLine).where(AssemblyLine.team_id == team.id)


def find(actor: Actor, line_id: uuid.UUID) -> AssemblyLine:
    line = db.session.get(AssemblyLine, line_id)
    if line is None or not _stands_there(actor, line.team_id, line.place_code):
        raise NotFound("流水线")
    return line


def _stands_there(actor: Actor, team_id: uuid.UUID, place_code: str) -> bool:
    if actor.may(P.TASK_READ, place_code):
        return True
    volunteer = volunteer_of(actor.id) if actor.id else None
    return volunteer is not None and volunteer.team_id == team_id


def count(actor: Actor, line_id: uuid.UUID, station: Station, packs: int) -> AssemblyLine:
    """So many more packs have passed the station; below zero takes back what was tapped too much. No station ends up
    below none or above all of them (422 `miscounted`). Taps of one line come one after the other: they are few, and
    each has to see the sum."""
    line = find(actor, line_id)
    now = lock(line)
    if line.status != LineStatus.OPEN:
        raise Conflict("line_closed", "这条流水线已经结束，不能再报数。")
    if line.origin_id and station == Station.FLOOR:
        raise Conflict("counts_itself", "这一站按志愿者逐户登记自动计数，不用报数。")
    done = tallies(line, now).get(station, Tally()).done
    if not 0 <= done + packs <= line.packs:
        detail = f"{station.label}已经数到 {done} 份，总共 {line.packs} 份，这次报的 {packs} 份不对，请核对。"
        raise DomainError("miscounted", detail, done=done)
    db.session.add(LineCount(line_id=line.id, station=station.value, packs=packs, counted_by=actor.id, at=now))
    db.session.flush()
    return line


def close(actor: Actor, line_id: uuid.UUID, revision: int) -> AssemblyLine:
    line = find(actor, line_id)
    advance(LINE, line, "close", actor, revision=revision)
    return line


# --- Seeing -----------------------------------------------------------------------------------------------------


def look(line: AssemblyLine) -> Seen:
    """The line now, or as it ended, beside the last one of the team: constantly many queries."""
    now = line.closed_at or database_now()
    last = _last_before(line)
    usual = {} if last is None else _paces(tallies(last, last.closed_at), last.created_at)
    seen = see(line.packs, line.created_at, now, tallies(line, now), usual)
    ends_at = line.closed_at or seen.ends_at
    if last is None or last.closed_at is None or ends_at is None:
        return Seen(seen, None)
    took, length = last.closed_at - last.created_at, ends_at - line.created_at
    return Seen(seen, beside(line.packs, length, last.packs, took, _rank(last)))


def tallies(line: AssemblyLine, now: Any) -> dict[Station, Tally]:
    """What was counted at each station, by taps and by doors gone to."""
    taps = _tally(LineCount.packs, LineCount.at, now).add_columns(LineCount.station)
    tapped = db.session.execute(taps.where(LineCount.line_id == line.id).group_by(LineCount.station)).all()
    found = {Station(station): Tally(*tally) for *tally, station in tapped}
    if line.origin_id:
        doors = _tally(literal(1), TaskStop.settled_at, now).where(
            TaskStop.task_id.in_(_carries(line.origin_id, line.place_code)),
            TaskStop.outcome == "done",
            TaskStop.settled_at >= line.created_at,
        )
        found[Station.FLOOR] = Tally(*db.session.execute(doors).one())
    return found


def _tally(packs: Any, at: Any, now: Any) -> Any:
    def total(*wanted: ColumnElement[bool]) -> Any:
        return func.coalesce(func.sum(packs).filter(*wanted) if wanted else func.sum(packs), 0)

    return select(total(), total(at > now - WINDOW), func.min(at), func.max(at))


def _paces(tallied: dict[Station, Tally], begun: datetime) -> dict[Station, float]:
    """Packs an hour of each station over a whole line, from when it was fed to its last pack."""
    paces, fed = {}, begun
    for station in Station:
        tally = tallied.get(station, Tally())
        if tally.last and tally.last > fed:
            paces[station] = tally.done / ((tally.last - fed) / HOUR)
        fed = tally.first or fed
    return paces


def _earlier(line: AssemblyLine) -> Any:
    return select(AssemblyLine).where(
        AssemblyLine.team_id == line.team_id, AssemblyLine.status == LineStatus.CLOSED, AssemblyLine.id < line.id
    )


def _last_before(line: AssemblyLine) -> AssemblyLine | None:
    return db.session.scalars(_earlier(line).order_by(AssemblyLine.id.desc()).limit(1)).one_or_none()


def _rank(line: AssemblyLine) -> int:
    earlier = _earlier(line).with_only_columns(func.count())
    return db.session.scalars(earlier).one() + 1
