"""Shapes of cash and of the evening. Amounts are fen."""

from marshmallow import fields, validate

from backend.core.schemas import Schema, place_code, written

CASH = validate.Range(1, 100_000_00)


class TripAdvanceSchema(Schema):
    amount_fen = fields.Integer(required=True, strict=True, validate=CASH)
    receipt = written(40, required=True)


class TripCashSchema(TripAdvanceSchema):
    user_id = fields.UUID(required=True, metadata={"description": "谁交来、或还给谁 whose hands"})


class SeenTripSchema(Schema):
    revision = fields.Integer(required=True, strict=True)


class HandsQuery(Schema):
    place = place_code(required=True)


class HandsSchema(Schema):
    trip_id = fields.UUID(required=True)
    user_id = fields.UUID(required=True)
    name = fields.String(required=True)
    fen = fields.Integer(
        required=True, metadata={"description": "手里的钱，负数是垫付 −: own money the community owes"}
    )
    since = fields.AwareDateTime()


class HandsListSchema(Schema):
    items = fields.List(fields.Nested(HandsSchema), required=True)
