"""Pharmacies over HTTP."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from backend.core.contract import Blueprint
from backend.core.models import columns
from backend.core.operation import current_actor, operation
from backend.core.pagination import page
from backend.core.permissions import Permission as P
from backend.medicine.pharmacies import schemas as s
from backend.medicine.pharmacies import service
from backend.medicine.pharmacies.models import Pharmacy

blp = Blueprint("pharmacies", __name__, url_prefix="/api/v1", description="药店 pharmacies")


def _shown(found: Sequence[Pharmacy]) -> list[dict[str, Any]]:
    ids = [pharmacy.id for pharmacy in found]
    stock, queues = service.stock_of(ids), service.queues_of(ids)
    return [{**columns(each), "queue_minutes": queues.get(each.id), "stock": stock[each.id]} for each in found]


@blp.route("/pharmacies", methods=["POST"])
@operation("addPharmacy", "登记药店", "Register a pharmacy", needs=P.MEDICINE_PLAN)
@blp.arguments(s.NewPharmacySchema)
@blp.response(201, s.PharmacySchema)
def add(body: dict) -> Any:
    return _shown([service.add(current_actor(), **body)])[0]


@blp.route("/pharmacies")
@operation("listPharmacies", "附近的药店", "Pharmacies near one's work: open, stock, queue", needs=service.WHO)
@blp.arguments(s.PharmacyQuery, location="query")
@blp.response(200, s.PharmacyPageSchema)
def list_pharmacies(query: dict) -> Any:
    found, following = page(service.near(current_actor()), Pharmacy.id, query["limit"], query["after"])
    return {"items": _shown(found), "next": following}


@blp.route("/pharmacies/<uuid:pharmacy_id>", methods=["PATCH"])
@operation("updatePharmacy", "修改药店", "Change a pharmacy", needs=P.MEDICINE_PLAN, errors=(404,))
@blp.arguments(s.UpdatePharmacySchema)
@blp.response(200, s.PharmacySchema)
def update(body: dict, pharmacy_id: UUID) -> Any:
    revision = body.pop("revision")
    return _shown([service.update(current_actor(), pharmacy_id, revision, body)])[0]


@blp.route("/pharmacies/<uuid:pharmacy_id>/stock-reports", methods=["POST"])
@operation("reportStock", "报告有货或缺货", "Tell what a pharmacy has", needs=service.WHO, errors=(404,))
@blp.arguments(s.NewStockReportSchema)
@blp.response(201, s.StockReportSchema)
def report_stock(body: dict, pharmacy_id: UUID) -> Any:
    return service.report_stock(current_actor(), pharmacy_id, **body)


@blp.route("/pharmacies/<uuid:pharmacy_id>/queue-reports", methods=["POST"])
@operation("reportQueue", "报告排队时间", "Tell how long one queues", needs=service.WHO, errors=(404,))
@blp.arguments(s.NewQueueReportSchema)
@blp.response(201, s.QueueReportSchema)
def report_queue(body: dict, pharmacy_id: UUID) -> Any:
    return service.report_queue(current_actor(), pharmacy_id, **body)
