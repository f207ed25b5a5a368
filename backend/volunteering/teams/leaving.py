"""A member helps no more: on their own word, or because the day has come on which they withdraw."""

import uuid

from sqlalchemy import func, select

from backend.core import clock
from backend.core.auth import HOUSE, Actor
from backend.core.jobs import each_alone, job
from backend.extensions import db
from backend.people.service import end_posts
from backend.volunteering.tasks.standing_down import release_all
from backend.volunteering.teams.members import locked, record, require_edit
from backend.volunteering.teams.models import Volunteer

ROUND = 500


def leave(actor: Actor, volunteer_id: uuid.UUID, revision: int) -> None:
    """Their posts of the eight end with it, which the coverage board shows at once; what they hold is free."""
    volunteer = locked(actor, volunteer_id, revision)
    if volunteer.user_id != actor.id:
        require_edit(actor, volunteer)
    _gone(actor, volunteer)


def _gone(actor: Actor, volunteer: Volunteer) -> None:
    volunteer.left_at = func.now()
    release_all(volunteer.id, actor)
    end_posts(actor, volunteer.user_id, volunteer.team.place_code)
    record(actor, volunteer, "leave")


@job("volunteering.withdraw", every="5 16 * * *", edge=False)
def withdraw() -> None:
    """Just after midnight in Shanghai: whoever withdraws on this day has left."""
    due = (Volunteer.withdraws_on <= clock.today()) & Volunteer.left_at.is_(None)
    each_alone(_withdraw, select(Volunteer.id).where(due).order_by(Volunteer.id).limit(ROUND))


def _withdraw(volunteer_id: uuid.UUID) -> None:
    held = select(Volunteer).where(Volunteer.id == volunteer_id, Volunteer.left_at.is_(None)).with_for_update()
    if volunteer := db.session.scalars(held).one_or_none():
        _gone(HOUSE, volunteer)
