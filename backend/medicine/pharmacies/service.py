"""The verbs of pharmacies: who registers them, what is reported of them, and what a planner may count on now."""

import uuid
from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Select, func, or_, select
from sqlalchemy.dialects.postgresql import distinct_on

from backend.core import audit, clock
from backend.core.auth import Actor
from backend.core.errors import Conflict, DomainError, NotFound
from backend.core.models import within
from backend.core.permissions import Permission as P
from backend.core.workflow import refuse_stale
from backend.extensions import db
from backend.medicine.pharmacies.models import Pharmacy, QueueReport, StockReport
from backend.medicine.requests.rules import index_of
from backend.medicine.trips.rules import Shop
from backend.places.models import Place

SUBDISTRICT_DIGITS, COMMUNITY_DIGITS = 9, 12
STOCK_HOLDS, QUEUE_HOLDS = timedelta(hours=24), timedelta(hours=3)  # then nobody counts on what was seen
WHO = (P.MEDICINE_PLAN, P.TASK_CLAIM)


def _near(actor: Actor, *permissions: P) -> Any:
    """Pharmacies of the communities in which the actor has work, and of the subdistricts these lie in."""
    codes = {code for permission in permissions for code in actor.scope(permission)}
    above = {code[:digits] for code in codes for digits in (SUBDISTRICT_DIGITS, COMMUNITY_DIGITS)}
    return or_(Pharmacy.place_code.in_(above), within(Pharmacy.place_code, codes))


def near(actor: Actor) -> Select:
    """A select of those still in business."""
    return select(Pharmacy).where(_near(actor, *WHO), _in_business())


def in_sight(actor: Actor, pharmacy_id: uuid.UUID, *permissions: P) -> Pharmacy:
    found = db.session.scalars(select(Pharmacy).where(Pharmacy.id == pharmacy_id, _near(actor, *permissions or WHO)))
    pharmacy = found.one_or_none()
    if pharmacy is None:
        raise NotFound("药店")
    return pharmacy


def add(actor: Actor, place_code: str, **values: Any) -> Pharmacy:
    """Of a community, or of the subdistrict it lies in; once, by name."""
    refuse_other_than(place_code, "药店属于社区或街道，请重新选择。", SUBDISTRICT_DIGITS, COMMUNITY_DIGITS)
    if not any(held.startswith(place_code) for held in actor.scope(P.MEDICINE_PLAN)):
        actor.require(P.MEDICINE_PLAN, place_code)
    same = select(Pharmacy.id).where(Pharmacy.place_code == place_code, Pharmacy.name == values["name"])
    if db.session.scalar(same):
        raise Conflict("pharmacy_exists", "这家药店已经登记过，请直接修改。")
    pharmacy = Pharmacy(place_code=place_code, **values)
    _refuse_hours(pharmacy)
    db.session.add(pharmacy)
    audit.record("pharmacy", "add", actor, pharmacy, place_code=place_code)
    db.session.flush()
    return pharmacy


def refuse_other_than(place_code: str, detail: str, *digits: int) -> None:
    """422 for a place of another kind, and for one that there is not."""
    if len(place_code) not in digits or db.session.get(Place, place_code) is None:
        raise DomainError("wrong_place", detail, errors=[{"field": "/place_code", "detail": detail}])


def update(actor: Actor, pharmacy_id: uuid.UUID, revision: int, changes: dict[str, Any]) -> Pharmacy:
    in_sight(actor, pharmacy_id, P.MEDICINE_PLAN)
    pharmacy = db.session.get_one(Pharmacy, pharmacy_id, with_for_update=True, populate_existing=True)
    refuse_stale(pharmacy, revision)
    for name, value in changes.items():
        setattr(pharmacy, name, value)
    _refuse_hours(pharmacy)
    pharmacy.revision += 1
    details = {"changed": sorted(changes)}
    audit.record("pharmacy", "update", actor, pharmacy, place_code=pharmacy.place_code, details=details)
    db.session.flush()
    return pharmacy


def _refuse_hours(pharmacy: Pharmacy) -> None:
    if pharmacy.closes_at <= pharmacy.opens_at:
        errors = [{"field": "/closes_at", "detail": "应晚于开门时间。"}]
        raise DomainError("wrong_hours", "关门时间应晚于开门时间，请改正。", errors=errors)


def _in_business() -> Any:
    return or_(Pharmacy.closed_on.is_(None), Pharmacy.closed_on > clock.today())


def report_stock(actor: Actor, pharmacy_id: uuid.UUID, **seen: Any) -> StockReport:
    """Who stands at the counter tells what is there; it holds for a day."""
    in_sight(actor, pharmacy_id)
    report = StockReport(pharmacy_id=pharmacy_id, reported_by=actor.id, **seen)
    db.session.add(report)
    db.session.flush()
    return report


def report_queue(actor: Actor, pharmacy_id: uuid.UUID, minutes: int) -> QueueReport:
    in_sight(actor, pharmacy_id)
    report = QueueReport(pharmacy_id=pharmacy_id, reported_by=actor.id, minutes=minutes)
    db.session.add(report)
    db.session.flush()
    return report


def stock_of(pharmacy_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, list[StockReport]]:
    """The latest word on each medicine that still holds, newest first: one query for a page of pharmacies."""
    found: dict[uuid.UUID, list[StockReport]] = defaultdict(list)
    fresh = (StockReport.pharmacy_id.in_(pharmacy_ids)) & (StockReport.seen_at > func.now() - STOCK_HOLDS)
    which = (StockReport.pharmacy_id, StockReport.name, StockReport.maker, StockReport.specification)
    latest = select(StockReport).where(fresh).ext(distinct_on(*which)).order_by(*which, StockReport.seen_at.desc())
    for report in sorted(db.session.scalars(latest), key=lambda each: each.seen_at, reverse=True):
        found[report.pharmacy_id].append(report)
    return found


def queues_of(pharmacy_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, int]:
    """Minutes, where somebody has told lately."""
    fresh = (QueueReport.pharmacy_id.in_(pharmacy_ids)) & (QueueReport.seen_at > func.now() - QUEUE_HOLDS)
    order = (QueueReport.pharmacy_id, QueueReport.seen_at.desc())
    latest = select(QueueReport.pharmacy_id, QueueReport.minutes).where(fresh)
    rows = db.session.execute(latest.ext(distinct_on(QueueReport.pharmacy_id)).order_by(*order))
    return {pharmacy_id: minutes for pharmacy_id, minutes in rows}


def shops_for(community: str) -> list[Shop]:
    """What a planner may count on now. Names on shelves become indexes here, so that they meet those of the lines."""
    here = Pharmacy.place_code.in_([community, community[:SUBDISTRICT_DIGITS]])
    found = list(db.session.scalars(select(Pharmacy).where(here, _in_business()).order_by(Pharmacy.id)))
    ids = [pharmacy.id for pharmacy in found]
    stock, queues = stock_of(ids), queues_of(ids)
    return [
        Shop(
            pharmacy.id,
            frozenset(pharmacy.diseases),
            pharmacy.cold,
            pharmacy.closes_at,
            queues.get(pharmacy.id),
            frozenset(index_of(r.name, r.maker, r.specification) for r in stock[pharmacy.id] if not r.has),
        )
        for pharmacy in found
    ]
