"""What is shown of trips: a page of them in a constant number of queries, and a name of a medicine only in the list."""

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from backend.core.auth import Actor
from backend.core.models import columns
from backend.core.transaction import database_now
from backend.core.workflow import allowed_actions
from backend.extensions import db
from backend.medicine.goods import rules as goods_rules
from backend.medicine.goods.models import GoodsStatus, Purchase
from backend.medicine.money import service as money
from backend.medicine.requests.models import MedicineLine, MedicineQuestion, RequestStatus
from backend.medicine.requests.rules import category
from backend.medicine.trips import planning
from backend.medicine.trips.models import MedicineTrip, TripRequest, TripStatus
from backend.medicine.trips.workflow import TRIP, UNDER_WAY
from backend.people.service import user_names

WITH_PHARMACY = (joinedload(MedicineTrip.pharmacy),)


def trips(page: Sequence[MedicineTrip], actor: Actor) -> list[dict[str, Any]]:
    names = user_names([trip.volunteer_id for trip in page if trip.volunteer_id])
    counts, allowed = _counts([trip.id for trip in page]), allowed_actions(TRIP, page, actor, database_now())
    own = TRIP.owned(page, actor)
    return [
        {
            **columns(trip),
            "pharmacy_name": trip.pharmacy.name if trip.pharmacy else None,
            "status_label": TripStatus(trip.status).label,
            "volunteer_name": names[trip.volunteer_id] if trip.volunteer_id else None,
            "count": counts.get(trip.id, 0),
            "allowed_actions": allowed[trip.id] + _shown_to(trip, trip.id in own),
        }
        for trip in page
    ]


def _shown_to(trip: MedicineTrip, own: bool) -> list[str]:
    """What there is to look at besides, on the way: the pass, and for whoever buys the list in clear."""
    reveal = own and trip.status in (TripStatus.ACCEPTED, TripStatus.AT_PHARMACY)
    return ["reveal"] * reveal + ["pass"] * (trip.status in UNDER_WAY and trip.pharmacy is not None)


def _counts(trip_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, int]:
    query = select(TripRequest.trip_id, func.count()).where(
        TripRequest.trip_id.in_(trip_ids), TripRequest.left_at.is_(None)
    )
    return {trip_id: count for trip_id, count in db.session.execute(query.group_by(TripRequest.trip_id))}


def trip(one: MedicineTrip, actor: Actor) -> dict[str, Any]:
    """With its packages: numbers and kinds, no names."""
    entries = planning.entries_of(one.id)
    return {**trips([one], actor)[0], "packages": packages(entries), "own_fen": money.own(actor, one)}


def packages(entries: Sequence[TripRequest]) -> list[dict[str, Any]]:
    until, now = _cold([entry.request_id for entry in entries]), database_now()
    return [
        {
            "number": entry.number,
            "request_id": entry.request_id,
            "status": entry.request.status,
            "status_label": RequestStatus(entry.request.status).label,
            "category": category(entry.request.lines, entry.request.prescription),
            "cold": any(line.cold for line in entry.request.lines),
            "unpacked": entry.unpacked_at is not None,
            "round_id": entry.round_id,
            "owed_fen": entry.owed_fen,
            "cold_seconds_left": goods_rules.seconds_left(until.get(entry.request_id), now),
        }
        for entry in entries
    ]


def _cold(request_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, datetime]:
    """By when what must stay cold is at the door, while it is on its way."""
    query = select(Purchase.request_id, func.min(Purchase.cold_until)).where(
        Purchase.request_id.in_(request_ids),
        Purchase.status == GoodsStatus.IN_HAND.value,
        Purchase.cold_until.is_not(None),
    )
    return {request_id: until for request_id, until in db.session.execute(query.group_by(Purchase.request_id)) if until}


def shopping_list(entries: Sequence[TripRequest]) -> list[dict[str, Any]]:
    """In clear, by package; for an answer that is never stored."""
    lines = [line for entry in entries for line in entry.request.lines]
    instead = _agreed([line.id for line in lines])
    return [
        {
            "number": entry.number,
            "insurance_card": entry.request.insurance_card,
            "lines": [to_buy(line, instead.get(line.id)) for line in entry.request.lines],
        }
        for entry in entries
    ]


def to_buy(line: MedicineLine, instead: MedicineQuestion | None) -> dict[str, Any]:
    said = (instead.name, instead.maker, instead.specification) if instead else ()
    names = {"name": line.name, "maker": line.maker, "specification": line.specification}
    return {**columns(line), **names, "line_id": line.id, "instead": " ".join(filter(None, said)) or None}


def _agreed(line_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, MedicineQuestion]:
    query = select(MedicineQuestion).where(
        MedicineQuestion.line_id.in_(line_ids),
        MedicineQuestion.accepted.is_(True),
        MedicineQuestion.kind == "substitute",
    )
    return {question.line_id: question for question in db.session.scalars(query.order_by(MedicineQuestion.id))}
