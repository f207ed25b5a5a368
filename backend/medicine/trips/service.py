"""The way there and back: arriving, leaving, breaking off, handing out; and the list in clear for whoever goes."""

import uuid
from typing import Any

from sqlalchemy import select

from backend.core import audit
from backend.core.auth import HOUSE, Actor
from backend.core.errors import Conflict, Forbidden
from backend.core.workflow import Move, advance, advance_all
from backend.extensions import db
from backend.medicine.requests.models import MedicineRequest, RequestStatus
from backend.medicine.trips import leftovers, planning, tasks
from backend.medicine.trips.models import MedicineRound, MedicineTrip, TripRequest, TripStatus, Why
from backend.medicine.trips.workflow import TRIP
from backend.medicine.workflow import REQUEST
from backend.volunteering import service as volunteering

BUILDING_DIGITS = 20
SHOPPING = frozenset({TripStatus.ACCEPTED, TripStatus.AT_PHARMACY})


def set_out(trip: MedicineTrip, volunteer_id: uuid.UUID) -> None:
    """The volunteer has started the task: from now on they see the list. Somebody else's may be taken over on the way;
    then the list is theirs to see and no longer the other's."""
    if trip.status != TripStatus.SEALED:
        advance(TRIP, trip, "take_over", HOUSE, volunteer_id=volunteer_id)
        return
    advance(TRIP, trip, "accept", HOUSE, volunteer_id=volunteer_id)
    advance_all(REQUEST, _listed(trip), "buy", HOUSE, trip=str(trip.id))


def _listed(trip: MedicineTrip) -> Any:
    on_it = select(TripRequest.request_id).where(*planning.listed(trip.id))
    return select(MedicineRequest).where(MedicineRequest.id.in_(on_it))


def arrive(actor: Actor, trip_id: uuid.UUID, revision: int, reason: Why | None) -> MedicineTrip:
    trip = planning.in_sight(actor, trip_id)
    advance(TRIP, trip, "arrive", actor, revision=revision)
    return trip


def leave(actor: Actor, trip_id: uuid.UUID, revision: int, reason: Why | None) -> MedicineTrip:
    """Whatever has not been bought by now is not to be had here."""
    trip = planning.in_sight(actor, trip_id)
    advance(TRIP, trip, "leave", actor, revision=revision)
    leftovers.conclude(actor, trip, over=True)
    return trip


def abort(actor: Actor, trip_id: uuid.UUID, revision: int | None, reason: Why | None) -> MedicineTrip:
    """Midway, for whatever reason, and nobody is blamed: what was bought is kept and handed out, the rest waits for
    another trip."""
    trip = planning.in_sight(actor, trip_id)
    advance(TRIP, trip, "abort", actor, revision=revision, reason=reason and reason.label)
    leftovers.conclude(actor, trip, over=False)
    return trip


def hand_out(actor: Actor, trip_id: uuid.UUID, revision: int | None, reason: Why | None = None) -> MedicineTrip:
    """Back with the goods: for each building a round of doors, which volunteers take."""
    trip = planning.in_sight(actor, trip_id)
    advance(TRIP, trip, "hand_out", actor, revision=revision, check=_refuse_nothing)
    advance_all(REQUEST, _listed(trip), "deliver", actor, trip=str(trip.id))
    send_out(trip, [e for e in planning.entries_of(trip.id) if e.request.status == RequestStatus.DELIVERING])
    return trip


def _refuse_nothing(trip: MedicineTrip, move: Move) -> None:
    bought = _listed(trip).where(MedicineRequest.status == RequestStatus.BOUGHT.value).limit(1)
    if trip.status == TripStatus.ABORTED and db.session.scalar(bought) is None:
        raise Conflict("nothing_bought", "这趟没有买到药，不用分发，请直接对账。")


def send_out(trip: MedicineTrip, entries: list[TripRequest]) -> None:
    """A round for each building of what is on its way to the doors."""
    by_building: dict[str, list[TripRequest]] = {}
    for entry in entries:
        by_building.setdefault(entry.request.place_code[:BUILDING_DIGITS], []).append(entry)
    rounds = []
    for place_code, doors in sorted(by_building.items()):
        made = MedicineRound(trip_id=trip.id, place_code=place_code)
        db.session.add(made)
        db.session.flush()
        for entry in doors:
            entry.round_id = made.id
        rounds.append((made, doors))
    db.session.flush()
    tasks.look_for_carriers(trip, rounds)


STEPS = {
    "seal": lambda actor, trip_id, revision, reason: planning.seal(actor, trip_id, revision),
    "cancel": planning.cancel,
    "arrive": arrive,
    "leave": leave,
    "abort": abort,
    "hand_out": hand_out,
}


def take_step(actor: Actor, trip_id: uuid.UUID, action: str, revision: int, reason: Why | None) -> MedicineTrip:
    return STEPS[action](actor, trip_id, revision, reason)


# --- The list ---------------------------------------------------------------------------------------------------


def reveal(actor: Actor, trip_id: uuid.UUID, purpose: str) -> list[TripRequest]:
    """The shopping list in clear, for the volunteer who is on the way and for as long as that: medicines by package
    number, no name and no door. Each look is recorded, with what was looked at."""
    trip = planning.in_sight(actor, trip_id)
    require_shopper(actor, trip)
    entries = planning.entries_of(trip.id)
    details = {"purpose": purpose, "requests": [str(entry.request_id) for entry in entries]}
    audit.record("medicine_trip", "reveal", actor, trip, place_code=trip.place_code, details=details)
    return entries


def require_shopper(actor: Actor, trip: MedicineTrip) -> None:
    """Whoever is at work on the trip now: not who has handed it over, nor who had to stop at once."""
    if actor.id != trip.volunteer_id or not volunteering.holds_task(actor, tasks.TRIP, trip.id):
        raise Forbidden("not_your_trip", "只有接了这趟任务并已出发的志愿者才能查看和登记。")
    if trip.status not in SHOPPING:
        raise Conflict("not_now", "采买已经结束，清单不再显示。", status_now=trip.status)
