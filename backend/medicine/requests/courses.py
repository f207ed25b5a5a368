"""What is taken for long: when it runs out, proposed in time, asked for again with one tap."""

import uuid
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import exists, or_, select

from backend.core import audit, clock
from backend.core.auth import Actor
from backend.core.errors import Conflict, Forbidden, NotFound
from backend.core.models import within
from backend.core.permissions import Permission as P
from backend.extensions import db
from backend.medicine.requests import renewal, rules
from backend.medicine.requests.access import basis_of, household_of
from backend.medicine.requests.models import LineStatus, MedicineCourse, MedicineLine, MedicineRequest
from backend.medicine.requests.service import Wish, file
from backend.medicine.workflow import CLOSED
from backend.people.households import acted_for
from backend.places.models import Household

NO_LONGER = frozenset({LineStatus.DECLINED, LineStatus.REFUSED, LineStatus.UNAVAILABLE})


def in_sight(actor: Actor) -> Any:
    """A select of the courses of the homes the actor acts for, and of those at the places the actor looks after."""
    cared_for = within(MedicineCourse.place_code, actor.scope(P.MEDICINE_FOR_OTHERS))
    return select(MedicineCourse).where(or_(MedicineCourse.household_id.in_(acted_for(actor)), cared_for))


def mine(actor: Actor) -> Any:
    """A select of the courses of the homes the actor acts for."""
    return select(MedicineCourse).where(MedicineCourse.household_id.in_(acted_for(actor)))


def running_out(actor: Actor, place_code: str) -> Any:
    """A select of what is to be asked for now at a place, for whoever cares for people there."""
    at = within(MedicineCourse.place_code, [place_code])
    return in_sight(actor).where(at, due(clock.today()))


def due(today: date) -> Any:
    """A condition: it runs out soon, and nobody has asked for the next yet. However many courses there are, it is one
    range of an index, and one look into another for each that is found."""
    asked = exists().where(
        MedicineRequest.household_id == MedicineCourse.household_id,
        MedicineLine.request_id == MedicineRequest.id,
        MedicineLine.name_index == MedicineCourse.name_index,
        MedicineLine.status.not_in(NO_LONGER),
        MedicineRequest.status.not_in({*CLOSED, "delivered"}),
    )
    return (MedicineCourse.runs_out_on <= today + timedelta(days=rules.AHEAD)) & ~asked


def find(actor: Actor, course_id: uuid.UUID) -> MedicineCourse:
    course = db.session.scalars(in_sight(actor).where(MedicineCourse.id == course_id)).one_or_none()
    if course is None:
        raise NotFound("长期用药")
    return course


def ask_again(
    actor: Actor,
    course_ids: Sequence[uuid.UUID],
    photo_ids: Sequence[uuid.UUID] = (),
    consent: str | None = None,
) -> MedicineRequest:
    """The next of what is taken for long, as it was brought last time. One patient's, if it is one patient's."""
    query = in_sight(actor).where(MedicineCourse.id.in_(course_ids)).order_by(MedicineCourse.id)
    courses = list(db.session.scalars(query))
    if len(courses) < len(set(course_ids)) or len({course.household_id for course in courses}) != 1:
        raise NotFound("长期用药")
    household = household_of(actor, courses[0].household_id)
    # Two who tap at once: the second sees what the first has asked for.
    db.session.execute(select(Household.id).where(Household.id == household.id).with_for_update(key_share=True))
    today = clock.today()
    still = set(db.session.scalars(query.where(due(today)).with_only_columns(MedicineCourse.id)))
    if len(still) < len(courses):
        raise Conflict("not_due", "有的药还没到该买的时候，或者已经申请过了，请刷新查看。")
    lines = [
        {
            **renewal.values_of(course),
            "days_each": course.days_each,
            "days_left": rules.days_left(course.runs_out_on, today),
        }
        for course in courses
    ]
    patients = {course.member_id for course in courses}
    member_id = patients.pop() if len(patients) == 1 else None
    return file(actor, Wish(lines, member_id, photo_ids=photo_ids), household.id, consent)


def reveal(actor: Actor, course_id: uuid.UUID, purpose: str) -> MedicineCourse:
    """Which medicine it is, to the household and to whoever may look into requests there. The look is audited."""
    course = find(actor, course_id)
    own = course.household_id in set(db.session.scalars(acted_for(actor)))
    if not (own or actor.may(P.MEDICINE_REVEAL, course.place_code)):
        raise Forbidden("forbidden", "您只能看到药品种类；需要看药名，请联系核对人员。")
    details = {"purpose": purpose}
    audit.record("medicine_course", "reveal", actor, course, place_code=course.place_code, details=details)
    return course


def stop(actor: Actor, course_id: uuid.UUID, consent: str | None = None) -> None:
    """It is taken no longer, or the household wants nobody to keep it: it is deleted at once."""
    course = find(actor, course_id)
    basis = basis_of(actor, course.household_id, course.place_code, consent)
    on_behalf_of = course.household_id if basis else None
    place = course.place_code
    audit.record("medicine_course", "stop", actor, course, place_code=place, on_behalf_of=on_behalf_of)
    db.session.delete(course)
    db.session.flush()
