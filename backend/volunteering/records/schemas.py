"""Shapes of what was done, of certificates and of incidents. Times are minutes, weights grams."""

from marshmallow import fields, validate

from backend.core.masking import MaskedField
from backend.core.pagination import page_schema
from backend.core.schemas import Schema, place_code, written
from backend.volunteering.records.models import IncidentKind


class PeriodSchema(Schema):
    since = fields.Date(required=True)
    until = fields.Date(required=True, metadata={"description": "含当天 this day included"})


class TallySchema(Schema):
    tasks = fields.Integer(required=True)
    minutes = fields.Integer(required=True)
    stops = fields.Integer(required=True, metadata={"description": "送到的户数 doors delivered to"})
    grams = fields.Integer(required=True)


class DoneSchema(TallySchema):
    waiting = fields.Integer(required=True, metadata={"description": "还没有核实的任务 tasks still to be verified"})
    sentence = fields.String(required=True)


class MemberDoneSchema(DoneSchema):
    volunteer_id = fields.UUID(required=True)
    name = MaskedField(required=True)


class TeamDoneSchema(DoneSchema):
    team_id = fields.UUID(required=True)
    members = fields.List(fields.Nested(MemberDoneSchema), required=True)


# --- Certificates -----------------------------------------------------------------------------------------------


class PublicCertificateSchema(TallySchema):
    number = fields.String(required=True)
    place_name = fields.String(required=True)
    since = fields.Date(required=True)
    until = fields.Date(required=True)
    digest = fields.String(required=True, metadata={"description": "印在证明上的校验值 as printed on the paper"})
    issued_at = fields.AwareDateTime(required=True)


class CertificateSchema(PublicCertificateSchema):
    id = fields.UUID(required=True)
    name = MaskedField(required=True)
    sentence = fields.String(required=True)


CertificatePageSchema = page_schema(CertificateSchema)


class NameSchema(Schema):
    name = written(40, required=True)


class MatchSchema(Schema):
    matches = fields.Boolean(required=True)


# --- Incidents --------------------------------------------------------------------------------------------------


class NewIncidentSchema(Schema):
    kind = fields.String(required=True, validate=validate.OneOf([kind.value for kind in IncidentKind]))
    happened_at = fields.AwareDateTime(required=True)
    account = written(
        1000, lines=True, required=True, metadata={"description": "经过，只给社区看 for the office alone"}
    )
    household_id = fields.UUID(load_default=None, allow_none=True)
    place_code = place_code(load_default=None, allow_none=True)


class IncidentSchema(Schema):
    id = fields.UUID(required=True)
    household_id = fields.UUID(allow_none=True)
    place_code = fields.String(required=True)
    kind = fields.String(required=True)
    kind_label = fields.String(required=True)
    happened_at = fields.AwareDateTime(required=True)
    lifted_at = fields.AwareDateTime(allow_none=True)
    erase_on = fields.Date(required=True)
    revision = fields.Integer(required=True)


IncidentPageSchema = page_schema(IncidentSchema)


class RevealedIncidentSchema(Schema):
    id = fields.UUID(required=True)
    account = fields.String(required=True)
