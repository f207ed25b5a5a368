"""Shapes of certification: what comes in, what goes out."""

from typing import Any

from marshmallow import fields, validate

from backend.certification.models import ObjectionStatus, Status
from backend.core.masking import MaskedField
from backend.core.pagination import PageQuery, page_schema
from backend.core.schemas import ReasonSchema, Schema, place_code, written

# An office's phone, never a person's: a landline with its area code, or a service number.
OFFICE_PHONE = validate.Regexp(
    r"^(0\d{2,3}-?\d{7,8}|1[02]\d{3,4}|9[56]\d{3,4})\Z", error="请填单位的座机或服务热线，不能填个人手机。"
)


def day(**options: Any) -> fields.String:
    """A date as the verdict holds it: already text, because it is frozen as JSON."""
    return fields.String(metadata={"format": "date"}, **options)


class ApplySchema(Schema):
    unit = place_code(required=True, metadata={"description": "小区代码 the compound's code; nothing else is asked"})


class ResubmitSchema(Schema):
    revision = fields.Integer(required=True, strict=True)
    answers = fields.Dict(
        keys=written(40),
        values=written(500, lines=True),
        load_default=dict,
        validate=validate.Length(max=10, error="最多 10 项。"),
    )


class ReturnSchema(ReasonSchema):
    items = fields.List(written(40), required=True, validate=validate.Length(1, 10, error="请选 1 到 10 项。"))


class PublishSchema(Schema):
    revision = fields.Integer(required=True, strict=True)
    contact = fields.String(
        required=True, validate=OFFICE_PHONE, metadata={"description": "监督电话 an office's phone"}
    )


class CertifySchema(Schema):
    revision = fields.Integer(required=True, strict=True)


class DistrictSchema(Schema):
    district = place_code(required=True)


class CriterionRecordSchema(Schema):
    kind = fields.String(required=True)
    id = fields.String(allow_none=True)
    day = fields.String(required=True)


class CriterionSchema(Schema):
    id = fields.String(required=True)
    item = fields.String(required=True)
    standard = fields.String(required=True)
    title = fields.String(required=True)
    met = fields.Boolean(required=True)
    required = fields.Boolean(required=True)
    points = fields.Integer(allow_none=True)
    need = fields.String(required=True)
    why = fields.String(required=True)
    fix = fields.String(required=True)
    earliest_on = day(required=True)
    earliest_certain = fields.Boolean(required=True)
    fixable_now = fields.Boolean(required=True)
    records = fields.List(fields.Nested(CriterionRecordSchema), required=True)


class VerdictSchema(Schema):
    pack_id = fields.String(required=True)
    pack_version = fields.String(required=True)
    as_of = day(required=True)
    met = fields.Boolean(required=True)
    score = fields.Integer(allow_none=True)
    pass_score = fields.Integer(allow_none=True)
    tier = fields.Dict(allow_none=True)
    streak_days = fields.Integer(allow_none=True)
    last_event_on = day(allow_none=True)
    earliest_on = day(required=True)
    earliest_certain = fields.Boolean(required=True)
    criteria = fields.List(fields.Nested(CriterionSchema), required=True)
    needed = fields.List(fields.String(), metadata={"description": "挡住申报的条件 the criteria that stand in the way"})
    barred_until = fields.String(
        allow_none=True, metadata={"format": "date", "description": "造假后不得申报至 after fraud"}
    )
    progress = fields.Dict(allow_none=True)


class PlaceNameSchema(Schema):
    code = fields.String(required=True)
    name = fields.String(required=True)


class BatchNameSchema(Schema):
    number = fields.Integer(required=True)
    day = fields.Date(required=True)


class ApplicationSchema(Schema):
    id = fields.UUID(required=True)
    unit = fields.Nested(PlaceNameSchema, required=True)
    status = fields.String(required=True, validate=validate.OneOf([s.value for s in Status]))
    status_label = fields.Function(lambda a: Status(a.status).label, metadata={"type": "string"})
    revision = fields.Integer(required=True)
    allowed_actions = fields.List(
        fields.String(), required=True, metadata={"description": "您现在可以做的 what you may do now"}
    )
    pack_id = fields.String(required=True)
    pack_version = fields.String(required=True)
    created_at = fields.AwareDateTime(required=True)
    review_due_at = fields.AwareDateTime(allow_none=True)
    return_due_at = fields.AwareDateTime(allow_none=True)
    reopened = fields.List(fields.String())
    notice_starts_at = fields.AwareDateTime(allow_none=True)
    notice_ends_at = fields.AwareDateTime(allow_none=True)
    notice_remaining_seconds = fields.Function(
        lambda a: None if a.notice_remaining is None else int(a.notice_remaining.total_seconds()),
        metadata={"type": ["integer", "null"]},
    )
    notice_contact = fields.String(allow_none=True)
    batch = fields.Nested(BatchNameSchema, allow_none=True)
    certified_at = fields.AwareDateTime(allow_none=True)
    suspended_at = fields.AwareDateTime(allow_none=True)
    ended_at = fields.AwareDateTime(allow_none=True)


class FilingSchema(Schema):
    number = fields.Integer(required=True)
    as_of = fields.Date(required=True)
    verdict = fields.Nested(VerdictSchema, required=True)
    note = fields.String(allow_none=True, metadata={"description": "补正说明 what the applicant answered"})
    records = fields.List(fields.Dict(), required=True)


class EventSchema(Schema):
    at = fields.AwareDateTime(required=True)
    action = fields.String(required=True)
    label = fields.String(required=True)
    old = fields.String(allow_none=True)
    new = fields.String(allow_none=True)
    by = fields.String(required=True, metadata={"description": "署名 who signed"})
    reason = fields.String(allow_none=True)


