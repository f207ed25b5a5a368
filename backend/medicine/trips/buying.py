"""At the counter: what is bought for whom and for how much, what is not to be had, whom to ask before paying."""

import uuid
from datetime import date
from typing import Any

from sqlalchemy import exists, func, select, update

from backend.core import audit, clock, photos
from backend.core.auth import HOUSE, Actor
from backend.core.errors import Conflict, DomainError, NotFound
from backend.core.models import within
from backend.core.money import yuan
from backend.core.permissions import Permission as P
from backend.core.photos import Photo
from backend.core.workflow import Move, advance, advance_all, lock, refuse_stale
from backend.extensions import db
from backend.medicine.goods import stock
from backend.medicine.goods.models import GoodsStatus, Miss, Missed, Purchase
from backend.medicine.goods.rules import COLD_LIMIT
from backend.medicine.requests import questions
from backend.medicine.requests.models import (
    LineStatus,
    MedicineLine,
    MedicineQuestion,
    MedicineRequest,
    QuestionKind,
    RequestStatus,
)
from backend.medicine.requests.renewal import values_of
from backend.medicine.requests.rules import ANSWER_WITHIN
from backend.medicine.trips import leftovers, planning
from backend.medicine.trips.models import MedicineTrip, TripRequest, TripStatus
from backend.medicine.trips.service import require_shopper
from backend.medicine.workflow import LINE, REQUEST

RECEIPT = "medicine_trip"  # the subject of a receipt's photo
RECEIPTS_AT_MOST = 12
RECEIPT_DAYS = 30  # receipts name medicines; a week after the evening that came out even they are gone
AT_ONCE = 200


def _at_the_counter(actor: Actor, trip_id: uuid.UUID, line_id: uuid.UUID) -> tuple[MedicineTrip, MedicineLine]:
    """The line of a trip the actor is shopping for; trip, request and line held in that order. Others who buy for the
    same trip need not wait for each other, but whoever ends it does."""
    trip = planning.in_sight(actor, trip_id)
    db.session.refresh(trip, with_for_update={"read": True})
    require_shopper(actor, trip)
    if trip.status != TripStatus.AT_PHARMACY:
        raise Conflict("not_now", "请先登记到达药店。", status_now=trip.status)
    line = db.session.get(MedicineLine, line_id)
    if line is None or not db.session.scalar(select(exists().where(*_on(trip, line)))):
        raise NotFound("药品")
    lock(db.session.get_one(MedicineRequest, line.request_id))
    lock(line)
    return trip, line


def _on(trip: MedicineTrip, line: MedicineLine) -> tuple[Any, ...]:
    return *planning.listed(trip.id), TripRequest.request_id == line.request_id


def buy(
    actor: Actor, trip_id: uuid.UUID, line_id: uuid.UUID, quantity: int, fen: int, batch: str, expires_on: date
) -> Purchase:
    """So many for so much, paid with the float's money in the actor's hands (or, until the evening, their own). Above
    the ceiling the household is asked first; what is out of date is not bought."""
    trip, line = _at_the_counter(actor, trip_id, line_id)
    advance(LINE, line, "buy", HOUSE, check=lambda line, move: _refuse(line, move, quantity, fen, expires_on))
    if quantity < line.quantity:
        _leave_rest(actor, line, quantity, fen)
    now = stock.now()
    goods = Purchase(
        place_code=line.place_code,
        trip_id=trip.id,
        request_id=line.request_id,
        line_id=line.id,
        question_id=_agreed(line),
        bought_by=actor.id,
        bought_at=now,
        quantity=quantity,
        fen=fen,
        batch=batch,
        expires_on=expires_on,
        cold_until=now + COLD_LIMIT if line.cold else None,
    )
    stock.bought(actor, goods)
    return goods


