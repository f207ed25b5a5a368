"""Shapes of settlement: what is paid out, handed in and given, and the price sheet. Amounts are fen."""

from marshmallow import fields, validate

from backend.core.schemas import Schema, written

LARGEST_FEN = 100_000_000


def _fen() -> fields.Integer:
    return fields.Integer(required=True, strict=True, validate=validate.Range(1, LARGEST_FEN))


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