class ApplicationDetailSchema(ApplicationSchema):
    filing = fields.Nested(FilingSchema, required=True, metadata={"description": "冻结的证据 the frozen evidence"})
    history = fields.List(fields.Nested(EventSchema), required=True)


ApplicationPageSchema = page_schema(ApplicationSchema)


class ApplicationQuery(PageQuery):
    unit = place_code(load_default=None)
    status = fields.String(load_default=None, validate=validate.OneOf([s.value for s in Status]))
    waiting = fields.Boolean(
        load_default=False,
        metadata={"description": "只看等您办理的，先到期的在前 what you can move on now, the first due first"},
    )


class RefusedSchema(Schema):
    application_id = fields.UUID(required=True)
    code = fields.String(required=True)
    detail = fields.String(required=True)


class BatchResultSchema(Schema):
    certified = fields.List(fields.Nested(ApplicationSchema), required=True)
    refused = fields.List(fields.Nested(RefusedSchema), required=True)


class RaiseObjectionSchema(Schema):
    text = written(1000, 5, lines=True, required=True, metadata={"description": "情况说明 what is wrong"})
    contact = written(40, load_default=None, allow_none=True, metadata={"description": "联系方式，可不填 optional"})


class TakeDownObjectionSchema(RaiseObjectionSchema):
    application_id = fields.UUID(required=True)
    channel = fields.String(required=True, validate=validate.OneOf(["phone", "paper", "in_person"]))


class AnswerObjectionSchema(ReasonSchema):
    action = fields.String(required=True, validate=validate.OneOf(["admit", "dismiss", "uphold", "overrule"]))
    falsified = fields.Boolean(load_default=False, metadata={"description": "查实弄虚作假 the report was false"})


class RevealObjectorSchema(Schema):
    purpose = fields.String(required=True, validate=validate.OneOf(["verify", "answer"]))


class ObjectorSchema(Schema):
    id = fields.UUID(required=True)
    contact = fields.String(allow_none=True)


class ObjectionReceiptSchema(Schema):
    """What the objector sees: the number to follow it by, and the answer."""

    id = fields.UUID(required=True)
    status = fields.String(required=True)
    status_label = fields.Function(lambda o: ObjectionStatus(o.status).label, metadata={"type": "string"})
    answer = fields.String(allow_none=True)
    created_at = fields.AwareDateTime(required=True)
    answered_at = fields.AwareDateTime(allow_none=True)


class ObjectionSchema(ObjectionReceiptSchema):
    """What the district sees. The words are the objector's; whoever may answer must read them."""

    application_id = fields.UUID(required=True)
    unit = fields.Nested(PlaceNameSchema, attribute="application.unit", required=True)
    text = fields.String(required=True)
    has_contact = fields.Function(lambda o: o.contact_cipher is not None, metadata={"type": "boolean"})
    channel = fields.String(required=True)
    revision = fields.Integer(required=True)
    allowed_actions = fields.List(fields.String(), required=True)


ObjectionPageSchema = page_schema(ObjectionSchema)


class ObjectionQuery(PageQuery):
    application_id = fields.UUID(load_default=None)
    status = fields.String(load_default=None, validate=validate.OneOf([s.value for s in ObjectionStatus]))


class PublicQuery(PageQuery):
    district = place_code(load_default=None)


class NoticeSchema(Schema):
    application_id = fields.UUID(required=True)
    unit_code = fields.String(required=True)
    unit_name = fields.String(required=True)
    frozen = fields.Boolean(required=True)
    starts_at = fields.String(allow_none=True)
    ends_at = fields.String(allow_none=True)
    contact = fields.String(allow_none=True)
    responsible = fields.List(MaskedField(), required=True)


NoticePageSchema = page_schema(NoticeSchema)


class ReasonTextSchema(Schema):
    title = fields.String(required=True)
    why = fields.String(required=True)
    fix = fields.String(required=True)


class CompoundStatusSchema(PlaceNameSchema):
    status = fields.String(required=True)
    status_label = fields.String(required=True)


class PartSchema(PlaceNameSchema):
    total = fields.Integer(required=True)
    certified = fields.Integer(required=True)


class PublicPlaceSchema(PlaceNameSchema):
    kind = fields.String(required=True)
    lies_in = fields.List(fields.Nested(PlaceNameSchema), required=True)
    as_of = day(required=True)
    status = fields.String()
    status_label = fields.String()
    certified = fields.Raw(
        metadata={"description": "小区：是否；更大的地方：几个 a compound: whether; above: how many"}
    )
    certified_days = fields.Integer(allow_none=True)
    streak_days = fields.Integer(allow_none=True)
    last_event_on = day(allow_none=True)
    why_not_yet = fields.List(fields.Nested(ReasonTextSchema))
    earliest_on = day(allow_none=True)
    earliest_certain = fields.Boolean()
    application_id = fields.UUID(allow_none=True)
    notice = fields.Nested(NoticeSchema, allow_none=True)
    batch = fields.Nested(BatchNameSchema, allow_none=True)
    compounds = fields.List(fields.Nested(CompoundStatusSchema))
    parts = fields.List(fields.Nested(PartSchema))
    total = fields.Integer()


class BatchSchema(BatchNameSchema):
    id = fields.UUID(required=True)
    district_code = fields.String(required=True)
    units = fields.List(fields.Nested(CompoundStatusSchema), required=True)


BatchPageSchema = page_schema(BatchSchema)
