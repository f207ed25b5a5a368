"""Shapes of tasks, of holding them, and of what comes again."""

from marshmallow import ValidationError, fields, validate, validates_schema

from backend.core.pagination import PageQuery, page_schema
from backend.core.permissions import ONE_HEAD_SEVEN_ROLES
from backend.core.schemas import RevisionSchema, Schema, place_code, written
from backend.people.schemas import RevealSchema as RevealSchema
from backend.volunteering.tasks.doors import OUTCOMES
from backend.volunteering.tasks.models import TaskKind, TaskStatus

FAILURES = OUTCOMES[1:]
EXCUSES = ("work", "family", "tired", "transport", "other")
WHY_REST = ("tired", "family", "safety", "rested", "other")
RUNGS = ("same_building", "same_role", "building_head", "coordinator")
HOWS = ("code", "photo", "signature", "doors", "building_head")


def _kind() -> fields.String:
    return fields.String(required=True, validate=validate.OneOf([kind.value for kind in TaskKind]))


def _role() -> fields.String:
    roles = [role.value for role in ONE_HEAD_SEVEN_ROLES]
    about = {"description": "需要的岗位，不填：谁都可以 the post it takes, none: any"}
    return fields.String(load_default=None, allow_none=True, validate=validate.OneOf(roles), metadata=about)


# --- Tasks ------------------------------------------------------------------------------------------------------


class NewTaskSchema(Schema):
    place_code = place_code(required=True)
    kind = _kind()
    title = written(60, required=True)
    role = _role()
    starts_at = fields.AwareDateTime(required=True)
    ends_at = fields.AwareDateTime(required=True)
    minutes = fields.Integer(
        required=True,
        strict=True,
        validate=validate.Range(1, 1440),
        metadata={"description": "一个人做多久 of one"},
    )
    capacity = fields.Integer(load_default=1, strict=True, validate=validate.Range(1, 100))
    urgency = fields.Integer(load_default=1, strict=True, validate=validate.Range(0, 9))
    lease_minutes = fields.Integer(
        load_default=30, strict=True, validate=validate.Range(5, 1440),
        metadata={"description": "到时没有动静，就让给别人 after that the slot goes to another"},
    )  # fmt: skip
    heaviest = fields.Integer(load_default=0, strict=True, validate=validate.Range(0, 200_000))
    floor = fields.Integer(load_default=None, allow_none=True, strict=True, validate=validate.Range(1, 100))
    needs_pair = fields.Boolean(load_default=False)
    household_ids = fields.List(fields.UUID(), load_default=list, validate=validate.Length(0, 100))

    @validates_schema
    def in_order(self, data: dict, **_: object) -> None:
        if data["ends_at"] <= data["starts_at"]:
            raise ValidationError("结束时间要晚于开始时间。", "ends_at")


class TaskQuery(PageQuery):
    place = place_code(required=True)
    status = fields.String(load_default=None, validate=validate.OneOf([status.value for status in TaskStatus]))


class AskedVolunteerSchema(Schema):
    """Who is asked next, in turn; anyone may take it meanwhile."""

    volunteer_id = fields.UUID(required=True)
    name = fields.String(required=True)
    rung = fields.String(
        required=True, metadata={"description": "same_building, same_role, building_head or coordinator"}
    )
    now = fields.Boolean(required=True, metadata={"description": "已经轮到 asked by now"})


class TaskHolderSchema(Schema):
    claim_id = fields.UUID(required=True)
    volunteer_id = fields.UUID(required=True)
    name = fields.String(required=True)
    status = fields.String(required=True)
    status_label = fields.String(required=True)
    revision = fields.Integer(required=True)
    lease_until = fields.AwareDateTime(allow_none=True)
    started_at = fields.AwareDateTime(allow_none=True)
    done_at = fields.AwareDateTime(allow_none=True)
    how = fields.String(allow_none=True)
    failure = fields.String(allow_none=True)


class TaskConflictSchema(Schema):
    """Told later than somebody else's: it does not count, and is not lost."""

    claim_id = fields.UUID(required=True)
    action = fields.String(required=True)
    position = fields.Integer(allow_none=True)
    outcome = fields.String(allow_none=True)
    at = fields.AwareDateTime(required=True)


class TaskSchema(Schema):
    id = fields.UUID(required=True)
    place_code = fields.String(required=True)
    place_name = fields.String(required=True)
    kind = fields.String(required=True)
    kind_label = fields.String(required=True)
    title = fields.String(required=True)
    role = fields.String(allow_none=True)
    status = fields.String(required=True)
    status_label = fields.String(required=True)
    revision = fields.Integer(required=True)
    capacity = fields.Integer(required=True)
    taken = fields.Integer(required=True)
    urgency = fields.Integer(required=True)
    starts_at = fields.AwareDateTime(required=True)
    ends_at = fields.AwareDateTime(required=True)
    minutes = fields.Integer(required=True)
    grams = fields.Integer(required=True)
    floor = fields.Integer(allow_none=True)
    needs_pair = fields.Boolean(required=True)
    freed_at = fields.AwareDateTime(allow_none=True)
    allowed_actions = fields.List(fields.String(), required=True)


