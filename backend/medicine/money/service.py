"""The float's money in volunteers' hands: given out, handed in, given back, and the evening on which it is all at zero.

Whatever happens to the goods (refused, broken, grown warm, never bought), what a volunteer has paid for them is the
community's to carry; what is left of the advance, or missing from it, is in their account and nowhere else.
"""

import uuid
from datetime import datetime, time, timedelta
from typing import Any, NamedTuple

from sqlalchemy import select, update

from backend.core import audit, clock
from backend.core.auth import HOUSE, Actor
from backend.core.errors import Conflict, DomainError, Forbidden
from backend.core.models import within
from backend.core.money import yuan
from backend.core.permissions import Permission as P
from backend.core.photos import Photo
from backend.core.transaction import database_now
from backend.core.workflow import Move, advance, lock
from backend.extensions import db
from backend.medicine.requests.models import RequestStatus
from backend.medicine.trips import buying, planning
from backend.medicine.trips.models import MedicineTrip, TripStatus, Why
from backend.medicine.trips.workflow import NOT_BEGUN, OVER, TRIP
from backend.payments import service as payments
from backend.people.service import user_names

HANDS = payments.Account.VOLUNTEER
RECEIPT_DAYS = 7  # then the ledger has the sums
AT_A_DOOR = (RequestStatus.BOUGHT.value, RequestStatus.DELIVERING.value)


class Held(NamedTuple):
    """What one person holds of one trip's money; negative: own money that the community owes them."""

    trip_id: uuid.UUID
    user_id: uuid.UUID
    name: str
    fen: int
    since: datetime


# --- Cash -------------------------------------------------------------------------------------------------------


def advance_cash(actor: Actor, trip_id: uuid.UUID, amount_fen: int, receipt: str) -> MedicineTrip:
    """Out of the float into the hands of the volunteer who is going: two people, one receipt. Not to anyone who still
    holds money of an earlier day."""
    trip = _with_the_float(actor, trip_id)
    if trip.volunteer_id is None or trip.status in OVER:
        raise Conflict("no_volunteer_yet", "还没有志愿者出发，等志愿者接了任务再预付。")
    _refuse_oneself(actor, trip.volunteer_id)
    _refuse_who_owes(trip.volunteer_id)
    payments.advance_cash(actor, trip.id, trip.volunteer_id, trip.place_code, amount_fen, receipt)
    return trip


def remit(actor: Actor, trip_id: uuid.UUID, user_id: uuid.UUID, amount_fen: int, receipt: str) -> MedicineTrip:
    """Cash comes back into the float: what is left of an advance, what was taken at the doors."""
    trip = _with_the_float(actor, trip_id)
    _refuse_oneself(actor, user_id)
    payments.remit(actor, trip.id, user_id, trip.place_code, amount_fen, receipt, HANDS)
    return trip


def reimburse(actor: Actor, trip_id: uuid.UUID, user_id: uuid.UUID, amount_fen: int, receipt: str) -> MedicineTrip:
    """What a volunteer has paid out of their own pocket comes back to them, the same evening."""
    trip = _with_the_float(actor, trip_id)
    _refuse_oneself(actor, user_id)
    source = payments.Account.COMMUNITY_FLOAT.value
    payments.reimburse(actor, trip.id, user_id, source, trip.place_code, amount_fen, receipt, HANDS)
    return trip


def _with_the_float(actor: Actor, trip_id: uuid.UUID) -> MedicineTrip:
    """The trip, held against being reconciled meanwhile, for whoever keeps the community's money."""
    trip = planning.in_sight(actor, trip_id)
    actor.require(P.PAYMENT_READ, trip.place_code)
    db.session.refresh(trip, with_for_update=True)
    if trip.status == TripStatus.RECONCILED:
        raise Conflict("not_now", "这趟的账已经对平，不能再登记收支。", status_now=trip.status)
    return trip


def _refuse_oneself(actor: Actor, user_id: uuid.UUID) -> None:
    if actor.id == user_id:
        raise Forbidden("not_by_oneself", "自己手里的钱，要由社区另一位工作人员登记。")


def _refuse_who_owes(user_id: uuid.UUID) -> None:
    payments.hold_hands(user_id, HANDS)
    midnight = datetime.combine(clock.day_of(database_now()), time(), clock.SHANGHAI)
    old = [each for each in payments.in_hands(HANDS, _open_trips()) if each.owner == str(user_id)]
    if any(each.since < midnight for each in old):
        raise Conflict("settle_first", "这位志愿者前几天的钱还没有结清，请先结清再预付。")


