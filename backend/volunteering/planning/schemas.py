"""Shapes of evening plans and lines. Weights are grams; `_minutes` count from the plan's `starts_at`."""

from marshmallow import fields, validate

from backend.core.pagination import page_schema
from backend.core.schemas import RevisionSchema, Schema, written
from backend.volunteering.planning.line import Station

PACKS_AT_MOST = 100_000
STATION = validate.OneOf([station.value for station in Station])


class AskSchema(Schema):
    day = fields.Date(required=True)


class MoveSchema(RevisionSchema):
    task_id = fields.UUID(required=True)
    volunteer_id = fields.UUID(required=True, allow_none=True)


class PlanSchema(Schema):
    id = fields.UUID(required=True)
    team_id = fields.UUID(required=True)
    place_code = fields.String(required=True)
    day = fields.Date(required=True)
    status = fields.String(required=True)
    status_label = fields.String(required=True)
    starts_at = fields.AwareDateTime(allow_none=True)
    ends_at = fields.AwareDateTime(allow_none=True)
    finish_minutes = fields.Integer(allow_none=True)
    first_come_minutes = fields.Integer(allow_none=True)
    bound_minutes = fields.Integer(allow_none=True)
    left_packs = fields.Integer(allow_none=True)
    first_come_left = fields.Integer(allow_none=True)
    sentence = fields.String(allow_none=True)
    revision = fields.Integer(required=True)
    allowed_actions = fields.List(fields.String(), required=True)


PlanPageSchema = page_schema(PlanSchema)


class CarrySchema(Schema):
    task_id = fields.UUID(required=True)
    title = fields.String(required=True)
    place_code = fields.String(required=True)
    place_name = fields.String(required=True)
    packs = fields.Integer(required=True)
    floor = fields.Integer(allow_none=True)
    starts_at = fields.AwareDateTime(allow_none=True)
    ends_at = fields.AwareDateTime(allow_none=True)
    reason = fields.String(allow_none=True)
    refused = fields.String(allow_none=True)


class EveningSchema(Schema):
    volunteer_id = fields.UUID(required=True)
    name = fields.String(required=True)
    minutes = fields.Integer(required=True)
    ends_at = fields.AwareDateTime(allow_none=True)
    sentence = fields.String(required=True)
    carries = fields.List(fields.Nested(CarrySchema), required=True)


class WholePlanSchema(PlanSchema):
    change = fields.String(allow_none=True)
    volunteers = fields.List(fields.Nested(EveningSchema), required=True)
    left = fields.List(fields.Nested(CarrySchema), required=True)


# --- Lines ------------------------------------------------------------------------------------------------------


class OpenLineSchema(Schema):
    title = written(60, required=True)
    packs = fields.Integer(required=True, strict=True, validate=validate.Range(1, PACKS_AT_MOST))
    origin_id = fields.UUID(load_default=None, allow_none=True)


class StationCountSchema(Schema):
    station = fields.String(required=True, validate=STATION)
    packs = fields.Integer(
        required=True,
        strict=True,
        validate=[validate.Range(-PACKS_AT_MOST, PACKS_AT_MOST), validate.NoneOf([0], error="不能是 0。")],
    )


class AssemblyLineSchema(Schema):
    id = fields.UUID(required=True)
    team_id = fields.UUID(required=True)
    place_code = fields.String(required=True)
    title = fields.String(required=True)
    packs = fields.Integer(required=True)
    origin_id = fields.UUID(allow_none=True)
    status = fields.String(required=True)
    status_label = fields.String(required=True)
    created_at = fields.AwareDateTime(required=True)
    closed_at = fields.AwareDateTime(allow_none=True)
    revision = fields.Integer(required=True)
    allowed_actions = fields.List(fields.String(), required=True)


AssemblyLinePageSchema = page_schema(AssemblyLineSchema)


class StationSchema(Schema):
    station = fields.String(required=True)
    station_label = fields.String(required=True)
    done = fields.Integer(required=True)
    left = fields.Integer(required=True)
    queue = fields.Integer(required=True)
    rate = fields.Integer(required=True, metadata={"description": "每小时份数 packs an hour"})
    ends_at = fields.AwareDateTime(allow_none=True)


class SeenLineSchema(AssemblyLineSchema):
    stations = fields.List(fields.Nested(StationSchema), required=True)
    bottleneck = fields.String(allow_none=True)
    ends_at = fields.AwareDateTime(allow_none=True)
    advice = fields.String(required=True)
    beside = fields.String(allow_none=True)
