"""Requests for medicine over HTTP. No answer but that of a reveal holds a name, so that none is kept with a key."""

from typing import Any
from uuid import UUID

from backend.core.contract import Blueprint
from backend.core.models import within
from backend.core.operation import SIGNED_IN, current_actor, operation
from backend.core.pagination import page
from backend.core.permissions import Permission as P
from backend.core.ratelimit import caller, limit
from backend.medicine.requests import access, questions, service, views
from backend.medicine.requests import schemas as s
from backend.medicine.requests.models import MedicineRequest

blp = Blueprint("medicine_requests", __name__, url_prefix="/api/v1", description="药品需求 medicine requests")


@blp.route("/medicine-requests", methods=["POST"])
@operation(
    "fileMedicineRequest",
    "登记药品需求",
    "Ask for medicine: one's own home, on behalf, or at the door with a photo",
    needs=P.MEDICINE_REQUEST,
    errors=(404,),
)
@blp.arguments(s.NewMedicineRequestSchema)
@blp.response(201, s.MedicineRequestSchema)
def file(body: dict) -> Any:
    household_id, consent = body.pop("household_id"), body.pop("consent")
    return _request(service.file(current_actor(), service.Wish(**body), household_id, consent))


@blp.route("/medicine-requests")
@operation("listMedicineRequests", "药品需求（不含药名）", "Requests one needs to know of", needs=SIGNED_IN)
@blp.arguments(s.RequestQuery, location="query")
@blp.response(200, s.MedicineRequestPageSchema)
def list_requests(query: dict) -> Any:
    chosen = access.visible(current_actor())
    if query["place"]:
        chosen = chosen.where(within(MedicineRequest.place_code, [query["place"]]))
    if query["household"]:
        chosen = chosen.where(MedicineRequest.household_id == query["household"])
    if query["status"]:
        chosen = chosen.where(MedicineRequest.status == query["status"])
    found, following = page(chosen.options(*views.WITH_LINES), MedicineRequest.id, query["limit"], query["after"])
    return {"items": views.requests(found, current_actor()), "next": following}


@blp.route("/households/<uuid:household_id>/patients")
@operation("listPatients", "给谁用药（隐去姓名）", "Whom a request may be for", needs=P.MEDICINE_REQUEST, errors=(404,))
@blp.response(200, s.PatientListSchema)
def list_patients(household_id: UUID) -> Any:
    return {"items": views.of_patients(access.patients(current_actor(), household_id))}


@blp.route("/medicine-requests/<uuid:request_id>")
@operation("getMedicineRequest", "一份药品需求（不含药名）", "One request", needs=SIGNED_IN, errors=(404,))
@blp.response(200, s.MedicineRequestSchema)
def get(request_id: UUID) -> Any:
    return _request(access.find(current_actor(), request_id, *views.WITH_LINES))


@blp.route("/medicine-requests/<uuid:request_id>/repeat", methods=["POST"])
@operation("repeatMedicineRequest", "和上次一样", "The same as last time", needs=P.MEDICINE_REQUEST, errors=(404,))
@blp.arguments(s.AgainSchema)
@blp.response(201, s.MedicineRequestSchema)
def repeat(body: dict, request_id: UUID) -> Any:
    return _request(service.repeat(current_actor(), request_id, **body))


@blp.route("/medicine-requests/<uuid:request_id>/check", methods=["POST"])
@operation(
    "checkMedicineRequest",
    "核对药盒照片",
    "Say as a second person that it matches the photo",
    needs=P.MEDICINE_CHECK,
    errors=(404,),
)
@blp.arguments(s.MedicineStepSchema)
@blp.response(200, s.MedicineRequestSchema)
def check(body: dict, request_id: UUID) -> Any:
    return _request(service.check(current_actor(), request_id, **body))


@blp.route("/medicine-requests/<uuid:request_id>/ask-info", methods=["POST"])
@operation(
    "askAboutMedicineRequest",
    "请补充说明",
    "Ask what the photo does not tell",
    needs=P.MEDICINE_CHECK,
    errors=(404,),
)
@blp.arguments(s.AskInfoSchema)
@blp.response(200, s.MedicineRequestSchema)
def ask_info(body: dict, request_id: UUID) -> Any:
    return _request(service.ask_info(current_actor(), request_id, **body))


@blp.route("/medicine-requests/<uuid:request_id>/amend", methods=["POST"])
@operation("amendMedicineRequest", "补充药品需求", "Answer what was asked", needs=P.MEDICINE_REQUEST, errors=(404,))
@blp.arguments(s.AmendSchema)
@blp.response(200, s.MedicineRequestSchema)
def amend(body: dict, request_id: UUID) -> Any:
    return _request(service.amend(current_actor(), request_id, **body))


@blp.route("/medicine-requests/<uuid:request_id>/cancel", methods=["POST"])
@operation("cancelMedicineRequest", "取消药品需求", "Cancel before anyone sets out", needs=SIGNED_IN, errors=(404,))
@blp.arguments(s.MedicineStepSchema)
@blp.response(200, s.MedicineRequestSchema)
def cancel(body: dict, request_id: UUID) -> Any:
    return _request(service.cancel(current_actor(), request_id, **body))


@blp.route("/medicine-requests/<uuid:request_id>/reveal", methods=["POST"])
@limit("REVEAL_LIMIT", key=caller)
@operation(
    "revealMedicineRequest",
    "查看药名（留痕）",
    "See the medicines in clear; audited",
    needs=SIGNED_IN,
    errors=(404, 410, 429),
    keyed=False,
)
@blp.arguments(s.MedicineRevealSchema)
@blp.response(200, s.ClearMedicineRequestSchema)
def reveal(body: dict, request_id: UUID) -> Any:
    return views.in_clear(service.reveal(current_actor(), request_id, body["purpose"]))


@blp.route("/medicine-questions/<uuid:question_id>/answer", methods=["POST"])
@operation(
    "answerMedicineQuestion",
    "答复换药或超价",
    "Answer for the household: a substitute, a higher price",
    needs=SIGNED_IN,
    errors=(404,),
)
@blp.arguments(s.MedicineAnswerSchema)
@blp.response(200, s.MedicineRequestSchema)
def answer(body: dict, question_id: UUID) -> Any:
    return _request(questions.answer(current_actor(), question_id, **body))


def _request(request: MedicineRequest) -> Any:
    return views.requests([request], current_actor())[0]
