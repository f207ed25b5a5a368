"""The flow of a trip. The planner opens and seals it; whoever has started its task goes, buys and comes back."""

import uuid
from collections.abc import Sequence

from backend.core.auth import Actor
from backend.core.permissions import Permission as P
from backend.core.workflow import Move, Step, Workflow
from backend.extensions import db
from backend.medicine.trips import tasks
from backend.medicine.trips.models import MedicineTrip, TripStatus
from backend.volunteering import service as volunteering

T = TripStatus
NOT_BEGUN = frozenset({T.OPEN, T.SEALED})
UNDER_WAY = frozenset({T.ACCEPTED, T.AT_PHARMACY, T.RETURNING})
WITH_GOODS = frozenset({T.AT_PHARMACY, T.RETURNING, T.ABORTED, T.HANDING_OUT})
OVER = frozenset({T.RECONCILED, T.CANCELLED})


def trips_of(trips: Sequence[MedicineTrip], actor: Actor) -> set[uuid.UUID]:
    """Those the actor is at work on: no longer whoever has handed one over, or had to stop at once."""
    mine = {trip.id for trip in trips if actor.id is not None and trip.volunteer_id == actor.id}
    begun = volunteering.at_work_on(actor, tasks.TRIP).where(volunteering.Task.origin_id.in_(mine))
    return set(db.session.scalars(begun)) if mine else mine


def _seal(trip: MedicineTrip, move: Move) -> None:
    trip.sealed_at = move.now


def _accept(trip: MedicineTrip, move: Move) -> None:
    trip.volunteer_id, trip.started_at = move.data["volunteer_id"], trip.started_at or move.now


def _hand_out(trip: MedicineTrip, move: Move) -> None:
    trip.handing_out_at = move.now


def _reconcile(trip: MedicineTrip, move: Move) -> None:
    trip.reconciled_at = move.now


TRIP = Workflow(
    name="medicine_trip",
    visible=P.PLACE_READ,
    place_of=lambda trip: trip.place_code,
    owned=trips_of,
    steps=(
        Step("seal", {T.OPEN}, T.SEALED, "封单", P.MEDICINE_PLAN, effect=_seal),
        Step("cancel", NOT_BEGUN, T.CANCELLED, "取消这趟", P.MEDICINE_PLAN, needs_reason=True),
        Step("accept", {T.SEALED}, T.ACCEPTED, "志愿者出发", effect=_accept),
        # Handed over to another volunteer on the way; what the first holds of the float is still theirs to hand in.
        *[Step("take_over", {status}, status, "换人", effect=_accept) for status in sorted(UNDER_WAY)],
        Step("arrive", {T.ACCEPTED}, T.AT_PHARMACY, "到达药店", owner=True),
        Step("leave", {T.AT_PHARMACY}, T.RETURNING, "买完返回", owner=True),
        Step(
            "abort",
            {T.ACCEPTED, T.AT_PHARMACY, T.RETURNING},
            T.ABORTED,
            "中途停止",
            P.MEDICINE_PLAN,
            needs_reason=True,
            owner=True,
        ),
        Step(
            "hand_out",
            {T.RETURNING, T.ABORTED},
            T.HANDING_OUT,
            "开始分发",
            P.MEDICINE_PLAN,
            effect=_hand_out,
            owner=True,
        ),
        Step("reconcile", {T.HANDING_OUT, T.ABORTED}, T.RECONCILED, "对账", P.MEDICINE_PLAN, effect=_reconcile),
    ),
)
