"""Shapes of the coverage board, the forecast, vacancies and leave."""

from marshmallow import fields

from backend.core.masking import MaskedField
from backend.core.pagination import page_schema
from backend.core.schemas import Schema, place_code


class HolderSchema(Schema):
    user_id = fields.UUID(required=True)
    name = MaskedField(required=True)
    place_code = fields.String(required=True, metadata={"description": "任职的地点 where the post is held"})


class SuggestionSchema(Schema):
    volunteer_id = fields.UUID(required=True)
    name = MaskedField(required=True)
    place_code = fields.String(required=True, metadata={"description": "建议在哪里任职 where to appoint them"})
    reason = fields.String(required=True)


class CellSchema(Schema):
    role = fields.String(required=True)
    label = fields.String(required=True)
    state = fields.String(required=True, metadata={"description": "held、vacant、overloaded"})
    state_label = fields.String(required=True)
    holders = fields.List(fields.Nested(HolderSchema), required=True)
    since = fields.AwareDateTime(allow_none=True, metadata={"description": "空缺从何时起 empty since"})
    told = fields.String(allow_none=True, metadata={"description": "超时空缺已报给谁 secretary, subdistrict"})
    suggestion = fields.Nested(SuggestionSchema, allow_none=True)


class BoardBuildingSchema(Schema):
    code = fields.String(required=True)
    name = fields.String(required=True)
    cells = fields.List(fields.Nested(CellSchema), required=True)


class BoardCompoundSchema(Schema):
    code = fields.String(required=True)
    name = fields.String(required=True)
    roles_held = fields.Integer(
        required=True, metadata={"description": "到岗数，与申报用的相同 as certification counts them"}
    )
    roles_needed = fields.Integer(required=True)
    buildings = fields.List(fields.Nested(BoardBuildingSchema), required=True)


class GridWorkerSchema(Schema):
    user_id = fields.UUID(required=True)
    name = MaskedField(required=True)
    days_in_a_row = fields.Integer(required=True, metadata={"description": "已连续工作天数"})
    leave_earned = fields.Integer(required=True)
    leave_taken = fields.Integer(required=True, metadata={"description": "已休和已排的调休 taken or promised"})
    leave_due = fields.Integer(required=True)
    on_leave_today = fields.Boolean(required=True)


class CoverageSchema(Schema):
    place_code = fields.String(required=True)
    held = fields.Integer(required=True)
    vacant = fields.Integer(required=True)
    overloaded = fields.Integer(required=True)
    compounds = fields.List(fields.Nested(BoardCompoundSchema), required=True)
    grid_workers = fields.List(fields.Nested(GridWorkerSchema), required=True)


class GapSchema(Schema):
    day = fields.Date(required=True, metadata={"description": "从这一天起空缺 empty from this day on"})
    place_code = fields.String(required=True)
    place_name = fields.String(required=True)
    role = fields.String(required=True)
    label = fields.String(required=True)
    last = fields.List(fields.Nested(HolderSchema), required=True)


class ForecastSchema(Schema):
    place_code = fields.String(required=True)
    gaps = fields.List(fields.Nested(GapSchema), required=True)


class VacancySchema(Schema):
    id = fields.UUID(required=True)
    place_code = fields.String(required=True)
    place_name = fields.String(required=True)
    role = fields.String(required=True)
    role_label = fields.String(required=True)
    since = fields.AwareDateTime(required=True)
    status = fields.String(required=True)
    status_label = fields.String(required=True)


VacancyPageSchema = page_schema(VacancySchema)


class NewLeaveSchema(Schema):
    user_id = fields.UUID(required=True)
    place_code = place_code(required=True)
    day = fields.Date(required=True)


class LeaveSchema(Schema):
    id = fields.UUID(required=True)
    user_id = fields.UUID(required=True)
    place_code = fields.String(required=True)
    day = fields.Date(required=True)
