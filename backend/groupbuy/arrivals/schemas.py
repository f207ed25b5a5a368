"""Shapes of arrivals: what the organiser records, what those at work and each household are told."""

from marshmallow import fields, validate

from backend.core.schemas import Schema, written
from backend.groupbuy.schemas import SHARES

FEN_IN_ALL = validate.Range(0, 1_000_000_00)
GRAMS = validate.Range(1, 100_000_000)
MOST_WEIGHTS = 10_000  # 5,000 households, two weighed things each


def revision() -> fields.Integer:
    return fields.Integer(required=True, strict=True, metadata={"description": "所见版本 the revision seen"})


class SubstituteOfferSchema(Schema):
    item_id = fields.UUID(required=True)
    name = written(40, required=True)
    price_fen = fields.Integer(required=True, strict=True, validate=validate.Range(1, 10_000_00))
    quantity = fields.Integer(required=True, strict=True, validate=SHARES)
    answer_by = fields.AwareDateTime(required=True, metadata={"description": "答复期限 no answer by then is a no"})


class CountSchema(Schema):
    item_id = fields.UUID(required=True)
    quantity = fields.Integer(required=True, strict=True, validate=SHARES)
    lot = written(40, required=True, metadata={"description": "供货商批号 the supplier's lot number"})
    grams = fields.Integer(load_default=None, allow_none=True, strict=True, validate=GRAMS)


class ArriveSchema(Schema):
    revision = revision()
    counts = fields.List(fields.Nested(CountSchema), required=True, validate=validate.Length(0, 100))
    last = fields.Boolean(load_default=True, metadata={"description": "不会再来货 nothing more will come"})
    shortfall_fen = fields.Integer(
        load_default=None,
        allow_none=True,
        strict=True,
        validate=FEN_IN_ALL,
        metadata={"description": "供货商补的总额 the supplier's credit; without it, the price of what is missing"},
    )
    substitutes = fields.List(fields.Nested(SubstituteOfferSchema), load_default=list, validate=validate.Length(0, 30))


class QuietConsentSchema(Schema):
    reason = written(500, lines=True, required=True)


class WeightSchema(Schema):
    order_id = fields.UUID(required=True)
    item_id = fields.UUID(required=True)
    grams = fields.Integer(required=True, strict=True, validate=GRAMS)


class WeighSchema(Schema):
    revision = revision()
    weights = fields.List(fields.Nested(WeightSchema), required=True, validate=validate.Length(1, MOST_WEIGHTS))


class SubstituteAnswerSchema(Schema):
    accept = fields.Boolean(required=True, metadata={"description": "换或不换"})


class ArrivedItemSchema(Schema):
    item_id = fields.UUID(required=True)
    name = fields.String(required=True)
    share_label = fields.String(required=True)
    ordered = fields.Integer(required=True)
    arrived = fields.Integer(required=True)
    short = fields.Integer(required=True)
    surplus = fields.Integer(required=True, metadata={"description": "多到的，没有分配 more than was ordered"})


class LotSchema(Schema):
    id = fields.UUID(required=True)
    item_id = fields.UUID(required=True)
    number = fields.String(required=True)
    quantity = fields.Integer(required=True)
    grams = fields.Integer(allow_none=True)
    part = fields.Integer(required=True, metadata={"description": "第几车 which truck"})
    arrived_at = fields.AwareDateTime(required=True)


class SubstituteSchema(SubstituteOfferSchema):
    id = fields.UUID(required=True)
    remaining = fields.Integer(required=True)


class ArrivalSchema(Schema):
    campaign_id = fields.UUID(required=True)
    status = fields.String(required=True)
    revision = fields.Integer(required=True)
    hand_out_from = fields.AwareDateTime(
        allow_none=True, metadata={"description": "何时可以叫号 nobody is called before"}
    )
    all_arrived = fields.Boolean(required=True)
    items = fields.List(fields.Nested(ArrivedItemSchema), required=True)
    lots = fields.List(fields.Nested(LotSchema), required=True)
    substitutes = fields.List(fields.Nested(SubstituteSchema), required=True)
    notes = fields.List(fields.String(), required=True)


class QuestionSchema(Schema):
    """换货询问"""

    substitute_id = fields.UUID(required=True)
    item_id = fields.UUID(required=True)
    name = fields.String(required=True)
    price_fen = fields.Integer(required=True)
    remaining = fields.Integer(required=True)
    answer_by = fields.AwareDateTime(required=True)


class ExplanationSchema(Schema):
    """您分到多少、为什么、差额怎样退"""

    order_id = fields.UUID(required=True)
    allocation = fields.String(allow_none=True, metadata={"description": "full、part、none"})
    sentences = fields.List(fields.String(), required=True)
    questions = fields.List(fields.Nested(QuestionSchema), required=True)
