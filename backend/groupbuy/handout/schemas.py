"""Shapes of handing out."""

from marshmallow import ValidationError, fields, validate, validates_schema

from backend.core.pagination import PageQuery, page_schema
from backend.core.schemas import Schema

PAPER_LONGEST = 500


class HandOutLineSchema(Schema):
    name = fields.String(required=True)
    share_label = fields.String(required=True)
    allocated = fields.Integer(required=True, metadata={"description": "实际分到 what the household gets"})
    grams = fields.Integer(allow_none=True)


class HandOutOrderSchema(Schema):
    """An order as whoever hands it out sees it: the door, the goods, what is owed."""

    order_id = fields.UUID(required=True)
    number = fields.Integer(allow_none=True, metadata={"description": "取货号；送上门的没有 none when brought"})
    state = fields.String(required=True, metadata={"description": "waiting, called, door, missed, done"})
    skips = fields.Integer(required=True)
    status = fields.String(required=True)
    status_label = fields.String(required=True)
    revision = fields.Integer(required=True)
    delivery = fields.String(required=True)
    stairwell = fields.String(required=True)
    floor = fields.Integer(allow_none=True)
    room = fields.String(required=True)
    owed_fen = fields.Integer(required=True, metadata={"description": "还欠多少 to be paid before the goods go"})
    lines = fields.List(fields.Nested(HandOutLineSchema), required=True)


HandOutPageSchema = page_schema(HandOutOrderSchema)


class HandOutQuery(PageQuery):
    number = fields.Integer(load_default=None, validate=validate.Range(1, 100_000))
    called = fields.Boolean(load_default=None, metadata={"description": "只看正在叫的 those called now"})


class CalledSchema(Schema):
    """The batch just called; empty while the point is full, or nobody waits."""

    numbers = fields.List(fields.Integer(), required=True)
    orders = fields.List(fields.Nested(HandOutOrderSchema), required=True)


class MyPlaceSchema(Schema):
    order_id = fields.UUID(required=True)
    number = fields.Integer(required=True)
    state = fields.String(required=True)
    ahead = fields.Integer(allow_none=True, metadata={"description": "前面还有几个号 how many come before"})
    expected_at = fields.AwareDateTime(allow_none=True, metadata={"description": "大约什么时候 roughly when"})


class QueueSchema(Schema):
    now_serving = fields.List(fields.Integer(), required=True)
    waiting = fields.Integer(required=True)
    next_call_at = fields.AwareDateTime(
        allow_none=True, metadata={"description": "几时起可以叫下一批 from when the next batch may be called"}
    )
    mine = fields.List(fields.Nested(MyPlaceSchema), required=True)


class OwnPickupSchema(Schema):
    order_id = fields.UUID(required=True)
    number = fields.Integer(allow_none=True)
    state = fields.String(required=True)
    code = fields.String(allow_none=True, metadata={"description": "取货码，可以告诉代领的邻居 for whoever collects"})
    skips = fields.Integer(required=True)
    pickup_place = fields.String(required=True)
    owed_fen = fields.Integer(required=True)
    kept_until = fields.AwareDateTime(allow_none=True)
    advice = fields.String(required=True, metadata={"description": "现在该做什么 what to do now"})
    lines = fields.List(fields.Nested(HandOutLineSchema), required=True)


class CollectSchema(Schema):
    revision = fields.Integer(required=True, strict=True)
    how = fields.String(
        load_default="self",
        validate=validate.OneOf(["self", "proxy", "verified"]),
        metadata={
            "description": "本人、凭码代领、已向住户核实 the household, a neighbour with its code, asked by phone"
        },
    )
    code = fields.String(
        load_default=None, allow_none=True, validate=validate.Regexp(r"^[0-9]{6}\Z", error="取货码是 6 位数字。")
    )

    @validates_schema
    def code_with_proxy(self, data: dict, **_: object) -> None:
        if (data.get("how") == "proxy") != (data.get("code") is not None):
            raise ValidationError("代领要填取货码，其他方式不用填。", "code")


class DeliverSchema(Schema):
    revision = fields.Integer(required=True, strict=True)
    left_with = fields.String(load_default="household", validate=validate.OneOf(["household", "neighbour"]))


class HandedSchema(Schema):
    order_ids = fields.List(fields.UUID(), required=True, validate=validate.Length(1, PAPER_LONGEST))
    at = fields.AwareDateTime(required=True, metadata={"description": "纸上记的时间 when, as the paper says"})


class HandedOutcomeSchema(Schema):
    order_id = fields.UUID(required=True)
    outcome = fields.String(required=True, metadata={"description": "done, already, owed, not_ready, unknown"})
    owed_fen = fields.Integer(required=True)


class HandedReportSchema(Schema):
    results = fields.List(fields.Nested(HandedOutcomeSchema), required=True)
