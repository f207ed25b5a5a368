"""Shapes of teams, members and appointments. Weights are grams; times of day are Shanghai's."""

from typing import Any

from marshmallow import fields, validate

from backend.core.masking import MaskedField
from backend.core.pagination import PageQuery, page_schema
from backend.core.permissions import ONE_HEAD_SEVEN_ROLES, Role
from backend.core.schemas import RevisionSchema, Schema, place_code, written
from backend.people.schemas import phone
from backend.volunteering.rest import MINUTES_A_DAY
from backend.volunteering.teams.members import PLACES_AT_MOST
from backend.volunteering.teams.models import AppointmentStatus, Skill, VolunteerKind

CONSENT = ["voice", "paper", "in_person"]
EIGHT = [role.value for role in ONE_HEAD_SEVEN_ROLES]
HEAVIEST, HIGHEST = 100_000, 120


class PlaceQuery(Schema):
    place = place_code(required=True)


class PlacePageQuery(PageQuery):
    place = place_code(required=True)


# --- Teams ------------------------------------------------------------------------------------------------------


class NewTeamSchema(Schema):
    place_code = place_code(required=True)
    name = written(40, required=True)


class RenameTeamSchema(RevisionSchema):
    name = written(40, required=True)


class TeamSchema(Schema):
    id = fields.UUID(required=True)
    place_code = fields.String(required=True)
    name = fields.String(required=True)
    revision = fields.Integer(required=True)


TeamPageSchema = page_schema(TeamSchema)


# --- Members ----------------------------------------------------------------------------------------------------


def _offer() -> dict[str, Any]:
    """What a volunteer gives: theirs to change."""
    return {
        "skills": fields.List(
            fields.String(validate=validate.OneOf([skill.value for skill in Skill])), validate=validate.Length(0, 10)
        ),
        "minutes_a_day": fields.Integer(
            strict=True,
            validate=validate.Range(0, MINUTES_A_DAY),
            metadata={"description": "一天最多能服务多少分钟 minutes they can give a day"},
        ),
        "free_from": fields.Time(allow_none=True, metadata={"description": "空闲时间从几点 free from"}),
        "free_until": fields.Time(allow_none=True, metadata={"description": "空闲时间到几点 free until"}),
        "max_floor": fields.Integer(strict=True, allow_none=True, validate=validate.Range(1, HIGHEST)),
        "carry_grams": fields.Integer(
            strict=True,
            allow_none=True,
            validate=validate.Range(500, HEAVIEST),
            metadata={"description": "一次最多搬多重（克） the most they carry at once, grams"},
        ),
        "withdraws_on": fields.Date(
            allow_none=True, metadata={"description": "撤回日期，从这一天起不再服务 the first day without them"}
        ),
    }


def _kept(new: bool) -> dict[str, Any]:
    """What the office keeps of a member."""
    kinds = [kind.value for kind in VolunteerKind]
    places = fields.List(place_code(), validate=validate.Length(0, PLACES_AT_MOST))
    if new:
        places.load_default = []
    return {
        "kind": fields.String(required=new, validate=validate.OneOf(kinds)),
        "base_code": place_code(required=new, metadata={"description": "从哪里出发 the place they set out from"}),
        "household_id": fields.UUID(allow_none=True, metadata={"description": "自己的家 their own home"}),
        "places": places,
        "phone": phone(allow_none=True),
    }


_NewMember = Schema.from_dict({**_offer(), **_kept(new=True)}, name="_NewMember")
_MemberChange = Schema.from_dict({**_offer(), **_kept(new=False)}, name="_MemberChange")


class NewVolunteerSchema(_NewMember):  # type: ignore[misc,valid-type]
    user_id = fields.UUID(
        load_default=None,
        allow_none=True,
        metadata={
            "description": "有账号的填用户编号；没有手机的填姓名和同意方式 or, without a phone, name and consent"
        },
    )
    name = written(40, load_default=None, allow_none=True)
    consent = fields.String(load_default=None, allow_none=True, validate=validate.OneOf(CONSENT))


