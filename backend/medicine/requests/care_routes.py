"""Papers in custody, what is taken for long, and photos of boxes over HTTP."""

from typing import Any
from uuid import UUID

from flask import Response, request

from backend.core.contract import Blueprint
from backend.core.errors import DomainError
from backend.core.operation import SIGNED_IN, current_actor, operation
from backend.core.pagination import PageQuery, page
from backend.core.permissions import Permission as P
from backend.core.ratelimit import caller, limit
from backend.medicine.requests import courses, custody, service, views
from backend.medicine.requests import schemas as s
from backend.medicine.requests.models import CustodyReceipt, MedicineCourse

blp = Blueprint("medicine_care", __name__, url_prefix="/api/v1", description="证件保管、长期用药 custody and courses")
TYPES = ("image/jpeg", "image/png", "image/webp")


# --- Papers -----------------------------------------------------------------------------------------------------


@blp.route("/medicine-requests/<uuid:request_id>/custody-receipts", methods=["POST"])
@operation(
    "takePaper",
    "登记收下证件或处方",
    "Say that a card or a prescription was handed over",
    needs=(P.MEDICINE_CHECK, P.TASK_CLAIM),
    errors=(404,),
)
@blp.arguments(s.TakePaperSchema)
@blp.response(201, s.CustodyReceiptSchema)
def take(body: dict, request_id: UUID) -> Any:
    return _receipt(custody.take(current_actor(), request_id, **body))


@blp.route("/medicine-requests/<uuid:request_id>/custody-receipts")
@operation("listCustodyReceipts", "一份需求的证件交接", "Papers of a request", needs=SIGNED_IN, errors=(404,))
@blp.response(200, s.CustodyReceiptListSchema)
def list_of_request(request_id: UUID) -> Any:
    return {"items": views.receipts(custody.of_request(current_actor(), request_id), current_actor())}


@blp.route("/custody-receipts")
@operation("listCarriedPapers", "我保管的证件", "The papers I carry", needs=SIGNED_IN)
@blp.arguments(PageQuery, location="query")
@blp.response(200, s.CustodyReceiptPageSchema)
def list_carried(query: dict) -> Any:
    chosen = custody.carried_by(current_actor())
    found, following = page(chosen, CustodyReceipt.id, query["limit"], query["after"])
    return {"items": views.receipts(found, current_actor()), "next": following}


@blp.route("/custody-receipts/<uuid:receipt_id>/sign-over", methods=["POST"])
@operation("signPaperOver", "签字交出证件", "Sign for the household: handed over", needs=SIGNED_IN, errors=(404,))
@blp.arguments(s.SignSchema)
@blp.response(200, s.CustodyReceiptSchema)
def sign_over(body: dict, receipt_id: UUID) -> Any:
    return _receipt(custody.sign_over(current_actor(), receipt_id, **body))


@blp.route("/custody-receipts/<uuid:receipt_id>/give-back", methods=["POST"])
@operation("givePaperBack", "交还证件", "Say that it was given back", needs=SIGNED_IN, errors=(404,))
@blp.arguments(s.MedicineStepSchema)
@blp.response(200, s.CustodyReceiptSchema)
def give_back(body: dict, receipt_id: UUID) -> Any:
    return _receipt(custody.give_back(current_actor(), receipt_id, **body))


@blp.route("/custody-receipts/<uuid:receipt_id>/sign-back", methods=["POST"])
@operation("signPaperBack", "签字收回证件", "Sign for the household: it is back", needs=SIGNED_IN, errors=(404,))
@blp.arguments(s.SignSchema)
@blp.response(200, s.CustodyReceiptSchema)
def sign_back(body: dict, receipt_id: UUID) -> Any:
    return _receipt(custody.sign_back(current_actor(), receipt_id, **body))


def _receipt(receipt: CustodyReceipt) -> Any:
    return views.receipts([receipt], current_actor())[0]


# --- What is taken for long -------------------------------------------------------------------------------------


@blp.route("/medicine-courses")
@operation("listMedicineCourses", "长期用药", "Taken for long: when it runs out", needs=SIGNED_IN)
@blp.arguments(s.CourseQuery, location="query")
@blp.response(200, s.MedicineCoursePageSchema)
def list_courses(query: dict) -> Any:
    chosen = courses.mine(current_actor())
    if query["place"]:
        chosen = courses.running_out(current_actor(), query["place"])
    found, following = page(chosen.options(*views.WITH_HOME), MedicineCourse.id, query["limit"], query["after"])
    return {"items": views.of_courses(found), "next": following}


@blp.route("/medicine-courses/request", methods=["POST"])
@operation("requestCourses", "一键续药", "Ask for the next, as last time", needs=P.MEDICINE_REQUEST, errors=(404,))
@blp.arguments(s.CourseRequestSchema)
@blp.response(201, s.MedicineRequestSchema)
def ask_again(body: dict) -> Any:
    return views.requests([courses.ask_again(current_actor(), **body)], current_actor())[0]


@blp.route("/medicine-courses/<uuid:course_id>/reveal", methods=["POST"])
@limit("REVEAL_LIMIT", key=caller)
@operation(
    "revealMedicineCourse",
    "查看长期用药（留痕）",
    "See which medicine it is; audited",
    needs=SIGNED_IN,
    errors=(404, 429),
    keyed=False,
)
@blp.arguments(s.MedicineRevealSchema)
@blp.response(200, s.ClearMedicineSchema)
def reveal(body: dict, course_id: UUID) -> Any:
    return views.named(courses.reveal(current_actor(), course_id, body["purpose"]))


@blp.route("/medicine-courses/<uuid:course_id>/stop", methods=["POST"])
@operation("stopMedicineCourse", "不再提醒", "Delete what is kept of a course", needs=SIGNED_IN, errors=(404,))
@blp.arguments(s.AgainSchema)
@blp.response(204)
def stop(body: dict, course_id: UUID) -> None:
    courses.stop(current_actor(), course_id, **body)


# --- Photos of boxes --------------------------------------------------------------------------------------------


@blp.route("/medicine-photos", methods=["POST"])
@operation(
    "sendMedicinePhoto",
    "上传药盒照片",
    "Send the photo of a box: the body is the image itself",
    needs=P.MEDICINE_REQUEST,
    errors=(404,),
    body="PHOTO_MAX_BYTES",
)
@blp.arguments(s.PhotoQuery, location="query")
@blp.response(201, s.MedicinePhotoSchema)
def send(query: dict) -> Any:
    if request.mimetype not in TYPES:
        raise DomainError("unsupported_media_type", "请上传照片（JPG、PNG 或 WebP）。", status=415)
    return service.add_photo(current_actor(), query["household"], request.get_data())


@blp.route("/medicine-photos/<uuid:photo_id>/reveal", methods=["POST"])
@limit("REVEAL_LIMIT", key=caller)
@operation(
    "lookAtMedicinePhoto",
    "查看药盒照片（留痕）",
    "See the photo of a box; audited",
    needs=SIGNED_IN,
    errors=(404, 410, 429),
    keyed=False,
)
@blp.arguments(s.MedicineRevealSchema)
@blp.response(200, {"type": "string", "format": "binary"}, content_type="image/jpeg")
def look(body: dict, photo_id: UUID) -> Any:
    return Response(service.look(current_actor(), photo_id, body["purpose"]), mimetype="image/jpeg")
