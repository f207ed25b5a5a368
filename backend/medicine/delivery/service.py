"""At the door: the bag of this household, the person who may have it, what they take and what they refuse.

The volunteer who has taken the round does this while they are at work on it; so may those who plan at the place, for
whoever comes to the office. Nobody else knows of the package.
"""

import hmac
import uuid
from collections.abc import Collection
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import func, select

from backend.core import audit
from backend.core.auth import HOUSE, Actor
from backend.core.crypto import keyring
from backend.core.errors import Conflict, DomainError, Forbidden, NotFound
from backend.core.models import columns
from backend.core.permissions import Permission as P
from backend.core.workflow import advance, advance_all
from backend.extensions import db
from backend.medicine.goods import rules, stock
from backend.medicine.goods.models import GoodsStatus, Loss, Purchase, Refusal
from backend.medicine.money import payable
from backend.medicine.requests import access
from backend.medicine.requests.models import MedicineLine, MedicineQuestion, MedicineRequest, RequestStatus
from backend.medicine.trips import leftovers, planning
from backend.medicine.trips.models import MedicineTrip, TripRequest, TripStatus
from backend.medicine.trips.tasks import ROUND
from backend.medicine.workflow import LINE, REQUEST
from backend.payments import service as payments
from backend.people.households import members_of
from backend.volunteering import service as volunteering

TRIES = 5
CODE_DIGITS = TAIL_DIGITS = 4


class Check(StrEnum):
    """How the right person is known: the code from their phone, the end of their number, or the word of a building
    head or community worker who stands there."""

    CODE = "code"
    PHONE = "phone"
    IN_PERSON = "in_person"


class Outcome(NamedTuple):
    """What came of a door. A wrong answer is a result and no refusal, because it is counted. `warm`: what was too long
    on its way and is bought again."""

    handed_over: bool
    tries_left: int
    owed_fen: int = 0
    refused: int = 0
    warm: int = 0


# --- Unpacking --------------------------------------------------------------------------------------------------


def unpack(actor: Actor, trip_id: uuid.UUID, number: int) -> tuple[TripRequest, list[Purchase]]:
    """One household's bag is packed from what was brought: its medicines, in clear, for whoever brought them or sorts
    them at the community. The look is recorded, and not counted as others are: twenty bags a trip are its limit."""
    trip = planning.in_sight(actor, trip_id)
    if trip.volunteer_id != actor.id:
        actor.require(P.MEDICINE_REVEAL, trip.place_code)
    entry = db.session.scalars(
        select(TripRequest).where(*planning.listed(trip.id), TripRequest.number == number)
    ).one_or_none()
    if entry is None:
        raise NotFound("药包")
    payable.hold(entry)
    if trip.status != TripStatus.HANDING_OUT:
        raise Conflict("not_now", "药还没有带回来，回来后再分装。", status_now=trip.status)
    goods = in_hand(entry.request_id)
    entry.unpacked_by, entry.unpacked_at = actor.id, entry.unpacked_at or func.now()
    details = {"purpose": "unpack", "trip": str(trip.id), "number": number}
    place = entry.request.place_code
    audit.record("medicine_request", "reveal", actor, entry.request, place_code=place, details=details)
    db.session.flush()
    return entry, goods


def bagged(goods: Purchase) -> dict[str, Any]:
    """What lies in a bag, by its name; instead of the line's own what the household agreed to."""
    what: Any = goods.line
    if goods.question_id:
        agreed = db.session.get_one(MedicineQuestion, goods.question_id)
        what = agreed if agreed.name else what
    names = {"name": what.name, "maker": what.maker, "specification": what.specification}
    return {**columns(goods), **names, "purchase_id": goods.id, "batch": goods.batch}


def in_hand(request_id: uuid.UUID) -> list[Purchase]:
    query = select(Purchase).where(Purchase.request_id == request_id, Purchase.status == GoodsStatus.IN_HAND.value)
    return list(db.session.scalars(query.order_by(Purchase.id), execution_options={"populate_existing": True}))


# --- Who is there -----------------------------------------------------------------------------------------------


