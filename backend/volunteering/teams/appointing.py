"""Giving a volunteer one of the eight roles; where the officer is a relative it waits for a second one."""

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select, union_all
from sqlalchemy.orm import aliased, joinedload

from backend.core import audit
from backend.core.auth import HOUSE, Actor
from backend.core.errors import Conflict, DomainError, NotFound
from backend.core.models import within
from backend.core.permissions import Permission as P
from backend.core.permissions import Role
from backend.core.workflow import Move, Step, Workflow, advance
from backend.extensions import db
from backend.people.models import HouseholdMember, RoleAssignment
from backend.people.service import appoint, before_appointing
from backend.volunteering.teams.members import find as find_volunteer
from backend.volunteering.teams.models import Appointment, AppointmentStatus, Kinship, Volunteer

A = AppointmentStatus


def are_kin(one: uuid.UUID, other: uuid.UUID) -> bool:
    """Whether two users are known as relatives, whichever of them said so, or live behind one door."""
    told = select(Kinship.user_id).join(Volunteer, Volunteer.id == Kinship.volunteer_id)
    either = [told.where(Volunteer.user_id == a, Kinship.user_id == b) for a, b in ((one, other), (other, one))]
    mine, theirs = (aliased(_homes(user).subquery()) for user in (one, other))
    together = select(mine.c.household_id).join(theirs, theirs.c.household_id == mine.c.household_id)
    return db.session.execute(union_all(*either, together).limit(1)).first() is not None


def _homes(user_id: uuid.UUID) -> Any:
    """Behind which doors a user lives, by the register or by their own word as a volunteer."""
    registered = select(HouseholdMember.household_id).where(
        HouseholdMember.user_id == user_id, HouseholdMember.left_at.is_(None)
    )
    said = select(Volunteer.household_id).where(Volunteer.user_id == user_id, Volunteer.household_id.is_not(None))
    return union_all(registered, said)


def refuse_kin(actor: Actor, user_id: uuid.UUID, role: Role) -> None:
    """Nobody gives a relative a post by themselves, whichever route it comes by. Being a resident is no post."""
    if actor is HOUSE or actor.id is None or role == Role.RESIDENT or not are_kin(actor.id, user_id):
        return
    detail = "这个人登记为您的亲属或与您同住，不能由您一人任命。请在志愿者任命中提交，由另一位负责人确认。"
    raise Conflict("second_officer_needed", detail)


before_appointing.append(refuse_kin)


def _confirmed(appointment: Appointment, move: Move) -> None:
    volunteer = appointment.volunteer
    if volunteer.left_at:
        raise Conflict("already_left", "这位志愿者已经退出，任命不能再确认，请退回这项任命。")
    appoint(move.actor, volunteer.user_id, Role(appointment.role), appointment.place_code, appointment.until)


def _asked(appointments: Sequence[Appointment], actor: Actor) -> set[uuid.UUID]:
    return {appointment.id for appointment in appointments if appointment.asked_by == actor.id}


# Who asked may not confirm: the two lanes are two people.
APPOINTMENT = Workflow(
    "appointment",
    (
        Step("confirm", {A.WAITING}, A.CONFIRMED, "确认任命", P.ROLE_APPOINT, lane="second", effect=_confirmed),
        Step("refuse", {A.WAITING}, A.REFUSED, "不同意", P.ROLE_APPOINT, lane="second", needs_reason=True),
        Step("withdraw", {A.WAITING}, A.WITHDRAWN, "撤回", owner=True),
    ),
    visible=P.ROLE_APPOINT,
    place_of=lambda appointment: appointment.place_code,
    owned=_asked,
)


def propose(
    actor: Actor, volunteer_id: uuid.UUID, role: Role, place_code: str, until: datetime | None
) -> Appointment | RoleAssignment:
    """Gives a volunteer of a team a role within its community. Where the two are relatives nothing is given yet: the
    appointment is kept, flagged, and waits for a second officer."""
    volunteer = find_volunteer(actor, volunteer_id)
    if not place_code.startswith(volunteer.team.place_code):
        raise DomainError("elsewhere", "志愿者只能在自己工作队所在的社区任职，请重新选择地点。")
    actor.require(P.ROLE_APPOINT, place_code, visible=P.TEAM_READ)
    if actor.id is None or volunteer.user_id == actor.id or not are_kin(actor.id, volunteer.user_id):
        return appoint(actor, volunteer.user_id, role, place_code, until)
    return _wait(actor, volunteer, role, place_code, until)


def _wait(actor: Actor, volunteer: Volunteer, role: Role, place_code: str, until: datetime | None) -> Appointment:
    waiting = Appointment(
        volunteer_id=volunteer.id,
        role=role.value,
        place_code=place_code,
        until=until,
        asked_by=actor.id,
        status=A.WAITING.value,
    )
    db.session.add(waiting)
    db.session.flush()
    details = {"role": role.value, "kin": True}
    audit.record(
        "appointment", "ask", actor, waiting, new=waiting.status, lane="first", place_code=place_code, details=details
    )
    db.session.flush()
    return waiting


def seen(actor: Actor) -> Any:
    """A select of the flagged appointments in the actor's care, with the volunteer each is about."""
    query = select(Appointment).where(within(Appointment.place_code, actor.scope(P.ROLE_APPOINT)))
    return query.options(joinedload(Appointment.volunteer).joinedload(Volunteer.user))


def find(actor: Actor, appointment_id: uuid.UUID) -> Appointment:
    found = db.session.scalars(seen(actor).where(Appointment.id == appointment_id)).one_or_none()
    if found is None:
        raise NotFound("任命")
    return found


def decide(
    actor: Actor, appointment_id: uuid.UUID, action: str, revision: int, reason: str | None = None
) -> Appointment:
    appointment = find(actor, appointment_id)
    advance(APPOINTMENT, appointment, action, actor, revision=revision, reason=reason)
    return appointment
