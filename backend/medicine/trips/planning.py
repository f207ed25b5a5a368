"""Planning: checked requests onto trips, by proposal or by hand, until the list is sealed."""

import uuid
from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload, selectinload

from backend.core import audit, clock
from backend.core.auth import HOUSE, Actor
from backend.core.errors import Conflict, DomainError, NotFound
from backend.core.models import within
from backend.core.permissions import Permission as P
from backend.core.transaction import database_now
from backend.core.workflow import Move, advance, advance_all, lock, refuse_stale
from backend.extensions import db
from backend.medicine.goods.models import Miss, Missed
from backend.medicine.pharmacies import service as pharmacies
from backend.medicine.requests.models import LineStatus, MedicineLine, MedicineRequest, RequestStatus
from backend.medicine.trips import rules, tasks
from backend.medicine.trips.models import MedicineTrip, TripRequest, TripStatus, Why
from backend.medicine.trips.workflow import TRIP
from backend.medicine.workflow import LINE, REQUEST

PLANNABLE = (RequestStatus.CHECKED.value, RequestStatus.UNAVAILABLE.value)
NOT_HERE = (Missed.OUT_OF_STOCK.value, Missed.NOT_SOLD.value)
TO_BUY = frozenset({LineStatus.WANTED, LineStatus.UNAVAILABLE})
AT_ONCE = 300  # requests of one proposal; the rest is for the next


def to_plan(actor: Actor, trip_id: uuid.UUID, revision: int | None = None) -> MedicineTrip:
    """The trip, held, for a planner; a list that is sealed does not change any more."""
    trip = db.session.get(MedicineTrip, trip_id)
    if trip is None or not actor.may(P.MEDICINE_PLAN, trip.place_code):
        raise NotFound("行程")
    lock(trip)
    refuse_stale(trip, revision)
    if trip.status != TripStatus.OPEN:
        raise Conflict("sealed", "清单已经封单，不能再改。没有买到的会重新安排。", status_now=trip.status)
    return trip


# --- Proposal ---------------------------------------------------------------------------------------------------


def propose(actor: Actor, place_code: str, day: date | None) -> tuple[list[MedicineTrip], list[tuple[uuid.UUID, str]]]:
    """Opens the trips on which all that is checked would best be bought; the planner may change them until they are
    sealed. Also tells which requests no pharmacy would do for, and why."""
    today, on = _day(actor, place_code, day)
    waiting = _waiting(place_code)
    made = rules.plan([_wanted(each) for each in waiting], _shops(place_code), today)
    by_id = {request.id: request for request in waiting}
    trips = []
    for group in made.groups:
        trip = _opened(actor, place_code, group.shop_id, on)
        _put_on(actor, trip, [by_id[request_id] for request_id in group.request_ids])
        trips.append(trip)
    return trips, made.unplaced


def _waiting(place_code: str) -> list[MedicineRequest]:
    """Locked, so that of two who plan at once each request goes to one of them."""
    query = select(MedicineRequest).where(
        within(MedicineRequest.place_code, [place_code]), MedicineRequest.status.in_(PLANNABLE)
    )
    first = query.order_by(MedicineRequest.needed_on, MedicineRequest.id).limit(AT_ONCE)
    held = first.with_for_update(of=MedicineRequest, skip_locked=True).options(selectinload(MedicineRequest.lines))
    return list(db.session.scalars(held, execution_options={"populate_existing": True}))


def _shops(place_code: str) -> list[rules.Shop]:
    """Where a trip has just found a medicine out of stock, or was not sold it, the next does not go for it."""
    shops, lately = pharmacies.shops_for(place_code), func.now() - pharmacies.STOCK_HOLDS
    query = (
        select(MedicineTrip.pharmacy_id, MedicineLine.name_index)
        .join(Miss, Miss.trip_id == MedicineTrip.id)
        .join(MedicineLine, MedicineLine.id == Miss.line_id)
        .where(MedicineTrip.pharmacy_id.in_([shop.id for shop in shops]), Miss.created_at > lately)
        .where(Miss.reason.in_(NOT_HERE), MedicineLine.name_index.is_not(None))
    )
    missed = db.session.execute(query).all()
    return [
        shop._replace(lacks=shop.lacks | {index for where, index in missed if index and where == shop.id})
        for shop in shops
    ]


