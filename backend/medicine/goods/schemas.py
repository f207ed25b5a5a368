"""Shapes of refused goods and of offers of them. Neither side of an offer is told who the other is. Amounts are fen."""

from marshmallow import fields, validate

from backend.core.pagination import PageQuery, page_schema
from backend.core.schemas import Schema, place_code, written
from backend.medicine.goods.models import Loss
from backend.medicine.requests.schemas import consent, must_ask
from backend.medicine.trips.schemas import FEN


class GoodsQuery(PageQuery):
    place = place_code(required=True)


class SeenGoodsSchema(Schema):
    revision = fields.Integer(required=True, strict=True)


class RefusedGoodsSchema(Schema):
    id = fields.UUID(required=True)
    trip_id = fields.UUID()
    place_code = fields.String()
    form = fields.String()
    quantity = fields.Integer()
    fen = fields.Integer()
    expires_on = fields.Date()
    status = fields.String()
    status_label = fields.String()
    refusal = fields.String(allow_none=True)
    refusal_label = fields.String(allow_none=True)
    revision = fields.Integer()
    ways = fields.List(
        fields.String(), metadata={"description": "可以的去向：留在社区、退药店、转给同样需要的住户 where it may go"}
    )


RefusedGoodsPageSchema = page_schema(RefusedGoodsSchema)


class CandidateSchema(Schema):
    request_id = fields.UUID(required=True)
    needed_on = fields.Date()


class CandidatesSchema(Schema):
    items = fields.List(fields.Nested(CandidateSchema), required=True)


class GiveBackSchema(SeenGoodsSchema):
    back_fen = fields.Integer(required=True, strict=True, validate=FEN, metadata={"description": "药店退的钱 refunded"})
    receipt = written(40, required=True)


class WriteOffSchema(SeenGoodsSchema):
    loss = fields.String(required=True, validate=validate.OneOf([loss.value for loss in Loss]))


class NewOfferSchema(SeenGoodsSchema):
    request_id = fields.UUID(required=True)


class OfferQuery(PageQuery):
    pass


class OfferSchema(Schema):
    id = fields.UUID(required=True)
    request_id = fields.UUID()
    household_id = fields.UUID(required=True, metadata={"description": "问哪一户 the household that is asked"})
    place_code = fields.String(required=True)
    room = fields.String(required=True)
    must_ask = must_ask()
    status = fields.String()
    status_label = fields.String()
    revision = fields.Integer()
    quantity = fields.Integer()
    fen = fields.Integer(metadata={"description": "您要付的金额 what it would cost you"})
    expires_on = fields.Date()
    answer_by = fields.AwareDateTime()
    allowed_actions = fields.List(fields.String())


OfferPageSchema = page_schema(OfferSchema)


class AnswerOfferSchema(SeenGoodsSchema):
    accept = fields.Boolean(required=True)
    consent = consent()
