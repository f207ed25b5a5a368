"""The verbs of teams and their members: taken down, changed, gone; their relatives, their health today."""

import uuid
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import delete, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import joinedload

from backend.core import audit, clock
from backend.core.auth import Actor
from backend.core.errors import DomainError, Forbidden, NotFound
from backend.core.jobs import job
from backend.core.models import within
from backend.core.permissions import Permission as P
from backend.core.workflow import refuse_stale
from backend.extensions import db
from backend.people.households import household_in_sight
from backend.people.models import User
from backend.places.models import Place
from backend.places.service import level_of, place_named
from backend.volunteering.teams.models import Fitness, Kinship, Team, Volunteer, VolunteerPlace

FITNESS_KEPT_DAYS = 30
PLACES_AT_MOST = 50
# What a volunteer gives: theirs to change, or for those without a phone the building head's. The rest is the office's.
OFFER = {"skills", "minutes_a_day", "free_from", "free_until", "max_floor", "carry_grams", "withdraws_on"}


# --- Teams ------------------------------------------------------------------------------------------------------


def teams_at(actor: Actor, place_code: str) -> Any:
    """A select of the teams at or below a place. A building head sees the one of their community."""
    actor.require(P.TEAM_READ, place_code, visible=None)
    return select(Team).where(within(Team.place_code, [place_code]) | (Team.place_code == place_code[:12]))


def create_team(actor: Actor, place_code: str, name: str) -> Team:
    """A team of a community; two of one name are refused (409 `team_exists`, by the table)."""
    actor.require(P.TEAM_EDIT, place_code, visible=P.PLACE_READ)
    place_named(place_code)
    if level_of(place_code) != "community":
        raise DomainError("wrong_kind_of_place", "群众工作队设在社区（村），请选择一个社区。")
    team = Team(place_code=place_code, name=name)
    db.session.add(team)
    db.session.flush()
    audit.record("team", "create", actor, team, place_code=place_code)
    return team


def find_team(actor: Actor, team_id: uuid.UUID) -> Team:
    seen = select(Team).where(Team.id == team_id, within(Team.place_code, actor.scope(P.TEAM_EDIT)))
    team = db.session.scalars(seen.with_for_update()).one_or_none()
    if team is None:
        raise NotFound("群众工作队")
    return team


def rename_team(actor: Actor, team_id: uuid.UUID, revision: int, name: str) -> Team:
    team = find_team(actor, team_id)
    refuse_stale(team, revision)
    team.name = name
    team.revision += 1
    audit.record("team", "rename", actor, team, place_code=team.place_code)
    db.session.flush()
    return team


# --- Who may see and change a member ----------------------------------------------------------------------------


def volunteer_of(user_id: uuid.UUID) -> Volunteer | None:
    """The volunteer that a user is now, if any."""
    live = select(Volunteer).where(Volunteer.user_id == user_id, Volunteer.left_at.is_(None))
    return db.session.scalars(live).one_or_none()


def visible(actor: Actor) -> Any:
    """A select of the present members the actor may know of: those of teams in their care, those who set out from a
    place in their care, and themselves."""
    care = actor.scope(P.TEAM_READ)
    seen = or_(within(Team.place_code, care), within(Volunteer.base_code, care), Volunteer.user_id == actor.id)
    query = select(Volunteer).join(Team, Team.id == Volunteer.team_id).where(Volunteer.left_at.is_(None), seen)
    return query.options(joinedload(Volunteer.user), joinedload(Volunteer.team))


def volunteers_at(actor: Actor, place_code: str) -> Any:
    """A select of the members whose team is, or who set out from, at or below a place, within the actor's sight."""
    here = or_(within(Team.place_code, [place_code]), within(Volunteer.base_code, [place_code]))
    return visible(actor).where(here)


def find(actor: Actor, volunteer_id: uuid.UUID) -> Volunteer:
    found = db.session.scalars(visible(actor).where(Volunteer.id == volunteer_id)).one_or_none()
    if found is None:
        raise NotFound("志愿者")
    return found


def locked(actor: Actor, volunteer_id: uuid.UUID, revision: int | None = None) -> Volunteer:
    """The member, seen by the actor, locked and as they saw them."""
    find(actor, volunteer_id)
    held = select(Volunteer).where(Volunteer.id == volunteer_id).with_for_update(of=Volunteer)
    volunteer = db.session.scalars(held, execution_options={"populate_existing": True}).one()
    if volunteer.left_at:
        raise NotFound("志愿者")
    refuse_stale(volunteer, revision)
    return volunteer


