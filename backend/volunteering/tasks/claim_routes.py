"""What a holder does with a task over HTTP, and those who look after holders."""

from typing import Any
from uuid import UUID

from flask import Response, request

from backend.core.contract import Blueprint
from backend.core.errors import DomainError, problem
from backend.core.operation import SIGNED_IN, current_actor, operation
from backend.core.pagination import page
from backend.core.permissions import Permission as P
from backend.core.photos import TYPES
from backend.core.ratelimit import caller, limit
from backend.core.schemas import ReasonSchema, RevisionSchema
from backend.volunteering.tasks import doors, handing_over, holding, offline, views
from backend.volunteering.tasks import schemas as s
from backend.volunteering.tasks.models import TaskClaim, TaskHandOver

blp = Blueprint("task_claims", __name__, url_prefix="/api/v1", description="手里的任务 tasks in hand")


def _claim(claim: TaskClaim) -> Any:
    return views.claims([claim], current_actor())[0]


@blp.route("/task-claims")
@operation("listMyTasks", "我的任务", "The tasks in my hands", needs=SIGNED_IN)
@blp.arguments(s.TaskClaimQuery, location="query")
@blp.response(200, s.TaskClaimPageSchema)
def list_mine(query: dict) -> Any:
    chosen = holding.mine(current_actor(), query["live"])
    found, following = page(chosen, TaskClaim.id, query["limit"], query["after"])
    return {"items": views.claims(found, current_actor()), "next": following}


@blp.route("/task-claims/<uuid:claim_id>")
@operation("getTaskClaim", "手里的一项任务", "One task in someone's hands", needs=SIGNED_IN, errors=(404,))
@blp.response(200, s.TaskClaimSchema)
def get(claim_id: UUID) -> Any:
    return _claim(holding.find(current_actor(), claim_id))


@blp.route("/task-claims/<uuid:claim_id>/accept", methods=["POST"])
@operation("acceptTask", "接受指派", "Accept what was assigned", needs=SIGNED_IN, errors=(404,))
@blp.arguments(RevisionSchema)
@blp.response(200, s.TaskClaimSchema)
def accept(body: dict, claim_id: UUID) -> Any:
    return _claim(holding.accept(current_actor(), claim_id, **body))


@blp.route("/task-claims/<uuid:claim_id>/decline", methods=["POST"])
@operation("declineTask", "不接受指派", "Decline what was assigned", needs=SIGNED_IN, errors=(404,))
@blp.arguments(RevisionSchema)
@blp.response(200, s.TaskClaimSchema)
def decline(body: dict, claim_id: UUID) -> Any:
    return _claim(holding.decline(current_actor(), claim_id, **body))


@blp.route("/task-claims/<uuid:claim_id>/start", methods=["POST"])
@operation("startTask", "开始", "Begin: from now on the doors may be seen", needs=SIGNED_IN, errors=(404,))
@blp.arguments(s.TaskStartSchema)
@blp.response(200, s.TaskClaimSchema)
def start(body: dict, claim_id: UUID) -> Any:
    return _claim(holding.start(current_actor(), claim_id, **body))


@blp.route("/task-claims/<uuid:claim_id>/extend", methods=["POST"])
@operation("extendTask", "再给我一点时间", "Ask for more time, twice at most", needs=SIGNED_IN, errors=(404,))
@blp.arguments(RevisionSchema)
@blp.response(200, s.TaskClaimSchema)
def extend(body: dict, claim_id: UUID) -> Any:
    return _claim(holding.extend(current_actor(), claim_id, **body))


@blp.route("/task-claims/<uuid:claim_id>/release", methods=["POST"])
@operation("releaseTask", "退回任务", "Give a task back", needs=SIGNED_IN, errors=(404,))
@blp.arguments(s.ExcuseSchema)
@blp.response(200, s.TaskClaimSchema)
def release(body: dict, claim_id: UUID) -> Any:
    return _claim(holding.release(current_actor(), claim_id, **body))


@blp.route("/task-claims/<uuid:claim_id>/fail", methods=["POST"])
@operation("failTask", "没有做成", "It could not be done", needs=SIGNED_IN, errors=(404,))
@blp.arguments(s.TaskFailSchema)
@blp.response(200, s.TaskClaimSchema)
def fail(body: dict, claim_id: UUID) -> Any:
    return _claim(holding.fail(current_actor(), claim_id, **body))


@blp.route("/task-claims/<uuid:claim_id>/done", methods=["POST"])
@operation("finishTask", "完成", "It is done, and what shows it", needs=SIGNED_IN, errors=(404,))
@blp.arguments(s.TaskDoneSchema)
@blp.response(200, s.TaskClaimSchema)
def done(body: dict, claim_id: UUID) -> Any:
    answer = holding.done(current_actor(), claim_id, **body)
    if isinstance(answer, DomainError):  # a refusal that is remembered
        return problem(answer.status, answer.code, answer.detail, **answer.extra)
    return _claim(answer)


@blp.route("/task-claims/<uuid:claim_id>/no-show", methods=["POST"])
@operation("recordNoShow", "登记没有到场", "The holder did not come", needs=P.TASK_ASSIGN, errors=(404,))
@blp.arguments(s.ExcuseSchema)
@blp.response(200, s.TaskClaimSchema)
def no_show(body: dict, claim_id: UUID) -> Any:
    return _claim(holding.no_show(current_actor(), claim_id, **body))


