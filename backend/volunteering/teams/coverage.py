"""The coverage board of a community, who could fill its gaps, what the next weeks bring; and the vacancies that have
stood too long, for the secretary, then for the subdistrict."""

import uuid
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import func, or_, select

from backend.core import audit, clock
from backend.core.auth import HOUSE, Actor
from backend.core.errors import DomainError
from backend.core.jobs import each_alone, job
from backend.core.models import within
from backend.core.permissions import Permission as P
from backend.core.permissions import Role
from backend.core.settings import settings
from backend.core.transaction import database_now
from backend.core.workflow import Step, Workflow, advance_all
from backend.extensions import db
from backend.people.models import RoleAssignment
from backend.people.service import EIGHT
from backend.places.models import Place, PlaceKind
from backend.places.service import level_of, place_named
from backend.volunteering.records.leave import on_leave
from backend.volunteering.records.work import minutes_by_day
from backend.volunteering.rest import run_up_to
from backend.volunteering.teams.members import fit_on
from backend.volunteering.teams.models import Team, Vacancy, VacancyStatus, Volunteer, VolunteerPlace
from backend.volunteering.teams.rules import Candidate, Cell, CellState, Gap, Given, Post, board, forecast

FORECAST_DAYS = 30
V = VacancyStatus


class Community(NamedTuple):
    """What the rules go by, read in a constant number of statements."""

    code: str
    places: list[Place]
    posts: list[Post]
    candidates: list[Candidate]
    ended: dict[tuple[Role, str], datetime]
    began: datetime | None

    @property
    def buildings(self) -> list[str]:
        return [place.code for place in self.places if place.kind == PlaceKind.BUILDING]

    @property
    def cells(self) -> list[Cell]:
        worn_out = {one.user_id for one in self.candidates if one.worn_out}
        return board(self.buildings, self.posts, worn_out, self.ended, self.began)


def of_community(actor: Actor, code: str) -> Community:
    """The board is read by who keeps the team, and by the offices above it."""
    if not actor.may(P.TEAM_READ, code):
        actor.require(P.ROLE_READ, code, visible=None)
    if level_of(code) != "community":
        raise DomainError("wrong_kind_of_place", "岗位覆盖按社区（村）查看，请选择一个社区。")
    place_named(code)
    return _read(code)


def _read(code: str) -> Community:
    kinds = [PlaceKind.COMPOUND, PlaceKind.BUILDING]
    places = select(Place).where(within(Place.code, [code]), Place.kind.in_(kinds)).order_by(Place.code)
    people = list(db.session.scalars(_members(code)))
    leaving = {one.user_id: one.withdraws_on for one in people if one.withdraws_on}
    posts = [_post(post, leaving.get(post.user_id)) for post in db.session.scalars(_posts(code))]
    began = db.session.scalar(select(func.min(Team.created_at)).where(Team.place_code == code))
    return Community(code, list(db.session.scalars(places)), posts, _candidates(people, posts), _ended(code), began)


def _eight(code: str) -> Any:
    return within(RoleAssignment.place_code, [code]) & RoleAssignment.role.in_(EIGHT)


def _posts(code: str) -> Any:
    unending = RoleAssignment.until.is_(None) | (RoleAssignment.until > func.now())
    live = select(RoleAssignment).where(_eight(code), RoleAssignment.ended_at.is_(None), unending)
    return live.order_by(RoleAssignment.place_code, RoleAssignment.id)


def _post(post: RoleAssignment, withdraws_on: date | None) -> Post:
    # The day after the last is the first without; an end during a day leaves that day half empty.
    ends = [clock.day_of(post.until)] if post.until else []
    ends += [withdraws_on] if withdraws_on else []
    return Post(post.user_id, Role(post.role), post.place_code, min(ends, default=None))


def _ended(code: str) -> dict[tuple[Role, str], datetime]:
    """When each role was last given up at each place."""
    end = func.coalesce(RoleAssignment.ended_at, RoleAssignment.until)
    query = select(RoleAssignment.role, RoleAssignment.place_code, func.max(end)).where(_eight(code), end <= func.now())
    grouped = query.group_by(RoleAssignment.role, RoleAssignment.place_code)
    return {(Role(role), place): at for role, place, at in db.session.execute(grouped)}


def _members(code: str) -> Any:
    query = select(Volunteer).join(Team, Team.id == Volunteer.team_id)
    return query.where(Team.place_code == code, Volunteer.left_at.is_(None)).order_by(Volunteer.id)


