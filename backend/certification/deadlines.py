"""What the clock does: the re-check when a notice ends, the lapse of what was never mended. Both idempotent."""

from uuid import UUID

from backend.certification import facts
from backend.certification.models import Application, Status
from backend.certification.workflow import APPLICATION
from backend.core import clock
from backend.core.auth import HOUSE
from backend.core.jobs import job
from backend.core.workflow import advance, lock
from backend.extensions import db


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
    failing = [r for r in facts.recheck(application, clock.day_of(now)).criteria if r.required and not r.met]
    if application.status == Status.PUBLIC_NOTICE and any(not r.fixable_now for r in failing):
        items = sorted({r.item for r in failing})
        advance(APPLICATION, application, "return", HOUSE, reason="公示期满复核不符", items=items)


@job("certification.lapse")
def lapse(application_id: str) -> None:
    application = db.session.get_one(Application, UUID(application_id))
    now = lock(application)
    if application.status == Status.RETURNED and application.return_due_at and now >= application.return_due_at:
        advance(APPLICATION, application, "lapse", HOUSE)
