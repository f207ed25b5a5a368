"""Daily records over HTTP."""

from typing import Any

from backend.core.contract import Blueprint
from backend.core.operation import current_actor, operation
from backend.core.permissions import Permission as P
from backend.fieldwork import schemas as s
from backend.fieldwork import service

blp = Blueprint("fieldwork", __name__, url_prefix="/api/v1", description="防控日报 daily records")


@blp.route("/daily-records")
@operation("listDailyRecords", "查看日报", "The latest daily records of a compound", needs=P.DAILY_READ)
@blp.arguments(s.DaysQuery, location="query")
@blp.response(200, s.DailyRecordListSchema)
def list_records(query: dict) -> Any:
    return {"items": service.sheets(current_actor(), query["place"], query["days"])}


@blp.route("/daily-records", methods=["POST"])
@operation("recordDays", "填写日报（可多个小区多天）", "Enter daily records, many at once", needs=P.DAILY_RECORD)
@blp.arguments(s.EntriesSchema)
@blp.response(200, s.DailyRecordListSchema)
def record_days(body: dict) -> Any:
    return {"items": service.record_many(current_actor(), body["entries"])}


@blp.route("/daily-records/same-as-before", methods=["POST"])
@operation("recordSameAsBefore", "与上次相同（一键）", "The day was like the last one", needs=P.DAILY_RECORD)
@blp.arguments(s.SameAsBeforeSchema)
@blp.response(200, s.DailyRecordSchema)
def same_as_before(body: dict) -> Any:
    return service.same_as_before(current_actor(), **body)
