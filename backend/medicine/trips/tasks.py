"""What a trip asks of the volunteers: somebody to go, and somebody for the doors of each building."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from backend.core.clock import SHANGHAI
from backend.core.transaction import database_now
from backend.medicine.requests.models import LineStatus
from backend.medicine.trips.models import MedicineRound, MedicineTrip, TripRequest
from backend.volunteering import service as volunteering

TRIP, ROUND = "medicine_trip", "medicine_round"  # the origins of the tasks
TRIP_MINUTES, TRIP_WITHIN = 120, timedelta(hours=3)
DOOR_MINUTES, ROUND_MINUTES, ROUND_WITHIN = 5, 10, timedelta(hours=3)
GRAMS = 300  # of a package, about
PRESSING, USUAL = 8, 4


def look_for_a_volunteer(trip: MedicineTrip, entries: Sequence[TripRequest]) -> None:
    """One task, made with the sealed list: it tells the pharmacy and how many packages, no patient."""
    assert trip.pharmacy
    begins = max(database_now(), datetime.combine(trip.day, trip.pharmacy.opens_at, SHANGHAI))
    pressing = any(entry.request.needed_on <= trip.day for entry in entries)
    wanted = volunteering.Wanted(
        place_code=trip.place_code,
        kind=volunteering.TaskKind.MEDICINE_TRIP,
        title=f"去{trip.pharmacy.name}买药（{len(entries)}份）"[:60],
        starts_at=begins,
        ends_at=begins + TRIP_WITHIN,
        minutes=TRIP_MINUTES,
        urgency=PRESSING if pressing else USUAL,
        grams=GRAMS * len(entries),
        origin_type=TRIP,
        origin_id=trip.id,
        origin_key="",
    )
    volunteering.make_tasks([wanted])


def call_off(trip: MedicineTrip) -> None:
    volunteering.cancel_tasks(TRIP, trip.id, "这趟买药已取消")


def look_for_carriers(trip: MedicineTrip, rounds: Sequence[tuple[MedicineRound, Sequence[TripRequest]]]) -> None:
    """One task for the doors of each building; what must stay cold comes first."""
    begins = database_now()
    volunteering.make_tasks([_round(made, doors, begins) for made, doors in rounds])


def _round(made: MedicineRound, entries: Sequence[TripRequest], begins: datetime) -> "volunteering.Wanted":
    lines = [line for entry in entries for line in entry.request.lines if line.status == LineStatus.BOUGHT]
    return volunteering.Wanted(
        place_code=made.place_code,
        kind=volunteering.TaskKind.MEDICINE_DELIVERY,
        title=f"送药上门（{len(entries)}户）",
        starts_at=begins,
        ends_at=begins + ROUND_WITHIN,
        minutes=ROUND_MINUTES + DOOR_MINUTES * len(entries),
        urgency=PRESSING if any(line.cold for line in lines) else USUAL,
        grams=GRAMS * len(entries),
        floor=max((entry.request.household.floor or 1 for entry in entries), default=None),
        origin_type=ROUND,
        origin_id=made.id,
        origin_key="",
        doors=[volunteering.Door(entry.request.household_id, entry.request_id, GRAMS) for entry in entries],
    )