def _wanted(request: MedicineRequest) -> rules.Wanted:
    lines = [line for line in request.lines if line.status in TO_BUY]
    medicines = frozenset(line.name_index for line in lines if line.name_index)
    cold = any(line.cold for line in lines)
    return rules.Wanted(request.id, request.place_code, request.needed_on, request.disease, cold, medicines)


# --- By hand ----------------------------------------------------------------------------------------------------


def open_trip(actor: Actor, place_code: str, pharmacy_id: uuid.UUID, day: date | None) -> MedicineTrip:
    _, on = _day(actor, place_code, day)
    pharmacies.in_sight(actor, pharmacy_id, P.MEDICINE_PLAN)
    return _opened(actor, place_code, pharmacy_id, on)


def _day(actor: Actor, place_code: str, day: date | None) -> tuple[date, date]:
    """Today, and the day of a trip of this community: today, or later."""
    actor.require(P.MEDICINE_PLAN, place_code)
    pharmacies.refuse_other_than(place_code, "买药行程属于社区，请选择社区。", pharmacies.COMMUNITY_DIGITS)
    today = clock.day_of(database_now())
    if day and day < today:
        raise DomainError(
            "day_is_past", "日期已经过去，请选今天或以后。", errors=[{"field": "/day", "detail": "已过去。"}]
        )
    return today, day or today


def _opened(actor: Actor, place_code: str, pharmacy_id: uuid.UUID, day: date) -> MedicineTrip:
    trip = MedicineTrip(place_code=place_code, pharmacy_id=pharmacy_id, day=day, planned_by=actor.id)
    db.session.add(trip)
    audit.record("medicine_trip", "open", actor, trip, new=TripStatus.OPEN.value, place_code=place_code)
    db.session.flush()
    return trip


def add(actor: Actor, trip_id: uuid.UUID, revision: int, request_id: uuid.UUID) -> MedicineTrip:
    trip = to_plan(actor, trip_id, revision)
    request = _of_the_community(trip, request_id)
    lock(request)
    if request.status not in PLANNABLE:
        raise Conflict("not_now", "这份需求还没有核对好，或者已经安排了。", status_now=request.status)
    _put_on(actor, trip, [request])
    trip.revision += 1
    db.session.flush()
    return trip


def remove(actor: Actor, trip_id: uuid.UUID, revision: int, request_id: uuid.UUID) -> MedicineTrip:
    trip = to_plan(actor, trip_id, revision)
    on_it = select(TripRequest).where(
        TripRequest.trip_id == trip.id, TripRequest.request_id == request_id, TripRequest.left_at.is_(None)
    )
    entry = db.session.scalars(on_it).one_or_none()
    if entry is None:
        raise NotFound("需求")
    take_off(actor, trip, [entry])
    trip.revision += 1
    db.session.flush()
    return trip


def _of_the_community(trip: MedicineTrip, request_id: uuid.UUID) -> MedicineRequest:
    request = db.session.get(MedicineRequest, request_id)
    if request is None or not request.place_code.startswith(trip.place_code):
        raise NotFound("需求")
    return request


def _put_on(actor: Actor, trip: MedicineTrip, requests: Sequence[MedicineRequest]) -> None:
    """The caller holds trip and requests."""
    taken = db.session.scalar(select(func.count()).where(*listed(trip.id))) or 0
    if taken + len(requests) > rules.CAPACITY:
        raise Conflict("trip_full", f"一趟最多带 {rules.CAPACITY} 户的药，请另开一趟。")
    last = db.session.scalar(select(func.max(TripRequest.number)).where(TripRequest.trip_id == trip.id)) or 0
    ids = [request.id for request in requests]
    advance_all(REQUEST, select(MedicineRequest).where(MedicineRequest.id.in_(ids)), "plan", actor, trip=str(trip.id))
    advance_all(LINE, select(MedicineLine).where(MedicineLine.request_id.in_(ids)), "want_again", actor)
    db.session.add_all(
        TripRequest(trip_id=trip.id, request_id=request_id, number=last + n) for n, request_id in enumerate(ids, 1)
    )
    db.session.flush()


