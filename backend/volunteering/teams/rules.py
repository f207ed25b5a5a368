"""Coverage on values alone: what is held, what stands empty since when, who is overloaded, and who could take it.

A post covers every building at or below its place. The sum per compound counts as certification does (people's
roles_covered): a head for each building, each of the seven once for the compound.
"""

import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import NamedTuple

from backend.core.models import Labelled
from backend.core.permissions import ONE_HEAD_SEVEN_ROLES, Role
from backend.people.service import ROLES_AT_MOST
from backend.volunteering.rest import DAYS_IN_A_ROW, MINUTES_A_DAY
from backend.volunteering.teams.models import Skill

# So many buildings, shared with whoever holds the same role there, one person can look after in a role.
BUILDINGS_AT_MOST = 6
HEAD = Role.BUILDING_HEAD
# What helps in a role, and the hours of Shanghai in which most of it is to be done.
NEEDS: Mapping[Role, tuple[frozenset[Skill], time, time]] = {
    Role.BUILDING_HEAD: (frozenset({Skill.MEDIATION}), time(8), time(21)),
    Role.GATE_DUTY: (frozenset({Skill.LOUDSPEAKER}), time(7), time(22)),
    Role.SUPPLY_PURCHASER: (frozenset({Skill.PURCHASING, Skill.DRIVING}), time(8), time(12)),
    Role.CARE_SUPPORT: (frozenset({Skill.NURSING, Skill.MEDICINE, Skill.COUNSELLING}), time(9), time(18)),
    Role.TRANSPORTER: (frozenset({Skill.LIFTING, Skill.DRIVING}), time(14), time(20)),
    Role.PUBLICITY_PERSUASION: (frozenset({Skill.LOUDSPEAKER, Skill.MEDIATION}), time(17), time(20)),
    Role.INFORMATION_REPORTER: (frozenset({Skill.WRITING, Skill.COMPUTER}), time(18), time(22)),
    Role.COORDINATOR: (frozenset({Skill.COMPUTER, Skill.MEDIATION}), time(8), time(18)),
}
NEAR = ("就在本楼栋", "同小区", "同社区")


class CellState(Labelled):
    HELD = "held", "有人"
    VACANT = "vacant", "空缺"
    OVERLOADED = "overloaded", "负担过重"


class Post(NamedTuple):
    """A post held now; `ends_on`: the first day without it, as far as is known."""

    user_id: uuid.UUID
    role: Role
    place_code: str
    ends_on: date | None = None


class Given(NamedTuple):
    """What someone has worked: minutes today, and on how many days in a row up to today or yesterday."""

    minutes: int = 0
    days_in_a_row: int = 0


@dataclass
class Candidate:
    """A volunteer, as far as it matters for giving them a post."""

    volunteer_id: uuid.UUID
    user_id: uuid.UUID
    base_code: str
    skills: frozenset[str]
    minutes_a_day: int
    free: tuple[time, time] | None
    places: tuple[str, ...]
    roles: set[Role] = field(default_factory=set)
    fit: bool = True
    given: Given = field(default_factory=Given)

    @property
    def worn_out(self) -> bool:
        """Over the rest guard: today as much as they can give, or as many days in a row as anyone should."""
        most = min(self.minutes_a_day, MINUTES_A_DAY)
        return self.given.days_in_a_row >= DAYS_IN_A_ROW or 0 < most <= self.given.minutes


class Suggestion(NamedTuple):
    volunteer_id: uuid.UUID
    user_id: uuid.UUID
    place_code: str
    reason: str


class Cell(NamedTuple):
    """A building and a role; `since`: how long it has stood empty, None where nobody knows."""

    building: str
    role: Role
    state: CellState
    holders: tuple[Post, ...]
    since: datetime | None


# --- Held, empty, overloaded ------------------------------------------------------------------------------------


def board(
    buildings: Sequence[str],
    posts: Sequence[Post],
    worn_out: frozenset[uuid.UUID] | set[uuid.UUID],
    ended: Mapping[tuple[Role, str], datetime],
    began: datetime | None,
) -> list[Cell]:
    """Every building × eight roles. `ended`: when a role was last given up at a place; `began`: since when anybody
    answers for the community, which is how long what was never held has stood empty."""
    held = _holders(buildings, posts)
    tired = worn_out | _over_many_buildings(held)
    return [
        Cell(
            building,
            role,
            _state(held[building, role], tired),
            tuple(held[building, role]),
            None if held[building, role] else _since(building, role, ended, began),
        )
        for building in buildings
        for role in ONE_HEAD_SEVEN_ROLES
    ]


def _holders(buildings: Sequence[str], posts: Iterable[Post]) -> dict[tuple[str, Role], list[Post]]:
    at: dict[tuple[str, Role], list[Post]] = defaultdict(list)
    for post in posts:
        at[post.place_code, post.role].append(post)
    return {
        (building, role): [post for place in _up(building) for post in at.get((place, role), ())]
        for building in buildings
        for role in ONE_HEAD_SEVEN_ROLES
    }


def _up(building: str) -> tuple[str, str, str]:
    """The building, its compound, its community."""
    return building, building[:16], building[:12]


def _over_many_buildings(held: Mapping[tuple[str, Role], Sequence[Post]]) -> set[uuid.UUID]:
    """Who has more buildings than one can look after. Those who hold a role together share its buildings."""
    load: dict[tuple[uuid.UUID, Role], float] = defaultdict(float)
    for (_, role), holders in held.items():
        for post in holders:
            load[post.user_id, role] += 1 / len(holders)
    return {user for (user, _), buildings in load.items() if buildings > BUILDINGS_AT_MOST + 1e-9}


