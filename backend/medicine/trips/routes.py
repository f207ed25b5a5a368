"""Trips over HTTP: planning, the way there and back, the counter, the pass. Only the list tells a medicine's name."""

from typing import Any
from uuid import UUID

from flask import Response, render_template, request

from backend.core.contract import Blueprint
from backend.core.errors import DomainError
from backend.core.operation import current_actor, operation, public
from backend.core.pagination import page
from backend.core.permissions import Permission as P
from backend.core.ratelimit import caller, limit
from backend.medicine.goods.models import Missed
from backend.medicine.requests.models import QuestionKind
from backend.medicine.trips import buying, passes, planning, service, views
from backend.medicine.trips import schemas as s
from backend.medicine.trips.models import MedicineTrip

blp = Blueprint(
    "medicine_trips",
    __name__,
    url_prefix="/api/v1",
    template_folder="templates",
    static_folder="static",
    static_url_path="/static/medicine",
    description="买药行程 medicine trips",
)
PHOTOS = ("image/jpeg", "image/png", "image/webp")
SEES = (P.MEDICINE_PLAN, P.PAYMENT_READ, P.TASK_CLAIM)


# --- Planning ---------------------------------------------------------------------------------------------------


@blp.route("/medicine-plans", methods=["POST"])
@operation(
    "planMedicineTrips", "一键安排买药", "Open the trips on which all that waits is best bought", P.MEDICINE_PLAN
)
@blp.arguments(s.NewTripPlanSchema)
@blp.response(201, s.TripPlanSchema)
def plan(body: dict) -> Any:
    made, unplaced = planning.propose(current_actor(), **body)
    left = [{"request_id": request_id, "reason": why} for request_id, why in unplaced]
    return {"trips": views.trips(made, current_actor()), "unplaced": left}


@blp.route("/medicine-trips", methods=["POST"])
@operation("openMedicineTrip", "新开一趟", "Open a trip by hand", needs=P.MEDICINE_PLAN, errors=(404,))
@blp.arguments(s.NewTripSchema)
@blp.response(201, s.WholeTripSchema)
def open_trip(body: dict) -> Any:
    return views.trip(planning.open_trip(current_actor(), **body), current_actor())


@blp.route("/medicine-trips")
@operation("listMedicineTrips", "买药行程", "Trips one has to do with", needs=SEES)
@blp.arguments(s.TripQuery, location="query")
@blp.response(200, s.TripPageSchema)
def list_trips(query: dict) -> Any:
    actor = current_actor()
    chosen = planning.visible(actor, query["place"], query["status"]).options(*views.WITH_PHARMACY)
    found, following = page(chosen, MedicineTrip.id, query["limit"], query["after"])
    return {"items": views.trips(found, actor), "next": following}


@blp.route("/medicine-trips/<uuid:trip_id>")
@operation("getMedicineTrip", "一趟买药", "One trip with its packages", needs=SEES, errors=(404,))
@blp.response(200, s.WholeTripSchema)
def get(trip_id: UUID) -> Any:
    return views.trip(planning.in_sight(current_actor(), trip_id), current_actor())


@blp.route("/medicine-trips/<uuid:trip_id>/requests", methods=["POST"])
@operation("addToTrip", "加一户", "Put a request on the list", needs=P.MEDICINE_PLAN, errors=(404,))
@blp.arguments(s.TripRequestSchema)
@blp.response(200, s.WholeTripSchema)
def add(body: dict, trip_id: UUID) -> Any:
    return views.trip(planning.add(current_actor(), trip_id, **body), current_actor())


@blp.route("/medicine-trips/<uuid:trip_id>/removals", methods=["POST"])
@operation("removeFromTrip", "去掉一户", "Take a request off the list", needs=P.MEDICINE_PLAN, errors=(404,))
@blp.arguments(s.TripRequestSchema)
@blp.response(200, s.WholeTripSchema)
def remove(body: dict, trip_id: UUID) -> Any:
    return views.trip(planning.remove(current_actor(), trip_id, **body), current_actor())


@blp.route("/medicine-trips/<uuid:trip_id>/steps", methods=["POST"])
@operation(
    "stepMedicineTrip",
    "封单、到达、返回、分发、中止",
    "Seal, cancel, arrive, leave, abort or hand out",
    needs=SEES,
    errors=(404,),
)
@blp.arguments(s.TripStepSchema)
@blp.response(200, s.WholeTripSchema)
def step(body: dict, trip_id: UUID) -> Any:
    return views.trip(service.take_step(current_actor(), trip_id, **body), current_actor())


# --- The counter ------------------------------------------------------------------------------------------------


