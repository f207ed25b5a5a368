"""The verbs of a household: who lives there, what it needs, a look at a phone, consent to act for it."""

import uuid
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select, union
from sqlalchemy.dialects.postgresql import insert

from backend.core import audit
from backend.core.auth import Actor
from backend.core.crypto import keyring
from backend.core.errors import Conflict, Forbidden, NotFound
from backend.core.models import new_id, within
from backend.core.permissions import Permission, Role
from backend.core.transaction import database_now
from backend.core.workflow import refuse_stale
from backend.extensions import db
from backend.people.models import Consent, HouseholdMember, RoleAssignment, User
from backend.places.models import Household

CONSENT_LIFE = timedelta(days=180)
STANDING = (Consent.withdrawn_at.is_(None), Consent.until > func.now())


def household_in_sight(actor: Actor, household_id: uuid.UUID) -> Household:
    """The household, if the actor may know of it at all; else 404."""
    query = select(Household).where(
        Household.id == household_id, within(Household.place_code, actor.scope(Permission.HOUSEHOLD_READ))
    )
    household = db.session.scalars(query).one_or_none()
    if household is None:
        raise NotFound("住户")
    return household


def household_known(actor: Actor, household_id: uuid.UUID) -> tuple[Household, bool]:
    """The household, to those who live there, act for it, or may know of it by their post; else 404. With it whether
    one has to ask each time how it agrees: not at home, and not with its standing consent."""
    own = select(Household).where(Household.id == household_id, Household.id.in_(acted_for(actor)))
    if household := db.session.scalars(own).one_or_none():
        return household, False
    return household_in_sight(actor, household_id), True


def below(actor: Actor, place_code: str) -> Any:
    """A select of the households at or below a place."""
    actor.require(Permission.HOUSEHOLD_READ, place_code, visible=None)
    return select(Household).where(within(Household.place_code, [place_code]))


def members_of(household_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, list[HouseholdMember]]:
    """The present members of a page of households, heads first: one query."""
    found: dict[uuid.UUID, list[HouseholdMember]] = {household_id: [] for household_id in household_ids}
    query = select(HouseholdMember).where(HouseholdMember.household_id.in_(found), HouseholdMember.left_at.is_(None))
    for member in db.session.scalars(query.order_by(HouseholdMember.is_head.desc(), HouseholdMember.id)):
        found[member.household_id].append(member)
    return found


def update(actor: Actor, household_id: uuid.UUID, revision: int, changes: dict[str, Any]) -> Household:
    """Flags and the number of people, against the revision the person saw."""
    household_in_sight(actor, household_id)
    locked = select(Household).where(Household.id == household_id).with_for_update()
    household = db.session.scalars(locked, execution_options={"populate_existing": True}).one()
    actor.require(Permission.HOUSEHOLD_EDIT, household.place_code)
    refuse_stale(household, revision)
    for name, value in changes.items():
        setattr(household, name, value)
    household.revision += 1
    audit.record(
        "household",
        "update",
        actor,
        household,
        place_code=household.place_code,
        details={"changed": sorted(changes)},
    )
    db.session.flush()
    return household


def set_phone(member: HouseholdMember, phone: str | None) -> None:
    """The phone, and the blind index by which only the whole number finds it."""
    member.phone = phone
    member.phone_index = _index(phone) if phone else None


def _index(phone: str) -> bytes:
    """A landline is the same number with its dash and without."""
    return keyring.blind_index(phone.replace("-", ""), "household_member.phone")


def add_member(actor: Actor, household_id: uuid.UUID, name: str, phone: str | None, is_head: bool) -> HouseholdMember:
    household = household_in_sight(actor, household_id)
    actor.require(Permission.HOUSEHOLD_EDIT, household.place_code)
    if is_head and any(member.is_head for member in members_of([household_id])[household_id]):
        raise Conflict("head_exists", "这一户已经登记了户主，请先变更原户主。")
    member = HouseholdMember(household_id=household_id, is_head=is_head, name=name)
    set_phone(member, phone)
    db.session.add(member)
    audit.record("household_member", "add", actor, member, place_code=household.place_code)
    db.session.flush()
    return member


def _member_in_sight(actor: Actor, member_id: uuid.UUID) -> tuple[HouseholdMember, Household]:
    member = db.session.get(HouseholdMember, member_id)
    if member is None:
        raise NotFound("住户")  # the same words as for one out of sight
    return member, household_in_sight(actor, member.household_id)


