"""Shapes of payments: what comes in, what goes out. Money is whole fen."""

from typing import Any

from marshmallow import fields, validate

from backend.core.pagination import PageQuery, page_schema
from backend.core.schemas import Schema, written
from backend.payments.models import Account, Method, PaymentStatus, RefundStatus

LARGEST_FEN = 10_000_000  # ¥100,000: a slip of the hand beyond it
BY_HAND = [method.value for method in Method if method != Method.WECHAT]


def amount(**options: Any) -> fields.Integer:
    return fields.Integer(strict=True, validate=validate.Range(1, LARGEST_FEN), **options)


def receipt() -> fields.String:
    return written(40, required=True, metadata={"description": "收据号 the receipt's number, each used once"})


class BeginSchema(Schema):
    method = fields.String(required=True, validate=validate.OneOf([Method.WECHAT.value]))
    amount_fen = amount(
        load_default=None,
        allow_none=True,
        metadata={"description": "只付一部分 a part; else all that remains"},
    )


class ReceiptSchema(Schema):
    method = fields.String(required=True, validate=validate.OneOf(BY_HAND))
    amount_fen = amount(required=True)
    receipt = receipt()


class HandBackSchema(Schema):
    receipt = receipt()


class PaymentSchema(Schema):
    id = fields.UUID(required=True)
    number = fields.String(required=True)
    subject_type = fields.String(required=True)
    subject_id = fields.UUID(required=True)
    method = fields.String(required=True)
    method_label = fields.String(required=True)
    amount_fen = fields.Integer(required=True)
    refunded_fen = fields.Integer(required=True)
    status = fields.String(required=True, validate=validate.OneOf([s.value for s in PaymentStatus]))
    status_label = fields.String(required=True)
    receipt = fields.String(allow_none=True)
    created_at = fields.AwareDateTime(required=True)
    succeeded_at = fields.AwareDateTime(allow_none=True)


PaymentPageSchema = page_schema(PaymentSchema)


class PrepaidSchema(Schema):
    client = fields.Dict(
        required=True,
        metadata={"description": "交给支付平台的参数 what the provider's client asks for, as it names it"},
    )


class RefundQuery(PageQuery):
    status = fields.String(load_default=None, validate=validate.OneOf([s.value for s in RefundStatus]))


class RefundSchema(Schema):
    id = fields.UUID(required=True)
    payment_id = fields.UUID(required=True)
    subject_id = fields.UUID(required=True)
    household_id = fields.UUID(required=True)
    number = fields.String(required=True)
    method = fields.String(required=True)
    method_label = fields.String(required=True)
    amount_fen = fields.Integer(required=True)
    cause = fields.String(required=True)
    status = fields.String(required=True)
    status_label = fields.String(required=True)
    receipt = fields.String(allow_none=True)
    created_at = fields.AwareDateTime(required=True)
    succeeded_at = fields.AwareDateTime(allow_none=True)
    allowed_actions = fields.List(fields.String(), required=True)


RefundPageSchema = page_schema(RefundSchema)


class StatementQuery(PageQuery):
    format = fields.String(load_default="json", validate=validate.OneOf(["json", "csv", "xlsx"]))


class AccountSchema(Schema):
    account = fields.String(required=True, validate=validate.OneOf([a.value for a in Account]))
    label = fields.String(required=True)
    amount_fen = fields.Integer(required=True)


class LineSchema(Schema):
    transaction_id = fields.UUID(required=True)
    at = fields.AwareDateTime(required=True)
    kind = fields.String(required=True)
    label = fields.String(required=True)
    account = fields.String(required=True)
    account_label = fields.String(required=True)
    owner = fields.String(required=True)
    amount_fen = fields.Integer(required=True)
    receipt = fields.String(allow_none=True)


class StatementSchema(Schema):
    title = fields.String(required=True)
    totals = fields.List(fields.Nested(AccountSchema), required=True)
    items = fields.List(fields.Nested(LineSchema), required=True)
    next = fields.UUID(allow_none=True)


class TrialBalanceSchema(Schema):
    accounts = fields.List(fields.Nested(AccountSchema), required=True)
    sum_fen = fields.Integer(required=True, metadata={"description": "应为零 zero, or something is wrong"})
