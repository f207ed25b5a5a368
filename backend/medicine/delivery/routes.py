"""Bags and doors over HTTP."""

from typing import Any
from uuid import UUID

from backend.core.contract import Blueprint
from backend.core.operation import SIGNED_IN, current_actor, operation
from backend.medicine.delivery import schemas as s
from backend.medicine.delivery import service
from backend.medicine.delivery.service import Check
from backend.medicine.goods.models import Refusal

blp = Blueprint("medicine_doors", __name__, url_prefix="/api/v1", description="分装与送药 unpacking and doors")


@blp.route("/medicine-trips/<uuid:trip_id>/packages/<int:number>/unpack", methods=["POST"])
@operation(
    "unpackPackage",
    "分装一户的药",
    "Pack one household's bag: its medicines in clear; recorded",
    needs=SIGNED_IN,
    errors=(404,),
    keyed=False,
)
@blp.response(200, s.BagSchema)
def unpack(trip_id: UUID, number: int) -> Any:
    entry, goods = service.unpack(current_actor(), trip_id, number)
    return {"number": number, "request_id": entry.request_id, "goods": [service.bagged(each) for each in goods]}


@blp.route("/medicine-requests/<uuid:request_id>/code", methods=["POST"])
@operation(
    "showDoorCode", "收药码", "The household's own code for the door", needs=SIGNED_IN, errors=(404,), keyed=False
)
@blp.response(200, s.DoorCodeSchema)
def code(request_id: UUID) -> Any:
    return {"code": service.code_for(current_actor(), request_id)}


@blp.route("/medicine-requests/<uuid:request_id>/hand-over", methods=["POST"])
@operation(
    "handOverMedicine",
    "核对身份并送到",
    "Hand over to the right person, all but what is refused",
    needs=SIGNED_IN,
    errors=(404,),
)
@blp.arguments(s.MedicineHandOverSchema)
@blp.response(200, s.HandedOverSchema)
def hand_over(body: dict, request_id: UUID) -> Any:
    by, refusal = Check(body.pop("by")), body.pop("refusal")
    return service.hand_over(current_actor(), request_id, by, refusal=Refusal(refusal) if refusal else None, **body)


@blp.route("/medicine-requests/<uuid:request_id>/refusal", methods=["POST"])
@operation("refuseMedicine", "拒收", "Take none of it, with the reason", needs=SIGNED_IN, errors=(404,))
@blp.arguments(s.RefuseMedicineSchema)
@blp.response(200, s.MedicineRefusedSchema)
def refuse(body: dict, request_id: UUID) -> Any:
    return service.refuse(current_actor(), request_id, Refusal(body["refusal"]))
