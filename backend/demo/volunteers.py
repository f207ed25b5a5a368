"""The demo's mass-work team 群众工作队: its 63 members, their posts, their last week, and how they are today.

Posts leave gaps on purpose, so that the coverage board has something to tell.
"""

import random
import uuid
from collections.abc import Sequence
from datetime import datetime, time, timedelta

from sqlalchemy import Select, func, select
from sqlalchemy.dialects.postgresql import insert

from backend.core import audit, clock
from backend.core.auth import HOUSE
from backend.core.permissions import ONE_HEAD_SEVEN_ROLES, Role
from backend.core.transaction import unit_of_work
from backend.demo.people import COMMUNITY, COMPOUNDS, HELPERS, a_name, user_named
from backend.extensions import db
from backend.people.models import RoleAssignment, User
from backend.people.service import appoint
from backend.volunteering.tasks.models import HoldStatus, Task, TaskClaim, TaskKind, TaskStatus
from backend.volunteering.teams.coverage import look_for_vacancies
from backend.volunteering.teams.models import Fitness, Skill, Team, Volunteer, VolunteerKind, VolunteerPlace

TEAM, MEMBERS = "马池墩群众工作队", 63
SEVEN = ONE_HEAD_SEVEN_ROLES[1:]
HOME = COMPOUNDS[0].code
# How many of a compound's buildings have a head, and how many of these hold one of the seven roles for the compound as
# well: four heads and some roles are missing.
HEADS, SECOND_POSTS = (12, 9, 11, 11, 8), (7, 6, 4, 3, 2)
BEGAN_HOURS_AGO = 30  # so that what nobody holds is the secretary's to fill, and not yet the subdistrict's
# What each offers, drawn for them: (from, until), minutes a day, the highest floor, the most they carry at once.
FREE = ((None, None), (None, None), (time(18), time(22)), (time(18, 30), time(21, 30)), (time(9), time(17)))
MINUTES, FLOORS, GRAMS = (60, 90, 120, 180, 240), (None, None, None, 3, 5), (None, None, 8_000, 12_000)


def load() -> None:
    """The team once, health each day."""
    with unit_of_work():
        team = db.session.scalars(select(Team).where(Team.place_code == COMMUNITY, Team.name == TEAM)).one_or_none()
        if team is None:
            appoint_strangers()
            team = _team()
        team_id = team.id
    look_for_vacancies()
    with unit_of_work():
        _well_today(team_id)


