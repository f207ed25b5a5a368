"""Shapes of medicine. What is read tells kind and amount; a name is the answer to a reveal alone. Amounts are fen."""

from typing import Any

from marshmallow import fields, validate

from backend.core.masking import MaskedField
from backend.core.pagination import PageQuery, page_schema
from backend.core.schemas import Schema, place_code, written
from backend.medicine.requests.models import Form, Paper, RequestStatus

CONSENT = ["voice", "paper", "in_person"]
PURPOSES = ["own", "check", "plan", "buy", "deliver", "care_visit"]
DAYS = validate.Range(1, 365)


def consent() -> fields.String:
    return fields.String(
        load_default=None,
        allow_none=True,
        validate=validate.OneOf(CONSENT),
        metadata={"description": "替别人办理时，对方怎样同意的 how the household agreed, when acting for it"},
    )


def must_ask() -> fields.Boolean:
    return fields.Boolean(
        required=True,
        metadata={
            "description": "代办时每次都要问同不同意 each act for it needs its consent: it is not one's own home"
        },
    )


def photo_ids() -> fields.List:
    return fields.List(fields.UUID(), load_default=list, validate=validate.Length(max=6))


class MedicineSchema(Schema):
    """How much, and how it may be bought: what may be shown."""

    form = fields.String(required=True, validate=validate.OneOf([form.value for form in Form]))
    quantity = fields.Integer(required=True, strict=True, validate=validate.Range(1, 99))
    ceiling_fen = fields.Integer(
        required=True,
        strict=True,
        validate=validate.Range(1, 10_000_00),
        metadata={"description": "这一项总共最多花多少钱，超过先问 the most all of it may cost without asking"},
    )
    substitution = fields.Boolean(load_default=False, metadata={"description": "可以换药 another may be proposed"})
    cold = fields.Boolean(load_default=False, metadata={"description": "需要冷藏 must stay cold"})
    prescription = fields.Boolean(load_default=False, metadata={"description": "凭处方 on prescription"})
    sealed_otc = fields.Boolean(load_default=False, metadata={"description": "未拆封非处方药 sealed, over the counter"})
    days_each = fields.Integer(
        load_default=None,
        allow_none=True,
        strict=True,
        validate=DAYS,
        metadata={"description": "长期服用：一盒吃几天，到期提醒 taken for long: how many days one of them lasts"},
    )


class NewMedicineLineSchema(MedicineSchema):
    name = written(60, required=True)
    maker = written(60, load_default=None, allow_none=True)
    specification = written(60, load_default=None, allow_none=True)
    days_left = fields.Integer(
        load_default=None,
        allow_none=True,
        strict=True,
        validate=validate.Range(0, 365),
        metadata={"description": "家里还够吃几天 for how many days there is some left"},
    )


def new_lines(**options: Any) -> fields.List:
    return fields.List(fields.Nested(NewMedicineLineSchema), validate=validate.Length(1, 20), **options)


class NewMedicineRequestSchema(Schema):
    household_id = fields.UUID(
        load_default=None, allow_none=True, metadata={"description": "不填就是自己家 none: one's own home"}
    )
    member_id = fields.UUID(load_default=None, allow_none=True, metadata={"description": "给谁用 whom it is for"})
    lines = new_lines(required=True)
    insurance_card = fields.Boolean(load_default=False, metadata={"description": "用医保卡付 paid by insurance card"})
    disease = written(
        60, load_default=None, allow_none=True, metadata={"description": "重症慢性病病种 for a designated pharmacy"}
    )
    note = written(500, lines=True, load_default=None, allow_none=True)
    photo_ids = photo_ids()
    consent = consent()


class PatientSchema(Schema):
    id = fields.UUID(required=True)
    name = MaskedField(required=True)


class PatientListSchema(Schema):
    items = fields.List(fields.Nested(PatientSchema), required=True)


class AgainSchema(Schema):
    consent = consent()


class MedicineStepSchema(Schema):
    revision = fields.Integer(required=True, strict=True)


class AskInfoSchema(MedicineStepSchema):
    question = written(500, lines=True, required=True, metadata={"description": "住户会看到 the household reads it"})


class AmendSchema(MedicineStepSchema):
    note = written(500, lines=True, load_default=None, allow_none=True)
    lines = new_lines(load_default=None, allow_none=True)
    photo_ids = photo_ids()
    consent = consent()


class MedicineRevealSchema(Schema):
    purpose = fields.String(required=True, validate=validate.OneOf(PURPOSES))


class RequestQuery(PageQuery):
    place = place_code(load_default=None, metadata={"description": "这个地点的 at and below a place"})
    household = fields.UUID(load_default=None, metadata={"description": "这一户的 of one household"})
    status = fields.String(load_default=None, validate=validate.OneOf([status.value for status in RequestStatus]))


class MedicineLineSchema(MedicineSchema):
    id = fields.UUID(required=True)
    form_label = fields.String(required=True)
    days_left = fields.Integer(allow_none=True)
    status = fields.String(required=True)
    status_label = fields.String(required=True)


