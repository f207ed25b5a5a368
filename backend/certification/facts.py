"""The facts of a unit, and bringing its application in line with them."""

from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import func, select, text

from backend.certification.models import HELD, LIVE, Application, Filing, Objection, ObjectionStatus, Status
from backend.certification.packs import Pack, pack_for
from backend.certification.rules import Verdict, evaluate
from backend.certification.workflow import APPLICATION, pack_of
from backend.core import evidence
from backend.core.auth import HOUSE
from backend.core.errors import DomainError
from backend.core.evidence import Record
from backend.core.transaction import rows
from backend.core.workflow import advance
from backend.extensions import db
from backend.places.service import COMPOUND_DIGITS, KIND_BY_DIGITS, place_named

SUB_UNITS = """
SELECT p.kind, p.name, p.code, (a.id IS NOT NULL)::int AS certified
FROM place p LEFT JOIN application a ON a.unit_code = p.code AND a.status = 'certified'
WHERE p.code > %(code)s AND p.code < %(below)s AND p.kind IN ('unit', 'building')"""


def district_of(code: str) -> str:
    """The district's code is the first six digits of any code in it."""
    return code[:6]


Found = tuple[list[Any], list[Any]]  # rows of the evidence statement, and of SUB_UNITS where the pack asks for them


def _find(code: str, pack: Pack, as_of: date) -> Found:
    """One statement however many packages there are (two where the pack asks how far the units below are)."""
    window = {
        "code": code,
        "below": code + "~",
        "since": as_of - timedelta(days=pack.window_days),
        "until": as_of,
    }
    return rows(evidence.statement(), window), rows(SUB_UNITS, window) if pack.progress else []


def _records(found: Found, as_of: date) -> list[Record]:
    below = [dict(zip(("level", "name", "code", "certified"), row, strict=True)) for row in found[1]]
    return evidence.records(found[0]) + [Record("sub_unit", unit["code"], as_of, unit) for unit in below]


def records_of(code: str, pack: Pack, as_of: date) -> list[Record]:
    """All evidence on a unit."""
    return _records(_find(code, pack, as_of), as_of)


class Judged(NamedTuple):
    pack: Pack
    as_of: date
    found: Found
    verdict: Verdict


# What is still red is asked again and again while nothing changes. The facts are read each time; only if they are
# the very same is the verdict on them taken from the time before. It belongs to all who ask: never changed in place.
_judged: dict[str, Judged] = {}
JUDGED_AT_MOST = 1024


def readiness(code: str, as_of: date) -> Verdict:
    """What is still red, under the pack now in force. 404 for a place that is not there, 422 for a kind of place
    that the pack does not certify."""
    pack = pack_for(district_of(code), as_of)
    found = _find(code, pack, as_of)
    known = _judged.get(code)
    if known and known.pack is pack and known.as_of == as_of and known.found == found:
        return known.verdict
    if not found[0] or len(code) < COMPOUND_DIGITS:  # else it is there: facts are recorded about it
        place_named(code)
    if KIND_BY_DIGITS.get(len(code)) not in pack.applies_to:
        raise DomainError("wrong_kind_of_place", "本区规则不受理这一级的申报，请以小区为单位查看。")
    if len(_judged) >= JUDGED_AT_MOST:
        _judged.clear()
    verdict = evaluate(pack, _records(found, as_of), as_of)
    _judged[code] = Judged(pack, as_of, found, verdict)
    return verdict


def recheck(application: Application, as_of: date) -> Verdict:
    """The facts again, under the pack the application was filed under."""
    pack = pack_of(application)
    return evaluate(pack, records_of(application.unit_code, pack, as_of), as_of)


def lock_unit(code: str) -> datetime:
    """Case events of a unit and the birth of its application exclude each other: both lock the place's row, so that
    an event recorded while an application is being compiled is either in its evidence or sees it. Returns the
    database's time at which the lock was had."""
    levels = [code[:n] for n in (12, 16, 20, 24) if n <= len(code)]
    lock = text("SELECT code FROM place WHERE code = ANY(:codes) ORDER BY code FOR NO KEY UPDATE")
    db.session.execute(lock, {"codes": levels})
    return db.session.scalars(select(func.clock_timestamp())).one()


def facts_changed(place_code: str) -> None:
    """To be called by whoever changed a fact at a place, in the same transaction: settles the live applications
    of the place itself and of every unit it lies in."""
    lock_unit(place_code)
    above = [place_code[:n] for n in (12, 16, 20, 24) if n <= len(place_code)]
    live = (
        select(Application)
        .where(Application.unit_code.in_(above), Application.status.in_([s.value for s in LIVE]))
        .order_by(Application.id)
        .with_for_update(of=Application)
        .execution_options(populate_existing=True)
    )
    for application in db.session.scalars(live).all():
        settle(application)


def settle(application: Application) -> None:
    """Takes the step, if any, that the facts demand now. Facts known when it was filed have been judged; only
    what is new counts, and a confirmed case only if it lies within or after the window that was judged."""
    pack = pack_of(application)
    filing = last_filing(application)
    known = {record["id"]: record["values"] for record in filing.records}
    new = [
        record
        for record in records_of(application.unit_code, pack, filing.as_of)
        if record.kind == "case_event" and str(record.id) not in known
    ]
    since = filing.as_of - timedelta(days=pack.case_days)
    ended = any(r.values["category"] in pack.ends and r.day > since for r in new)
    held = any(r.values["category"] in pack.holds and r.values["outcome"] is None for r in new)
    if action := _demanded(application, ended, held):
        advance(APPLICATION, application, action, HOUSE)


def _demanded(application: Application, ended: bool, held: bool) -> str | None:
    status = application.status
    if ended:
        return "strike_off" if status in HELD else "fail"
    if status == Status.PUBLIC_NOTICE:
        return "freeze" if held or _objected(application) else None
    if status == Status.NOTICE_FROZEN:
        return None if held or _objected(application) else "resume"
    if status == Status.CERTIFIED:
        return "suspend" if held else None
    if status == Status.SUSPENDED:
        return None if held else "restore"
    return None


def _objected(application: Application) -> bool:
    admitted = select(Objection.id).where(
        Objection.application_id == application.id, Objection.status == ObjectionStatus.ADMITTED.value
    )
    return db.session.scalar(admitted.limit(1)) is not None


def last_filing(application: Application) -> Filing:
    query = select(Filing).where(Filing.application_id == application.id).order_by(Filing.number.desc()).limit(1)
    return db.session.scalars(query).one()
