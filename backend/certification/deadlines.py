"""What the clock does: the re-check when a notice is over, the lapse of what was never mended.

A job stands at each deadline, and a round every ten minutes finds whatever is overdue: what the job could not do
in a long outage, and what could still be mended when the notice ended and never was. All of it is idempotent.
"""

from uuid import UUID

from sqlalchemy import and_, func, or_, select

from backend.certification import facts
from backend.certification.models import Application, Status
from backend.certification.workflow import APPLICATION
from backend.core import clock
from backend.core.auth import HOUSE
from backend.core.jobs import job
from backend.core.transaction import savepoint
from backend.core.workflow import advance, lock
from backend.extensions import db

ROUND = 200  # applications looked at in one round; the rest waits for the next


@job("certification.end_notice")
def end_notice(application_id: str) -> None:
    """The notice is over by the database's clock: the facts are checked again. What is sound waits for the
    district's signature; what can still be mended today waits for the grid worker; the rest is returned, its
    failing items named."""
    application = db.session.get_one(Application, UUID(application_id))
    now = lock(application)
    if application.status != Status.PUBLIC_NOTICE or not application.notice_ends_at or now < application.notice_ends_at:
        return  # frozen, ended or extended meanwhile: a later job stands for the later end
    facts.settle(application)
    failing = facts.recheck(application, clock.day_of(now)).red
    if application.status == Status.PUBLIC_NOTICE and any(not result.fixable_now for result in failing):
        items = sorted({result.item for result in failing})
        advance(APPLICATION, application, "return", HOUSE, reason="公示期满复核不符", items=items)


@job("certification.lapse")
def lapse(application_id: str) -> None:
    """Returned, and not mended by its day: the application is over; a new one may be filed."""
    application = db.session.get_one(Application, UUID(application_id))
    now = lock(application)
    if application.status == Status.RETURNED and application.return_due_at and now >= application.return_due_at:
        advance(APPLICATION, application, "lapse", HOUSE)


@job("certification.overdue", every="*/10 * * * *")
def overdue() -> None:
    """The round: the same two acts for everything whose deadline is behind it."""
    over = and_(Application.status == Status.PUBLIC_NOTICE.value, Application.notice_ends_at <= func.now())
    unmended = and_(Application.status == Status.RETURNED.value, Application.return_due_at <= func.now())
    due = select(Application.id, Application.status).where(or_(over, unmended)).order_by(Application.id).limit(ROUND)
    for application_id, status in db.session.execute(due).all():
        with savepoint():
            (lapse if status == Status.RETURNED else end_notice)(str(application_id))
