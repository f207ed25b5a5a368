"""Shapes of people. What is read shows masked values; a clear one is the answer to a reveal alone."""

from typing import Any

from marshmallow import fields, validate

from backend.core.masking import MaskedField
from backend.core.pagination import PageQuery, page_schema
from backend.core.permissions import Role
from backend.core.schemas import Schema, place_code, written
from backend.people.household_import import PHONE

PURPOSES = ["deliver", "care_visit", "verify", "emergency"]


def phone(**options: Any) -> fields.String:
    return fields.String(validate=validate.Regexp(rf"^(?:{PHONE.pattern})\Z", error="电话号码不对。"), **options)


class SignInSchema(Schema):
    code = written(128, required=True, metadata={"description": "一次性登录凭证 the provider's one-time code"})


class DemoSignInSchema(Schema):
    name = written(40, required=True)


class RefreshSchema(Schema):
    refresh_token = written(128, required=True)


class TokensSchema(Schema):
    access_token = fields.String(required=True)
    refresh_token = fields.String(required=True)
    expires_in = fields.Integer(required=True, metadata={"description": "秒 seconds"})


class PostSchema(Schema):
    role = fields.String(required=True)
    label = fields.String(required=True)
    place_code = fields.String(required=True)
    place_name = fields.String(required=True)


class HomeSchema(Schema):
    id = fields.UUID(required=True)
    place_code = fields.String(required=True)
    room = fields.String(required=True)


class MeSchema(Schema):
    id = fields.UUID(
        required=True, metadata={"description": "我的编号，任命时出示给社区书记 shown to whoever appoints me"}
    )
    name = fields.String(required=True)
    posts = fields.List(fields.Nested(PostSchema), required=True)
    permissions = fields.List(fields.String(), required=True)
    homes = fields.List(
        fields.Nested(HomeSchema), required=True, metadata={"description": "我的家 the households I live in"}
    )


class AppointSchema(Schema):
    user_id = fields.UUID(required=True)
    role = fields.Enum(Role, by_value=True, required=True)
    place_code = place_code(required=True)
    until = fields.AwareDateTime(
        load_default=None, allow_none=True, metadata={"description": "任期到何时，不填为长期 held until; none: no end"}
    )
    name = written(
        40, load_default=None, allow_none=True, metadata={"description": "签字用的姓名 the name they sign with"}
    )


class AssignmentSchema(Schema):
    id = fields.UUID(required=True)
    user_id = fields.UUID(required=True)
    user_name = fields.String()
    role = fields.String(required=True)
    place_code = fields.String(required=True)
    appointed_by = fields.UUID(allow_none=True)
    created_at = fields.AwareDateTime(required=True)
    until = fields.AwareDateTime(allow_none=True)
    ended_at = fields.AwareDateTime(allow_none=True)


AssignmentPageSchema = page_schema(AssignmentSchema)


class PlacePageQuery(PageQuery):
    place = place_code(required=True)


class MemberSchema(Schema):
    id = fields.UUID(required=True)
    is_head = fields.Boolean(required=True)
    name = MaskedField(required=True)
    phone = MaskedField(allow_none=True)


class FlagsSchema(Schema):
    lives_alone = fields.Boolean()
    no_smartphone = fields.Boolean()
    hardship = fields.Boolean()
    medical_family = fields.Boolean()
    chronic_illness = fields.Boolean()


class HouseholdSchema(FlagsSchema):
    id = fields.UUID(required=True)
    place_code = fields.String(required=True)
    room = fields.String(required=True)
    floor = fields.Integer(allow_none=True)
    member_count = fields.Integer(required=True)
    revision = fields.Integer(required=True)
    members = fields.List(fields.Nested(MemberSchema), required=True)


HouseholdPageSchema = page_schema(HouseholdSchema)


class HouseholdListSchema(Schema):
    items = fields.List(fields.Nested(HouseholdSchema), required=True)


class UpdateHouseholdSchema(FlagsSchema):
    revision = fields.Integer(required=True, strict=True)
    member_count = fields.Integer(strict=True, validate=validate.Range(0, 50))


class AddMemberSchema(Schema):
    name = written(20, required=True)
    phone = phone(load_default=None, allow_none=True)
    is_head = fields.Boolean(load_default=False)


class UpdateMemberSchema(Schema):
    name = written(20)
    phone = phone(allow_none=True)
    is_head = fields.Boolean(
        validate=validate.Equal(True, error="请到新户主那里设为户主，原户主会自动变更。"),
        metadata={"description": "设为户主，原户主自动变更 makes this member the head instead of the old one"},
    )


class BindMemberSchema(Schema):
    user_id = fields.UUID(required=True)


class RevealSchema(Schema):
    purpose = fields.String(required=True, validate=validate.OneOf(PURPOSES))


class FindByPhoneSchema(RevealSchema):
    phone = phone(required=True)


class ClearMemberSchema(Schema):
    id = fields.UUID(required=True)
    name = fields.String(required=True)
    phone = fields.String(allow_none=True)


class ConsentRequestSchema(Schema):
    given_to = fields.UUID(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(["voice", "paper", "in_person"]))


class ConsentSchema(ConsentRequestSchema):
    id = fields.UUID(required=True)
    household_id = fields.UUID(required=True)
    recorded_by = fields.UUID(required=True)
    until = fields.AwareDateTime(required=True)
    withdrawn_at = fields.AwareDateTime(allow_none=True)


class ImportReportSchema(Schema):
    added = fields.Integer(required=True)
    changed = fields.Integer(required=True)
    unchanged = fields.Integer(required=True)
    buildings_added = fields.Integer(required=True)
    units_added = fields.Integer(required=True)