def _open_trips() -> Any:
    return select(MedicineTrip.id).where(MedicineTrip.status.not_in(OVER))


def held(actor: Actor, place_code: str) -> list[Held]:
    """Who still holds how much of which trip at a place, oldest first: what the evening is about."""
    actor.require(P.PAYMENT_READ, place_code)
    found = payments.in_hands(HANDS, _open_trips().where(within(MedicineTrip.place_code, [place_code])))
    names = user_names([uuid.UUID(each.owner) for each in found])
    ids = [(each, uuid.UUID(each.owner)) for each in found]
    return [Held(each.book_id, user_id, names[user_id], each.fen, each.since) for each, user_id in ids]


def own(actor: Actor, trip: MedicineTrip) -> int:
    """What the actor holds of a trip."""
    return payments.balance(HANDS.value, str(actor.id), trip.id)


# --- The evening ------------------------------------------------------------------------------------------------


class Missing(NamedTuple):
    """What stands in the way, with the sum and what to do about it."""

    code: str
    detail: str
    fen: int = 0


def reconcile(actor: Actor, trip_id: uuid.UUID, revision: int) -> MedicineTrip:
    """Every volunteer's account of the trip is at zero, every package is decided; else says exactly what is missing."""
    trip = planning.in_sight(actor, trip_id)
    advance(TRIP, trip, "reconcile", actor, revision=revision, check=_come_out_even)
    _erase_receipts(trip)
    return trip


def _come_out_even(trip: MedicineTrip, move: Move) -> None:
    if found := missing(trip):
        said = "还不能对账：" + "".join(f"（{n}）{each.detail}" for n, each in enumerate(found, start=1))
        raise DomainError("not_even", said, missing=[each._asdict() for each in found])


def missing(trip: MedicineTrip) -> list[Missing]:
    return [*_packages(trip), *_papers(trip), *_hands(trip)]


def _packages(trip: MedicineTrip) -> list[Missing]:
    on_it = [entry for entry in planning.entries_of(trip.id) if entry.request.status in AT_A_DOOR]
    if on_it or buying.in_hand(trip.id):
        return [Missing("packages_left", f"还有 {len(on_it)} 户的药没有送到，也没有登记拒收或损失。")]
    return []


def _papers(trip: MedicineTrip) -> list[Missing]:
    count = buying.without_receipt(trip.id)
    return [Missing("receipts_missing", f"有 {count} 笔购买没有小票照片，请志愿者补拍。")] if count else []


def _hands(trip: MedicineTrip) -> list[Missing]:
    held = payments.open_balances(HANDS.value, trip.id)
    names = user_names([uuid.UUID(owner) for owner in held])
    return [_in_hand(names[uuid.UUID(owner)], fen) for owner, fen in sorted(held.items())]


def _in_hand(name: str, fen: int) -> Missing:
    if fen > 0:
        return Missing("cash_in_hand", f"{name}手里还有 {yuan(fen)} 元，请交给社区并由社区登记。", fen)
    return Missing("advanced", f"{name}垫付了 {yuan(-fen)} 元，请社区今晚归还并登记。", fen)


def _erase_receipts(trip: MedicineTrip) -> None:
    of_trip = update(Photo).where(Photo.subject_type == buying.RECEIPT, Photo.subject_id == trip.id)
    db.session.execute(of_trip.values(erase_on=clock.today() + timedelta(days=RECEIPT_DAYS)))


def end_the_day(trip_id: uuid.UUID) -> None:
    """For the clock, each evening: a trip that is even is reconciled. One that nobody has sealed or set out for gives
    its requests back to be planned; of one that is not even the record tells what is missing, and `held` whom to
    see."""
    trip = db.session.get_one(MedicineTrip, trip_id)
    if trip.status in NOT_BEGUN:
        planning.cancel(HOUSE, trip.id, trip.revision, Why.NOBODY_WENT)
        return
    lock(trip)
    found = missing(trip)
    if TRIP.step(trip.status, "reconcile") and not found:
        advance(TRIP, trip, "reconcile", HOUSE)
        _erase_receipts(trip)
    else:
        details = {"missing": [each.code for each in found], "fen": sum(each.fen for each in found)}
        audit.record("medicine_trip", "not_even", HOUSE, trip, place_code=trip.place_code, details=details)