def edits(actor: Actor, volunteer: Volunteer) -> bool:
    """Whether the actor keeps this member's record."""
    return actor.may(P.TEAM_EDIT, volunteer.team.place_code)


def speaks_for(actor: Actor, volunteer: Volunteer) -> bool:
    """Whether the actor may say what this member gives: themselves, the office, or whoever verifies tasks where they
    live, for those without a phone."""
    return volunteer.user_id == actor.id or edits(actor, volunteer) or actor.may(P.TASK_VERIFY, volunteer.base_code)


def require_edit(actor: Actor, volunteer: Volunteer) -> None:
    if not edits(actor, volunteer):
        raise Forbidden("forbidden", "这一项由社区登记，请联系社区书记或社区工作者。")


# --- Members ----------------------------------------------------------------------------------------------------


def add(
    actor: Actor,
    team_id: uuid.UUID,
    user_id: uuid.UUID | None,
    name: str | None,
    consent: str | None,
    **values: Any,
) -> Volunteer:
    """Takes someone into a team: a user, or by name and with their consent a person without a phone, who becomes a user
    that nobody can sign in as. One is a member of one team at a time (409 `already_volunteer`, by the table)."""
    team = find_team(actor, team_id)
    user = _user(user_id, name, consent)
    places = values.pop("places")
    _refuse_elsewhere(team, [values["base_code"], *places])
    volunteer = Volunteer(user_id=user.id, team_id=team.id)
    _set(actor, volunteer, team, values)
    db.session.add(volunteer)
    db.session.flush()
    _may_enter(volunteer, places)
    details = {"consent": consent} if consent else {}
    audit.record("volunteer", "add", actor, volunteer, place_code=team.place_code, details=details)
    return volunteer


def _user(user_id: uuid.UUID | None, name: str | None, consent: str | None) -> User:
    if user_id is not None:
        if name or consent:
            raise DomainError("user_or_name", "已有账号的请只填用户编号；没有手机的请填姓名和同意方式。")
        user = db.session.get(User, user_id)
        if user is None:
            raise NotFound("用户")
        return user
    if not name or not consent:
        field = "consent" if name else "name"
        detail = "没有手机的志愿者，请填写姓名，并注明对方怎样同意的（口头、书面或当面）。"
        raise DomainError("consent_required", detail, errors=[{"field": f"/{field}", "detail": detail}])
    user = User(name=name)
    db.session.add(user)
    db.session.flush()
    return user


def _refuse_elsewhere(team: Team, codes: Iterable[str]) -> None:
    known = set(db.session.scalars(select(Place.code).where(Place.code.in_(list(codes)))))
    for code in codes:
        if code not in known or not code.startswith(team.place_code):
            raise DomainError("elsewhere", "出发地点和可以进入的楼栋都要在本社区内，请重新选择。")


def _set(actor: Actor, volunteer: Volunteer, team: Team, values: dict[str, Any]) -> None:
    home = values.get("household_id")
    if home and not household_in_sight(actor, home).place_code.startswith(team.place_code):
        raise DomainError("elsewhere", "志愿者的家不在本社区，这一项请不填。")
    for name, value in values.items():
        setattr(volunteer, name, value)
    if volunteer.withdraws_on and volunteer.withdraws_on <= clock.today():
        raise DomainError("date_past", "撤回日期要晚于今天；今天就不再参加的，请直接办理退出。")
    if (volunteer.free_from is None) != (volunteer.free_until is None) or (
        volunteer.free_from and volunteer.free_until and volunteer.free_from >= volunteer.free_until
    ):
        raise DomainError("free_hours", "空闲时间要同时填写开始和结束，并且开始早于结束；全天都可以的请都不填。")


def _may_enter(volunteer: Volunteer, places: Sequence[str]) -> None:
    db.session.execute(delete(VolunteerPlace).where(VolunteerPlace.volunteer_id == volunteer.id))
    if places:
        rows = [{"volunteer_id": volunteer.id, "place_code": code} for code in sorted(set(places))]
        db.session.execute(insert(VolunteerPlace), rows)


