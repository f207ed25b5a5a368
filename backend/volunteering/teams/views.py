"""What is shown of teams: a page of members in a constant number of queries, masked unless revealed."""

import uuid
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import select

from backend.core import clock
from backend.core.auth import Actor
from backend.core.masking import mask_name, mask_phone
from backend.core.models import columns
from backend.core.permissions import Permission as P
from backend.core.permissions import Role
from backend.core.transaction import database_now
from backend.core.workflow import allowed_actions
from backend.extensions import db
from backend.people.models import RoleAssignment
from backend.people.service import posts_of, user_names
from backend.places.service import names
from backend.volunteering.teams.appointing import APPOINTMENT
from backend.volunteering.teams.members import edits, fit_on, speaks_for
from backend.volunteering.teams.models import (
    Appointment,
    AppointmentStatus,
    Kinship,
    Volunteer,
    VolunteerKind,
    VolunteerPlace,
)


def members(page: Sequence[Volunteer], actor: Actor) -> list[dict[str, Any]]:
    """Masked. Who is fit today is for those who assign tasks and those who may speak for the volunteer; where they
    live and who their relatives are, for the office and themselves."""
    ids = [volunteer.id for volunteer in page]
    places, fit, posts = _places(ids), fit_on(ids, clock.today()), posts_of(v.user_id for v in page)
    kin = _relatives([volunteer.id for volunteer in page if _private(actor, volunteer)])
    called = names([v.base_code for v in page] + [post.place_code for held in posts.values() for post in held])
    return [
        {
            **columns(volunteer),
            "team_name": volunteer.team.name,
            "kind_label": VolunteerKind(volunteer.kind).label,
            "name": mask_name(volunteer.user.name),
            "phone": mask_phone(volunteer.phone) if volunteer.phone else None,
            "base_name": called[volunteer.base_code],
            "places": places[volunteer.id],
            "posts": [_post(post, called) for post in posts[volunteer.user_id]],
            "fit_today": fit.get(volunteer.id) if _may_know(actor, volunteer) else None,
            "household_id": volunteer.household_id if _private(actor, volunteer) else None,
            "relatives": kin.get(volunteer.id, []),
        }
        for volunteer in page
    ]


def member(volunteer: Volunteer, actor: Actor) -> dict[str, Any]:
    return members([volunteer], actor)[0]


def in_clear(volunteer: Volunteer) -> dict[str, Any]:
    return {"id": volunteer.id, "name": volunteer.user.name, "phone": volunteer.phone}


def _private(actor: Actor, volunteer: Volunteer) -> bool:
    return volunteer.user_id == actor.id or edits(actor, volunteer)


def _may_know(actor: Actor, volunteer: Volunteer) -> bool:
    return speaks_for(actor, volunteer) or actor.may(P.TASK_ASSIGN, volunteer.team.place_code)


def _post(post: RoleAssignment, called: dict[str, str]) -> dict[str, Any]:
    return {
        "assignment_id": post.id,
        "role": post.role,
        "label": Role(post.role).label,
        "place_code": post.place_code,
        "place_name": called[post.place_code],
        "until": post.until,
    }


def _places(ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, list[str]]:
    return _grouped(ids, VolunteerPlace.volunteer_id, VolunteerPlace.place_code)


def _relatives(ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, list[uuid.UUID]]:
    return _grouped(ids, Kinship.volunteer_id, Kinship.user_id)


def _grouped(ids: Iterable[uuid.UUID], key: Any, value: Any) -> dict[uuid.UUID, list[Any]]:
    found: dict[uuid.UUID, list[Any]] = {one: [] for one in ids}
    for one, what in db.session.execute(select(key, value).where(key.in_(found)).order_by(value)):
        found[one].append(what)
    return found


# --- Appointments -----------------------------------------------------------------------------------------------


def outcome(given: Appointment | RoleAssignment) -> dict[str, Any]:
    """What came of an appointment: given at once, or waiting for a second officer."""
    if isinstance(given, Appointment):
        sentence = "您与这位志愿者是亲属或同住，任命已提交，等另一位负责人确认后生效。"
        return {"given": False, "appointment_id": given.id, "assignment_id": None, "sentence": sentence}
    return {"given": True, "appointment_id": None, "assignment_id": given.id, "sentence": "任命已生效。"}


def appointments(page: Sequence[Appointment], actor: Actor) -> list[dict[str, Any]]:
    called, officers = names(each.place_code for each in page), user_names([each.asked_by for each in page])
    allowed = allowed_actions(APPOINTMENT, page, actor, database_now())
    return [
        {
            **columns(each),
            "volunteer_name": mask_name(each.volunteer.user.name),
            "role_label": Role(each.role).label,
            "place_name": called[each.place_code],
            "asked_by_name": officers[each.asked_by],
            "status_label": AppointmentStatus(each.status).label,
            "allowed_actions": allowed[each.id],
        }
        for each in page
    ]
