"""A delivery begins the courses of a home anew: what was brought, and until when it lasts."""

from datetime import date, timedelta
from typing import Any

from sqlalchemy import select

from backend.core import clock
from backend.core.workflow import Move
from backend.extensions import db
from backend.medicine.requests import rules
from backend.medicine.requests.models import Asked, LineStatus, MedicineCourse, MedicineLine, MedicineRequest

SAME = (
    "name", "maker", "specification", "name_index", "form", "quantity", "ceiling_fen", "substitution", "cold",
    "prescription", "sealed_otc",
)  # fmt: skip


def values_of(medicine: Asked) -> dict[str, Any]:
    """What is asked for, in clear: to be written into another row, under that row's own seal."""
    return {name: getattr(medicine, name) for name in SAME}


def renew(request: MedicineRequest, move: Move) -> None:
    """For those of its lines that are taken for long and were bought. Another medicine that was agreed to for once does
    not become the course."""
    brought = select(MedicineLine).where(
        MedicineLine.request_id == request.id,
        MedicineLine.status == LineStatus.BOUGHT.value,
        MedicineLine.days_each.is_not(None),
    )
    lines = list(db.session.scalars(brought.order_by(MedicineLine.position)))
    if not lines:
        return
    known = select(MedicineCourse).where(MedicineCourse.household_id == request.household_id).with_for_update()
    courses = {course.name_index: course for course in db.session.scalars(known)}
    for line in lines:
        course = courses.get(line.name_index)
        if course is None:
            course = MedicineCourse(household_id=request.household_id, place_code=request.place_code)
            courses[line.name_index] = course
        _begin(course, request, line, clock.day_of(move.now))
        db.session.add(course)


def _begin(course: MedicineCourse, request: MedicineRequest, line: MedicineLine, today: date) -> None:
    for name, value in values_of(line).items():
        setattr(course, name, value)
    assert line.days_each
    course.member_id, course.days_each = request.member_id, line.days_each
    asked = clock.day_of(request.created_at)
    course.runs_out_on = rules.runs_out_on(today, asked, line.days_left, line.quantity, line.days_each)
    course.erase_on = course.runs_out_on + timedelta(days=rules.COURSE_KEPT_DAYS)
