"""Shapes of the waiting list, of requests after the cut-off, of case fill and of settlement. Amounts are fen."""

from marshmallow import fields, validate

from backend.core.pagination import PageQuery, page_schema
from backend.core.schemas import Schema, written
from backend.groupbuy.changes.models import ChangeKind, ChangeStatus
from backend.groupbuy.schemas import CONSENT, SHARES, RevisionSchema

LARGEST_FEN = 100_000_000


def _fen() -> fields.Integer:
    return fields.Integer(required=True, strict=True, validate=validate.Range(1, LARGEST_FEN))


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


# --- Settlement -------------------------------------------------------------------------------------------------


def _receipt() -> fields.String:
    return written(40, required=True, metadata={"description": "收据号 the receipt's number"})


class NewPayoutSchema(Schema):
    what = fields.String(required=True, validate=validate.OneOf(["supplier", "freight", "share"]))
    amount_fen = _fen()
    from_account = fields.String(
        required=True,
        data_key="from",
        validate=validate.OneOf(["organiser", "merchant", "community_float"]),
        metadata={"description": "从哪里付 out of the organiser's hands, the merchant account, the community's cash"},
    )
    receipt = _receipt()


class RemittanceSchema(Schema):
    organiser_id = fields.UUID(required=True, metadata={"description": "谁上交 who hands it in"})
    amount_fen = _fen()
    receipt = _receipt()


class GrantSchema(Schema):
    account = fields.String(
        required=True,
        data_key="for",
        validate=validate.OneOf(["subsidy", "fund"]),
        metadata={"description": "区里的补贴，或给互助金的捐款 the district's subsidy, or a donation to the fund"},
    )
    amount_fen = _fen()
    receipt = _receipt()


class ReimbursementSchema(RemittanceSchema):
    from_account = fields.String(
        required=True, data_key="from", validate=validate.OneOf(["merchant", "community_float"])
    )


class BearLossSchema(Schema):
    amount_fen = _fen()
    reason = written(500, lines=True, required=True)


class PayoutSchema(Schema):
    at = fields.AwareDateTime(required=True)
    what = fields.String(required=True)
    account = fields.String(required=True)
    amount_fen = fields.Integer(required=True)
    receipt = fields.String(required=True, metadata={"description": "收据号后四位 the last four"})


class PricePartsSchema(Schema):
    """Who earns what."""

    cost_fen = fields.Integer(required=True)
    freight_fen = fields.Integer(required=True)
    organiser_fen = fields.Integer(required=True)
    price_fen = fields.Integer(required=True)
    subsidy_fen = fields.Integer(required=True)


class PricedItemSchema(PricePartsSchema):
    id = fields.UUID(required=True)
    name = fields.String(required=True)
    share_label = fields.String(required=True)
    shares = fields.Integer(required=True, metadata={"description": "卖出几份 shares sold"})
    totals = fields.Nested(PricePartsSchema, required=True)


class PriceSheetSchema(Schema):
    campaign_id = fields.UUID(required=True)
    title = fields.String(required=True)
    supplier = fields.String(required=True)
    status = fields.String(required=True)
    items = fields.List(fields.Nested(PricedItemSchema), required=True)
    totals = fields.Nested(PricePartsSchema, required=True)
    payouts = fields.List(fields.Nested(PayoutSchema), required=True)
    organiser_got_fen = fields.Integer(allow_none=True)
    surplus_fen = fields.Integer(allow_none=True, metadata={"description": "结余转互助金 over, to the fund"})
