"""What anyone may see: a place's status, why not yet and when at the earliest; notices; the register of batches."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from backend.certification import facts
from backend.certification.models import HELD, LIVE, NOTICE, Application, Batch, Status
from backend.certification.rules import Verdict
from backend.core import clock
from backend.core.masking import signature
from backend.core.models import within
from backend.core.transaction import rows
from backend.extensions import db
from backend.people.service import user_names
from backend.places.models import Place, PlaceKind
from backend.places.service import ancestors

NOT_YET = "还没有申报"
SUSPENDED = {
    "title": "认定暂停",
    "why": "小区出现了新的疑似、发热或密切接触人员，结果还没有出来。全部排除或解除后立即恢复，暂停的天数照算。",
    "fix": "请配合社区排查，等待结果。",
}

# How far each part of a larger place is; parts without compounds are left out.
PARTS = """
SELECT part.code, part.name, count(c.code), count(a.id) FILTER (WHERE a.status = 'certified')
FROM place part
JOIN place c ON c.kind = 'compound' AND c.code > part.code AND c.code < part.code || '~'
LEFT JOIN application a ON a.unit_code = c.code AND a.status = ANY(%(live)s)
WHERE part.parent_code = %(code)s GROUP BY part.code, part.name ORDER BY part.code"""
COMPOUNDS = """
SELECT p.code, p.name, coalesce(a.status, 'none')
FROM place p LEFT JOIN application a ON a.unit_code = p.code AND a.status = ANY(%(live)s)
WHERE p.kind = 'compound' AND p.parent_code = %(code)s ORDER BY p.code"""


def page_of(code: str) -> dict[str, Any] | None:
    """Everything the public page of a place shows, in at most five statements; None when there is no such place."""
    chain = ancestors(code)
    if not chain or chain[-1].code != code:
        return None
    place = chain[-1]
    today = clock.today()
    page: dict[str, Any] = {
        "code": code,
        "name": place.name,
        "kind": place.kind,
        "lies_in": [{"code": p.code, "name": p.name} for p in chain[:-1]],
        "as_of": today.isoformat(),
    }
    if place.kind == PlaceKind.COMPOUND:
        return {**page, **_compound(place, today)}
    return {**page, **_larger(place)}


def _compound(place: Place, today: date) -> dict[str, Any]:
    application = _latest(place.code)
    status = Status(application.status) if application else None
    verdict = facts.readiness(place.code, today)
    shown: dict[str, Any] = {
        "status": status.value if status else "none",
        "status_label": status.label if status else NOT_YET,
        "certified": status == Status.CERTIFIED,
        "streak_days": verdict.streak_days,
        "last_event_on": verdict.last_event_on.isoformat() if verdict.last_event_on else None,
        "certified_days": None,
        "application_id": str(application.id) if application else None,
        "notice": None,
        "batch": None,
    }
    if application and application.certified_at and status in HELD:
        shown["certified_days"] = (today - clock.day_of(application.certified_at)).days
    if application and application.batch:
        shown["batch"] = {"number": application.batch.number, "day": application.batch.day}
    if application and status in NOTICE:
        shown["notice"] = notices_shown([application])[0]
    return {**shown, **_why_not_yet(verdict, status)}


def _why_not_yet(verdict: Verdict, status: Status | None) -> dict[str, Any]:
    """In plain Chinese, without ids: what stands in the way and when it could be met at the earliest."""
    if status == Status.CERTIFIED:
        return {"why_not_yet": [], "earliest_on": None, "earliest_certain": True}
    if status == Status.SUSPENDED:
        return {"why_not_yet": [SUSPENDED], "earliest_on": None, "earliest_certain": False}
    red = [{"title": r.title, "why": r.why, "fix": r.fix} for r in verdict.red]
    if verdict.barred_until:
        why = f"上次申报查实不属实，{clock.in_words(verdict.barred_until)}起才能重新申报。"
        red.insert(0, {"title": "暂不受理申报", "why": why, "fix": "请把各项防控做实，期满后再申报。"})
    return {
        "why_not_yet": red,
        "earliest_on": verdict.earliest_on.isoformat(),
        "earliest_certain": verdict.earliest_certain,
    }


def _larger(place: Place) -> dict[str, Any]:
    """A community's compounds one by one; of anything larger, how far each of its parts is."""
    where = {"code": place.code, "live": [s.value for s in LIVE]}
    compounds = [
        {"code": code, "name": name, "status": status, "status_label": _label(status)}
        for code, name, status in rows(COMPOUNDS, where)
    ]
    parts = [
        {"code": code, "name": name, "total": total, "certified": certified}
        for code, name, total, certified in ([] if compounds else rows(PARTS, where))
    ]
    return {
        "compounds": compounds,
        "parts": parts,
        "total": len(compounds) + sum(part["total"] for part in parts),
        "certified": sum(c["status"] == Status.CERTIFIED for c in compounds) + sum(p["certified"] for p in parts),
    }


def _label(status: str) -> str:
    return NOT_YET if status == "none" else Status(status).label


def _latest(code: str) -> Application | None:
    """The live application, else the last one that ended."""
    query = select(Application).where(Application.unit_code == code).order_by(Application.id.desc()).limit(1)
    return db.session.scalars(query).one_or_none()


def notices(district: str | None) -> Any:
    """A select of the applications now on public notice."""
    query = select(Application).where(Application.status.in_([s.value for s in NOTICE]))
    return query.where(within(Application.unit_code, [district])) if district else query


def notices_shown(applications: list[Application]) -> list[dict[str, Any]]:
    """Notices as the public sees them: the responsible people masked by construction. One query for their names."""
    people = {person for a in applications for person in (a.applicant_id, a.district_reviewer_id) if person}
    names: dict[Any, str] = {**user_names(list(people))}
    return [_notice(application, names) for application in applications]


def _notice(application: Application, names: dict[Any, str]) -> dict[str, Any]:
    return {
        "application_id": str(application.id),
        "unit_code": application.unit_code,
        "unit_name": application.unit.name,
        "frozen": application.status == Status.NOTICE_FROZEN,
        "starts_at": _at(application.notice_starts_at),
        "ends_at": _at(application.notice_ends_at),
        "contact": application.notice_contact,
        "responsible": [
            signature("申报人", names.get(application.applicant_id, "")),
            signature("区审核人", names.get(application.district_reviewer_id, "")),
        ],
    }


def batches(district: str | None) -> Any:
    query = select(Batch)
    return query.where(Batch.district_code == district) if district else query


def units_of_batches(batch_ids: list[Any]) -> dict[Any, list[dict[str, Any]]]:
    """The units each batch named, with what became of them since: one query for a page of batches."""
    named: dict[Any, list[dict[str, Any]]] = {batch_id: [] for batch_id in batch_ids}
    query = select(Application).where(Application.batch_id.in_(batch_ids)).order_by(Application.unit_code)
    for a in db.session.scalars(query):
        named[a.batch_id].append(
            {
                "code": a.unit_code,
                "name": a.unit.name,
                "status": a.status,
                "status_label": Status(a.status).label,
            }
        )
    return named


def _at(moment: datetime | None) -> str | None:
    return clock.shanghai(moment) if moment else None
