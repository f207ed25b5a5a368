"""Evening plans and lines over HTTP."""

from typing import Any
from uuid import UUID

from backend.core.contract import Blueprint
from backend.core.operation import SIGNED_IN, current_actor, operation
from backend.core.pagination import PageQuery, page
from backend.core.permissions import Permission as P
from backend.core.schemas import RevisionSchema
from backend.volunteering.planning import lines, service, views
from backend.volunteering.planning import schemas as s
from backend.volunteering.planning.line import Station
from backend.volunteering.planning.models import AssemblyLine, EveningPlan

blp = Blueprint("planning", __name__, url_prefix="/api/v1", description="今晚的安排与流水线 evening plans and lines")


@blp.route("/teams/<uuid:team_id>/evening-plans", methods=["POST"])
@operation("askEveningPlan", "帮我排今晚", "Compute who carries what on an evening", needs=P.TASK_ASSIGN, errors=(404,))
@blp.arguments(s.AskSchema)
@blp.response(201, s.PlanSchema)
def ask(body: dict, team_id: UUID) -> Any:
    return views.plans([service.ask(current_actor(), team_id, **body)], current_actor())[0]


@blp.route("/teams/<uuid:team_id>/evening-plans")
@operation("listEveningPlans", "工作队的计划", "The evening plans of a team", needs=P.TASK_READ, errors=(404,))
@blp.arguments(PageQuery, location="query")
@blp.response(200, s.PlanPageSchema)
def list_plans(query: dict, team_id: UUID) -> Any:
    chosen = service.plans_of(current_actor(), team_id)
    found, following = page(chosen, EveningPlan.id, query["limit"], query["after"])
    return {"items": views.plans(found, current_actor()), "next": following}


@blp.route("/evening-plans/<uuid:plan_id>")
@operation("getEveningPlan", "看今晚的安排", "A plan, beside first come and the bound", needs=SIGNED_IN, errors=(404,))
@blp.response(200, s.WholePlanSchema)
def get_plan(plan_id: UUID) -> Any:
    return views.whole(service.find(current_actor(), plan_id), current_actor())


@blp.route("/evening-plans/<uuid:plan_id>/moves", methods=["POST"])
@operation("moveCarry", "改派一个单元", "Give a stairwell to another volunteer", needs=P.TASK_ASSIGN, errors=(404,))
@blp.arguments(s.MoveSchema)
@blp.response(200, s.WholePlanSchema)
def move(body: dict, plan_id: UUID) -> Any:
    plan, change = service.move(current_actor(), plan_id, **body)
    return views.whole(plan, current_actor(), change)


@blp.route("/evening-plans/<uuid:plan_id>/apply", methods=["POST"])
@operation("applyEveningPlan", "采用计划并指派", "Assign what the plan says", needs=P.TASK_ASSIGN, errors=(404,))
@blp.arguments(RevisionSchema)
@blp.response(200, s.WholePlanSchema)
def apply(body: dict, plan_id: UUID) -> Any:
    return views.whole(service.apply(current_actor(), plan_id, **body), current_actor())


@blp.route("/evening-plans/<uuid:plan_id>/drop", methods=["POST"])
@operation("dropEveningPlan", "作废计划", "Drop a plan", needs=P.TASK_ASSIGN, errors=(404,))
@blp.arguments(RevisionSchema)
@blp.response(200, s.PlanSchema)
def drop(body: dict, plan_id: UUID) -> Any:
    return views.plans([service.drop(current_actor(), plan_id, **body)], current_actor())[0]


# --- Lines ------------------------------------------------------------------------------------------------------


@blp.route("/teams/<uuid:team_id>/lines", methods=["POST"])
@operation("openLine", "开一条流水线", "Open the line of a mass distribution", needs=P.TASK_ASSIGN, errors=(404,))
@blp.arguments(s.OpenLineSchema)
@blp.response(201, s.SeenLineSchema)
def open_line(body: dict, team_id: UUID) -> Any:
    return views.line(lines.open_line(current_actor(), team_id, **body), current_actor())


@blp.route("/teams/<uuid:team_id>/lines")
@operation("listLines", "工作队的流水线", "The lines of a team", needs=SIGNED_IN, errors=(404,))
@blp.arguments(PageQuery, location="query")
@blp.response(200, s.AssemblyLinePageSchema)
def list_lines(query: dict, team_id: UUID) -> Any:
    chosen = lines.lines_of(current_actor(), team_id)
    found, following = page(chosen, AssemblyLine.id, query["limit"], query["after"])
    return {"items": views.lines(found, current_actor()), "next": following}


@blp.route("/lines/<uuid:line_id>")
@operation("getLine", "看流水线", "A line now, and when its last door is done", needs=SIGNED_IN, errors=(404,))
@blp.response(200, s.SeenLineSchema)
def get_line(line_id: UUID) -> Any:
    return views.line(lines.find(current_actor(), line_id), current_actor())


@blp.route("/lines/<uuid:line_id>/counts", methods=["POST"])
@operation("countAtStation", "报数", "So many more packs have passed a station", needs=SIGNED_IN, errors=(404,))
@blp.arguments(s.StationCountSchema)
@blp.response(201, s.SeenLineSchema)
def count(body: dict, line_id: UUID) -> Any:
    counted = lines.count(current_actor(), line_id, Station(body["station"]), body["packs"])
    return views.line(counted, current_actor())


@blp.route("/lines/<uuid:line_id>/close", methods=["POST"])
@operation("closeLine", "结束流水线", "Close a line", needs=P.TASK_ASSIGN, errors=(404,))
@blp.arguments(RevisionSchema)
@blp.response(200, s.SeenLineSchema)
def close(body: dict, line_id: UUID) -> Any:
    return views.line(lines.close(current_actor(), line_id, **body), current_actor())