TaskPageSchema = page_schema(TaskSchema)


class WholeTaskSchema(TaskSchema):
    """For those in charge: who holds it, who is asked next, the code that shows it is done, what was told twice."""

    code = fields.String(allow_none=True, metadata={"description": "完成码，做好了再告诉志愿者 told when it is done"})
    doors = fields.Integer(required=True)
    doors_done = fields.Integer(required=True)
    holders = fields.List(fields.Nested(TaskHolderSchema), required=True)
    asked = fields.List(fields.Nested(AskedVolunteerSchema), required=True)
    conflicts = fields.List(fields.Nested(TaskConflictSchema), required=True)


class OfferedTaskSchema(Schema):
    """A task as it is offered, or why it is not."""

    id = fields.UUID(required=True)
    place_code = fields.String(required=True)
    place_name = fields.String(required=True)
    kind = fields.String(required=True)
    kind_label = fields.String(required=True)
    title = fields.String(required=True)
    role = fields.String(allow_none=True)
    free = fields.Integer(required=True)
    urgency = fields.Integer(required=True)
    starts_at = fields.AwareDateTime(required=True)
    ends_at = fields.AwareDateTime(required=True)
    minutes = fields.Integer(required=True)
    grams = fields.Integer(required=True)
    floor = fields.Integer(allow_none=True)
    needs_pair = fields.Boolean(required=True)
    offered = fields.Boolean(required=True)
    why = fields.String(required=True, metadata={"description": "为什么推荐或不能领 why it is offered or not"})
    begins = fields.AwareDateTime(allow_none=True, metadata={"description": "您有空的时间 when it fits your day"})


class OfferedListSchema(Schema):
    items = fields.List(fields.Nested(OfferedTaskSchema), required=True)


class AssignSchema(Schema):
    volunteer_id = fields.UUID(required=True)


# --- Claims -----------------------------------------------------------------------------------------------------


class ClaimedTaskSchema(Schema):
    """The task is yours until the lease runs out; begin by then, or ask for more time."""

    id = fields.UUID(required=True)
    task_id = fields.UUID(required=True)
    volunteer_id = fields.UUID(required=True)
    place_code = fields.String(required=True)
    kind = fields.String(required=True)
    title = fields.String(required=True)
    status = fields.String(required=True)
    revision = fields.Integer(required=True)
    starts_at = fields.AwareDateTime(required=True)
    ends_at = fields.AwareDateTime(required=True)
    lease_until = fields.AwareDateTime(required=True)
    claimed_at = fields.AwareDateTime(required=True)


class DoorSchema(Schema):
    """A door, shown only to whoever is at work on it."""

    position = fields.Integer(required=True)
    household_id = fields.UUID(required=True)
    place_code = fields.String(required=True)
    room = fields.String(required=True)
    floor = fields.Integer(allow_none=True)
    grams = fields.Integer(required=True)
    outcome = fields.String(allow_none=True)


class TaskClaimSchema(Schema):
    id = fields.UUID(required=True)
    task_id = fields.UUID(required=True)
    volunteer_id = fields.UUID(required=True)
    place_code = fields.String(required=True)
    place_name = fields.String(required=True)
    kind = fields.String(required=True)
    kind_label = fields.String(required=True)
    title = fields.String(required=True)
    status = fields.String(required=True)
    status_label = fields.String(required=True)
    revision = fields.Integer(required=True)
    starts_at = fields.AwareDateTime(required=True)
    ends_at = fields.AwareDateTime(required=True)
    lease_until = fields.AwareDateTime(allow_none=True)
    reminder_due = fields.Boolean(required=True, metadata={"description": "快到时间了 the lease runs out soon"})
    extensions_left = fields.Integer(required=True)
    started_at = fields.AwareDateTime(allow_none=True)
    done_at = fields.AwareDateTime(allow_none=True)
    how = fields.String(allow_none=True)
    failure = fields.String(allow_none=True)
    doors = fields.Integer(required=True)
    doors_done = fields.Integer(required=True)
    allowed_actions = fields.List(fields.String(), required=True)


TaskClaimPageSchema = page_schema(TaskClaimSchema)


class TaskClaimDoorsSchema(TaskClaimSchema):
    stops = fields.List(fields.Nested(DoorSchema), required=True)


class TaskClaimQuery(PageQuery):
    live = fields.Boolean(load_default=True, metadata={"description": "只看在手里的 only those held now"})


class TaskStartSchema(RevisionSchema):
    at = fields.AwareDateTime(
        load_default=None, allow_none=True, metadata={"description": "没有网络时做的，填实际时间"}
    )


class TaskDoneSchema(TaskStartSchema):
    how = fields.String(required=True, validate=validate.OneOf(HOWS))
    code = fields.String(
        load_default=None, allow_none=True, validate=validate.Regexp(r"^[0-9]{6}\Z", error="完成码是 6 位数字。")
    )

    @validates_schema
    def code_with_code(self, data: dict, **_: object) -> None:
        if (data.get("how") == "code") != (data.get("code") is not None):
            raise ValidationError("用完成码登记的要填 6 位完成码，其他方式不用填。", "code")