def _candidates(people: Sequence[Volunteer], posts: Iterable[Post]) -> list[Candidate]:
    ids, today = [one.id for one in people], clock.today()
    fit, given = fit_on(ids, today), _given(ids, today)
    away = on_leave([one.user_id for one in people], today)
    places: dict[uuid.UUID, list[str]] = {one: [] for one in ids}
    entered = select(VolunteerPlace).where(VolunteerPlace.volunteer_id.in_(ids)).order_by(VolunteerPlace.place_code)
    for row in db.session.scalars(entered):
        places[row.volunteer_id].append(row.place_code)
    roles: dict[uuid.UUID, set[Role]] = {one.user_id: set() for one in people}
    for post in posts:
        roles.get(post.user_id, set()).add(post.role)
    return [
        Candidate(
            one.id,
            one.user_id,
            one.base_code,
            frozenset(one.skills),
            one.minutes_a_day,
            (one.free_from, one.free_until) if one.free_from and one.free_until else None,
            tuple(places[one.id]),
            roles[one.user_id],
            fit.get(one.id, True) and one.user_id not in away,
            given.get(one.id, Given()),
        )
        for one in people
    ]


def _given(ids: Sequence[uuid.UUID], today: date) -> dict[uuid.UUID, Given]:
    worked = minutes_by_day(ids, today - timedelta(days=14), today)
    return {one: Given(days.get(today, 0), run_up_to(days, today)) for one, days in worked.items()}


def coming(community: Community) -> list[Gap]:
    """What the next 30 days leave empty, as far as is known today: cadres withdraw, posts run out."""
    until = clock.today() + timedelta(days=FORECAST_DAYS)
    return forecast(community.buildings, community.posts, until)


# --- Vacancies that have stood too long -------------------------------------------------------------------------

VACANCY = Workflow(
    "vacancy",
    (
        Step("escalate", {V.SECRETARY}, V.SUBDISTRICT, "报街道"),
        Step("fill", {V.SECRETARY, V.SUBDISTRICT}, V.FILLED, "已补上"),
    ),
    visible=P.ROLE_READ,
    place_of=lambda vacancy: vacancy.place_code,
)


def vacancies(actor: Actor) -> Any:
    """A select of what stands empty too long: the office sees all of its own, the offices above what was passed on."""
    own = within(Vacancy.place_code, actor.scope(P.TEAM_EDIT))
    passed_on = within(Vacancy.place_code, actor.scope(P.ROLE_APPOINT)) & (Vacancy.status == V.SUBDISTRICT)
    return select(Vacancy).where(Vacancy.status != V.FILLED, or_(own, passed_on))


@job("volunteering.vacancies", every="11 * * * *", edge=False)
def look_for_vacancies() -> None:
    """Each hour, community by community: what has stood empty beyond VACANCY_HOURS is the secretary's, after as long
    again the subdistrict's, and done with once it is held."""
    each_alone(_look, select(Team.place_code).distinct().order_by(Team.place_code))


def _look(code: str) -> None:
    now, hours = database_now(), timedelta(hours=settings["VACANCY_HOURS"])
    empty = {(cell.building, cell.role): cell for cell in _read(code).cells if cell.state == CellState.VACANT}
    of_this = within(Vacancy.place_code, [code]) & (Vacancy.status != V.FILLED)
    known = {(each.place_code, Role(each.role)): each for each in db.session.scalars(select(Vacancy).where(of_this))}
    filled = [each.id for where, each in known.items() if where not in empty]
    late = [each.id for where, each in known.items() if where in empty and each.since + 2 * hours <= now]
    advance_all(VACANCY, select(Vacancy).where(Vacancy.id.in_(filled)), "fill")
    advance_all(VACANCY, select(Vacancy).where(Vacancy.id.in_(late)), "escalate")
    for where, cell in empty.items():
        if where not in known and cell.since and cell.since + hours <= now:
            _report(cell)
    db.session.flush()


def _report(cell: Cell) -> None:
    vacancy = Vacancy(place_code=cell.building, role=cell.role.value, since=cell.since, status=V.SECRETARY.value)
    db.session.add(vacancy)
    details = {"role": cell.role.value}
    audit.record("vacancy", "report", HOUSE, vacancy, new=V.SECRETARY.value, place_code=cell.building, details=details)
