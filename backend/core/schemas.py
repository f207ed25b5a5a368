"""The schema every other one extends: unknown fields refused, and refusals in Chinese."""

import re
import unicodedata
from typing import Any

from marshmallow import Schema as MarshmallowSchema
from marshmallow import ValidationError, fields, validate

_MESSAGES: dict[type[fields.Field], dict[str, str]] = {
    fields.Field: {
        "required": "这一项必填。",
        "null": "这一项不能为空。",
        "validator_failed": "填写的内容不对。",
    },
    fields.String: {"invalid": "请填文字。", "invalid_utf8": "文字编码不对。"},
    fields.UUID: {"invalid_uuid": "编号不对。"},
    fields.Number: {"invalid": "请填数字。", "too_large": "数字太大。"},
    fields.Integer: {"invalid": "请填整数。"},
    fields.Boolean: {"invalid": "请填是或否（true 或 false）。"},
    fields.DateTime: {"invalid": "日期或时间不对，例：2020-03-05。", "invalid_awareness": "时间缺少时区。"},
    fields.Date: {"invalid": "日期不对，例：2020-03-05。"},
    fields.List: {"invalid": "请填列表。"},
    fields.Nested: {"type": "格式不对。"},
    fields.Mapping: {"invalid": "格式不对。"},
    fields.Enum: {"unknown": "只能是：{choices}。"},
}
for _field, _texts in _MESSAGES.items():
    _field.default_error_messages = {**_field.default_error_messages, **_texts}
validate.Range.message_gte, validate.Range.message_gt = "不小于", "大于"
validate.Range.message_lte, validate.Range.message_lt = "不大于", "小于"
validate.Range.message_min = "应{min_op} {{min}}。"
validate.Range.message_max = "应{max_op} {{max}}。"
validate.Range.message_all = "应{min_op} {{min}}、{max_op} {{max}}。"
validate.Length.message_min = "至少 {min} 个字。"
validate.Length.message_max = "最多 {max} 个字。"
validate.Length.message_all = "应为 {min} 到 {max} 个字。"
validate.Length.message_equal = "应为 {equal} 个字。"
validate.OneOf.default_message = "只能是：{choices}。"


class Schema(MarshmallowSchema):
    error_messages = {"unknown": "没有这一项。", "type": "格式不对。"}


BLANK = re.compile(r"[^\S\n]")


class Written(fields.String):
    """Text typed by a person, as it is kept: composed (NFC), every blank a plain one (Chinese keyboards make wide ones)
    and none around it, and without characters that cannot be seen, by which one name could pass for another. Bounded
    after that; `lines`: may have several."""

    def __init__(self, longest: int, shortest: int, lines: bool, **options: Any) -> None:
        super().__init__(validate=validate.Length(shortest, longest), **options)
        self.lines = lines

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        typed = unicodedata.normalize("NFC", super()._deserialize(value, attr, data, **kwargs))
        text = BLANK.sub(" ", typed.replace("\r\n", "\n")).strip()
        if not (text.replace("\n", "") if self.lines else text).isprintable():
            raise ValidationError("含有看不见或不能使用的字符，请删去后重试。")
        return text


def written(longest: int, shortest: int = 1, lines: bool = False, **options: Any) -> fields.String:
    """A line, or with `lines` a paragraph, typed by a person."""
    return Written(longest, shortest, lines, **options)


PLACE_CODE = validate.Regexp(r"^[0-9]{4,12}(-[0-9]{3}){0,3}\Z", error="地点代码不对。")


def place_code(**options: Any) -> fields.String:
    """A place's code."""
    return fields.String(validate=PLACE_CODE, **options)


class RevisionSchema(Schema):
    """Body of a step: the revision the person saw."""

    revision = fields.Integer(required=True, strict=True, metadata={"description": "所见版本 the revision seen"})


class ReasonSchema(RevisionSchema):
    """Body of a step: the revision the person saw, and why."""

    reason = written(500, lines=True, load_default=None, allow_none=True, metadata={"description": "原因 why"})
