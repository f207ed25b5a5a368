"""The verbs of cases: record an event, close it, look at a person. Each tells certification in the same transaction."""

import uuid
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select, update

from backend.cases.models import Case, CaseEvent, Category, Outcome
from backend.certification.service import facts_changed
from backend.core import audit, clock
from backend.core.auth import HOUSE, Actor
from backend.core.errors import Conflict, DomainError, Forbidden, NotFound
from backend.core.jobs import job
from backend.core.models import within
from backend.core.permissions import Permission
from backend.core.settings import settings
from backend.extensions import db
from backend.people.households import household_in_sight
from backend.places.service import children, place_named
from backend.volunteering.service import household_affected

FIRST_DAY = date(2019, 12, 1)  # the first known case fell ill in December 2019
BELOW_COMMUNITY = {"unit", "building", "compound"}


def record(
    actor: Actor,
    place_code: str,
    category: Category,
    effective_on: date,
    source: str,
    person: str | None = None,
    phone: str | None = None,
    household_id: uuid.UUID | None = None,
) -> Case:
    """A new person's first event, charged to a unit, building or compound (a village without any: to itself).
    `source` says which report it rests on. What depends on the place's certificate stops in this very transaction."""
    _may_record(actor, place_code)
    if household_id:
        household = household_in_sight(actor, household_id)
        if not household.place_code.startswith(place_code):
            raise DomainError("household_elsewhere", "这一户不在所选的地点。")
    kept_until = clock.today() + timedelta(days=settings["HEALTH_DATA_KEEP_DAYS"])
    case = Case(place_code=place_code, household_id=household_id, person=person, phone=phone, erase_on=kept_until)
    db.session.add(case)
    db.session.flush()
    _add_event(actor, case, category, effective_on, source)
    return case


def add_event(actor: Actor, case_id: uuid.UUID, category: Category, effective_on: date, source: str) -> Case:
    """The person passes into another category; what was open before closes as `confirmed` when it was confirmed."""
    case = _locked(actor, case_id)
    _may_record(actor, case.place_code)
    if case.erased_on:
        raise Conflict("erased", "这个病例的身份信息已按期清除，请作为新的病例登记。")
    if any(event.category == category and event.outcome is None for event in case.events):
        raise Conflict("already_recorded", "这个人已经登记为该类别。")
    if category == Category.CONFIRMED:
        for event in [e for e in case.events if e.outcome is None and e.effective_on <= effective_on]:
            event.outcome, event.outcome_on, event.outcome_by = (
                Outcome.CONFIRMED.value,
                effective_on,
                actor.id,
            )
    _add_event(actor, case, category, effective_on, source)
    return case


def _add_event(actor: Actor, case: Case, category: Category, effective_on: date, source: str) -> None:
    today = clock.today()
    if effective_on < FIRST_DAY:
        raise DomainError(
            "before_the_epidemic",
            "发生日期太早，请检查年份。",
            errors=[{"field": "/effective_on", "detail": "请检查年份。"}],
        )
    if effective_on > today:
        raise DomainError(
            "in_the_future",
            "发生日期不能晚于今天。",
            errors=[{"field": "/effective_on", "detail": "不能晚于今天。"}],
        )
    event = CaseEvent(
        case_id=case.id,
        place_code=case.place_code,
        category=category.value,
        effective_on=effective_on,
        reported_on=today,
        source=source,
        recorded_by=actor.id,
    )
    db.session.add(event)
    audit.record("case_event", "record", actor, event, place_code=case.place_code, details={"category": category.value})
    db.session.flush()
    db.session.expire(case, ["events"])
    facts_changed(case.place_code)
    if case.household_id:  # every category isolates the home
        household_affected(case.household_id)


def close_event(actor: Actor, event_id: uuid.UUID, outcome: Outcome, outcome_on: date, reason: str) -> CaseEvent:
    """`released` or `excluded`, by another person than the one who recorded the event, with a reason: nobody's
    health status is lifted or set by one official alone."""
    event = db.session.get(CaseEvent, event_id)
    if event is None or not actor.may(Permission.CASE_READ, event.place_code):
        raise NotFound("事件")
    _may_record(actor, event.place_code)
    db.session.get(Case, event.case_id, with_for_update=True)  # a new category may be closing it this very moment
    db.session.refresh(event, with_for_update=True)
    if event.outcome is not None:
        raise Conflict("already_closed", "这一事件已有结果。")
    if event.recorded_by == actor.id:
        raise Forbidden("second_person", "登记人不能自己解除，请由另一位工作人员核实后解除。")
    if not event.effective_on <= outcome_on <= clock.today():
        raise DomainError("date_out_of_range", "解除日期应在发生日期之后，且不晚于今天。")
    event.outcome, event.outcome_on, event.outcome_by = outcome.value, outcome_on, actor.id
    done = audit.record(
        "case_event", "close", actor, event, place_code=event.place_code, details={"outcome": outcome.value}
    )
    done.reason = reason
    db.session.flush()
    facts_changed(event.place_code)
    return event


def visible(actor: Actor, place_code: str | None) -> Any:
    """A select of the cases in the actor's sight: category and dates, never who."""
    query = select(Case).where(within(Case.place_code, actor.scope(Permission.CASE_READ)))
    return query.where(within(Case.place_code, [place_code])) if place_code else query


def reveal(actor: Actor, case_id: uuid.UUID, purpose: str) -> Case:
    """Who it is, for a stated purpose, to the few who may know. The look is audited."""
    case = _found(actor, case_id)
    actor.require(Permission.CASE_REVEAL, case.place_code)
    audit.record("health_case", "reveal", actor, case, place_code=case.place_code, details={"purpose": purpose})
    return case


@job("cases.erase", every="23 17 * * *")
def erase() -> None:
    """Once its term is over (Shanghai's day; this runs at 1:23 there), a case keeps its dates and loses its person."""
    today = clock.today()
    due = update(Case).where(Case.erased_on.is_(None), Case.erase_on <= today).returning(Case.id)
    erased = db.session.scalars(
        due.values(person_cipher=None, phone_cipher=None, household_id=None, erased_on=today)
    ).all()
    db.session.execute(update(CaseEvent).where(CaseEvent.case_id.in_(erased)).values(source_cipher=None))
    if erased:
        audit.record("health_case", "erase", HOUSE, details={"cases": [str(case_id) for case_id in erased]})


def _may_record(actor: Actor, place_code: str) -> None:
    actor.require(Permission.CASE_RECORD, place_code, visible=Permission.CASE_READ)
    place = place_named(place_code)
    if place.kind not in BELOW_COMMUNITY and (len(place_code) < 12 or children(place_code)):
        # Charged a level too high, a case would touch no compound's certificate.
        raise DomainError("wrong_kind_of_place", "请登记到具体的小区、楼栋或单元。")


def _found(actor: Actor, case_id: uuid.UUID) -> Case:
    case = db.session.scalars(visible(actor, None).where(Case.id == case_id)).one_or_none()
    if case is None:
        raise NotFound("病例")
    return case


def _locked(actor: Actor, case_id: uuid.UUID) -> Case:
    case = _found(actor, case_id)
    db.session.refresh(case, with_for_update={"of": Case})
    return case