def appoint_strangers() -> None:
    """Those of the 63 who are nobody of the demo: heads of buildings, then the seven roles of two compounds. A demo
    that was loaded before there were teams has appointed them already."""
    if db.session.scalar(select(func.count()).select_from(_strangers().subquery())):
        return
    chance, heads = random.Random(MEMBERS), _heads()
    rest = [[(SEVEN[n % 7], COMPOUNDS[n // 7].code)] for n in range(MEMBERS - len(HELPERS) - len(heads))]
    posts = [*heads, *rest]
    for held in posts:
        user = User(name=a_name(chance))
        db.session.add(user)
        db.session.flush()
        for role, place in held:
            appoint(HOUSE, user.id, role, place)


def _heads() -> list[list[tuple[Role, str]]]:
    """The first building of the first compound has 刘大爷."""
    found = []
    for compound, heads, second in zip(COMPOUNDS, HEADS, SECOND_POSTS, strict=True):
        for n in range(compound.number == 1, heads):
            more = [(SEVEN[n], compound.code)] if n < second else []
            found.append([(Role.BUILDING_HEAD, f"{compound.code}-{n + 1:03d}"), *more])
    return found


def _team() -> Team:
    """The demo's helpers, and as many others who hold one of the eight posts as make 63."""
    team = Team(place_code=COMMUNITY, name=TEAM, created_at=func.now() - timedelta(hours=BEGAN_HOURS_AGO))
    db.session.add(team)
    db.session.flush()
    chance = random.Random(MEMBERS)
    strangers = [_stranger(team, chance, user_id, place) for user_id, place in db.session.execute(_strangers())]
    helpers = [_helper(team, name) for name in HELPERS]
    db.session.add_all([*helpers, *strangers])
    db.session.flush()
    _may_enter(strangers)
    _week([*helpers[1:], *strangers[::7]])
    return team


def _strangers() -> Select:
    """Who holds one of the eight posts and is nobody of the demo, with the place of their first."""
    held = select(RoleAssignment.user_id, func.min(RoleAssignment.place_code)).join(
        User, User.id == RoleAssignment.user_id
    )
    here = RoleAssignment.place_code.startswith(COMMUNITY) & RoleAssignment.role.in_(ONE_HEAD_SEVEN_ROLES)
    some = held.where(User.demo_name.is_(None), here).group_by(RoleAssignment.user_id)
    return some.order_by(RoleAssignment.user_id).limit(MEMBERS - len(HELPERS))


def _helper(team: Team, name: str) -> Volunteer:
    """The people of the demo live in the first compound and have time enough to be tried out."""
    helper = Volunteer(
        user_id=user_named(name), team_id=team.id, kind=VolunteerKind.RESIDENT_VOLUNTEER.value,
        base_code=f"{HOME}-001-001", minutes_a_day=480, skills=[Skill.LIFTING.value],
    )  # fmt: skip
    helper.phone = f"1390000{1000 + HELPERS.index(name)}"
    return helper


def _stranger(team: Team, chance: random.Random, user_id: uuid.UUID, place: str) -> Volunteer:
    kind = chance.choices(list(VolunteerKind), (2, 4, 8, 2, 2))[0]
    begins, until = chance.choice(FREE)
    base = place if len(place) == 20 else f"{(place if len(place) == 16 else HOME)}-{chance.randint(1, 9):03d}"
    member = Volunteer(
        user_id=user_id, team_id=team.id, kind=kind.value, base_code=base, minutes_a_day=chance.choice(MINUTES),
        free_from=begins, free_until=until, max_floor=chance.choice(FLOORS), carry_grams=chance.choice(GRAMS),
        skills=[skill.value for skill in chance.sample(list(Skill), 2)],
        withdraws_on=clock.today() + timedelta(days=9) if kind == VolunteerKind.SECONDED_CADRE else None,
    )  # fmt: skip
    if chance.random() < 0.8:  # the others have no phone: the head of their building speaks for them
        member.phone = f"1370000{chance.randint(0, 9999):04d}"
    return member


def _may_enter(members: Sequence[Volunteer]) -> None:
    """Every fourth only their own compound."""
    db.session.add_all(
        VolunteerPlace(volunteer_id=member.id, place_code=member.base_code[:16]) for member in members[::4]
    )
    db.session.flush()


def _week(members: Sequence[Volunteer]) -> None:
    """What some of them did on four of the last seven days: rows of the past, which no verb makes today."""
    for ago in (2, 3, 5, 6):
        begins = datetime.combine(clock.today() - timedelta(days=ago), time(19), clock.SHANGHAI)
        for n, member in enumerate(members):
            _carried(member, begins, 40 + 10 * (n % 4))


def _carried(member: Volunteer, begins: datetime, minutes: int) -> None:
    ends, place = begins + timedelta(minutes=minutes), member.base_code
    task = Task(
        place_code=place, kind=TaskKind.CARRY.value, title="送蔬菜包上门", minutes=minutes, taken=1,
        status=TaskStatus.CLOSED.value, grams=40_000, starts_at=begins, ends_at=ends,
    )  # fmt: skip
    db.session.add(task)
    db.session.flush()
    claim = TaskClaim(
        task_id=task.id, volunteer_id=member.id, place_code=place, status=HoldStatus.VERIFIED.value, starts_at=begins,
        ends_at=ends, claimed_at=begins, started_at=begins, done_at=ends, how="photo",
    )  # fmt: skip
    db.session.add(claim)
    db.session.flush()
    audit.record("task_claim", "verify", HOUSE, claim, new=claim.status, place_code=place)
    audit.record("task", "close", HOUSE, task, new=task.status, place_code=place)


def _well_today(team_id: uuid.UUID) -> None:
    """All said that they are well but one in twenty; as many have said nothing yet."""
    today, members = clock.today(), select(Volunteer).where(Volunteer.team_id == team_id, Volunteer.left_at.is_(None))
    helpers = {user_named(name) for name in HELPERS}
    words = [
        {"volunteer_id": member.id, "day": today, "fit": n % 20 != 10 or member.user_id in helpers,
         "recorded_by": member.user_id}
        for n, member in enumerate(db.session.scalars(members.order_by(Volunteer.id)))
        if n % 20 != 15 or member.user_id in helpers
    ]  # fmt: skip
    db.session.execute(insert(Fitness).values(words).on_conflict_do_nothing())
