"""Shapes of a door: the bag, the check, what came of it. Amounts are fen."""

from marshmallow import fields, validate

from backend.core.schemas import Schema, written
from backend.medicine.delivery.service import Check
from backend.medicine.goods.models import Refusal
from backend.medicine.trips.schemas import FEN

REFUSALS = validate.OneOf([refusal.value for refusal in Refusal])


class BaggedSchema(Schema):
    purchase_id = fields.UUID(required=True)
    line_id = fields.UUID(required=True)
    name = fields.String(allow_none=True)
    maker = fields.String(allow_none=True)
    specification = fields.String(allow_none=True)
    quantity = fields.Integer()
    batch = fields.String(allow_none=True)
    expires_on = fields.Date()
    cold_until = fields.AwareDateTime(allow_none=True)


class BagSchema(Schema):
    number = fields.Integer(required=True)
    request_id = fields.UUID(required=True)
    goods = fields.List(fields.Nested(BaggedSchema), required=True)


class MedicineHandOverSchema(Schema):
    by = fields.String(
        required=True,
        validate=validate.OneOf([check.value for check in Check]),
        metadata={"description": "收药码、手机尾号四位，或楼栋长、社区当面确认 how the right person is known"},
    )
    said = fields.String(load_default="", validate=validate.Length(max=8))
    paid_fen = fields.Integer(
        load_default=0, strict=True, validate=FEN, metadata={"description": "当面收的现金 cash taken"}
    )
    receipt = written(40, load_default=None, allow_none=True)
    refused = fields.List(fields.UUID(), load_default=list, validate=validate.Length(max=20))
    refusal = fields.String(load_default=None, allow_none=True, validate=REFUSALS)


class HandedOverSchema(Schema):
    handed_over = fields.Boolean(required=True)
    tries_left = fields.Integer(required=True)
    owed_fen = fields.Integer(required=True)
    refused = fields.Integer(required=True, metadata={"description": "拒收的药 how many were refused"})
    warm = fields.Integer(
        required=True, metadata={"description": "超过冷藏时限、不交付的药 too long on the way, and not handed over"}
    )


class RefuseMedicineSchema(Schema):
    refusal = fields.String(required=True, validate=REFUSALS)


class MedicineRefusedSchema(Schema):
    id = fields.UUID(required=True)
    status = fields.String(required=True)


class DoorCodeSchema(Schema):
    code = fields.String(required=True)
