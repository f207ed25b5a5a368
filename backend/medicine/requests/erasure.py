"""What ends by itself: requests that nobody buys for, the health text of closed ones, courses nobody renews."""

from datetime import timedelta

from sqlalchemy import delete, func, select, update

from backend.core import audit, clock
from backend.core.auth import HOUSE
from backend.core.jobs import job
from backend.core.workflow import advance_all
from backend.extensions import db
from backend.medicine.requests.models import MedicineCourse, MedicineLine, MedicineQuestion, MedicineRequest
from backend.medicine.requests.rules import LONGEST_OPEN
from backend.medicine.workflow import CLOSED, REQUEST

ROUND = 1000
NOTHING = {"name_cipher": None, "maker_cipher": None, "specification_cipher": None, "name_index": None}


@job("medicine.lapse", every="11 17 * * *")
def lapse() -> None:
    """For two months nobody could buy it: it is over, and its text with it in time."""
    old = select(MedicineRequest).where(MedicineRequest.created_at < func.now() - timedelta(days=LONGEST_OPEN))
    advance_all(REQUEST, old.where(MedicineRequest.status.not_in(CLOSED)).limit(ROUND), "lapse")


@job("medicine.erase", every="29 17 * * *")
def erase() -> None:
    """From its day on (Shanghai's; this runs at 1:29 there) a closed request keeps its dates, amounts and states, and
    loses what was written in it. Which ones is recorded: of a row that says so nothing is left to be read."""
    today = clock.today()
    due = select(MedicineRequest.id).where(
        MedicineRequest.erased_on.is_(None), MedicineRequest.erase_on <= today, MedicineRequest.status.in_(CLOSED)
    )
    ids = list(db.session.scalars(due.order_by(MedicineRequest.id).with_for_update()))
    lines = select(MedicineLine.id).where(MedicineLine.request_id.in_(ids))
    gone = {"erased_on": today}
    db.session.execute(update(MedicineQuestion).where(MedicineQuestion.line_id.in_(lines)).values(**NOTHING, **gone))
    db.session.execute(update(MedicineLine).where(MedicineLine.request_id.in_(ids)).values(**NOTHING, **gone))
    said = {"member_id": None, "disease_cipher": None, "note_cipher": None, "question_cipher": None}
    db.session.execute(update(MedicineRequest).where(MedicineRequest.id.in_(ids)).values(**said, **gone))
    if ids:
        audit.record("medicine_request", "erase", HOUSE, details={"requests": [str(each) for each in ids]})
    _end_courses()


def _end_courses() -> None:
    ended = delete(MedicineCourse).where(MedicineCourse.erase_on <= clock.today()).returning(MedicineCourse.id)
    ids = [str(each) for each in db.session.scalars(ended)]
    if ids:
        audit.record("medicine_course", "erase", HOUSE, details={"courses": ids})