@blp.route("/task-claims/<uuid:claim_id>/verify", methods=["POST"])
@operation("verifyTask", "核实完成", "A second person verifies", needs=P.TASK_VERIFY, errors=(404,))
@blp.arguments(RevisionSchema)
@blp.response(200, s.TaskClaimSchema)
def verify(body: dict, claim_id: UUID) -> Any:
    return _claim(holding.verify(current_actor(), claim_id, **body))


@blp.route("/task-claims/<uuid:claim_id>/reject", methods=["POST"])
@operation("rejectTask", "核实没有完成", "It was not done", needs=P.TASK_VERIFY, errors=(404,))
@blp.arguments(ReasonSchema)
@blp.response(200, s.TaskClaimSchema)
def reject(body: dict, claim_id: UUID) -> Any:
    return _claim(holding.reject(current_actor(), claim_id, **body))


# --- The doors --------------------------------------------------------------------------------------------------


@blp.route("/task-claims/<uuid:claim_id>/doors", methods=["POST"])
@operation("showDoors", "查看住户地址", "See the doors, once begun", needs=SIGNED_IN, errors=(404,), keyed=False)
@blp.response(200, s.TaskClaimDoorsSchema)
def show_doors(claim_id: UUID) -> Any:
    return views.with_doors(doors.look(current_actor(), claim_id), current_actor())


@blp.route("/task-claims/<uuid:claim_id>/doors/<int:position>/settle", methods=["POST"])
@operation("settleDoor", "登记送到或没送到", "One door has been gone to", needs=SIGNED_IN, errors=(404,))
@blp.arguments(s.DoorOutcomeSchema)
@blp.response(200, s.TaskClaimSchema)
def settle(body: dict, claim_id: UUID, position: int) -> Any:
    return _claim(doors.settle(current_actor(), claim_id, position, **body))


@blp.route("/task-claims/<uuid:claim_id>/doors/<int:position>/phone", methods=["POST"])
@limit("REVEAL_LIMIT", caller)
@operation(
    "revealDoorPhone", "查看住户电话", "The phone at a door, to ring it", needs=SIGNED_IN, errors=(404,), keyed=False
)
@blp.arguments(s.RevealSchema)
@blp.response(200, s.DoorPhoneSchema)
def phone(body: dict, claim_id: UUID, position: int) -> Any:
    return doors.phone(current_actor(), claim_id, position, **body)


# --- Photos -----------------------------------------------------------------------------------------------------


@blp.route("/task-claims/<uuid:claim_id>/photos", methods=["POST"])
@operation(
    "sendTaskPhoto", "上传完成照片或签名", "A photo or a signature: the body is the image itself", needs=SIGNED_IN,
    errors=(404,), body="PHOTO_MAX_BYTES",
)  # fmt: skip
@blp.response(201, s.TaskPhotoSchema)
def send_photo(claim_id: UUID) -> Any:
    if request.mimetype not in TYPES:
        raise DomainError("unsupported_media_type", "请上传照片（JPG、PNG 或 WebP）。", status=415)
    return holding.add_photo(current_actor(), claim_id, request.get_data())


@blp.route("/task-photos/<uuid:photo_id>")
@operation("getTaskPhoto", "查看完成照片", "See such a photo", needs=SIGNED_IN, errors=(404, 410))
@blp.response(200, {"type": "string", "format": "binary"}, content_type="image/jpeg")
def get_photo(photo_id: UUID) -> Any:
    return Response(holding.look(current_actor(), photo_id), mimetype="image/jpeg")


# --- Told later, handed over ------------------------------------------------------------------------------------


@blp.route("/task-events", methods=["POST"])
@operation("tellTaskEvents", "补记没有网络时做的事", "What was done without a network", needs=SIGNED_IN, errors=(404,))
@blp.arguments(s.TaskEventsSchema)
@blp.response(200, s.ToldListSchema)
def tell(body: dict) -> Any:
    return {"results": offline.tell(current_actor(), **body)}


@blp.route("/task-claims/<uuid:claim_id>/hand-over", methods=["POST"])
@operation("offerHandOver", "交接给别人", "Offer a task to another, with a list", needs=SIGNED_IN, errors=(404,))
@blp.arguments(s.OfferTaskSchema)
@blp.response(201, s.TaskHandOverSchema)
def offer(body: dict, claim_id: UUID) -> Any:
    return views.hand_overs([handing_over.offer(current_actor(), claim_id, **body)])[0]


@blp.route("/hand-overs")
@operation("listHandOvers", "等答复的交接", "Hand-overs that wait for an answer", needs=SIGNED_IN)
@blp.arguments(s.PageQuery, location="query")
@blp.response(200, s.TaskHandOverPageSchema)
def list_hand_overs(query: dict) -> Any:
    chosen = handing_over.mine(current_actor())
    found, following = page(chosen, TaskHandOver.id, query["limit"], query["after"])
    return {"items": views.hand_overs(found), "next": following}


@blp.route("/hand-overs/<uuid:hand_over_id>/answer", methods=["POST"])
@operation("answerHandOver", "答复交接", "Take over, or not", needs=SIGNED_IN, errors=(404,))
@blp.arguments(s.AnswerHandOverSchema)
@blp.response(200, s.TaskHandOverSchema)
def answer(body: dict, hand_over_id: UUID) -> Any:
    return views.hand_overs([handing_over.answer(current_actor(), hand_over_id, **body)])[0]
