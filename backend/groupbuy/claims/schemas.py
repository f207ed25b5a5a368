"""Shapes of claims, recalls and their photos. Amounts are fen, weights are grams."""

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from backend.core.pagination import page_schema
from backend.core.schemas import Schema, written
from backend.groupbuy.claims.models import ClaimKind
from backend.groupbuy.schemas import CONSENT, SHARES

AMOUNT = validate.Range(0, 10_000_000_00)
GRAMS = validate.Range(1, 10_000_000)


class PhotoQuery(Schema):
    """What the photo is of: an order to claim on, or a recall's destruction."""

    order = fields.UUID(load_default=None, metadata={"description": "为哪张订单提出 the order to claim on"})
    recall = fields.UUID(load_default=None, metadata={"description": "销毁哪次召回 the recall it shows destroyed"})

    @validates_schema
    def just_one(self, data: dict[str, Any], **_: Any) -> None:
        if (data["order"] is None) == (data["recall"] is None):
            raise ValidationError("请说明照片属于哪张订单，或者哪次召回（只填一项）。", "order")


class PhotoSchema(Schema):
    id = fields.UUID(required=True)
    width = fields.Integer(required=True)
    height = fields.Integer(required=True)
    size = fields.Integer(required=True)
    erase_on = fields.Date(allow_none=True)


class NewClaimSchema(Schema):
    item_id = fields.UUID(required=True)
    quantity = fields.Integer(load_default=None, allow_none=True, strict=True, validate=SHARES)
    grams = fields.Integer(load_default=None, allow_none=True, strict=True, validate=GRAMS)
    kind = fields.String(required=True, validate=validate.OneOf([kind.value for kind in ClaimKind]))
    text = written(500, lines=True, required=True)
    photo_ids = fields.List(fields.UUID(), load_default=list, validate=validate.Length(max=6))
    consent = fields.String(load_default=None, allow_none=True, validate=validate.OneOf(CONSENT))

    @validates_schema
    def just_one(self, data: dict[str, Any], **_: Any) -> None:
        if (data["quantity"] is None) == (data["grams"] is None):
            raise ValidationError("请填写有问题的份数，称重的商品填克数（只填一项）。", "quantity")


class ClaimStepSchema(Schema):
    revision = fields.Integer(required=True, strict=True)
    reason = written(500, lines=True, load_default=None, allow_none=True, metadata={"description": "原因 why"})


class ClaimAmountSchema(ClaimStepSchema):
    amount_fen = fields.Integer(
        required=True, strict=True, validate=AMOUNT, metadata={"description": "退给付款人的金额 what goes back"}
    )


class ClaimSchema(Schema):
    id = fields.UUID(required=True)
    order_id = fields.UUID(required=True)
    item_id = fields.UUID(required=True)
    name = fields.String(required=True)
    share_label = fields.String(required=True)
    kind = fields.String(required=True)
    kind_label = fields.String(required=True)
    quantity = fields.Integer(allow_none=True)
    grams = fields.Integer(allow_none=True)
    text = fields.String(required=True)
    status = fields.String(required=True)
    status_label = fields.String(required=True)
    revision = fields.Integer(required=True)
    consent_kind = fields.String(allow_none=True)
    offered_fen = fields.Integer(allow_none=True)
    refund_fen = fields.Integer(allow_none=True)
    most_fen = fields.Integer(required=True, metadata={"description": "最多可退 the most that can go back now"})
    answer = fields.String(allow_none=True)
    answer_by = fields.AwareDateTime(allow_none=True, metadata={"description": "最迟答复 when silence is an answer"})
    created_at = fields.AwareDateTime(required=True)
    photo_ids = fields.List(fields.UUID(), required=True)
    allowed_actions = fields.List(fields.String(), required=True)


ClaimPageSchema = page_schema(ClaimSchema)


class NewRecallSchema(Schema):
    item_id = fields.UUID(required=True)
    lot = written(40, required=True, metadata={"description": "批号 the supplier's lot"})
    reason = written(500, required=True, metadata={"description": "住户会看到 households read it"})


class DestroySchema(Schema):
    revision = fields.Integer(required=True, strict=True)
    quantity = fields.Integer(required=True, strict=True, validate=validate.Range(0, 100_000))
    where = written(60, required=True)


class RecallSchema(Schema):
    id = fields.UUID(required=True)
    campaign_id = fields.UUID(required=True)
    item_id = fields.UUID(required=True)
    name = fields.String(required=True)
    share_label = fields.String(required=True)
    lot = fields.String(required=True)
    reason = fields.String(required=True)
    status = fields.String(required=True)
    status_label = fields.String(required=True)
    revision = fields.Integer(required=True)
    refunded_fen = fields.Integer(required=True)
    destroyed_quantity = fields.Integer(allow_none=True)
    destroyed_where = fields.String(allow_none=True)
    destroyed_at = fields.AwareDateTime(allow_none=True)
    created_at = fields.AwareDateTime(required=True)
    photo_ids = fields.List(fields.UUID(), required=True)
    allowed_actions = fields.List(fields.String(), required=True)


class RecallDoorSchema(Schema):
    order_id = fields.UUID(required=True)
    room = fields.String(required=True)
    quantity = fields.Integer(required=True)
    grams = fields.Integer(allow_none=True)
    handed_out = fields.Boolean(required=True, metadata={"description": "已在住户手里 they have it already"})
    refund_fen = fields.Integer(required=True)


class RecallStairwellSchema(Schema):
    place_code = fields.String(required=True)
    name = fields.String(required=True)
    doors = fields.List(fields.Nested(RecallDoorSchema), required=True)


class RecallListSchema(RecallSchema):
    stairwells = fields.List(fields.Nested(RecallStairwellSchema), required=True)


class RecallNoticeSchema(Schema):
    id = fields.UUID(required=True)
    recall_id = fields.UUID(required=True)
    order_id = fields.UUID(required=True)
    item_id = fields.UUID(required=True)
    name = fields.String(required=True)
    lot = fields.String(required=True)
    quantity = fields.Integer(required=True)
    grams = fields.Integer(allow_none=True)
    handed_out = fields.Boolean(required=True)
    refund_fen = fields.Integer(required=True)
    text = fields.String(required=True)
    created_at = fields.AwareDateTime(required=True)


RecallNoticePageSchema = page_schema(RecallNoticeSchema)
RecallPageSchema = page_schema(RecallSchema)