def code_for(actor: Actor, request_id: uuid.UUID) -> str:
    """The four digits by which the household is known at the door; for its own people alone."""
    access.find(actor, request_id)
    if not access.is_theirs(actor, request_id):
        raise Forbidden("forbidden", "收药码只给住户本人看。")
    return code_of(request_id)


def code_of(request_id: uuid.UUID) -> str:
    """Made from the request with a key of ours, so that it need not be kept anywhere."""
    made = int.from_bytes(keyring.blind_index(str(request_id), "medicine_request.code")[:8])
    return f"{made % 10**CODE_DIGITS:0{CODE_DIGITS}d}"


def _known(actor: Actor, request: MedicineRequest, by: Check, said: str) -> bool:
    if by == Check.IN_PERSON:
        if not actor.may(P.MEDICINE_FOR_OTHERS, request.place_code):
            raise Forbidden("not_your_word", "当面确认要由楼栋长或社区工作人员来做，请用收药码或手机尾号核对。")
        return True
    if by == Check.CODE:
        return hmac.compare_digest(said.encode(), code_of(request.id).encode())
    phones = [
        member.phone for member in members_of([request.household_id])[request.household_id] if member.phone_cipher
    ]
    return any(hmac.compare_digest(said.encode(), phone[-TAIL_DIGITS:].encode()) for phone in phones)


# --- The door ---------------------------------------------------------------------------------------------------


def at_the_door(actor: Actor, request_id: uuid.UUID) -> TripRequest:
    """The package, held, for whoever is at work on its round or hands out at the community."""
    entry = payable.entry_of(request_id)
    if entry is None or not _brings(actor, entry):
        raise NotFound("药包")
    payable.hold(entry)
    return entry


def _brings(actor: Actor, entry: TripRequest) -> bool:
    if actor.may(P.MEDICINE_PLAN, entry.request.place_code):
        return True
    return entry.round_id is not None and volunteering.holds_task(actor, ROUND, entry.round_id)


def hand_over(
    actor: Actor,
    request_id: uuid.UUID,
    by: Check,
    said: str = "",
    paid_fen: int = 0,
    receipt: str | None = None,
    refused: Collection[uuid.UUID] = (),
    refusal: Refusal | None = None,
) -> Outcome:
    """To the right person, all but what they refuse and what grew too warm on the way. They owe what they take; cash is
    taken down in the same act, so that nobody carries money that is in no book."""
    entry = at_the_door(actor, request_id)
    request = entry.request
    if request.status != RequestStatus.DELIVERING or entry.unpacked_at is None:
        detail = "这份药还没有分装，或者已经办完，请刷新查看。"
        raise Conflict("not_now", detail, status_now=request.status)
    if entry.tries >= TRIES and by != Check.IN_PERSON:
        raise Conflict("too_many_tries", "核对错误次数太多，请楼栋长或社区工作人员到场当面确认。")
    if not _known(actor, request, by, said):
        entry.tries += 1
        audit.record("medicine_request", "wrong_person", actor, request, place_code=request.place_code)
        db.session.flush()
        return Outcome(False, TRIES - entry.tries)
    return _given(actor, entry, by, refused, refusal, paid_fen, receipt)


def _given(
    actor: Actor,
    entry: TripRequest,
    by: Check,
    refused: Collection[uuid.UUID],
    refusal: Refusal | None,
    paid_fen: int,
    receipt: str | None,
) -> Outcome:
    request, goods = entry.request, in_hand(entry.request_id)
    now = stock.now()
    warm = [each for each in goods if rules.too_warm(each.cold_until, now)]
    back = [each for each in goods if each.line_id in refused and each not in warm]
    if back and refusal is None:
        raise DomainError("reason_required", "请选择拒收的原因。", errors=[{"field": "/refusal", "detail": "请选择。"}])
    had = [each for each in goods if each not in warm and each not in back]
    spoil(actor, request, warm)
    if back:
        assert refusal
        _take_back(actor, back, refusal)
    entry.owed_fen = stock.delivered(actor, had, request.household_id)
    details = {"by": by.value}
    _step(request, "hand_over" if had else "refuse", actor, **details)
    if paid_fen:
        _take_cash(actor, request, paid_fen, receipt)
    payable.close_if_done([request.id])
    _tell_round(entry, "done" if had else "refused")
    return Outcome(bool(had), TRIES - entry.tries, entry.owed_fen, len(back), len(warm))


