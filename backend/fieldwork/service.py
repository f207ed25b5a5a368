"""The verbs of daily records: enter a day or many, with as few taps as can be."""

import uuid
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import psycopg
from sqlalchemy import Date, cast, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError

from backend.core import audit, clock
from backend.core.auth import Actor
from backend.core.errors import DomainError
from backend.core.evidence import LATE_ENTRY_DAYS
from backend.core.models import new_id, within
from backend.core.permissions import Permission
from backend.extensions import db
from backend.fieldwork.models import ENTERED, DailyRecord
from backend.people.service import roles_covered
from backend.places.models import Place, PlaceKind

BOUNDS = {
    "ck_daily_record_households_reached": ("households_reached", "排查到的户数不能多于登记的户数（{households} 户）。"),
    "ck_daily_record_open_gates": ("open_gates", "开放的出入口不能多于出入口总数。"),
    "ck_daily_record_supply_met": ("supply_met", "已满足的件数不能多于生活需求件数。"),
}


def record(actor: Actor, place_code: str, day: date, measures: dict[str, int | None]) -> DailyRecord:
    """Enters or adds to the sheet of one compound for one day: what is given is written, the rest stays. The
    households of the register and the posts held are filled in by the system, and stay as they were once the day is
    over. Days may be entered for today and LATE_ENTRY_DAYS back; later than that the day is closed (422)."""
    actor.require(Permission.DAILY_RECORD, place_code, visible=Permission.DAILY_READ)
    place = db.session.get(Place, place_code)
    if place is None or place.kind != PlaceKind.COMPOUND:
        raise DomainError("wrong_kind_of_place", "日报按小区填写，请选择一个小区。")
    _within_term(day)
    held, needed = roles_covered(place_code)
    derived = {"households": place.households, "roles_held": min(held, needed), "roles_needed": needed}
    values = {**measures, **derived, "recorded_by": actor.id}
    sheet = insert(DailyRecord).values(id=new_id(), place_code=place_code, day=day, **values)
    present = derived if day == clock.today() else {}
    written_or_changed = sheet.on_conflict_do_update(
        index_elements=["place_code", "day"],
        set_={
            **measures,
            **present,
            "recorded_by": actor.id,
            "revision": DailyRecord.revision + 1,
            "changed_at": func.now(),
        },
    ).returning(DailyRecord)
    try:
        written = db.session.scalars(written_or_changed, execution_options={"populate_existing": True}).one()
    except IntegrityError as error:
        raise _impossible(error, place, day) from error
    audit.record("daily_record", "enter", actor, written, place_code=place_code, details={"day": str(day), **measures})
    db.session.flush()
    return written


def record_many(actor: Actor, entries: Sequence[dict[str, Any]]) -> list[DailyRecord]:
    """A whole round of compounds or days in one go: all are written, or none."""
    ordered = sorted(entries, key=lambda entry: (entry["place_code"], entry["day"]))  # two rounds never cross
    return [record(actor, entry.pop("place_code"), entry.pop("day"), entry) for entry in ordered]


def same_as_before(actor: Actor, place_code: str, day: date) -> DailyRecord:
    """One tap: the day was like the last one recorded. Copies what a person entered; what the system knows is
    taken anew."""
    actor.require(Permission.DAILY_RECORD, place_code, visible=Permission.DAILY_READ)
    earlier = select(DailyRecord).where(DailyRecord.place_code == place_code, DailyRecord.day < day)
    last = db.session.scalars(earlier.order_by(DailyRecord.day.desc()).limit(1)).one_or_none()
    if last is None:
        raise DomainError("nothing_to_copy", "还没有以前的日报，请先填写一次。")
    measures = {name: getattr(last, name) for name in ENTERED if getattr(last, name) is not None}
    return record(actor, place_code, day, measures)


def sheets(actor: Actor, place_code: str, days: int) -> list[DailyRecord]:
    """The last `days` days' sheets of a compound, newest first."""
    actor.require(Permission.DAILY_READ, place_code)
    since = clock.today() - timedelta(days=days)
    query = select(DailyRecord).where(within(DailyRecord.place_code, [place_code]), DailyRecord.day > since)
    return list(db.session.scalars(query.order_by(DailyRecord.day.desc(), DailyRecord.place_code).limit(500)))


def days_recorded(place_code: str, since: date) -> dict[uuid.UUID, set[date]]:
    """On which days, since one, each person was at work on the sheets at or below a place. A day that was entered
    later than on the morrow tells nothing of where they were."""
    on_time = cast(func.timezone("Asia/Shanghai", DailyRecord.changed_at), Date) <= DailyRecord.day + 1
    query = select(DailyRecord.recorded_by, DailyRecord.day).distinct()
    found: dict[uuid.UUID, set[date]] = {}
    here = query.where(within(DailyRecord.place_code, [place_code]), DailyRecord.day >= since, on_time)
    for user_id, day in db.session.execute(here):
        found.setdefault(user_id, set()).add(day)
    return found


def _impossible(error: IntegrityError, place: Place, day: date) -> Exception:
    """What a CHECK of the table refuses, as the field to correct: only the table sees the sheet's earlier values."""
    cause = error.orig
    name = cause.diag.constraint_name if isinstance(cause, psycopg.Error) else None
    if name not in BOUNDS:
        return error
    field, bound = BOUNDS[name]
    detail = f"{place.name} {day}：{bound.format(households=place.households)}"
    return DomainError("more_than_there_are", detail, errors=[{"field": f"/{field}", "detail": detail}])


def _within_term(day: date) -> None:
    today = clock.today()
    if day > today:
        raise DomainError(
            "in_the_future", "不能填写未来的日报。", errors=[{"field": "/day", "detail": "不能晚于今天。"}]
        )
    if (today - day).days > LATE_ENTRY_DAYS:
        detail = f"日报只能补填 {LATE_ENTRY_DAYS} 天以内的，更早的已经封存。"
        raise DomainError("day_closed", detail, errors=[{"field": "/day", "detail": detail}])
