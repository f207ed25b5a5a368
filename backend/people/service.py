"""The verbs of posts: appoint, dismiss, list; and how far one head, seven roles is covered."""

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, text

from backend.core import audit, clock
from backend.core.auth import HOUSE, Actor
from backend.core.errors import Conflict, DomainError, Forbidden, NotFound
from backend.core.models import within
from backend.core.permissions import APPOINTS, ONE_HEAD_SEVEN_ROLES, Permission, Role
from backend.extensions import db
from backend.people.models import RoleAssignment, User
from backend.places.service import place_named

SEVEN = [role.value for role in ONE_HEAD_SEVEN_ROLES[1:]]
ROLES_COVERED = text("""
SELECT (SELECT count(DISTINCT place_code) FROM role_assignment
        WHERE role = 'building_head' AND ended_at IS NULL AND (until IS NULL OR until > now())
          AND place_code > :compound AND place_code < :below)
     + (SELECT count(DISTINCT role) FROM role_assignment
        WHERE role = ANY(:seven) AND ended_at IS NULL AND (until IS NULL OR until > now())
          AND (place_code = :community OR (place_code >= :compound AND place_code < :below))) AS held,
       (SELECT count(*) FROM place WHERE parent_code = :compound) AS buildings""")


def appoint(
    actor: Actor, user_id: uuid.UUID, role: Role, place_code: str, until: datetime | None = None
) -> RoleAssignment:
    """Gives a role at a place. Nobody gives a role they could not hold over (see APPOINTS), nor any to themselves;
    a role is held only at its own kinds of place. Giving again what is held already changes nothing."""
    place = place_named(place_code)
    if actor is not HOUSE:
        _may_give(actor, user_id, role, place_code)
    if place.kind not in role.held_at:
        raise DomainError("wrong_kind_of_place", f"{role.label}不在这一级地点任职。")
    if db.session.get(User, user_id) is None:
        raise NotFound("用户")
    held = select(RoleAssignment).where(
        RoleAssignment.user_id == user_id,
        RoleAssignment.role == role.value,
        RoleAssignment.place_code == place_code,
        RoleAssignment.ended_at.is_(None),
    )
    if assignment := db.session.scalars(held).one_or_none():
        if assignment.until is None or assignment.until > clock.now():
            return assignment
        assignment.ended_at = assignment.until  # it had run out: a new one begins
        db.session.flush()
    assignment = RoleAssignment(
        user_id=user_id, role=role.value, place_code=place_code, appointed_by=actor.id, until=until
    )
    db.session.add(assignment)
    audit.record("role", "appoint", actor, assignment, place_code=place_code, details={"role": role.value})
    db.session.flush()
    return assignment


def _may_give(actor: Actor, user_id: uuid.UUID, role: Role, place_code: str) -> None:
    actor.require(Permission.ROLE_APPOINT, place_code, visible=Permission.PLACE_READ)
    if user_id == actor.id:
        raise Forbidden("not_to_oneself", "不能给自己任命职务。")
    if not any(role in APPOINTS.get(own, ()) for own in actor.roles_at(place_code)):
        raise Forbidden("above_your_rank", "您不能任命这一职务，请联系上级指挥部。")


def dismiss(actor: Actor, assignment_id: uuid.UUID) -> RoleAssignment:
    """Ends a post at once: the roles are read on each request."""
    query = select(RoleAssignment).where(
        RoleAssignment.id == assignment_id,
        within(RoleAssignment.place_code, actor.scope(Permission.ROLE_READ)),
    )
    assignment = db.session.scalars(query.with_for_update()).one_or_none()
    if assignment is None:
        raise NotFound("任职")
    _may_give(actor, assignment.user_id, Role(assignment.role), assignment.place_code)
    if assignment.ended_at:
        raise Conflict("already_ended", "这一任职已经结束。")
    assignment.ended_at = func.now()
    audit.record("role", "dismiss", actor, assignment, place_code=assignment.place_code)
    db.session.flush()
    return assignment


def posts_at(actor: Actor, place_code: str) -> Any:
    """A select of the posts at or below a place, within the actor's sight."""
    actor.require(Permission.ROLE_READ, place_code)
    return select(RoleAssignment).where(
        within(RoleAssignment.place_code, [place_code]), RoleAssignment.ended_at.is_(None)
    )


def user_names(user_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, str]:
    return dict(db.session.execute(select(User.id, User.name).where(User.id.in_(set(user_ids)))).all())


def roles_covered(compound_code: str) -> tuple[int, int]:
    """(held, needed) of one head, seven roles: a head per building, each of the seven once for the compound or for
    the community it lies in."""
    where = {
        "compound": compound_code,
        "below": compound_code + "~",
        "community": compound_code[:12],
        "seven": SEVEN,
    }
    held, buildings = db.session.execute(ROLES_COVERED, where).one()
    return held, buildings + len(SEVEN)
