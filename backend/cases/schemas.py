"""Shapes of cases. Who it is never leaves except through a reveal."""

from marshmallow import fields, validate

from backend.cases.models import Category, Outcome
from backend.core.pagination import PageQuery, page_schema
from backend.core.schemas import Schema, place_code, written
from backend.people.schemas import phone

PURPOSES = ["tracing", "transfer", "verify", "care"]


class AddEventSchema(Schema):
    category = fields.Enum(Category, by_value=True, required=True)
    effective_on = fields.Date(required=True, metadata={"description": "发生日期 since when"})
    source = written(200, required=True, metadata={"description": "依据，如疾控通报编号 which report it rests on"})


class RecordCaseSchema(AddEventSchema):
    place = place_code(required=True, metadata={"description": "计入哪里 the place charged"})
    household_id = fields.UUID(load_default=None, allow_none=True)
    person = written(20, load_default=None, allow_none=True)
    phone = phone(load_default=None, allow_none=True)


class CloseEventSchema(Schema):
    outcome = fields.Enum(
        Outcome, by_value=True, required=True, validate=validate.OneOf([Outcome.RELEASED, Outcome.EXCLUDED])
    )
    outcome_on = fields.Date(required=True)
    reason = written(200, required=True)


class CaseEventSchema(Schema):
    id = fields.UUID(required=True)
    case_id = fields.UUID(required=True)
    category = fields.String(required=True)
    effective_on = fields.Date(required=True)
    reported_on = fields.Date(required=True)
    outcome = fields.String(allow_none=True)
    outcome_on = fields.Date(allow_none=True)


class CaseSchema(Schema):
    id = fields.UUID(required=True)
    place_code = fields.String(required=True)
    events = fields.List(fields.Nested(CaseEventSchema), required=True)


CasePageSchema = page_schema(CaseSchema)


class CaseQuery(PageQuery):
    place = place_code(load_default=None)


class RevealCaseSchema(Schema):
    purpose = fields.String(required=True, validate=validate.OneOf(PURPOSES))


class ClearCaseSchema(Schema):
    id = fields.UUID(required=True)
    person = fields.String(allow_none=True)
    phone = fields.String(allow_none=True)
    household_id = fields.UUID(allow_none=True)
