"""The coverage board as it is shown: names masked, reasons in words."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import select

from backend.core.masking import mask_name
from backend.core.models import columns, within
from backend.core.permissions import Role
from backend.extensions import db
from backend.people.service import user_names
from backend.places.models import Place, PlaceKind
from backend.places.service import names
from backend.volunteering.records.leave import Standing, standings
from backend.volunteering.teams.coverage import Community, coming
from backend.volunteering.teams.models import Vacancy, VacancyStatus
from backend.volunteering.teams.rules import Cell, CellState, Post, Suggestion, covered, suggestions

Suggested = dict[tuple[str, Role], Suggestion]


def board(community: Community) -> dict[str, Any]:
    """The whole community, compound by compound, in a constant number of statements however many buildings it has."""
    cells, resting = community.cells, standings(community.code)
    could = suggestions(cells, community.candidates)
    told = _told(community.code)
    called = _called([cell.holders for cell in cells], could)
    compounds = [place for place in community.places if place.kind == PlaceKind.COMPOUND]
    return {
        "place_code": community.code,
        **{state.value: sum(cell.state == state for cell in cells) for state in CellState},
        "compounds": [_compound(place, community, cells, could, told, called) for place in compounds],
        "grid_workers": [_grid_worker(each) for each in resting],
    }


def _told(code: str) -> dict[tuple[str, str], str]:
    """Whom a vacancy that has stood too long was brought before."""
    query = select(Vacancy).where(within(Vacancy.place_code, [code]), Vacancy.status != VacancyStatus.FILLED)
    return {(each.place_code, each.role): each.status for each in db.session.scalars(query)}


def _called(holders: Iterable[Sequence[Post]], could: Suggested) -> dict[Any, str]:
    shown = {post.user_id for posts in holders for post in posts} | {each.user_id for each in could.values()}
    return user_names(sorted(shown))


def _compound(
    place: Place, community: Community, cells: Sequence[Cell], could: Suggested, told: Any, called: Any
) -> dict[str, Any]:
    below = [one for one in community.places if one.parent_code == place.code]
    held, needed = covered(place.code, len(below), community.posts)
    mine = [cell for cell in cells if cell.building.startswith(place.code)]
    rows = {building.code: [cell for cell in mine if cell.building == building.code] for building in below}
    return {
        "code": place.code,
        "name": place.name,
        "roles_held": held,
        "roles_needed": needed,
        "buildings": [
            {
                "code": building.code,
                "name": building.name,
                "cells": [_cell(cell, could, told, called) for cell in rows[building.code]],
            }
            for building in below
        ],
    }


def _cell(cell: Cell, could: Suggested, told: Any, called: Any) -> dict[str, Any]:
    suggested = could.get((cell.building, cell.role))
    return {
        "role": cell.role.value,
        "label": cell.role.label,
        "state": cell.state.value,
        "state_label": cell.state.label,
        "holders": [_holder(post, called) for post in cell.holders],
        "since": cell.since,
        "told": told.get((cell.building, cell.role.value)),
        "suggestion": _suggestion(suggested, called) if suggested else None,
    }


def _holder(post: Post, called: Any) -> dict[str, Any]:
    return {"user_id": post.user_id, "name": mask_name(called[post.user_id]), "place_code": post.place_code}


def _suggestion(suggested: Suggestion, called: Any) -> dict[str, Any]:
    return {
        "volunteer_id": suggested.volunteer_id,
        "name": mask_name(called[suggested.user_id]),
        "place_code": suggested.place_code,
        "reason": suggested.reason,
    }


def _grid_worker(each: Standing) -> dict[str, Any]:
    return {
        "user_id": each.user_id,
        "name": mask_name(each.name),
        "days_in_a_row": each.days_in_a_row,
        "leave_earned": each.earned,
        "leave_taken": len(each.taken),
        "leave_due": each.due,
        "on_leave_today": each.on_leave_today,
    }


def outlook(community: Community) -> dict[str, Any]:
    gaps = coming(community)
    called = user_names(sorted({post.user_id for gap in gaps for post in gap.last}))
    where = {place.code: place.name for place in community.places}
    return {
        "place_code": community.code,
        "gaps": [
            {
                "day": gap.day,
                "place_code": gap.building,
                "place_name": f"{where[gap.building[:16]]}{where[gap.building]}",
                "role": gap.role.value,
                "label": gap.role.label,
                "last": [_holder(post, called) for post in gap.last],
            }
            for gap in gaps
        ],
    }


def vacancies(page: Sequence[Vacancy]) -> list[dict[str, Any]]:
    called = names([code for each in page for code in (each.place_code, each.place_code[:16])])
    return [
        {
            **columns(each),
            "place_name": f"{called[each.place_code[:16]]}{called[each.place_code]}",
            "role_label": Role(each.role).label,
            "status_label": VacancyStatus(each.status).label,
        }
        for each in page
    ]
