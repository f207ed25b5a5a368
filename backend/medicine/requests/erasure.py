"""What ends by itself: requests that nobody buys for, the health text of closed ones, courses nobody renews."""

from datetime import timedelta

from sqlalchemy import delete, func, select, update

from backend.core import audit, clock
from backend.core.auth import HOUSE
from backend.core.jobs import job
from backend.core.workflow import advance_all
from backend.extensions import db
from backend.medicine.goods.models import Purchase
from backend.medicine.requests.models import MedicineCourse, MedicineLine, MedicineQuestion, MedicineRequest
from backend.medicine.requests.rules import LONGEST_OPEN
from backend.medicine.workflow import CLOSED, ENDED, REQUEST

ROUND, NIGHTLY = 1000, "*/2 17-20 * * *"  # so many in a transaction, 120,000 in a night: from one to five in Shanghai
NOTHING = {"name_cipher": None, "maker_cipher": None, "specification_cipher": None, "name_index": None}


@job("medicine.lapse", every=NIGHTLY)
def lapse() -> None:
    """For two months nobody could buy it: it is over, and its text with it in time."""
    old = select(MedicineRequest).where(MedicineRequest.created_at < func.now() - timedelta(days=LONGEST_OPEN))
    advance_all(REQUEST, old.where(MedicineRequest.status.not_in(CLOSED)).limit(ROUND), "lapse")


@job("medicine.erase", every=NIGHTLY)
def erase() -> None:
    """From its day on (Shanghai's) a request that has ended keeps its dates, amounts and states, and loses what was
    written in it, paid for or not. Which ones is recorded: of a row that says so nothing is left to be read."""
    today = clock.today()
    due = select(MedicineRequest.id).where(
        MedicineRequest.erased_on.is_(None), MedicineRequest.erase_on <= today, MedicineRequest.status.in_(ENDED)
    )
    ids = list(db.session.scalars(due.order_by(MedicineRequest.id).limit(ROUND).with_for_update()))
    lines = select(MedicineLine.id).where(MedicineLine.request_id.in_(ids))
    gone = {"erased_on": today}
    db.session.execute(update(MedicineQuestion).where(MedicineQuestion.line_id.in_(lines)).values(**NOTHING, **gone))
    db.session.execute(update(MedicineLine).where(MedicineLine.request_id.in_(ids)).values(**NOTHING, **gone))
    db.session.execute(update(Purchase).where(Purchase.request_id.in_(ids)).values(batch_cipher=None))
    said = {"member_id": None, "disease_cipher": None, "note_cipher": None, "question_cipher": None}
    db.session.execute(update(MedicineRequest).where(MedicineRequest.id.in_(ids)).values(**said, **gone))
    if ids:
        audit.record("medicine_request", "erase", HOUSE, details={"requests": [str(each) for each in ids]})
    _end_courses()


def _end_courses() -> None:
    due = select(MedicineCourse.id).where(MedicineCourse.erase_on <= clock.today()).limit(ROUND)
    ended = delete(MedicineCourse).where(MedicineCourse.id.in_(due)).returning(MedicineCourse.id)
    ids = [str(each) for each in db.session.scalars(ended)]
    if ids:
        audit.record("medicine_course", "erase", HOUSE, details={"courses": ids})
