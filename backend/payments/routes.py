"""Payments over HTTP: pay, record what came by hand, give back, read the books."""

from typing import Any
from uuid import UUID

from flask import Response

from backend.core.contract import Blueprint
from backend.core.operation import SIGNED_IN, current_actor, operation
from backend.core.pagination import page
from backend.core.permissions import Permission as P
from backend.core.ratelimit import caller, limit
from backend.payments import schemas as s
from backend.payments import service, statements, views
from backend.payments.models import Payment, Refund

blp = Blueprint("payments", __name__, url_prefix="/api/v1", description="付款与账目 payments and the ledger")
ORDER, CAMPAIGN = "order", "campaign"  # the subject and the book that the group buy registers
REQUEST, TRIP = "medicine_request", "medicine_trip"  # and those of medicine

# A statement is also had as a file.
FILE = {"schema": {"type": "string", "format": "binary"}}
FILES = {"200": {"content": {mimetype.partition(";")[0]: FILE for _, mimetype in statements.FORMATS.values()}}}


@blp.route("/orders/<uuid:order_id>/payments", methods=["POST"])
@operation("beginPayment", "发起付款", "Begin to pay for an order, or a part of it", needs=SIGNED_IN, errors=(404,))
@blp.arguments(s.BeginSchema)
@blp.response(201, s.PaymentSchema)
def begin(body: dict, order_id: UUID) -> Any:
    begun = service.begin(current_actor(), ORDER, order_id, **body)
    return views.payments([begun])[0]


@blp.route("/orders/<uuid:order_id>/payments")
@operation("listPayments", "订单的付款", "How an order was paid", needs=SIGNED_IN, errors=(404,))
@blp.arguments(s.PageQuery, location="query")
@blp.response(200, s.PaymentPageSchema)
def list_payments(query: dict, order_id: UUID) -> Any:
    made = service.payments_of(current_actor(), ORDER, order_id)
    found, following = page(made, Payment.id, query["limit"], query["after"])
    return {"items": views.payments(found), "next": following}


@blp.route("/payments/<uuid:payment_id>/prepay", methods=["POST"])
@operation(
    "prepay",
    "调起支付",
    "What the client needs to pay at the provider",
    needs=SIGNED_IN,
    errors=(404,),
    keyed=False,
)
@blp.response(200, s.PrepaidSchema)
def prepay(payment_id: UUID) -> Any:
    return {"client": service.prepay(current_actor(), payment_id)}


@blp.route("/payments/<uuid:payment_id>/check", methods=["POST"])
@limit("CHECK_LIMIT", key=caller)
@operation(
    "checkPayment",
    "核实付款结果",
    "Ask the provider what became of a payment, and book it",
    needs=SIGNED_IN,
    errors=(404, 429),
    keyed=False,
)
@blp.response(200, s.PaymentSchema)
def check(payment_id: UUID) -> Any:
    return views.payments([service.check(current_actor(), payment_id)])[0]


@blp.route("/orders/<uuid:order_id>/receipts", methods=["POST"])
@operation(
    "recordReceipt",
    "登记收款",
    "Record cash or a transfer against a receipt",
    needs=P.PAYMENT_RECORD,
    errors=(404,),
)
@blp.arguments(s.ReceiptSchema)
@blp.response(201, s.PaymentSchema)
def record_receipt(body: dict, order_id: UUID) -> Any:
    recorded = service.record_receipt(current_actor(), ORDER, order_id, **body)
    return views.payments([recorded])[0]


@blp.route("/medicine-requests/<uuid:request_id>/payments", methods=["POST"])
@operation("beginMedicinePayment", "付药费", "Begin to pay for medicine delivered", needs=SIGNED_IN, errors=(404,))
@blp.arguments(s.BeginSchema)
@blp.response(201, s.PaymentSchema)
def begin_medicine(body: dict, request_id: UUID) -> Any:
    return views.payments([service.begin(current_actor(), REQUEST, request_id, **body)])[0]


@blp.route("/medicine-requests/<uuid:request_id>/payments")
@operation("listMedicinePayments", "药费的付款", "How medicine was paid for", needs=SIGNED_IN, errors=(404,))
@blp.arguments(s.PageQuery, location="query")
@blp.response(200, s.PaymentPageSchema)
def list_medicine_payments(query: dict, request_id: UUID) -> Any:
    made = service.payments_of(current_actor(), REQUEST, request_id)
    found, following = page(made, Payment.id, query["limit"], query["after"])
    return {"items": views.payments(found), "next": following}


