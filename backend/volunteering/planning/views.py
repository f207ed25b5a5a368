"""What is shown: of a plan all of it to those in whose care it is, to a volunteer their own evening; of a line the same
to everyone who stands there."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from backend.core.auth import Actor
from backend.core.masking import mask_name
from backend.core.models import columns
from backend.core.permissions import Permission as P
from backend.core.transaction import database_now
from backend.core.workflow import allowed_actions
from backend.places.service import names
from backend.volunteering.planning import wording
from backend.volunteering.planning.line import advice
from backend.volunteering.planning.lines import look
from backend.volunteering.planning.models import AssemblyLine, EveningCarry, EveningPlan, LineStatus, PlanStatus
from backend.volunteering.planning.reading import stairwell
from backend.volunteering.planning.service import carries
from backend.volunteering.planning.workflow import EVENING, LINE

FIGURES = ("finish_minutes", "first_come_minutes", "bound_minutes", "left_packs", "first_come_left")


def plans(page: Sequence[EveningPlan], actor: Actor) -> list[dict[str, Any]]:
    actions = allowed_actions(EVENING, page, actor, database_now())
    return [_head(plan, actions[plan.id]) for plan in page]


def _head(plan: EveningPlan, actions: list[str]) -> dict[str, Any]:
    known = plan.finish_minutes is not None
    figures = [getattr(plan, name) for name in FIGURES]
    return {
        **columns(plan),
        "status_label": PlanStatus(plan.status).label,
        "allowed_actions": actions,
        "ends_at": _at(plan, plan.finish_minutes),
        "sentence": wording.to_coordinator(*figures) if known else PlanStatus(plan.status).label,
    }


def whole(plan: EveningPlan, actor: Actor, change: str | None = None) -> dict[str, Any]:
    """`change`: what a move by hand has brought."""
    rows = carries(plan)
    called = names(row.task.place_code for row in rows)
    everything = actor.may(P.TASK_READ, plan.place_code)
    mine = [row for row in rows if everything or (row.volunteer and row.volunteer.user_id == actor.id)]
    given = groupby((row for row in mine if row.volunteer_id), key=lambda row: row.volunteer_id)
    return {
        **plans([plan], actor)[0],
        **({} if everything else dict.fromkeys((*FIGURES, "ends_at", "sentence"))),
        "change": change,
        "volunteers": [_evening(plan, list(theirs), rows, called) for _, theirs in given],
        "left": [_carry(plan, row, called) for row in mine if row.volunteer_id is None],
    }


def _evening(
    plan: EveningPlan, theirs: list[EveningCarry], rows: Iterable[EveningCarry], called: dict
) -> dict[str, Any]:
    volunteer, ends = theirs[0].volunteer, theirs[-1].ends
    assert volunteer
    minutes = sum((row.ends or 0) - (row.starts or 0) for row in theirs)
    stairwells = [stairwell(row.task, row.packs) for row in theirs]
    everywhere = [stairwell(row.task, row.packs) for row in rows]
    return {
        "volunteer_id": volunteer.id,
        "name": mask_name(volunteer.user.name),
        "minutes": minutes,
        "ends_at": _at(plan, ends),
        "sentence": wording.to_volunteer(volunteer.base_code, stairwells, everywhere, minutes),
        "carries": [_carry(plan, row, called) for row in theirs],
    }


def _carry(plan: EveningPlan, row: EveningCarry, called: dict[str, str]) -> dict[str, Any]:
    return {
        "task_id": row.task_id,
        "title": row.task.title,
        "place_code": row.task.place_code,
        "place_name": called[row.task.place_code],
        "packs": row.packs,
        "floor": row.task.floor,
        "starts_at": _at(plan, row.starts),
        "ends_at": _at(plan, row.ends),
        "reason": row.reason,
        "refused": row.refused,
    }


def _at(plan: EveningPlan, minutes: int | None) -> datetime | None:
    return None if minutes is None or plan.starts_at is None else plan.starts_at + timedelta(minutes=minutes)


# --- Lines ------------------------------------------------------------------------------------------------------


def lines(page: Sequence[AssemblyLine], actor: Actor) -> list[dict[str, Any]]:
    actions = allowed_actions(LINE, page, actor, database_now())
    return [
        {**columns(line), "status_label": LineStatus(line.status).label, "allowed_actions": actions[line.id]}
        for line in page
    ]


def line(one: AssemblyLine, actor: Actor) -> dict[str, Any]:
    seen, beside = look(one)
    stations = [
        {**pace._asdict(), "station_label": pace.station.label, "rate": round(pace.rate)} for pace in seen.stations
    ]
    running = one.status == LineStatus.OPEN
    return {
        **lines([one], actor)[0],
        "stations": stations,
        "bottleneck": seen.bottleneck if running else None,
        "ends_at": one.closed_at or seen.ends_at,
        "advice": advice(seen) if running else LineStatus.CLOSED.label,
        "beside": beside,
    }