class TaskFailSchema(TaskStartSchema):
    failure = fields.String(required=True, validate=validate.OneOf(FAILURES))


class ExcuseSchema(RevisionSchema):
    excuse = fields.String(load_default=None, allow_none=True, validate=validate.OneOf(EXCUSES))


class DoorOutcomeSchema(Schema):
    outcome = fields.String(required=True, validate=validate.OneOf(OUTCOMES))
    at = fields.AwareDateTime(load_default=None, allow_none=True)


class DoorPhoneSchema(Schema):
    phone = fields.String(required=True)


class TaskPhotoSchema(Schema):
    id = fields.UUID(required=True)
    width = fields.Integer(required=True)
    height = fields.Integer(required=True)


# --- Told later -------------------------------------------------------------------------------------------------


class TaskEventSchema(Schema):
    claim_id = fields.UUID(required=True)
    action = fields.String(required=True, validate=validate.OneOf(["start", "settle", "done", "fail"]))
    at = fields.AwareDateTime(required=True, metadata={"description": "实际发生的时间 when it happened"})
    position = fields.Integer(load_default=None, allow_none=True, strict=True, validate=validate.Range(1, 1000))
    outcome = fields.String(load_default=None, allow_none=True, validate=validate.OneOf(OUTCOMES))
    failure = fields.String(load_default=None, allow_none=True, validate=validate.OneOf(FAILURES))
    how = fields.String(load_default="doors", validate=validate.OneOf(["photo", "signature", "doors", "building_head"]))


class TaskEventsSchema(Schema):
    events = fields.List(fields.Nested(TaskEventSchema), required=True, validate=validate.Length(1, 100))


class ToldSchema(Schema):
    claim_id = fields.UUID(required=True)
    action = fields.String(required=True)
    outcome = fields.String(required=True, metadata={"description": "taken, conflict, or the refusal's code"})
    detail = fields.String(allow_none=True)


class ToldListSchema(Schema):
    results = fields.List(fields.Nested(ToldSchema), required=True)


# --- Handing over -----------------------------------------------------------------------------------------------


class OfferTaskSchema(RevisionSchema):
    to_volunteer_id = fields.UUID(required=True)
    custody = fields.List(
        written(40), required=True, validate=validate.Length(0, 50),
        metadata={"description": "交接清单，一件一行 what is handed over, piece by piece"},
    )  # fmt: skip


class AnswerHandOverSchema(Schema):
    accept = fields.Boolean(required=True)
    pieces = fields.Integer(
        load_default=None, allow_none=True, strict=True, metadata={"description": "当面点到几件 pieces counted"}
    )


class TaskHandOverSchema(Schema):
    id = fields.UUID(required=True)
    claim_id = fields.UUID(required=True)
    title = fields.String(required=True)
    place_code = fields.String(required=True)
    to_volunteer_id = fields.UUID(required=True)
    custody = fields.List(fields.String(), required=True)
    doors_left = fields.Integer(required=True)
    offered_at = fields.AwareDateTime(required=True)
    accepted = fields.Boolean(allow_none=True)
    answered_at = fields.AwareDateTime(allow_none=True)
    new_claim_id = fields.UUID(allow_none=True)


TaskHandOverPageSchema = page_schema(TaskHandOverSchema)


# --- Standing down ----------------------------------------------------------------------------------------------


class RestSchema(Schema):
    """Why, in a word of the list: what is typed could be somebody's health, and the record is kept for good."""

    reason = fields.String(required=True, validate=validate.OneOf(WHY_REST))


# --- What comes again -------------------------------------------------------------------------------------------


class NewTaskPatternSchema(Schema):
    place_code = place_code(required=True)
    kind = _kind()
    title = written(60, required=True)
    role = _role()
    capacity = fields.Integer(load_default=1, strict=True, validate=validate.Range(1, 100))
    urgency = fields.Integer(load_default=1, strict=True, validate=validate.Range(0, 9))
    needs_pair = fields.Boolean(load_default=False)
    weekdays = fields.List(
        fields.Integer(strict=True, validate=validate.Range(1, 7)), required=True, validate=validate.Length(1, 7)
    )
    at = fields.Time(required=True, metadata={"description": "几点开始（北京时间） Shanghai's time of day"})
    minutes = fields.Integer(required=True, strict=True, validate=validate.Range(1, 1440))
    household_id = fields.UUID(load_default=None, allow_none=True)
    since = fields.Date(required=True)
    until = fields.Date(load_default=None, allow_none=True)


class TaskPatternSchema(NewTaskPatternSchema):
    id = fields.UUID(required=True)
    revision = fields.Integer(required=True)


TaskPatternPageSchema = page_schema(TaskPatternSchema)


class TaskPatternQuery(PageQuery):
    place = place_code(required=True)


class EndTaskPatternSchema(RevisionSchema):
    until = fields.Date(required=True)