def _present(actor: Actor, member_id: uuid.UUID) -> tuple[HouseholdMember, list[HouseholdMember], Household]:
    """A member the actor may change, all who live there now, and their home. The rows are locked in the order of
    their ids, so that of two who name a new head the second sees the first's."""
    member, household = _member_in_sight(actor, member_id)
    actor.require(Permission.HOUSEHOLD_EDIT, household.place_code)
    home = select(HouseholdMember).where(
        HouseholdMember.household_id == household.id, HouseholdMember.left_at.is_(None)
    )
    locked = home.order_by(HouseholdMember.id).with_for_update(key_share=True)
    family = list(db.session.scalars(locked, execution_options={"populate_existing": True}))
    if member not in family:
        raise Conflict("already_left", "这位家庭成员已经迁出，请刷新后查看。")
    return member, family, household


def change_member(member: HouseholdMember, values: dict[str, Any]) -> list[str]:
    """Sets the name and the phone, as far as given; returns which of them were different before."""
    changed = [name for name, value in values.items() if getattr(member, name) != value]
    if "name" in changed:
        member.name = values["name"]
    if "phone" in changed:
        set_phone(member, values["phone"])
    return changed


def update_member(actor: Actor, member_id: uuid.UUID, changes: dict[str, Any]) -> HouseholdMember:
    """Name, phone, and who the head is: naming a new head takes it from the old one in the same transaction. The
    record tells which fields changed, never what they say."""
    member, family, household = _present(actor, member_id)
    heads = changes.pop("is_head", False) and not member.is_head
    changed = change_member(member, changes)
    if heads:
        for other in family:
            other.is_head = False
        db.session.flush()  # the old head steps down first: the database knows no moment with two
        member.is_head = True
        changed.append("is_head")
    if changed:
        details = {"changed": sorted(changed)}
        place = household.place_code
        audit.record("household_member", "update", actor, member, place_code=place, details=details)
    db.session.flush()
    return member


def leave(actor: Actor, member_id: uuid.UUID) -> HouseholdMember:
    """The member has moved out. A head who leaves leaves the household without one until it is named. With their last
    home at the place ends their post of a resident there."""
    member, _, household = _present(actor, member_id)
    member.left_at = func.now()
    audit.record("household_member", "leave", actor, member, place_code=household.place_code)
    db.session.flush()
    if member.user_id:
        _end_residence(actor, member.user_id, household.place_code)
    return member


def _end_residence(actor: Actor, user_id: uuid.UUID, place_code: str) -> None:
    """Two homes left at once: the post's row is held before the homes are counted, so that the second sees the first
    gone. Whoever was appointed resident of a larger place keeps that post."""
    held = (RoleAssignment.user_id == user_id) & (RoleAssignment.place_code == place_code)
    live = held & (RoleAssignment.role == Role.RESIDENT.value) & RoleAssignment.ended_at.is_(None)
    post = db.session.scalars(select(RoleAssignment).where(live).with_for_update()).one_or_none()
    living = (HouseholdMember.user_id == user_id) & HouseholdMember.left_at.is_(None)
    there = select(Household.id).join(HouseholdMember).where(living, Household.place_code == place_code)
    if post and db.session.scalar(there.limit(1)) is None:
        post.ended_at = func.now()
        audit.record("role", "move_out", actor, post, place_code=place_code)
        db.session.flush()


def bind(actor: Actor, member_id: uuid.UUID, user_id: uuid.UUID) -> HouseholdMember:
    """This member is that user when they sign in: from now on they act for their home, as one of its residents. Nobody
    binds themselves: whoever keeps the register has seen who stands before them. An account is never put in another's
    place: 409, and the member moves out and in again."""
    member, _, household = _present(actor, member_id)
    if user_id == actor.id:
        raise Forbidden("not_by_oneself", "不能给自己登记，请由另一位网格员或社区工作者登记。")
    if db.session.get(User, user_id) is None:
        raise NotFound("用户")
    if member.user_id not in (None, user_id):
        raise Conflict(
            "already_bound", "这位家庭成员已经绑定了另一个账号。换了账号的，请先登记这位成员迁出，重新添加后再绑定。"
        )
    member.user_id = user_id
    audit.record("household_member", "bind", actor, member, place_code=household.place_code)
    held = {"user_id": user_id, "role": Role.RESIDENT.value, "place_code": household.place_code}
    db.session.execute(insert(RoleAssignment).values(id=new_id(), **held).on_conflict_do_nothing())
    db.session.flush()
    return member


