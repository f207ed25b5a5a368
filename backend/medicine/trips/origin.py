"""What happens to a trip and to a round when the volunteer who has taken its task begins, ends, or cannot."""

from typing import Any

from sqlalchemy import select, union

from backend.core.auth import HOUSE, Actor
from backend.core.errors import Conflict
from backend.extensions import db
from backend.medicine.requests import access
from backend.medicine.requests.models import MedicineRequest, RequestStatus
from backend.medicine.trips import service
from backend.medicine.trips.models import MedicineTrip, TripRequest, TripStatus, Why
from backend.medicine.trips.tasks import ROUND, TRIP
from backend.medicine.trips.workflow import UNDER_WAY
from backend.volunteering import service as volunteering


class TripTask(volunteering.Origin):
    def started(self, task: Any, claim: Any) -> None:
        trip = db.session.get_one(MedicineTrip, task.origin_id)
        service.set_out(trip, db.session.get_one(volunteering.Volunteer, claim.volunteer_id).user_id)

    def done(self, task: Any, claim: Any) -> None:
        """Done is whoever has come back: then the goods are handed out."""
        trip = db.session.get_one(MedicineTrip, task.origin_id)
        if trip.status in (TripStatus.ACCEPTED, TripStatus.AT_PHARMACY):
            raise Conflict("still_shopping", "还没有登记买完返回，请先在行程里登记。", status_now=trip.status)
        if trip.status == TripStatus.RETURNING:
            service.hand_out(HOUSE, trip.id, None)

    def called_off(self, task: Any) -> None:
        """Else the trip would stand there with nobody who could go on with it."""
        if db.session.get_one(MedicineTrip, task.origin_id).status in (TripStatus.SEALED, *UNDER_WAY):
            raise Conflict("trip_goes_on", "这是一趟买药。要取消或中止，请到药品页面打开这趟行程办理。")

    def failed(self, task: Any, claim: Any, reason: str) -> None:
        trip = db.session.get_one(MedicineTrip, task.origin_id)
        if trip.status in UNDER_WAY:
            service.abort(HOUSE, trip.id, None, Why.UNSAFE if reason == "unsafe" else Why.OTHER)


class RoundTask(volunteering.Origin):
    def called_off(self, task: Any) -> None:
        """Else the bags would lie there with nobody who could bring them."""
        if self._undelivered(task):
            raise Conflict("round_goes_on", "这是送药任务，药还没有送到，不能取消；送不了的请退回，让别人接着送。")

    def settled(self, task: Any, claim: Any, stop: Any) -> None:
        """A door is done when the right person has the medicine, or has said no: which is asked and written down with
        the medicine, not here."""
        request = db.session.get_one(MedicineRequest, stop.subject_id, populate_existing=True)
        if stop.outcome in ("done", "refused") and request.status == RequestStatus.DELIVERING:
            raise Conflict("hand_over_first", "请先在送药页面核对身份并登记送到或拒收。")

    def done(self, task: Any, claim: Any) -> None:
        if self._undelivered(task):
            raise Conflict("doors_left", "还有住户没有送到或登记原因，请先处理，或者报告没有做成。")

    def _undelivered(self, task: Any) -> bool:
        open_ones = select(MedicineRequest.id).where(
            MedicineRequest.id.in_(select(TripRequest.request_id).where(TripRequest.round_id == task.origin_id)),
            MedicineRequest.status == RequestStatus.DELIVERING.value,
        )
        return db.session.scalar(open_ones.limit(1)) is not None


def held(actor: Actor) -> Any:
    """The requests whose trip or round the actor is at work on now."""
    on_trip = select(MedicineTrip.id).where(
        MedicineTrip.id.in_(volunteering.at_work_on(actor, TRIP)), MedicineTrip.status.in_(UNDER_WAY)
    )
    to_buy = select(TripRequest.request_id).where(TripRequest.trip_id.in_(on_trip), TripRequest.left_at.is_(None))
    to_bring = (
        select(TripRequest.request_id)
        .join(MedicineRequest, MedicineRequest.id == TripRequest.request_id)
        .where(TripRequest.round_id.in_(volunteering.at_work_on(actor, ROUND)), TripRequest.left_at.is_(None))
        .where(MedicineRequest.status == RequestStatus.DELIVERING.value)
    )
    return union(to_buy, to_bring)


volunteering.register_origin(TRIP, TripTask())
volunteering.register_origin(ROUND, RoundTask())
access.HELD.append(held)
