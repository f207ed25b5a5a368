"""Shapes of trips, of what is bought on them, and of their pass. Amounts are fen."""

from marshmallow import fields, validate

from backend.core.pagination import PageQuery, page_schema
from backend.core.schemas import Schema, place_code, written
from backend.medicine.goods.models import Missed
from backend.medicine.requests.models import QuestionKind
from backend.medicine.trips.models import TripStatus, Why

FEN = validate.Range(0, 10_000_00)
ACTIONS = ["seal", "cancel", "arrive", "leave", "abort", "hand_out"]


class NewTripPlanSchema(Schema):
    place_code = place_code(required=True)
    day = fields.Date(load_default=None, allow_none=True)


class NewTripSchema(NewTripPlanSchema):
    pharmacy_id = fields.UUID(required=True)


class TripQuery(PageQuery):
    place = place_code(load_default=None)
    status = fields.String(load_default=None, validate=validate.OneOf([status.value for status in TripStatus]))


class TripPackageSchema(Schema):
    number = fields.Integer(required=True, metadata={"description": "药包号 the number on the bag"})
    request_id = fields.UUID(required=True)
    status = fields.String()
    status_label = fields.String()
    category = fields.String(metadata={"description": "药品种数，不含药名 what kind, no name"})
    cold = fields.Boolean()
    unpacked = fields.Boolean()
    round_id = fields.UUID(allow_none=True)
    owed_fen = fields.Integer()
    cold_seconds_left = fields.Integer(
        allow_none=True,
        metadata={"description": "冷藏药还剩多少秒要送到 seconds until what must stay cold is too late"},
    )


class TripSchema(Schema):
    id = fields.UUID(required=True)
    place_code = fields.String()
    day = fields.Date()
    pharmacy_id = fields.UUID(allow_none=True)
    pharmacy_name = fields.String(allow_none=True)
    status = fields.String()
    status_label = fields.String()
    revision = fields.Integer()
    volunteer_name = fields.String(allow_none=True)
    count = fields.Integer(metadata={"description": "药包数 packages on the list"})
    sealed_at = fields.AwareDateTime(allow_none=True)
    started_at = fields.AwareDateTime(allow_none=True)
    reconciled_at = fields.AwareDateTime(allow_none=True)
    allowed_actions = fields.List(fields.String())


class WholeTripSchema(TripSchema):
    packages = fields.List(fields.Nested(TripPackageSchema))
    own_fen = fields.Integer(
        metadata={"description": "本人手里的钱，负数是垫付 what oneself holds; −: own money advanced"}
    )


TripPageSchema = page_schema(TripSchema)


class UnplacedSchema(Schema):
    request_id = fields.UUID(required=True)
    reason = fields.String(required=True)


class TripPlanSchema(Schema):
    trips = fields.List(fields.Nested(TripSchema), required=True)
    unplaced = fields.List(fields.Nested(UnplacedSchema), required=True)


class TripRequestSchema(Schema):
    request_id = fields.UUID(required=True)
    revision = fields.Integer(required=True, strict=True)


class TripStepSchema(Schema):
    action = fields.String(required=True, validate=validate.OneOf(ACTIONS))
    revision = fields.Integer(required=True, strict=True)
    reason = fields.Enum(
        Why,
        by_value=True,
        load_default=None,
        allow_none=True,
        metadata={"description": "取消或中止的原因，选一项 why it is cancelled or broken off"},
    )


class LookAtListSchema(Schema):
    purpose = fields.String(required=True, validate=validate.OneOf(["buy", "deliver", "verify"]))


class LineToBuySchema(Schema):
    line_id = fields.UUID(required=True)
    status = fields.String()
    name = fields.String(allow_none=True)
    maker = fields.String(allow_none=True)
    specification = fields.String(allow_none=True)
    form = fields.String()
    quantity = fields.Integer()
    ceiling_fen = fields.Integer()
    substitution = fields.Boolean()
    cold = fields.Boolean()
    prescription = fields.Boolean()
    instead = fields.String(
        allow_none=True, metadata={"description": "住户同意换成 what the household agreed to instead"}
    )


class BagToFillSchema(Schema):
    number = fields.Integer(required=True)
    insurance_card = fields.Boolean()
    lines = fields.List(fields.Nested(LineToBuySchema), required=True)


class ShoppingListSchema(Schema):
    items = fields.List(fields.Nested(BagToFillSchema), required=True)


class NewPurchaseSchema(Schema):
    line_id = fields.UUID(required=True)
    quantity = fields.Integer(required=True, strict=True, validate=validate.Range(1, 99))
    fen = fields.Integer(
        required=True,
        strict=True,
        validate=FEN,
        metadata={"description": "实付金额，医保支付的不算 what was paid in cash"},
    )
    batch = written(40, required=True)
    expires_on = fields.Date(required=True)


class CorrectionSchema(Schema):
    revision = fields.Integer(required=True, strict=True)
    fen = fields.Integer(required=True, strict=True, validate=FEN)


class PurchaseSchema(Schema):
    """What was bought, without its name."""

    id = fields.UUID(required=True)
    line_id = fields.UUID()
    quantity = fields.Integer()
    fen = fields.Integer()
    expires_on = fields.Date()
    status = fields.String()
    revision = fields.Integer()
    cold_until = fields.AwareDateTime(allow_none=True)


class MissSchema(Schema):
    line_id = fields.UUID(required=True)
    reason = fields.String(required=True, validate=validate.OneOf([reason.value for reason in Missed]))


class AskAtCounterSchema(Schema):
    line_id = fields.UUID(required=True)
    kind = fields.String(required=True, validate=validate.OneOf([kind.value for kind in QuestionKind]))
    fen = fields.Integer(required=True, strict=True, validate=validate.Range(1, 10_000_00))
    name = written(60, load_default=None, allow_none=True)
    maker = written(60, load_default=None, allow_none=True)
    specification = written(60, load_default=None, allow_none=True)


class AskedAtCounterSchema(Schema):
    id = fields.UUID(required=True)
    line_id = fields.UUID()
    kind = fields.String()
    fen = fields.Integer()


class LineStateSchema(Schema):
    id = fields.UUID(required=True)
    status = fields.String()


class ReceiptPhotoSchema(Schema):
    id = fields.UUID(required=True)
    width = fields.Integer(required=True)
    height = fields.Integer(required=True)


class PassQuery(Schema):
    format = fields.String(load_default="html", validate=validate.OneOf(["html", "json"]))


class PassSchema(Schema):
    community = fields.String(required=True)
    volunteer = fields.String(required=True)
    pharmacy = fields.String(required=True)
    address = fields.String(required=True)
    since = fields.AwareDateTime(required=True)
    until = fields.AwareDateTime(required=True)
    picture = fields.String(required=True, metadata={"description": "核验用的二维码 the QR code, an SVG as a data URL"})


class PassCheckSchema(Schema):
    """What a guard is told: the trip, never the patients."""

    valid = fields.Boolean(required=True)
    said = fields.String(required=True)
    volunteer = fields.String(allow_none=True)
    pharmacy = fields.String(allow_none=True)
    valid_until = fields.AwareDateTime(allow_none=True)