class ChangeVolunteerSchema(RevisionSchema, _MemberChange):  # type: ignore[misc,valid-type]
    pass


class HeldPostSchema(Schema):
    assignment_id = fields.UUID(required=True)
    role = fields.String(required=True)
    label = fields.String(required=True)
    place_code = fields.String(required=True)
    place_name = fields.String(required=True)
    until = fields.AwareDateTime(allow_none=True)


class VolunteerSchema(Schema):
    id = fields.UUID(required=True)
    user_id = fields.UUID(required=True)
    team_id = fields.UUID(required=True)
    team_name = fields.String(required=True)
    kind = fields.String(required=True)
    kind_label = fields.String(required=True)
    name = MaskedField(required=True)
    phone = MaskedField(allow_none=True)
    base_code = fields.String(required=True)
    base_name = fields.String(required=True)
    places = fields.List(
        fields.String(), required=True, metadata={"description": "可以进入的楼栋；空的是全社区 empty: all of it"}
    )
    skills = fields.List(fields.String(), required=True)
    minutes_a_day = fields.Integer(required=True)
    free_from = fields.Time(allow_none=True)
    free_until = fields.Time(allow_none=True)
    max_floor = fields.Integer(allow_none=True)
    carry_grams = fields.Integer(allow_none=True)
    withdraws_on = fields.Date(allow_none=True)
    posts = fields.List(fields.Nested(HeldPostSchema), required=True)
    fit_today = fields.Boolean(
        allow_none=True, metadata={"description": "今天是否适合服务，没有登记的为空 fit today, null if not said"}
    )
    household_id = fields.UUID(allow_none=True)
    relatives = fields.List(fields.UUID(), required=True)
    revision = fields.Integer(required=True)


VolunteerPageSchema = page_schema(VolunteerSchema)


class VolunteerQuery(PlacePageQuery):
    team_id = fields.UUID(load_default=None)


class InClearSchema(Schema):
    id = fields.UUID(required=True)
    name = fields.String(required=True)
    phone = fields.String(allow_none=True)


class RelativeSchema(Schema):
    user_id = fields.UUID(required=True)


class FitSchema(Schema):
    fit = fields.Boolean(required=True, metadata={"description": "只登记是否适合，不写症状 one word, no symptoms"})


# --- Appointments -----------------------------------------------------------------------------------------------


class ProposeSchema(Schema):
    role = fields.Enum(Role, by_value=True, required=True, validate=validate.OneOf(EIGHT))
    place_code = place_code(required=True)
    until = fields.AwareDateTime(load_default=None, allow_none=True)


class AppointedSchema(Schema):
    given = fields.Boolean(required=True, metadata={"description": "已生效；否则等第二位负责人 given, or waiting"})
    assignment_id = fields.UUID(allow_none=True)
    appointment_id = fields.UUID(allow_none=True)
    sentence = fields.String(required=True)


class AppointmentSchema(Schema):
    id = fields.UUID(required=True)
    volunteer_id = fields.UUID(required=True)
    volunteer_name = MaskedField(required=True)
    role = fields.String(required=True)
    role_label = fields.String(required=True)
    place_code = fields.String(required=True)
    place_name = fields.String(required=True)
    until = fields.AwareDateTime(allow_none=True)
    asked_by = fields.UUID(required=True)
    asked_by_name = fields.String(required=True)
    status = fields.String(required=True)
    status_label = fields.String(required=True)
    revision = fields.Integer(required=True)
    created_at = fields.AwareDateTime(required=True)
    allowed_actions = fields.List(fields.String(), required=True)


AppointmentPageSchema = page_schema(AppointmentSchema)


class AppointmentQuery(PageQuery):
    status = fields.String(load_default=None, validate=validate.OneOf([status.value for status in AppointmentStatus]))