@blp.route("/medicine-requests/<uuid:request_id>/receipts", methods=["POST"])
@operation(
    "recordMedicineReceipt",
    "登记药费收款",
    "Record what came by hand for medicine, or what the fund pays",
    needs=P.PAYMENT_RECORD,
    errors=(404,),
)
@blp.arguments(s.ReceiptSchema)
@blp.response(201, s.PaymentSchema)
def record_medicine_receipt(body: dict, request_id: UUID) -> Any:
    return views.payments([service.record_receipt(current_actor(), REQUEST, request_id, **body)])[0]


@blp.route("/refunds")
@operation(
    "listRefunds",
    "退款列表",
    "Refunds of your collecting, or in your sight",
    needs=(P.PAYMENT_READ, P.PAYMENT_RECORD),
)
@blp.arguments(s.RefundQuery, location="query")
@blp.response(200, s.RefundPageSchema)
def list_refunds(query: dict) -> Any:
    actor = current_actor()
    found, following = page(service.refunds_in_sight(actor, query["status"]), Refund.id, query["limit"], query["after"])
    return {"items": views.refunds(actor, found), "next": following}


@blp.route("/refunds/<uuid:refund_id>/hand-back", methods=["POST"])
@operation(
    "handBackRefund",
    "退还现金",
    "Cash given back against a receipt",
    needs=P.PAYMENT_RECORD,
    errors=(404,),
)
@blp.arguments(s.HandBackSchema)
@blp.response(200, s.RefundSchema)
def hand_back(body: dict, refund_id: UUID) -> Any:
    actor = current_actor()
    return views.refunds(actor, [service.hand_back(actor, refund_id, body["receipt"])])[0]


@blp.route("/campaigns/<uuid:campaign_id>/statement")
@blp.doc(responses=FILES)
@operation(
    "getCampaignStatement",
    "团购账目",
    "Statement of a campaign: JSON, CSV or XLSX",
    needs=(P.LEDGER_READ, P.PAYMENT_RECORD),
    errors=(404,),
)
@blp.arguments(s.StatementQuery, location="query")
@blp.response(200, s.StatementSchema)
def campaign_statement(query: dict, campaign_id: UUID) -> Any:
    return _statement(statements.of_book(current_actor(), CAMPAIGN, campaign_id), query, f"campaign-{campaign_id}")


@blp.route("/medicine-trips/<uuid:trip_id>/statement")
@blp.doc(responses=FILES)
@operation(
    "getTripStatement",
    "买药行程账目",
    "Statement of a medicine trip: JSON, CSV or XLSX",
    needs=P.PAYMENT_READ,
    errors=(404,),
)
@blp.arguments(s.StatementQuery, location="query")
@blp.response(200, s.StatementSchema)
def trip_statement(query: dict, trip_id: UUID) -> Any:
    return _statement(statements.of_book(current_actor(), TRIP, trip_id), query, f"medicine-trip-{trip_id}")


@blp.route("/households/<uuid:household_id>/statement")
@blp.doc(responses=FILES)
@operation(
    "getHouseholdStatement",
    "住户账目",
    "Statement of a household: JSON, CSV or XLSX",
    needs=SIGNED_IN,
    errors=(404,),
)
@blp.arguments(s.StatementQuery, location="query")
@blp.response(200, s.StatementSchema)
def household_statement(query: dict, household_id: UUID) -> Any:
    return _statement(statements.of_household(current_actor(), household_id), query, f"household-{household_id}")


def _statement(statement: statements.Statement, query: dict, name: str) -> Any:
    if query["format"] == "json":
        return statements.page(statement, query["limit"], query["after"])
    write, mimetype = statements.FORMATS[query["format"]]
    disposition = {"Content-Disposition": f'attachment; filename="{name}.{query["format"]}"'}
    return Response(write(statement), content_type=mimetype, headers=disposition)


@blp.route("/trial-balance")
@operation("getTrialBalance", "试算平衡", "The whole ledger by account: it adds up to zero", needs=P.LEDGER_READ)
@blp.response(200, s.TrialBalanceSchema)
def trial_balance() -> Any:
    held = service.trial_balance()
    return {"accounts": views.accounts(held), "sum_fen": sum(held.values())}
