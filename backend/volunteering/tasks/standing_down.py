"""Someone must stop at once: a contact's whole home, or one whom an officer sends to rest."""

import uuid
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from backend.core import audit
from backend.core.auth import HOUSE, Actor
from backend.core.errors import Conflict, NotFound
from backend.core.permissions import Permission as P
from backend.core.workflow import advance_all
from backend.extensions import db
from backend.people.models import HouseholdMember
from backend.volunteering.tasks.making import free
from backend.volunteering.tasks.models import StandDown, TaskClaim
from backend.volunteering.tasks.workflow import CLAIM
from backend.volunteering.teams.models import Volunteer


def household_affected(household_id: uuid.UUID) -> None:
    """Somebody of this home is a case or a contact: every volunteer who lives there loses all they hold, in the
    transaction that records it. What they had not brought yet is free for others; nobody is told why."""
    lives_here = select(HouseholdMember.user_id).where(
        HouseholdMember.household_id == household_id, HouseholdMember.left_at.is_(None)
    )
    here = (Volunteer.household_id == household_id) | Volunteer.user_id.in_(lives_here)
    for volunteer in _locked(here):
        _stop(HOUSE, volunteer)


def stand_down(actor: Actor, volunteer_id: uuid.UUID, reason: str) -> Volunteer:
    """An officer sends one volunteer to rest, whatever they hold."""
    volunteer = _in_care(actor, volunteer_id)
    _stop(actor, volunteer, reason)
    return volunteer


def stand_up(actor: Actor, volunteer_id: uuid.UUID, reason: str) -> Volunteer:
    """They may take tasks again. An officer says so, never the volunteer."""
    volunteer = _in_care(actor, volunteer_id)
    resting = db.session.get(StandDown, volunteer.id)
    if resting is None or volunteer.user_id == actor.id:
        raise Conflict("not_resting", "这位志愿者没有停止服务，或者不能由本人恢复。请刷新后再看。")
    db.session.delete(resting)
    _recorded(actor, volunteer, "stand_up", reason)
    db.session.flush()
    return volunteer


def release_all(volunteer_id: uuid.UUID, actor: Actor = HOUSE) -> None:
    """Every task they hold is free: they stand down, or have left. The volunteer's row is held already, so that they
    take none meanwhile."""
    taken = advance_all(CLAIM, select(TaskClaim).where(TaskClaim.volunteer_id == volunteer_id), "stand_down", actor)
    free([claim for claim, _ in taken], urgency=1)


def _stop(actor: Actor, volunteer: Volunteer, reason: str | None = None) -> None:
    db.session.execute(insert(StandDown).values(volunteer_id=volunteer.id).on_conflict_do_nothing())
    _recorded(actor, volunteer, "stand_down", reason)
    release_all(volunteer.id, actor)


def _recorded(actor: Actor, volunteer: Volunteer, action: str, reason: str | None) -> None:
    details = {"reason": reason} if reason else {}
    audit.record("volunteer", action, actor, volunteer, place_code=volunteer.base_code, details=details)


def _in_care(actor: Actor, volunteer_id: uuid.UUID) -> Volunteer:
    for volunteer in _locked(Volunteer.id == volunteer_id):
        if actor.may(P.TASK_ASSIGN, volunteer.base_code):
            return volunteer
    raise NotFound("志愿者")


def _locked(which: Any) -> list[Volunteer]:
    found = select(Volunteer).where(which, Volunteer.left_at.is_(None)).order_by(Volunteer.id)
    held = found.with_for_update(key_share=True).execution_options(populate_existing=True)
    return list(db.session.scalars(held))
