"""What a household owes for medicine, as payments sees it; and the end of a request, when nothing of it is open."""

import uuid
from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import exists, select

from backend.core.auth import HOUSE, Actor
from backend.core.clock import in_words
from backend.core.workflow import advance_all
from backend.core.workflow import lock as held
from backend.extensions import db
from backend.medicine.goods.models import GoodsStatus, Purchase
from backend.medicine.requests import access
from backend.medicine.requests.models import MedicineRequest
from backend.medicine.trips.models import MedicineTrip, TripRequest, TripStatus
from backend.medicine.workflow import REQUEST
from backend.payments import service as payments

REQUESTS, TRIPS = "medicine_request", "medicine_trip"
ENDING = {step.action: step.sources for step in REQUEST.steps}["settle"]


class RequestPayable:
    """A request is paid for in the book of the trip that brought it. Cash stays in the hands that took it until the
    trip is reconciled; what comes later goes into the float at once."""

    def due(self, subject_id: uuid.UUID, lock: bool = False) -> payments.Due | None:
        entry = entry_of(subject_id)
        if entry is None:
            return None
        if lock:
            hold(entry)
        float_, hands = payments.Account.COMMUNITY_FLOAT, payments.Account.VOLUNTEER
        return payments.Due(
            book_id=entry.trip_id,
            household_id=entry.request.household_id,
            place_code=entry.request.place_code,
            remaining_fen=entry.owed_fen - payments.paid([subject_id])[subject_id],
            open=True,
            collector_id=None,
            title="代购药品",
            till=float_ if entry.trip.status == TripStatus.RECONCILED else hands,
        )

    def may_pay(self, actor: Actor, subject_id: uuid.UUID) -> bool:
        return access.is_theirs(actor, subject_id)

    def settled(self, subject_id: uuid.UUID, now: datetime) -> None:
        close_if_done([subject_id])


def entry_of(request_id: uuid.UUID) -> TripRequest | None:
    """The request's place on the trip it is on, or that has brought it."""
    query = select(TripRequest).where(TripRequest.request_id == request_id, TripRequest.left_at.is_(None))
    return db.session.scalars(query).one_or_none()


def owed(request_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, int]:
    """What is still to be paid for each that is on a trip, or was brought by one."""
    if not request_ids:
        return {}
    query = select(TripRequest.request_id, TripRequest.owed_fen).where(
        TripRequest.request_id.in_(request_ids), TripRequest.left_at.is_(None)
    )
    paid = payments.paid(list(request_ids))
    return {request_id: fen - paid[request_id] for request_id, fen in db.session.execute(query)}


def hold(entry: TripRequest) -> None:
    """The trip, so that it is not reconciled meanwhile, then the request: every act at a door begins with both."""
    db.session.refresh(entry.trip, with_for_update={"read": True})
    held(entry.request)
    db.session.refresh(entry)


def close_if_done(request_ids: Sequence[uuid.UUID]) -> None:
    """Settled, once it is paid for, its papers are back, and none of its goods wait for somebody to decide."""
    db.session.flush()
    even = [request_id for request_id, fen in owed(request_ids).items() if fen <= 0]
    undecided = exists().where(
        Purchase.request_id == MedicineRequest.id,
        Purchase.status.in_([GoodsStatus.IN_HAND.value, GoodsStatus.KEPT.value]),
    )
    over = select(MedicineRequest).where(
        MedicineRequest.id.in_(even), MedicineRequest.status.in_(ENDING), MedicineRequest.cards_out == 0, ~undecided
    )
    advance_all(REQUEST, over, "settle", HOUSE)


def book_of(trip_id: uuid.UUID) -> payments.Book | None:
    trip = db.session.get(MedicineTrip, trip_id)
    if trip is None:
        return None
    where = trip.pharmacy.name if trip.pharmacy else "社区存药"
    return payments.Book(trip.place_code, f"{in_words(trip.day)} {where}", None, of_health=True)


payments.register(REQUESTS, RequestPayable())
payments.register_book(TRIPS, book_of)