def _state(holders: Sequence[Post], tired: set[uuid.UUID] | frozenset[uuid.UUID]) -> CellState:
    if not holders:
        return CellState.VACANT
    return CellState.OVERLOADED if all(post.user_id in tired for post in holders) else CellState.HELD


def _since(
    building: str, role: Role, ended: Mapping[tuple[Role, str], datetime], began: datetime | None
) -> datetime | None:
    last = [ended[role, place] for place in _up(building) if (role, place) in ended]
    return max(last, default=began)


def covered(compound: str, buildings: int, posts: Iterable[Post]) -> tuple[int, int]:
    """(held, needed) of a compound, as people.service.roles_covered tells certification."""
    near = [post for post in posts if post.place_code.startswith(compound) or post.place_code == compound[:12]]
    heads = {post.place_code for post in near if post.role == HEAD}
    seven = {post.role for post in near if post.role != HEAD}
    return len(heads) + len(seven), buildings + len(ONE_HEAD_SEVEN_ROLES) - 1


# --- Who could take it ------------------------------------------------------------------------------------------


def suggestions(cells: Sequence[Cell], candidates: Sequence[Candidate]) -> dict[tuple[str, Role], Suggestion]:
    """For each empty cell who could take the post, and why. Of the seven roles one that a whole compound lacks is
    suggested for the compound. Nobody is suggested for more roles than one may hold; the same facts give the same
    names."""
    planned = {candidate.volunteer_id: sorted(candidate.roles) for candidate in candidates}
    found: dict[tuple[str, Role], Suggestion] = {}
    for (place, role), empty in _gaps(cells).items():
        if best := _best(place, role, candidates, planned):
            planned[best.volunteer_id].append(role)
            suggestion = Suggestion(best.volunteer_id, best.user_id, place, _why(best, role, place))
            found |= {(building, role): suggestion for building in empty}
    return found


def _gaps(cells: Sequence[Cell]) -> dict[tuple[str, Role], list[str]]:
    """Where a post is to be given, and the buildings it would fill."""
    every: dict[tuple[str, Role], list[Cell]] = defaultdict(list)
    for cell in cells:
        every[cell.building[:16], cell.role].append(cell)
    gaps: dict[tuple[str, Role], list[str]] = {}
    for (compound, role), row in every.items():
        empty = [cell.building for cell in row if cell.state == CellState.VACANT]
        if role != HEAD and len(empty) == len(row):
            gaps[compound, role] = empty
        else:
            gaps |= {(building, role): [building] for building in empty}
    return gaps


def _best(
    place: str, role: Role, candidates: Iterable[Candidate], planned: Mapping[uuid.UUID, list[Role]]
) -> Candidate | None:
    """The nearest; of those who does not do the same elsewhere; of those who has the skill; of those who holds fewest
    posts; of those whose hours fit."""
    able = [one for one in candidates if _may_take(one, place, role, planned[one.volunteer_id])]
    return min(
        able,
        key=lambda one: (
            _distance(one, place),
            role in planned[one.volunteer_id],
            not NEEDS[role][0] & one.skills,
            len(planned[one.volunteer_id]),
            not _fits(one, role),
            one.volunteer_id,
        ),
        default=None,
    )


def _may_take(one: Candidate, place: str, role: Role, planned: list[Role]) -> bool:
    """A head lives in the compound. Nobody who is worn out or unfit, or who may not enter, and no role too many."""
    enters = not one.places or any(place.startswith(code) for code in one.places)
    near = role != HEAD or _distance(one, place) < len(NEAR) - 1
    return one.fit and not one.worn_out and enters and near and len({*planned, role}) <= ROLES_AT_MOST


def _distance(one: Candidate, place: str) -> int:
    if one.base_code.startswith(place):
        return 0
    return 1 if one.base_code.startswith(place[:16]) else 2


def _fits(one: Candidate, role: Role) -> bool:
    _, begins, ends = NEEDS[role]
    return one.free is None or (one.free[0] < ends and begins < one.free[1])


def _why(one: Candidate, role: Role, place: str) -> str:
    near = NEAR[_distance(one, place)] if len(place) > 16 else ("同小区" if _distance(one, place) == 0 else "同社区")
    skills = [Skill(skill).label for skill in sorted(NEEDS[role][0] & one.skills)]
    held = [each.label for each in ONE_HEAD_SEVEN_ROLES if each in one.roles]
    parts = (
        near,
        f"会{'、'.join(skills)}" if skills else "",
        f"已任{'、'.join(held)}" if held else "还没有职务",
        "空闲时间合适" if _fits(one, role) else "空闲时间需再商量",
    )
    return "，".join(part for part in parts if part) + "。"


# --- What is coming ---------------------------------------------------------------------------------------------


class Gap(NamedTuple):
    day: date
    building: str
    role: Role
    last: tuple[Post, ...]


def forecast(buildings: Sequence[str], posts: Sequence[Post], until: date) -> list[Gap]:
    """Which building × role stands empty from which day on, up to and with `until`: the day the last holder goes."""
    gaps = []
    for (building, role), holders in _holders(buildings, posts).items():
        ends = [post.ends_on for post in holders]
        if ends and None not in ends:
            last = max(end for end in ends if end)
            if last <= until:
                gaps.append(Gap(last, building, role, tuple(post for post in holders if post.ends_on == last)))
    return sorted(gaps, key=lambda gap: (gap.day, gap.building, ONE_HEAD_SEVEN_ROLES.index(gap.role)))