def _step(request: MedicineRequest, action: str, actor: Actor, **details: Any) -> None:
    of_it = select(MedicineRequest).where(MedicineRequest.id == request.id)
    if not advance_all(REQUEST, of_it, action, actor, **details):
        raise Conflict("not_now", "这份药已经办完，请刷新查看。", status_now=request.status)


def _take_cash(actor: Actor, request: MedicineRequest, fen: int, receipt: str | None) -> None:
    if not receipt:
        raise DomainError("receipt_needed", "收了现金请写收据号。", errors=[{"field": "/receipt", "detail": "必填。"}])
    if request.status != RequestStatus.DELIVERED:
        raise Conflict("nothing_due", "住户没有收药，不用付款，请把现金退还住户。")
    payments.take_cash(actor, payable.REQUESTS, request.id, fen, receipt)


def _take_back(actor: Actor, goods: list[Purchase], refusal: Refusal) -> None:
    stock.kept(actor, goods, refusal)
    _refuse_lines(actor, goods)


def _refuse_lines(actor: Actor, goods: list[Purchase]) -> None:
    lines = select(MedicineLine).where(MedicineLine.id.in_([each.line_id for each in goods]))
    advance_all(LINE, lines, "refuse", actor)


def spoil(actor: Actor, request: MedicineRequest, goods: list[Purchase]) -> None:
    """Too long on its way: recorded, not handed over, borne by the fund, and asked for anew at once for the very same
    household."""
    if goods:
        stock.lost(actor, goods, Loss.WARM)
        _refuse_lines(actor, goods)
        leftovers.ask_again(actor, request, [db.session.get_one(MedicineLine, each.line_id) for each in goods])


def refuse(actor: Actor, request_id: uuid.UUID, refusal: Refusal) -> MedicineRequest:
    """One tap, with its reason, by whoever is at the door or the household itself: none of it is taken, nothing is
    owed, and what was paid for it is the community's to carry."""
    entry = payable.entry_of(request_id)
    if entry is None or not (_brings(actor, entry) or access.is_theirs(actor, request_id)):
        raise NotFound("药包")
    payable.hold(entry)
    request = entry.request
    goods = in_hand(request.id)
    if not goods or request.status not in (RequestStatus.BOUGHT, RequestStatus.DELIVERING):
        raise Conflict("not_now", "现在没有可以拒收的药，请刷新查看。", status_now=request.status)
    _step(request, "refuse", actor, refusal=refusal.value)
    _take_back(actor, goods, refusal)
    _tell_round(entry, "refused")
    return request


def _tell_round(entry: TripRequest, outcome: str) -> None:
    """The door is done with in the volunteer's task, too: one tap, not two."""
    if entry.round_id:
        volunteering.door_done(ROUND, entry.round_id, entry.request_id, outcome)


# --- The cold chain ---------------------------------------------------------------------------------------------


def watch_the_cold(request_id: uuid.UUID) -> None:
    """For the clock: what is still on its way after its time is recorded as too warm, whether or not anyone rings."""
    entry = payable.entry_of(request_id)
    assert entry
    payable.hold(entry)
    goods, now = in_hand(request_id), stock.now()
    warm = [each for each in goods if rules.too_warm(each.cold_until, now)]
    if not warm or entry.trip.status in (TripStatus.ACCEPTED, TripStatus.AT_PHARMACY):
        return
    request = entry.request
    spoil(HOUSE, request, warm)
    if len(warm) == len(goods) and request.status in (RequestStatus.BOUGHT, RequestStatus.DELIVERING):
        advance(REQUEST, request, "refuse", HOUSE)
        payable.close_if_done([request.id])
        _tell_round(entry, "refused")


def overdue_in_the_cold() -> Any:
    """A select of the requests with goods that have been too long on their way."""
    late = (Purchase.status == GoodsStatus.IN_HAND.value) & (Purchase.cold_until < func.now())
    bought = MedicineTrip.status.not_in([TripStatus.ACCEPTED.value, TripStatus.AT_PHARMACY.value])
    query = select(Purchase.request_id).join(MedicineTrip, MedicineTrip.id == Purchase.trip_id)
    return query.where(late, bought).distinct()
