"""Shapes of people. What is read shows masked values; a clear one is the answer to a reveal alone."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from marshmallow import ValidationError, fields, validate

from backend.core.masking import MaskedField
from backend.core.pagination import PageQuery, page_schema
from backend.core.permissions import Role
from backend.core.schemas import Schema, place_code, written
from backend.people.household_import import PHONE
from backend.people.inbox import Mark

PURPOSES = ["deliver", "care_visit", "verify", "emergency"]


def phone(**options: Any) -> fields.String:
    return fields.String(validate=validate.Regexp(rf"^(?:{PHONE.pattern})\Z", error="电话号码不对。"), **options)


class SignInSchema(Schema):
    code = written(128, required=True, metadata={"description": "一次性登录凭证 the provider's one-time code"})


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
    address = fields.String(required=True, metadata={"description": "小区、楼栋、单元、房号 where it is, in words"})


class MeSchema(Schema):
    id = fields.UUID(
        required=True, metadata={"description": "我的编号，任命时出示给社区书记 shown to whoever appoints me"}
    )
    name = fields.String(required=True)
    print_step = fields.Integer(
        required=True,
        allow_none=True,
        metadata={"description": "字号 1 到 4，空为按手机设置 how large I read; none: as the phone says"},
    )
    posts = fields.List(fields.Nested(PostSchema), required=True)
    permissions = fields.List(fields.String(), required=True)
    homes = fields.List(
        fields.Nested(HomeSchema), required=True, metadata={"description": "我的家 the households I live in"}
    )


class UpdateMeSchema(Schema):
    print_step = fields.Integer(required=True, allow_none=True, strict=True, validate=validate.Range(1, 4))


class InboxMark(fields.String):
    """Where a page of the inbox begins, written so that a client need only hand it back."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return f"{value.at.isoformat()},{value.kind},{value.id}" if value else None

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        try:
            at, kind, item = super()._deserialize(value, attr, data, **kwargs).split(",")
            return Mark(datetime.fromisoformat(at).astimezone(UTC), kind.encode("ascii").decode(), UUID(item))
        except (ValueError, OverflowError) as error:
            raise ValidationError("请从第一页重新看起。") from error


class InboxQuery(PageQuery):
    after = InboxMark(  # type: ignore[assignment]
        load_default=None, metadata={"description": "上一页的 next the `next` of the page before"}
    )
    waiting = fields.Boolean(load_default=False, metadata={"description": "只看等我办的 only what waits for my answer"})


class InboxItemSchema(Schema):
    kind = fields.String(required=True)
    label = fields.String(required=True, metadata={"description": "中文名称 the kind as a person reads it"})
    id = fields.UUID(
        required=True, metadata={"description": "与 kind 合为一项的编号 with `kind`, what an item is known by"}
    )
    at = fields.AwareDateTime(required=True)
    title = fields.String(required=True)
    detail = fields.String(required=True)
    subject_type = fields.String(required=True)
    subject_id = fields.String(required=True, metadata={"description": "编号，或地点代码 an id, or a place's code"})
    household_id = fields.UUID(
        required=True,
        allow_none=True,
        metadata={"description": "哪一户的，我的家或我代办的 whose: mine, or one I act for"},
    )
    waits = fields.Boolean(required=True, metadata={"description": "等我办 waits for me"})


class InboxSchema(Schema):
    items = fields.List(fields.Nested(InboxItemSchema), required=True)
    next = InboxMark(required=True, allow_none=True)
    unread = fields.Integer(required=True, metadata={"description": "没看过的，最多算到 99 new to me, 99 at most"})
    waiting = fields.Integer(
        required=True, metadata={"description": "等我办的，最多算到 99 what waits for me, 99 at most"}
    )
    seen_until = fields.AwareDateTime(required=True, allow_none=True)


class SeenSchema(Schema):
    until = fields.AwareDateTime(required=True, metadata={"description": "看到了哪一刻 what came until then is seen"})


class SeenUntilSchema(Schema):
    seen_until = fields.AwareDateTime(required=True)


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


class ActsForSchema(HouseholdSchema):
    address = fields.String(required=True, metadata={"description": "小区、楼栋、单元、房号 where it is, in words"})


class KnownHouseholdSchema(ActsForSchema):
    must_ask = fields.Boolean(
        required=True,
        metadata={
            "description": "代办时每次都要问同不同意 each act for it needs its consent: it is not one's own home"
        },
    )


ActsForPageSchema = page_schema(ActsForSchema)


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


class GivenConsentSchema(ConsentSchema):
    given_to_name = fields.String(required=True, metadata={"description": "谁可以代办 who may act for the household"})


class GivenConsentListSchema(Schema):
    items = fields.List(fields.Nested(GivenConsentSchema), required=True)


class ImportReportSchema(Schema):
    added = fields.Integer(required=True)
    changed = fields.Integer(required=True)
    unchanged = fields.Integer(required=True)
    buildings_added = fields.Integer(required=True)
    units_added = fields.Integer(required=True)
