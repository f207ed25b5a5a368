"""The verbs of posts: appoint, dismiss, list; and how far one head, seven roles is covered."""

import uuid
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select, text, update

from backend.core import audit
from backend.core.auth import HOUSE, Actor
from backend.core.errors import Conflict, DomainError, Forbidden, NotFound
from backend.core.models import within
from backend.core.permissions import APPOINTS, GRANTS, ONE_HEAD_SEVEN_ROLES, Permission, Role
from backend.core.transaction import database_now
from backend.extensions import db
from backend.people.models import RoleAssignment, User
from backend.places.service import LEVEL_WORDS, level_of, place_named

NAME_LONGEST = 40
LONGEST_POST = timedelta(days=3653)
# Of the eight roles. A fourth would be held on paper alone, and certification counts posts held as mobilisation.
ROLES_AT_MOST = 3
EIGHT = [role.value for role in ONE_HEAD_SEVEN_ROLES]
# What other features know against an appointment; each refuses by raising, whichever route it came by.
BeforeAppointing = Callable[[Actor, uuid.UUID, Role], None]
before_appointing: list[BeforeAppointing] = []
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
    actor: Actor,
    user_id: uuid.UUID,
    role: Role,
    place_code: str,
    until: datetime | None = None,
    name: str | None = None,
) -> RoleAssignment:
    """Gives a role at a place, and the user the name they sign with. Nobody gives a role they could not hold over (see
    APPOINTS), nor any to themselves; a role is held only at its own levels, and of the eight at most ROLES_AT_MOST by
    one person. Giving again what is held already changes at most its end (`until` None: it has none)."""
    place_named(place_code)
    if actor is not HOUSE:
        _may_give(actor, user_id, role, place_code)
    _refuse_senseless(role, place_code, until)
    user = db.session.get(User, user_id, with_for_update={"key_share": True})
    if user is None:
        raise NotFound("用户")
    for refuse in before_appointing:
        refuse(actor, user_id, role)
    if name and name != user.name:
        _rename(actor, user, name, place_code)
    assignment = _held(user_id, role, place_code)
    if assignment is None:
        _refuse_too_many(user_id, role)
        assignment = RoleAssignment(
            user_id=user_id, role=role.value, place_code=place_code, appointed_by=actor.id, until=until
        )
        db.session.add(assignment)
        audit.record("role", "appoint", actor, assignment, place_code=place_code, details={"role": role.value})
    elif assignment.until != until:
        assignment.until = until
        details = {"role": role.value, "until": until.isoformat() if until else None}
        audit.record("role", "change_until", actor, assignment, place_code=place_code, details=details)
    db.session.flush()
    return assignment


def _refuse_senseless(role: Role, place_code: str, until: datetime | None) -> None:
    if level_of(place_code) not in role.held_at:
        where = "、".join(words for level, words in LEVEL_WORDS.items() if level in role.held_at)
        raise DomainError("wrong_kind_of_place", f"{role.label}只能在这一级任职：{where}。请重新选择地点。")
    if until and until <= database_now():
        raise DomainError("until_past", "任期的截止时间已经过去，请填将来的时间。")
    if until and until > database_now() + LONGEST_POST:
        raise DomainError("until_too_far", "任期最长十年，到期可以续任。")


def _refuse_too_many(user_id: uuid.UUID, role: Role) -> None:
    """The user's row is locked: of two appointments at once the second counts the first."""
    if role not in ONE_HEAD_SEVEN_ROLES:
        return
    held = {Role(post.role) for post in posts_of([user_id])[user_id]}
    if role not in held and len(held) >= ROLES_AT_MOST:
        words = "、".join(one.label for one in ONE_HEAD_SEVEN_ROLES if one in held)
        detail = f"这个人已担任{words}，一人最多 {ROLES_AT_MOST} 种职务。请先免去其中一种，或另选一人。"
        raise Conflict("too_many_roles", detail)


def _held(user_id: uuid.UUID, role: Role, place_code: str) -> RoleAssignment | None:
    """The post as it is held now. One that has run out is ended here: a new one may begin."""
    held = select(RoleAssignment).where(
        RoleAssignment.user_id == user_id,
        RoleAssignment.role == role.value,
        RoleAssignment.place_code == place_code,
        RoleAssignment.ended_at.is_(None),
    )
    assignment = db.session.scalars(held.with_for_update()).one_or_none()
    if assignment and assignment.until and assignment.until <= database_now():
        assignment.ended_at = assignment.until
        db.session.flush()
        return None
    return assignment


