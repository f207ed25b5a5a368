"""Tasks over HTTP: find one, take one, and for those in charge make, assign, oversee."""

from typing import Any
from uuid import UUID

from flask import Response

from backend.core.contract import Blueprint
from backend.core.operation import current_actor, current_key, current_user_id, operation
from backend.core.pagination import page
from backend.core.permissions import Permission as P
from backend.core.schemas import ReasonSchema, RevisionSchema
from backend.volunteering.tasks import board, claiming, holding, patterns, standing_down, views
from backend.volunteering.tasks import schemas as s
from backend.volunteering.tasks.models import Task, TaskPattern

blp = Blueprint("tasks", __name__, url_prefix="/api/v1", description="任务 tasks")


def _whole(task: Task) -> Any:
    return views.whole(task, current_actor())


# --- A volunteer looks for one ----------------------------------------------------------------------------------


@blp.route("/tasks/for-me")
@operation("listTasksForMe", "我现在能做什么", "What can I do now, and why", needs=P.TASK_CLAIM)
@blp.response(200, s.OfferedListSchema)
def for_me() -> Any:
    return {"items": views.offered(current_actor())}


@blp.route("/tasks/<uuid:task_id>/claim", methods=["POST"])
@operation("claimTask", "领取任务", "Claim a task", needs=P.TASK_CLAIM, errors=(404,), alone=True)
@blp.response(201, s.ClaimedTaskSchema)
def claim(task_id: UUID) -> Any:
    claimed = claiming.claim(current_user_id(), current_key(), task_id)
    return Response(claimed, 201, mimetype="application/json")  # a ClaimedTaskSchema, as the database wrote it


# --- Those in charge --------------------------------------------------------------------------------------------


@blp.route("/tasks")
@operation("listTasks", "任务一览", "The tasks at and below a place", needs=P.TASK_READ)
@blp.arguments(s.TaskQuery, location="query")
@blp.response(200, s.TaskPageSchema)
def list_tasks(query: dict) -> Any:
    chosen = board.tasks_at(current_actor(), query["place"], query["status"])
    found, following = page(chosen, Task.id, query["limit"], query["after"])
    return {"items": views.tasks(found, current_actor()), "next": following}


@blp.route("/tasks", methods=["POST"])
@operation("makeTask", "发布任务", "Make a task by hand", needs=P.TASK_ASSIGN, errors=(404,))
@blp.arguments(s.NewTaskSchema)
@blp.response(201, s.WholeTaskSchema)
def make(body: dict) -> Any:
    return _whole(board.make(current_actor(), **body))


@blp.route("/tasks/<uuid:task_id>")
@operation("getTask", "一项任务", "One task", needs=(P.TASK_READ, P.TASK_CLAIM), errors=(404,))
@blp.response(200, s.WholeTaskSchema)
def get(task_id: UUID) -> Any:
    return _whole(board.find(current_actor(), task_id))


@blp.route("/tasks/<uuid:task_id>/assign", methods=["POST"])
@operation("assignTask", "指派任务", "Ask one volunteer", needs=P.TASK_ASSIGN, errors=(404,))
@blp.arguments(s.AssignSchema)
@blp.response(201, s.TaskClaimSchema)
def assign(body: dict, task_id: UUID) -> Any:
    return views.claims([holding.assign(current_actor(), task_id, **body)], current_actor())[0]


@blp.route("/tasks/<uuid:task_id>/hold", methods=["POST"])
@operation("holdTask", "暂停任务", "Hold a task back", needs=P.TASK_ASSIGN, errors=(404,))
@blp.arguments(ReasonSchema)
@blp.response(200, s.WholeTaskSchema)
def hold(body: dict, task_id: UUID) -> Any:
    return _whole(board.hold(current_actor(), task_id, **body))


@blp.route("/tasks/<uuid:task_id>/cancel", methods=["POST"])
@operation("cancelTask", "取消任务", "Cancel a task, whoever holds it", needs=P.TASK_ASSIGN, errors=(404,))
@blp.arguments(ReasonSchema)
@blp.response(200, s.WholeTaskSchema)
def cancel(body: dict, task_id: UUID) -> Any:
    return _whole(board.cancel(current_actor(), task_id, **body))


@blp.route("/tasks/<uuid:task_id>/reopen", methods=["POST"])
@operation("reopenTask", "重新开放任务", "Open a task again", needs=P.TASK_ASSIGN, errors=(404,))
@blp.arguments(ReasonSchema)
@blp.response(200, s.WholeTaskSchema)
def reopen(body: dict, task_id: UUID) -> Any:
    return _whole(board.reopen(current_actor(), task_id, **body))


@blp.route("/tasks/<uuid:task_id>/close", methods=["POST"])
@operation("closeTask", "办结任务", "Close a task that fewer did", needs=P.TASK_VERIFY, errors=(404,))
@blp.arguments(RevisionSchema)
@blp.response(200, s.WholeTaskSchema)
def close(body: dict, task_id: UUID) -> Any:
    return _whole(board.close(current_actor(), task_id, **body))


@blp.route("/volunteers/<uuid:volunteer_id>/stand-down", methods=["POST"])
@operation("standDown", "请志愿者停止服务", "Send a volunteer to rest", needs=P.TASK_ASSIGN, errors=(404,))
@blp.arguments(s.RestSchema)
@blp.response(204)
def stand_down(body: dict, volunteer_id: UUID) -> None:
    standing_down.stand_down(current_actor(), volunteer_id, **body)


@blp.route("/volunteers/<uuid:volunteer_id>/stand-up", methods=["POST"])
@operation("standUp", "恢复志愿者服务", "A volunteer may help again", needs=P.TASK_ASSIGN, errors=(404,))
@blp.arguments(s.RestSchema)
@blp.response(204)
def stand_up(body: dict, volunteer_id: UUID) -> None:
    standing_down.stand_up(current_actor(), volunteer_id, **body)


# --- What comes again -------------------------------------------------------------------------------------------


@blp.route("/task-patterns")
@operation("listTaskPatterns", "定期任务", "What comes again at a place", needs=P.TASK_READ)
@blp.arguments(s.TaskPatternQuery, location="query")
@blp.response(200, s.TaskPatternPageSchema)
def list_patterns(query: dict) -> Any:
    chosen = patterns.patterns_at(current_actor(), query["place"])
    found, following = page(chosen, TaskPattern.id, query["limit"], query["after"])
    return {"items": found, "next": following}


@blp.route("/task-patterns", methods=["POST"])
@operation("makeTaskPattern", "新建定期任务", "Make tasks that come again", needs=P.TASK_ASSIGN, errors=(404,))
@blp.arguments(s.NewTaskPatternSchema)
@blp.response(201, s.TaskPatternSchema)
def make_pattern(body: dict) -> Any:
    return patterns.make(current_actor(), **body)


@blp.route("/task-patterns/<uuid:pattern_id>/end", methods=["POST"])
@operation("endTaskPattern", "结束定期任务", "Set the last day", needs=P.TASK_ASSIGN, errors=(404,))
@blp.arguments(s.EndTaskPatternSchema)
@blp.response(200, s.TaskPatternSchema)
def end_pattern(body: dict, pattern_id: UUID) -> Any:
    return patterns.end(current_actor(), pattern_id, **body)