def listed(trip_id: uuid.UUID) -> tuple[Any, ...]:
    return TripRequest.trip_id == trip_id, TripRequest.left_at.is_(None)


def take_off(actor: Actor, trip: MedicineTrip, entries: Sequence[TripRequest]) -> None:
    """Back among those that wait to be planned, with every line that was not bought wanted again."""
    ids = [entry.request_id for entry in entries]
    advance_all(REQUEST, select(MedicineRequest).where(MedicineRequest.id.in_(ids)), "unplan", actor, trip=str(trip.id))
    advance_all(LINE, select(MedicineLine).where(MedicineLine.request_id.in_(ids)), "want_again", actor)
    leave_list(entries)


def leave_list(entries: Sequence[TripRequest]) -> None:
    for entry in entries:
        entry.left_at = func.now()
    db.session.flush()


# --- Sealing ----------------------------------------------------------------------------------------------------


def seal(actor: Actor, trip_id: uuid.UUID, revision: int) -> MedicineTrip:
    """From now on the list stays as it is, and a volunteer is looked for."""
    trip = in_sight(actor, trip_id)
    advance(TRIP, trip, "seal", actor, revision=revision, check=_refuse_empty)
    tasks.look_for_a_volunteer(trip, entries_of(trip.id))
    return trip


def _refuse_empty(trip: MedicineTrip, move: Move) -> None:
    if not db.session.scalar(select(func.count()).where(*listed(trip.id))):
        raise Conflict("empty_trip", "清单里还没有需求，不能封单。")


def cancel(actor: Actor, trip_id: uuid.UUID, revision: int, reason: Why | None) -> MedicineTrip:
    """Before anyone has set out: all of it waits for another trip. The task first, as for whoever begins it now."""
    trip = in_sight(actor, trip_id)
    if trip.status == TripStatus.SEALED:
        tasks.call_off(trip)
    advance(TRIP, trip, "cancel", actor, revision=revision, reason=reason and reason.label)
    take_off(actor, trip, entries_of(trip.id))
    return trip


def entries_of(trip_id: uuid.UUID) -> list[TripRequest]:
    query = select(TripRequest).where(*listed(trip_id)).order_by(TripRequest.number)
    whole = selectinload(TripRequest.request).options(
        selectinload(MedicineRequest.lines), joinedload(MedicineRequest.household)
    )
    return list(db.session.scalars(query.options(whole), execution_options={"populate_existing": True}))


def in_sight(actor: Actor, trip_id: uuid.UUID) -> MedicineTrip:
    """For planners, for whoever keeps the float, and for the volunteer who has started it; 404 for everyone else."""
    trip = db.session.get(MedicineTrip, trip_id)
    if trip is None or not (
        actor is HOUSE
        or actor.may(P.MEDICINE_PLAN, trip.place_code)
        or actor.may(P.PAYMENT_READ, trip.place_code)
        or (actor.id is not None and actor.id == trip.volunteer_id)
    ):
        raise NotFound("行程")
    return trip


def visible(actor: Actor, place: str | None, status: str | None) -> Any:
    """A select of the trips the actor has to do with."""
    scope = {*actor.scope(P.MEDICINE_PLAN), *actor.scope(P.PAYMENT_READ)}
    query = select(MedicineTrip).where(within(MedicineTrip.place_code, scope) | (MedicineTrip.volunteer_id == actor.id))
    if place:
        query = query.where(within(MedicineTrip.place_code, [place]))
    return query.where(MedicineTrip.status == status) if status else query