@blp.route("/medicine-trips/<uuid:trip_id>/reveal", methods=["POST"])
@limit("REVEAL_LIMIT", key=caller)
@operation(
    "revealShoppingList",
    "查看采买清单",
    "The shopping list in clear, on the way; recorded",
    needs=SEES,
    errors=(404,),
    keyed=False,
)
@blp.arguments(s.LookAtListSchema)
@blp.response(200, s.ShoppingListSchema)
def reveal(body: dict, trip_id: UUID) -> Any:
    return {"items": views.shopping_list(service.reveal(current_actor(), trip_id, body["purpose"]))}


@blp.route("/medicine-trips/<uuid:trip_id>/purchases", methods=["POST"])
@operation("buyMedicine", "登记买到", "Take down what was bought for a line", needs=SEES, errors=(404,))
@blp.arguments(s.NewPurchaseSchema)
@blp.response(201, s.PurchaseSchema)
def buy(body: dict, trip_id: UUID) -> Any:
    return buying.buy(current_actor(), trip_id, **body)


@blp.route("/medicine-purchases/<uuid:purchase_id>", methods=["PATCH"])
@operation("correctPurchase", "改正金额", "Mend a sum typed wrong, at the pharmacy", needs=SEES, errors=(404,))
@blp.arguments(s.CorrectionSchema)
@blp.response(200, s.PurchaseSchema)
def correct(body: dict, purchase_id: UUID) -> Any:
    return buying.correct(current_actor(), purchase_id, **body)


@blp.route("/medicine-trips/<uuid:trip_id>/misses", methods=["POST"])
@operation("missMedicine", "登记没有买到", "Take down what is not to be had, and why", needs=SEES, errors=(404,))
@blp.arguments(s.MissSchema)
@blp.response(201, s.LineStateSchema)
def miss(body: dict, trip_id: UUID) -> Any:
    return buying.miss(current_actor(), trip_id, body["line_id"], Missed(body["reason"]))


@blp.route("/medicine-trips/<uuid:trip_id>/questions", methods=["POST"])
@operation(
    "askBeforePaying",
    "付款前询问住户",
    "Ask the household: dearer than its ceiling, or another one",
    needs=SEES,
    errors=(404,),
)
@blp.arguments(s.AskAtCounterSchema)
@blp.response(201, s.AskedAtCounterSchema)
def ask(body: dict, trip_id: UUID) -> Any:
    line_id, kind = body.pop("line_id"), QuestionKind(body.pop("kind"))
    return buying.ask(current_actor(), trip_id, line_id, kind, **body)


@blp.route("/medicine-trips/<uuid:trip_id>/receipt-photos", methods=["POST"])
@operation(
    "addReceiptPhoto",
    "上传小票照片",
    "A photo of the till's receipt: the body is the image",
    needs=SEES,
    errors=(404,),
    body="PHOTO_MAX_BYTES",
)
@blp.response(201, s.ReceiptPhotoSchema)
def add_receipt(trip_id: UUID) -> Any:
    if request.mimetype not in PHOTOS:
        raise DomainError("unsupported_media_type", "请上传照片（JPG、PNG 或 WebP）。", status=415)
    return buying.add_receipt(current_actor(), trip_id, request.get_data())


@blp.route("/medicine-receipts/<uuid:photo_id>/look", methods=["POST"])
@limit("REVEAL_LIMIT", key=caller)
@operation("lookAtReceipt", "查看小票照片", "A receipt's photo; recorded", needs=SEES, errors=(404, 410), keyed=False)
@blp.arguments(s.LookAtListSchema)
@blp.response(200, {"type": "string", "format": "binary"}, content_type="image/jpeg")
def look(body: dict, photo_id: UUID) -> Any:
    return Response(buying.look(current_actor(), photo_id, body["purpose"]), mimetype="image/jpeg")


# --- The pass ---------------------------------------------------------------------------------------------------


@blp.route("/medicine-trips/<uuid:trip_id>/pass")
@blp.doc(responses={"200": {"content": {"text/html": {"schema": {"type": "string"}}}}})
@operation("showTripPass", "出行证明", "The pass to show at gates, or to print: HTML, JSON", needs=SEES, errors=(404,))
@blp.arguments(s.PassQuery, location="query")
@blp.response(200, s.PassSchema)
def show_pass(query: dict, trip_id: UUID) -> Any:
    shown = passes.show(current_actor(), trip_id)
    if query["format"] == "json":
        return shown
    return Response(render_template("pass.html", shown=shown), mimetype="text/html")


@blp.route("/public/medicine-passes/<uuid:trip_id>/<string:code>")
@operation(
    "checkTripPass",
    "核验出行证明",
    "What a guard sees who scans a pass",
    needs=public("a guard at any gate must be able to check it"),
    errors=(404,),
)
@blp.response(200, s.PassCheckSchema)
def check_pass(trip_id: UUID, code: str) -> Any:
    return passes.check(trip_id, code)