def homes_of(actor: Actor) -> Any:
    """A select of the ids of the households whose member the actor is."""
    return select(HouseholdMember.household_id).where(
        HouseholdMember.user_id == actor.id, HouseholdMember.left_at.is_(None)
    )


def homes(actor: Actor) -> list[Household]:
    return list(db.session.scalars(select(Household).where(Household.id.in_(homes_of(actor))).order_by(Household.id)))


def reveal_member(actor: Actor, member_id: uuid.UUID, purpose: str) -> HouseholdMember:
    """A member's name and phone in clear, for a stated purpose. The look is audited."""
    member, household = _member_in_sight(actor, member_id)
    actor.require(Permission.HOUSEHOLD_REVEAL, household.place_code)
    audit.record(
        "household_member",
        "reveal",
        actor,
        member,
        place_code=household.place_code,
        details={"purpose": purpose},
    )
    return member


def find_by_phone(actor: Actor, phone: str, purpose: str) -> list[Household]:
    """The households in the actor's care that a whole phone number belongs to. Audited, found or not."""
    query = (
        select(Household)
        .join(HouseholdMember, HouseholdMember.household_id == Household.id)
        .where(
            HouseholdMember.phone_index == _index(phone),
            HouseholdMember.left_at.is_(None),
            within(Household.place_code, actor.scope(Permission.HOUSEHOLD_REVEAL)),
        )
    )
    found = list(db.session.scalars(query.distinct().limit(5)))
    audit.record("household", "find_by_phone", actor, details={"purpose": purpose, "found": len(found)})
    return found


def record_consent(actor: Actor, household_id: uuid.UUID, given_to: uuid.UUID, kind: str) -> Consent:
    """The household agrees that `given_to` acts for it, said how; for 180 days unless withdrawn."""
    household = household_in_sight(actor, household_id)
    actor.require(Permission.CONSENT_RECORD, household.place_code)
    if db.session.get(User, given_to) is None:
        raise NotFound("用户")
    until = database_now() + CONSENT_LIFE
    consent = Consent(household_id=household_id, given_to=given_to, kind=kind, recorded_by=actor.id, until=until)
    db.session.add(consent)
    audit.record("consent", "record", actor, consent, place_code=household.place_code, details={"kind": kind})
    db.session.flush()
    return consent


def consents_of(actor: Actor, household_id: uuid.UUID) -> list[Consent]:
    """Whom a household has agreed to, as of now: told to those who live there and those who record it."""
    _may_withdraw(actor, household_id)
    given = select(Consent).where(Consent.household_id == household_id, *STANDING).order_by(Consent.id.desc())
    return list(db.session.scalars(given))


def withdraw_consent(actor: Actor, consent_id: uuid.UUID) -> Consent:
    """Said by whoever lives there, on their own phone, or to those who record consent."""
    consent = db.session.get(Consent, consent_id)
    if consent is None:
        raise NotFound("住户")  # the same words as for one out of sight
    household = _may_withdraw(actor, consent.household_id)
    if consent.withdrawn_at:
        raise Conflict("already_withdrawn", "这项授权已经撤回。")
    consent.withdrawn_at = func.now()
    audit.record("consent", "withdraw", actor, consent, place_code=household.place_code)
    db.session.flush()
    return consent


def _may_withdraw(actor: Actor, household_id: uuid.UUID) -> Household:
    own = select(Household).where(Household.id == household_id, Household.id.in_(homes_of(actor)))
    if household := db.session.scalars(own).one_or_none():
        return household
    household = household_in_sight(actor, household_id)
    actor.require(Permission.CONSENT_RECORD, household.place_code)
    return household


def consents_to(actor: Actor) -> Any:
    """A select of the ids of the households that have agreed, until further notice, that the actor acts for them."""
    return select(Consent.household_id).where(Consent.given_to == actor.id, *STANDING)


def acts_for(actor: Actor) -> Any:
    """A select of the households that have agreed that the actor acts for them."""
    return select(Household).where(Household.id.in_(consents_to(actor)))


def acted_for(actor: Actor) -> Any:
    """A select of the ids of the households that are the actor's own, or have agreed until further notice."""
    return union(homes_of(actor), consents_to(actor))