def change(actor: Actor, volunteer_id: uuid.UUID, revision: int, changes: dict[str, Any]) -> Volunteer:
    """What they give (OFFER) is theirs to say, or said on their behalf, which the record tells; everything else is kept
    by the office."""
    volunteer = locked(actor, volunteer_id, revision)
    if not changes.keys() <= OFFER:
        require_edit(actor, volunteer)
    elif not speaks_for(actor, volunteer):
        raise Forbidden("forbidden", "只有本人、楼栋长或社区可以修改，请联系他们。")
    changed, places = sorted(changes), changes.pop("places", None)
    _refuse_elsewhere(volunteer.team, [*(places or []), *([changes["base_code"]] if "base_code" in changes else [])])
    _set(actor, volunteer, volunteer.team, changes)
    if places is not None:
        _may_enter(volunteer, places)
    record(actor, volunteer, "change", details={"changed": changed})
    return volunteer


def record(actor: Actor, volunteer: Volunteer, action: str, **fields: Any) -> None:
    """A change of the member, and on whose behalf it was made."""
    volunteer.revision += 1
    behalf = None if actor.id in (None, volunteer.user_id) else volunteer.user_id
    place = volunteer.team.place_code
    audit.record("volunteer", action, actor, volunteer, place_code=place, on_behalf_of=behalf, **fields)
    db.session.flush()


def reveal(actor: Actor, volunteer_id: uuid.UUID, purpose: str) -> Volunteer:
    """Name and phone in clear, to call them. The look is audited."""
    volunteer = find(actor, volunteer_id)
    actor.require(P.TASK_ASSIGN, volunteer.team.place_code)
    place = volunteer.team.place_code
    audit.record("volunteer", "reveal", actor, volunteer, place_code=place, details={"purpose": purpose})
    return volunteer


# --- Relatives, and health today --------------------------------------------------------------------------------


def add_relative(actor: Actor, volunteer_id: uuid.UUID, user_id: uuid.UUID) -> Volunteer:
    """They are relatives: from now on a second officer appoints. Told by the volunteer, or taken down by the office."""
    volunteer = locked(actor, volunteer_id)
    if volunteer.user_id != actor.id:
        require_edit(actor, volunteer)
    if user_id == volunteer.user_id or db.session.get(User, user_id) is None:
        raise NotFound("用户")
    kin = insert(Kinship).values(volunteer_id=volunteer.id, user_id=user_id)
    db.session.execute(kin.on_conflict_do_nothing())
    record(actor, volunteer, "add_relative", details={"user_id": str(user_id)})
    return volunteer


def remove_relative(actor: Actor, volunteer_id: uuid.UUID, user_id: uuid.UUID) -> Volunteer:
    """Taken down by mistake. Neither of the two may strike it out: who should not appoint would otherwise begin so."""
    volunteer = locked(actor, volunteer_id)
    require_edit(actor, volunteer)
    if actor.id in (user_id, volunteer.user_id):
        raise Forbidden("not_by_oneself", "不能由亲属本人删除亲属关系，请另一位社区工作者办理。")
    struck = delete(Kinship).where(Kinship.volunteer_id == volunteer.id, Kinship.user_id == user_id)
    if db.session.execute(struck.returning(Kinship.user_id)).one_or_none() is None:
        raise NotFound("亲属")
    record(actor, volunteer, "remove_relative", details={"user_id": str(user_id)})
    return volunteer


def say_fit(actor: Actor, volunteer_id: uuid.UUID, fit: bool) -> Volunteer:
    """Health today in one word, by oneself or on behalf. Unfit releases nothing by itself, and refuses claims today.
    The record holds neither the word nor a symptom."""
    volunteer = locked(actor, volunteer_id)
    if not speaks_for(actor, volunteer):
        raise Forbidden("forbidden", "只有本人、楼栋长或社区可以登记，请联系他们。")
    said = {"fit": fit, "recorded_by": actor.id, "at": func.now()}
    word = insert(Fitness).values(volunteer_id=volunteer.id, day=clock.today(), **said)
    db.session.execute(word.on_conflict_do_update(index_elements=["volunteer_id", "day"], set_=said))
    record(actor, volunteer, "say_fit")
    return volunteer


def fit_on(volunteer_ids: Iterable[uuid.UUID], day: date) -> dict[uuid.UUID, bool]:
    """Who said what of a day; who said nothing is missing."""
    said = select(Fitness.volunteer_id, Fitness.fit).where(
        Fitness.volunteer_id.in_(list(volunteer_ids)), Fitness.day == day
    )
    return dict(db.session.execute(said).all())


@job("volunteering.forget_fitness", every="23 17 * * *")
def forget_fitness() -> None:
    """Health data is kept for 30 days (QUALITY section 5)."""
    db.session.execute(delete(Fitness).where(Fitness.day < clock.today() - timedelta(days=FITNESS_KEPT_DAYS)))
