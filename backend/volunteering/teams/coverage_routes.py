"""The coverage board, the forecast, vacancies and compensatory leave over HTTP."""

from typing import Any
from uuid import UUID

from backend.core.contract import Blueprint
from backend.core.operation import current_actor, operation
from backend.core.pagination import PageQuery, page
from backend.core.permissions import Permission as P
from backend.volunteering.records import leave
from backend.volunteering.teams import coverage, coverage_views
from backend.volunteering.teams import coverage_schemas as s
from backend.volunteering.teams.models import Vacancy

blp = Blueprint("coverage", __name__, url_prefix="/api/v1", description="岗位覆盖与调休 coverage and leave")
READERS = (P.TEAM_READ, P.ROLE_READ)


@blp.route("/communities/<place_code:code>/coverage")
@operation("getCoverage", "岗位覆盖（每栋×一长七员）", "Every building × eight roles", needs=READERS, errors=(404,))
@blp.response(200, s.CoverageSchema)
def board(code: str) -> Any:
    return coverage_views.board(coverage.of_community(current_actor(), code))


@blp.route("/communities/<place_code:code>/coverage/forecast")
@operation("getCoverageForecast", "三十天内将空缺的岗位", "What 30 days will leave empty", needs=READERS, errors=(404,))
@blp.response(200, s.ForecastSchema)
def forecast(code: str) -> Any:
    return coverage_views.outlook(coverage.of_community(current_actor(), code))


@blp.route("/vacancies")
@operation(
    "listVacancies", "超时空缺的岗位", "Posts empty too long, for me to fill", needs=(P.TEAM_EDIT, P.ROLE_APPOINT)
)
@blp.arguments(PageQuery, location="query")
@blp.response(200, s.VacancyPageSchema)
def list_vacancies(query: dict) -> Any:
    found, following = page(coverage.vacancies(current_actor()), Vacancy.id, query["limit"], query["after"])
    return {"items": coverage_views.vacancies(found), "next": following}


@blp.route("/leave", methods=["POST"])
@operation("recordLeave", "登记网格员调休", "Record a day of a grid worker's leave", needs=P.TEAM_EDIT, errors=(404,))
@blp.arguments(s.NewLeaveSchema)
@blp.response(201, s.LeaveSchema)
def record_leave(body: dict) -> Any:
    return leave.take(current_actor(), **body)


@blp.route("/leave/<uuid:leave_id>/cancel", methods=["POST"])
@operation("cancelLeave", "取消未休的调休", "Give a promised day back", needs=P.TEAM_EDIT, errors=(404,))
@blp.response(204)
def cancel_leave(leave_id: UUID) -> None:
    leave.cancel(current_actor(), leave_id)