def _rename(actor: Actor, user: User, name: str, place_code: str) -> None:
    """The official name. Who could not have given every post the user holds does not say how they sign elsewhere:
    else a secretary would rename a reviewer by making them a resident."""
    if not name.strip() or not name.isprintable() or len(name) > NAME_LONGEST:
        raise DomainError("bad_name", f"姓名最多 {NAME_LONGEST} 个字，且不能有特殊字符。")
    posts = db.session.scalars(_live().where(RoleAssignment.user_id == user.id))
    if actor is not HOUSE and not all(_outranks(actor, Role(post.role), post.place_code) for post in posts):
        raise Forbidden("name_not_yours", "这个人另有职务，姓名请由其上级填写；不填姓名也可以任命。")
    user.name = name
    audit.record("user", "rename", actor, user, place_code=place_code)


def holds(user_id: uuid.UUID, permission: Permission, place_code: str) -> bool:
    """Whether someone who is not acting now has a post that grants the permission there."""
    roles = [role.value for role in Role if permission in GRANTS[role]]
    posts = db.session.scalars(_live().where(RoleAssignment.user_id == user_id, RoleAssignment.role.in_(roles)))
    return any(place_code.startswith(post.place_code) for post in posts)


def _outranks(actor: Actor, role: Role, place_code: str) -> bool:
    return any(role in APPOINTS.get(own, ()) for own in actor.roles_at(place_code))


def _may_give(actor: Actor, user_id: uuid.UUID, role: Role, place_code: str) -> None:
    actor.require(Permission.ROLE_APPOINT, place_code, visible=Permission.PLACE_READ)
    if user_id == actor.id:
        raise Forbidden("not_to_oneself", "不能给自己任命职务。")
    if not _outranks(actor, role, place_code):
        raise Forbidden("above_your_rank", "您不能任命这一职务，请联系上级指挥部。")


def dismiss(actor: Actor, assignment_id: uuid.UUID) -> RoleAssignment:
    """Ends a post at once: the roles are read on each request. Anyone may resign their own; another's is ended by who
    could have given it."""
    query = select(RoleAssignment).where(
        RoleAssignment.id == assignment_id,
        within(RoleAssignment.place_code, actor.scope(Permission.ROLE_READ)) | (RoleAssignment.user_id == actor.id),
    )
    assignment = db.session.scalars(query.with_for_update()).one_or_none()
    if assignment is None:
        raise NotFound("任职")
    own = assignment.user_id == actor.id
    if not own:
        _may_give(actor, assignment.user_id, Role(assignment.role), assignment.place_code)
    if assignment.ended_at:
        raise Conflict("already_ended", "这一任职已经结束。")
    assignment.ended_at = func.now()
    audit.record("role", "resign" if own else "dismiss", actor, assignment, place_code=assignment.place_code)
    db.session.flush()
    return assignment


def posts_of(user_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, list[RoleAssignment]]:
    """Which of one head, seven roles each of the users holds now: one query for a page of them."""
    held: dict[uuid.UUID, list[RoleAssignment]] = {user_id: [] for user_id in user_ids}
    query = _live().where(RoleAssignment.user_id.in_(held), RoleAssignment.role.in_(EIGHT))
    for post in db.session.scalars(query.order_by(RoleAssignment.place_code, RoleAssignment.id)):
        held[post.user_id].append(post)
    return held


def end_posts(actor: Actor, user_id: uuid.UUID, place_code: str) -> None:
    """Ends whatever the user holds of one head, seven roles at or below a place: they serve there no more. For verbs
    that have asked for the permission themselves."""
    below = _live().where(RoleAssignment.user_id == user_id, RoleAssignment.role.in_(EIGHT))
    for post in db.session.scalars(below.where(within(RoleAssignment.place_code, [place_code])).with_for_update()):
        post.ended_at = func.now()
        audit.record("role", "dismiss", actor, post, place_code=post.place_code)
    db.session.flush()


def _live() -> Any:
    """A select of the posts held now."""
    unending = RoleAssignment.until.is_(None) | (RoleAssignment.until > func.now())
    return select(RoleAssignment).where(RoleAssignment.ended_at.is_(None), unending)


def posts_at(actor: Actor, place_code: str) -> Any:
    """A select of the posts held at or below a place, within the actor's sight."""
    if actor is not HOUSE:
        actor.require(Permission.ROLE_READ, place_code)
    return _live().where(within(RoleAssignment.place_code, [place_code]))


def roster(place_code: str) -> list[tuple[uuid.UUID, str, str, str]]:
    """For the operator: (user id, name, role, place) of every post held at or below a place, in the order of places."""
    place_named(place_code)
    posts = posts_at(HOUSE, place_code).join(User, User.id == RoleAssignment.user_id)
    shown = posts.with_only_columns(User.id, User.name, RoleAssignment.role, RoleAssignment.place_code)
    return [tuple(post) for post in db.session.execute(shown.order_by(RoleAssignment.place_code, RoleAssignment.id))]


def set_print(actor: Actor, print_step: int | None) -> None:
    """How large the actor reads, on whichever phone; None: as the phone says."""
    db.session.execute(update(User).where(User.id == actor.id).values(print_step=print_step))


def print_step(actor: Actor) -> int | None:
    return db.session.scalar(select(User.print_step).where(User.id == actor.id))


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
