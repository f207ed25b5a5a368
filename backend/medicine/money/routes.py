"""Cash in volunteers' hands, and the evening, over HTTP."""

from typing import Any
from uuid import UUID

from backend.core.contract import Blueprint
from backend.core.operation import current_actor, operation
from backend.core.permissions import Permission as P
from backend.medicine.money import schemas as s
from backend.medicine.money import service
from backend.medicine.trips import views
from backend.medicine.trips.schemas import WholeTripSchema

blp = Blueprint("medicine_money", __name__, url_prefix="/api/v1", description="买药的钱 the money of medicine")


@blp.route("/medicine-trips/<uuid:trip_id>/advances", methods=["POST"])
@operation("advanceCash", "预付给志愿者", "Cash out of the float, before buying", needs=P.PAYMENT_READ, errors=(404,))
@blp.arguments(s.TripAdvanceSchema)
@blp.response(201, WholeTripSchema)
def advance(body: dict, trip_id: UUID) -> Any:
    return views.trip(service.advance_cash(current_actor(), trip_id, **body), current_actor())


@blp.route("/medicine-trips/<uuid:trip_id>/remittances", methods=["POST"])
@operation("remitTripCash", "交回现金", "Cash handed in to the float", needs=P.PAYMENT_READ, errors=(404,))
@blp.arguments(s.TripCashSchema)
@blp.response(201, WholeTripSchema)
def remit(body: dict, trip_id: UUID) -> Any:
    return views.trip(service.remit(current_actor(), trip_id, **body), current_actor())


@blp.route("/medicine-trips/<uuid:trip_id>/reimbursements", methods=["POST"])
@operation("reimburseVolunteer", "归还志愿者垫付", "Own money given back", needs=P.PAYMENT_READ, errors=(404,))
@blp.arguments(s.TripCashSchema)
@blp.response(201, WholeTripSchema)
def reimburse(body: dict, trip_id: UUID) -> Any:
    return views.trip(service.reimburse(current_actor(), trip_id, **body), current_actor())


@blp.route("/medicine-trips/<uuid:trip_id>/reconcile", methods=["POST"])
@operation(
    "reconcileTrip",
    "对账",
    "Every volunteer's account of the trip at zero, or what is missing",
    needs=P.MEDICINE_PLAN,
    errors=(404,),
)
@blp.arguments(s.SeenTripSchema)
@blp.response(200, WholeTripSchema)
def reconcile(body: dict, trip_id: UUID) -> Any:
    return views.trip(service.reconcile(current_actor(), trip_id, **body), current_actor())


@blp.route("/medicine-balances")
@operation("listMedicineBalances", "谁手里有多少钱", "Who holds how much of which trip", needs=P.PAYMENT_READ)
@blp.arguments(s.HandsQuery, location="query")
@blp.response(200, s.HandsListSchema)
def held(query: dict) -> Any:
    return {"items": service.held(current_actor(), query["place"])}
