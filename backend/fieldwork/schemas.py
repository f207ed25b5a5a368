"""Shapes of daily records. All counts; areas in square metres."""

from marshmallow import fields, validate

from backend.core.schemas import Schema, place_code
from backend.fieldwork.models import DERIVED, ENTERED

WHAT = {
    "entrances": "出入口数 entrances",
    "open_gates": "开放的出入口 gates open",
    "gate_inspections": "门岗检查次数 inspections at the gate",
    "households_reached": "排查到的户数 households reached",
    "disinfection_rounds": "消杀次数 rounds of disinfection",
    "disinfected_area": "消杀面积（平方米） area disinfected, m²",
    "supply_requests": "生活需求件数 supply requests",
    "supply_met": "已满足件数 of which met",
    "publicity_actions": "宣传次数 publicity actions",
    "disputes_open": "未化解矛盾 disputes open",
    "disputes_handled": "已化解矛盾 disputes handled",
    "households": "登记户数（系统） households, by the system",
    "roles_held": "到岗的一长七员（系统） posts held, by the system",
    "roles_needed": "需要的一长七员（系统） posts needed, by the system",
}


def _count(name: str) -> fields.Integer:
    longest = 1_000_000 if name == "disinfected_area" else 30_000
    return fields.Integer(strict=True, validate=validate.Range(0, longest), metadata={"description": WHAT[name]})


MeasuresSchema = Schema.from_dict({name: _count(name) for name in ENTERED}, name="MeasuresSchema")


class EntrySchema(MeasuresSchema):  # type: ignore[misc,valid-type]
    place_code = place_code(required=True)
    day = fields.Date(required=True)


class EntriesSchema(Schema):
    entries = fields.List(fields.Nested(EntrySchema), required=True, validate=validate.Length(1, 100))


class SameAsBeforeSchema(Schema):
    place_code = place_code(required=True)
    day = fields.Date(required=True)


class DailyRecordSchema(
    Schema.from_dict(  # type: ignore[misc]
        {name: fields.Integer(allow_none=True, metadata={"description": WHAT[name]}) for name in ENTERED + DERIVED},
        name="_Measured",
    )
):
    id = fields.UUID(required=True)
    place_code = fields.String(required=True)
    day = fields.Date(required=True)
    revision = fields.Integer(required=True)
    changed_at = fields.AwareDateTime(required=True)


class DailyRecordListSchema(Schema):
    items = fields.List(fields.Nested(DailyRecordSchema), required=True)


class DaysQuery(Schema):
    place = place_code(required=True)
    days = fields.Integer(load_default=14, validate=validate.Range(1, 60))
