"""Cases over HTTP."""

from typing import Any
from uuid import UUID

from backend.cases import schemas as s
from backend.cases import service
from backend.cases.models import Case
from backend.core.contract import Blueprint
from backend.core.operation import current_actor, operation
from backend.core.pagination import page
from backend.core.permissions import Permission as P
from backend.core.ratelimit import caller, limit

blp = Blueprint("cases", __name__, url_prefix="/api/v1", description="病例与密接 cases and contacts")


@blp.route("/cases")
@operation("listCases", "病例（不含身份）", "Cases in your sight, without identity", needs=P.CASE_READ)
@blp.arguments(s.CaseQuery, location="query")
@blp.response(200, s.CasePageSchema)
def list_cases(query: dict) -> Any:
    found, following = page(service.visible(current_actor(), query["place"]), Case.id, query["limit"], query["after"])
    return {"items": found, "next": following}


@blp.route("/cases", methods=["POST"])
@operation("recordCase", "登记病例", "Record a person's first event", needs=P.CASE_RECORD, errors=(404,))
@blp.arguments(s.RecordCaseSchema)
@blp.response(201, s.CaseSchema)
def record(body: dict) -> Any:
    return service.record(current_actor(), body.pop("place"), **body)


@blp.route("/cases/<uuid:case_id>/events", methods=["POST"])
@operation(
    "addCaseEvent",
    "登记类别变化",
    "The person passes into another category",
    needs=P.CASE_RECORD,
    errors=(404,),
)
@blp.arguments(s.AddEventSchema)
@blp.response(201, s.CaseSchema)
def add_event(body: dict, case_id: UUID) -> Any:
    return service.add_event(current_actor(), case_id, **body)


@blp.route("/case-events/<uuid:event_id>/close", methods=["POST"])
@operation(
    "closeCaseEvent",
    "解除或排除",
    "Release or exclude, by a second person",
    needs=P.CASE_RECORD,
    errors=(404,),
)
@blp.arguments(s.CloseEventSchema)
@blp.response(200, s.CaseEventSchema)
def close_event(body: dict, event_id: UUID) -> Any:
    return service.close_event(current_actor(), event_id, **body)


@blp.route("/cases/<uuid:case_id>/reveal", methods=["POST"])
@limit("REVEAL_LIMIT", key=caller)
@operation(
    "revealCase",
    "查看病例身份（留痕）",
    "See who it is; audited",
    needs=P.CASE_REVEAL,
    errors=(404, 429),
    keyed=False,
)
@blp.arguments(s.RevealCaseSchema)
@blp.response(200, s.ClearCaseSchema)
def reveal(body: dict, case_id: UUID) -> Any:
    return service.reveal(current_actor(), case_id, body["purpose"])
