"""Shapes of the waiting list, of requests after the cut-off and of case fill. Amounts are fen."""

from marshmallow import fields, validate

from backend.core.pagination import PageQuery, page_schema
from backend.core.schemas import Schema, written
from backend.groupbuy.changes.models import ChangeKind, ChangeStatus
from backend.groupbuy.schemas import CONSENT, SHARES, RevisionSchema


def _consent() -> fields.String:
    return fields.String(
        load_default=None,
        allow_none=True,
        validate=validate.OneOf(CONSENT),
        metadata={"description": "代办时对方怎样同意的 how the household agreed, for those who act on its behalf"},
    )


# --- The waiting list -------------------------------------------------------------------------------------------


class JoinWaitingSchema(Schema):
    item_id = fields.UUID(required=True)
    quantity = fields.Integer(required=True, strict=True, validate=SHARES)
    delivery = fields.String(load_default="pickup", validate=validate.OneOf(["pickup", "door"]))
    household_id = fields.UUID(
        load_default=None, allow_none=True, metadata={"description": "不填就是自己家 without it, one's own"}
    )
    consent = _consent()


class WaitingSchema(Schema):
    id = fields.UUID(required=True)
    campaign_id = fields.UUID(required=True)
    item_id = fields.UUID(required=True)
    name = fields.String(required=True)
    household_id = fields.UUID(required=True)
    quantity = fields.Integer(required=True)
    served = fields.Integer(required=True, metadata={"description": "已候补到 offered so far"})
    ahead = fields.Integer(required=True, metadata={"description": "前面还有几份在等 shares waited for before it"})
    order_id = fields.UUID(allow_none=True, metadata={"description": "候补到的订单，请按时付款 the order to pay for"})
    status = fields.String(required=True)
    status_label = fields.String(required=True)
    revision = fields.Integer(required=True)
    sentence = fields.String(required=True)
    created_at = fields.AwareDateTime(required=True)
    allowed_actions = fields.List(fields.String(), required=True)


WaitingPageSchema = page_schema(WaitingSchema)


class WaitingQuery(PageQuery):
    household = fields.UUID(load_default=None, metadata={"description": "只看这一户 of this household only"})


# --- Requests after the cut-off ---------------------------------------------------------------------------------


class NewChangeSchema(Schema):
    kind = fields.String(
        required=True,
        validate=validate.OneOf([kind.value for kind in ChangeKind]),
        metadata={"description": "退出、转给邻居、因困难退出 leave, transfer, hardship"},
    )
    to_household_id = fields.UUID(load_default=None, allow_none=True)
    reason = written(500, lines=True, required=True)


class AcceptTransferSchema(RevisionSchema):
    consent = _consent()


class ChangeSchema(Schema):
    id = fields.UUID(required=True)
    order_id = fields.UUID(required=True)
    campaign_id = fields.UUID(required=True)
    household_id = fields.UUID(required=True)
    to_household_id = fields.UUID(allow_none=True)
    kind = fields.String(required=True)
    kind_label = fields.String(required=True)
    reason = fields.String(
        allow_none=True, metadata={"description": "只给本户和社区看 for the household and the community"}
    )
    status = fields.String(required=True)
    status_label = fields.String(required=True)
    revision = fields.Integer(required=True)
    sentence = fields.String(required=True)
    created_at = fields.AwareDateTime(required=True)
    allowed_actions = fields.List(fields.String(), required=True)


ChangePageSchema = page_schema(ChangeSchema)


class ChangeQuery(PageQuery):
    order = fields.UUID(load_default=None, metadata={"description": "只看这张订单 of this order only"})
    status = fields.String(load_default=None, validate=validate.OneOf([status.value for status in ChangeStatus]))


# --- Case fill --------------------------------------------------------------------------------------------------


class NewExtraOfferSchema(Schema):
    item_id = fields.UUID(required=True)
    quantity = fields.Integer(required=True, strict=True, validate=SHARES)


class ExtraOfferSchema(NewExtraOfferSchema):
    id = fields.UUID(required=True)
    order_id = fields.UUID(required=True)
    taken = fields.Integer(required=True)


class CaseFillSchema(Schema):
    item_id = fields.UUID(required=True)
    name = fields.String(required=True)
    case_size = fields.Integer(required=True)
    ordered = fields.Integer(required=True)
    cases_full = fields.Integer(required=True)
    over = fields.Integer(required=True)
    short = fields.Integer(required=True)
    offered = fields.Integer(required=True)
    fillable = fields.Boolean(required=True)
    sentence = fields.String(required=True)


class CaseFillsSchema(Schema):
    items = fields.List(fields.Nested(CaseFillSchema), required=True)


class FillCaseSchema(Schema):
    item_id = fields.UUID(required=True)


class FilledCaseSchema(Schema):
    before = fields.Nested(CaseFillSchema, required=True)
    ordered = fields.Integer(required=True)
    cases_full = fields.Integer(required=True)
    households = fields.Integer(required=True)
