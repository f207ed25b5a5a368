"""Shapes of requests to join a campaign."""

from marshmallow import fields, validate

from backend.core.pagination import PageQuery, page_schema
from backend.core.schemas import Schema, place_code, written
from backend.groupbuy.joining.models import JoinStatus


class NewJoinSchema(Schema):
    place_code = place_code(required=True, metadata={"description": "想一起团的地方 the place that would join"})
    households = fields.Integer(
        required=True,
        strict=True,
        validate=validate.Range(1, 10_000),
        metadata={"description": "大约多少户会下单 how many households are expected to order"},
    )
    reason = written(500, lines=True, required=True)


class JoinRequestSchema(Schema):
    id = fields.UUID(required=True)
    campaign_id = fields.UUID(required=True)
    title = fields.String(required=True)
    place_code = fields.String(required=True)
    place_name = fields.String(required=True)
    households = fields.Integer(required=True)
    reason = fields.String(required=True)
    answer = fields.String(allow_none=True, metadata={"description": "团长的答复 what the organiser answered"})
    status = fields.String(required=True)
    status_label = fields.String(required=True)
    revision = fields.Integer(required=True)
    created_at = fields.AwareDateTime(required=True)
    allowed_actions = fields.List(fields.String(), required=True)


JoinPageSchema = page_schema(JoinRequestSchema)


class JoinQuery(PageQuery):
    campaign = fields.UUID(load_default=None, metadata={"description": "只看这个团购 of this campaign only"})
    status = fields.String(load_default=None, validate=validate.OneOf([status.value for status in JoinStatus]))