class MedicineQuestionSchema(Schema):
    id = fields.UUID(required=True)
    line_id = fields.UUID(required=True)
    kind = fields.String(required=True)
    kind_label = fields.String(required=True)
    fen = fields.Integer(required=True)
    answer_by = fields.AwareDateTime(required=True)
    accepted = fields.Boolean(allow_none=True)
    answered_at = fields.AwareDateTime(allow_none=True)
    allowed_actions = fields.List(fields.String(), required=True)


class MedicineRequestSchema(Schema):
    id = fields.UUID(required=True)
    household_id = fields.UUID(required=True)
    place_code = fields.String(required=True)
    room = fields.String(required=True)
    member_id = fields.UUID(allow_none=True)
    category = fields.String(required=True, metadata={"description": "药品2种，需冷藏 what it is, without names"})
    status = fields.String(required=True)
    status_label = fields.String(required=True)
    revision = fields.Integer(required=True)
    needed_on = fields.Date(required=True)
    prescription = fields.Boolean(required=True)
    insurance_card = fields.Boolean(required=True)
    prescription_in = fields.Boolean(required=True)
    card_in = fields.Boolean(required=True)
    cards_out = fields.Integer(required=True)
    consent_kind = fields.String(allow_none=True)
    asks = fields.Boolean(required=True, metadata={"description": "核对人员有问题要问 the checker has a question"})
    created_at = fields.AwareDateTime(required=True)
    erase_on = fields.Date(required=True)
    erased_on = fields.Date(allow_none=True)
    photo_ids = fields.List(fields.UUID(), required=True)
    lines = fields.List(fields.Nested(MedicineLineSchema), required=True)
    questions = fields.List(fields.Nested(MedicineQuestionSchema), required=True)
    must_ask = must_ask()
    owed_fen = fields.Integer(
        required=True,
        allow_none=True,
        metadata={"description": "还要付多少，只告诉可以付款的人 what is still to be paid, for those who may pay"},
    )
    allowed_actions = fields.List(fields.String(), required=True)


MedicineRequestPageSchema = page_schema(MedicineRequestSchema)


class ClearMedicineSchema(Schema):
    id = fields.UUID(required=True)
    name = fields.String(required=True)
    maker = fields.String(allow_none=True)
    specification = fields.String(allow_none=True)


class ClearMedicineRequestSchema(Schema):
    id = fields.UUID(required=True)
    disease = fields.String(allow_none=True)
    note = fields.String(allow_none=True)
    question = fields.String(allow_none=True)
    lines = fields.List(fields.Nested(ClearMedicineSchema), required=True)
    substitutes = fields.List(
        fields.Nested(ClearMedicineSchema), required=True, metadata={"description": "询问的换药 by the question's id"}
    )


class MedicineAnswerSchema(Schema):
    accept = fields.Boolean(required=True)
    consent = consent()


class TakePaperSchema(Schema):
    what = fields.Enum(Paper, by_value=True, required=True)


class SignSchema(MedicineStepSchema):
    consent = consent()


class CustodyReceiptSchema(Schema):
    id = fields.UUID(required=True)
    request_id = fields.UUID(required=True)
    what = fields.String(required=True)
    what_label = fields.String(required=True)
    status = fields.String(required=True)
    status_label = fields.String(required=True)
    revision = fields.Integer(required=True)
    handed_to = fields.UUID(required=True)
    handed_by = fields.UUID(allow_none=True)
    handed_consent = fields.String(allow_none=True)
    returned_to = fields.UUID(allow_none=True)
    returned_consent = fields.String(allow_none=True)
    returned_at = fields.AwareDateTime(allow_none=True)
    created_at = fields.AwareDateTime(required=True)
    allowed_actions = fields.List(fields.String(), required=True)


class CustodyReceiptListSchema(Schema):
    items = fields.List(fields.Nested(CustodyReceiptSchema), required=True)


CustodyReceiptPageSchema = page_schema(CustodyReceiptSchema)


class CourseQuery(PageQuery):
    place = place_code(load_default=None, metadata={"description": "这个地点快用完的 what runs out soon there"})


class MedicineCourseSchema(MedicineSchema):
    id = fields.UUID(required=True)
    household_id = fields.UUID(required=True)
    place_code = fields.String(required=True)
    room = fields.String(required=True)
    member_id = fields.UUID(allow_none=True)
    form_label = fields.String(required=True)
    runs_out_on = fields.Date(required=True)
    days_left = fields.Integer(required=True)
    due = fields.Boolean(required=True, metadata={"description": "该买了 to be asked for now"})


MedicineCoursePageSchema = page_schema(MedicineCourseSchema)


class CourseRequestSchema(Schema):
    course_ids = fields.List(fields.UUID(), required=True, validate=validate.Length(1, 20))
    photo_ids = photo_ids()
    consent = consent()


class PhotoQuery(Schema):
    household = fields.UUID(load_default=None, metadata={"description": "不填就是自己家 none: one's own home"})


class MedicinePhotoSchema(Schema):
    id = fields.UUID(required=True)
    width = fields.Integer(required=True)
    height = fields.Integer(required=True)
    size = fields.Integer(required=True)
    erase_on = fields.Date(allow_none=True)