def _leave_rest(actor: Actor, line: MedicineLine, quantity: int, fen: int) -> None:
    """Fewer than were wanted: the rest is a line of its own, at what is left of the ceiling, to be had here in another
    way or on the next trip; and nobody is told that they have enough."""
    last = select(func.max(MedicineLine.position)).where(MedicineLine.request_id == line.request_id)
    left = line.days_left if line.days_each is None else (line.days_left or 0) + quantity * line.days_each
    fewer = {"quantity": line.quantity - quantity, "ceiling_fen": max(1, line.ceiling_fen - fen), "days_left": left}
    place = {"request_id": line.request_id, "place_code": line.place_code, "days_each": line.days_each}
    rest = MedicineLine(position=db.session.scalars(last).one() + 1, **place, **values_of(line) | fewer)
    line.quantity = quantity
    db.session.add(rest)
    details = {"from": str(line.id)}
    audit.record("medicine_line", "leave_rest", actor, rest, place_code=line.place_code, details=details)


def _refuse(line: MedicineLine, move: Move, quantity: int, fen: int, expires_on: date) -> None:
    if quantity > line.quantity:
        raise DomainError("too_many", f"住户只要 {line.quantity} 份，请不要多买。", at_most=line.quantity)
    if fen > line.ceiling_fen:
        detail = f"超过住户说的最高价 {yuan(line.ceiling_fen)} 元，请先询问住户再付款。"
        raise Conflict("above_ceiling", detail, most_fen=line.ceiling_fen)
    if expires_on <= clock.day_of(move.now):
        raise DomainError(
            "out_of_date", "这盒药已经过期，请换一盒。", errors=[{"field": "/expires_on", "detail": "已经过期。"}]
        )


def _agreed(line: MedicineLine) -> uuid.UUID | None:
    """What the household last said yes to."""
    yes = select(MedicineQuestion.id).where(MedicineQuestion.line_id == line.id, MedicineQuestion.accepted.is_(True))
    return db.session.scalar(yes.order_by(MedicineQuestion.id.desc()).limit(1))


def correct(actor: Actor, purchase_id: uuid.UUID, revision: int, fen: int) -> Purchase:
    """A wrong sum was typed: mended by whoever typed it, before they leave the pharmacy."""
    found = db.session.get(Purchase, purchase_id)
    if found is None or found.bought_by != actor.id:
        raise NotFound("购买记录")
    _, line = _at_the_counter(actor, found.trip_id, found.line_id)
    lock(found)
    refuse_stale(found, revision)
    if found.status != GoodsStatus.IN_HAND:
        raise Conflict("not_now", "这份药已经登记了别的去向，金额不能再改。", status_now=found.status)
    _refuse(line, Move(actor, stock.now()), found.quantity, fen, found.expires_on)
    stock.corrected(actor, found, fen)
    return found


def miss(actor: Actor, trip_id: uuid.UUID, line_id: uuid.UUID, reason: Missed) -> MedicineLine:
    """Not bought here, and why; the next trip for it goes elsewhere."""
    trip, line = _at_the_counter(actor, trip_id, line_id)
    advance(LINE, line, "miss", HOUSE)
    db.session.add(Miss(trip_id=trip.id, line_id=line.id, reason=reason.value))
    _go_on([line.request_id])
    return line


def ask(actor: Actor, trip_id: uuid.UUID, line_id: uuid.UUID, kind: QuestionKind, **said: Any) -> MedicineQuestion:
    """Before paying: may it cost more, may it be another one? Meanwhile the volunteer buys the rest."""
    _, line = _at_the_counter(actor, trip_id, line_id)
    if kind == QuestionKind.PRICE and said["fen"] <= line.ceiling_fen:
        raise Conflict("within_ceiling", "没有超过住户说的最高价，可以直接购买。", most_fen=line.ceiling_fen)
    return questions.ask(actor, line, kind, **said)


def stop_waiting() -> None:
    """Whoever has not answered in time: the line is not bought on this trip. For the clock."""
    late = select(MedicineQuestion.line_id).where(
        MedicineQuestion.accepted.is_(None), MedicineQuestion.created_at < func.now() - ANSWER_WITHIN
    )
    lines = select(MedicineLine).where(MedicineLine.id.in_(late.limit(AT_ONCE)))
    requests = [line.request_id for line in db.session.scalars(lines)]
    held = select(MedicineRequest.id).where(MedicineRequest.id.in_(requests)).order_by(MedicineRequest.id)
    db.session.execute(held.with_for_update())
    trips = _trips_of(requests)
    for line, _ in advance_all(LINE, lines.where(MedicineLine.status == LineStatus.SUBSTITUTE_PENDING.value), "miss"):
        db.session.add(Miss(trip_id=trips[line.request_id], line_id=line.id, reason=Missed.NO_ANSWER.value))
    _go_on(requests)


def _trips_of(request_ids: list[uuid.UUID]) -> dict[uuid.UUID, uuid.UUID]:
    on = select(TripRequest.request_id, TripRequest.trip_id).where(
        TripRequest.request_id.in_(request_ids), TripRequest.left_at.is_(None)
    )
    return {request_id: trip_id for request_id, trip_id in db.session.execute(on)}


def _go_on(request_ids: list[uuid.UUID]) -> None:
    """Nobody waits for an answer on a line that is decided; where none is open, the buying goes on."""
    db.session.flush()
    waiting = MedicineLine.status == LineStatus.SUBSTITUTE_PENDING.value
    decided = select(MedicineLine.id).where(MedicineLine.request_id.in_(request_ids), ~waiting)
    leftovers.close_questions(decided)
    still = exists().where(MedicineLine.request_id == MedicineRequest.id, waiting)
    free = select(MedicineRequest).where(MedicineRequest.id.in_(request_ids), ~still)
    advance_all(REQUEST, free.where(MedicineRequest.status == RequestStatus.SUBSTITUTE_PENDING.value), "resume", HOUSE)


# --- Receipts ---------------------------------------------------------------------------------------------------


def add_receipt(actor: Actor, trip_id: uuid.UUID, data: bytes) -> Photo:
    """A photo of the till's receipt: for all that was bought on the trip and has none yet."""
    trip = planning.in_sight(actor, trip_id)
    if actor.id != trip.volunteer_id or trip.status in (TripStatus.RECONCILED, TripStatus.SEALED):
        raise NotFound("行程")
    photo = photos.take(actor, data, trip.place_code, RECEIPT, trip.id, erase_after_days=RECEIPT_DAYS)
    db.session.refresh(trip, with_for_update={"read": True})
    if trip.status == TripStatus.RECONCILED:
        raise Conflict("not_now", "这趟的账已经对平，不用再补小票。", status_now=trip.status)
    sent = select(func.count()).where(Photo.subject_type == RECEIPT, Photo.subject_id == trip.id)
    if db.session.scalars(sent).one() > RECEIPTS_AT_MOST:
        raise Conflict("too_many_photos", f"一趟最多上传 {RECEIPTS_AT_MOST} 张小票照片。")
    bare = update(Purchase).where(Purchase.trip_id == trip.id, Purchase.receipt_id.is_(None))
    db.session.execute(bare.values(receipt_id=photo.id))
    return photo


def look(actor: Actor, photo_id: uuid.UUID, purpose: str) -> bytes:
    """A receipt names medicines, so each look is recorded: for whoever keeps the float, and whoever sent it."""
    mine = (Photo.uploaded_by == actor.id) | within(Photo.place_code, actor.scope(P.PAYMENT_READ))
    query = select(Photo).where(Photo.id == photo_id, Photo.subject_type == RECEIPT, mine)
    photo = db.session.scalars(query).one_or_none()
    if photo is None:
        raise NotFound("照片")
    audit.record("photo", "look", actor, photo, place_code=photo.place_code, details={"purpose": purpose})
    return photos.read(photo)


def without_receipt(trip_id: uuid.UUID) -> int:
    bought = select(func.count()).where(
        Purchase.trip_id == trip_id, Purchase.receipt_id.is_(None), Purchase.passed_on_from.is_(None)
    )
    return db.session.scalar(bought) or 0


def in_hand(trip_id: uuid.UUID) -> int:
    waiting = select(func.count()).where(Purchase.trip_id == trip_id, Purchase.status == GoodsStatus.IN_HAND.value)
    return db.session.scalar(waiting) or 0
