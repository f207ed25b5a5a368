"""What a trip did not buy: told to the household, and made ready for the next one."""

import uuid
from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select, update

from backend.core import audit, clock
from backend.core.auth import HOUSE, Actor
from backend.core.workflow import advance_all
from backend.extensions import db
from backend.medicine.requests.models import LineStatus, MedicineLine, MedicineQuestion, MedicineRequest, RequestStatus
from backend.medicine.requests.renewal import values_of
from backend.medicine.requests.rules import kept_if_never_closed
from backend.medicine.trips import planning
from backend.medicine.trips.models import MedicineTrip, TripRequest
from backend.medicine.workflow import LINE, REQUEST

UNMET = frozenset({LineStatus.WANTED, LineStatus.SUBSTITUTE_PENDING, LineStatus.UNAVAILABLE})
# What a household has refused on the way keeps its place on the list, where it is settled.
UNDECIDED = frozenset({RequestStatus.PLANNED, RequestStatus.BUYING, RequestStatus.SUBSTITUTE_PENDING})
COPIED = (
    "household_id", "place_code", "member_id", "made_by", "consent_kind", "checked_by", "needed_on", "prescription",
    "insurance_card", "prescription_in", "card_in", "disease", "note",
)  # fmt: skip


def conclude(actor: Actor, trip: MedicineTrip, over: bool) -> None:
    """The buying is over (or, `over` False, broken off): a request with something bought goes on with that, and the
    rest of it becomes a request of its own; one with nothing is not to be had here, or waits for the next trip. Where
    the household wants none of it any more, that is the end of it."""
    _hold(trip)
    entries = [e for e in planning.entries_of(trip.id) if e.request.status in UNDECIDED]
    ids = [entry.request_id for entry in entries]
    close_questions(select(MedicineLine.id).where(MedicineLine.request_id.in_(ids)))
    of_these = select(MedicineLine).where(MedicineLine.request_id.in_(ids))
    advance_all(LINE, of_these, "miss" if over else "want_again", actor)
    fruitful = [e for e in entries if any(line.status == LineStatus.BOUGHT for line in e.request.lines)]
    fruitless = [e for e in entries if e not in fruitful]
    advance_all(REQUEST, _of(fruitful), "be_bought", actor, trip=str(trip.id))
    for entry in fruitful:
        split_off(actor, entry.request, [line for line in entry.request.lines if line.status in UNMET])
    if over:
        advance_all(REQUEST, _of(fruitless), "be_unavailable", actor, trip=str(trip.id))
        planning.leave_list(fruitless)
    else:
        planning.take_off(actor, trip, fruitless)
    unwanted = [e for e in fruitless if all(line.status not in UNMET for line in e.request.lines)]
    advance_all(REQUEST, _of(unwanted), "lapse", HOUSE)


def _hold(trip: MedicineTrip) -> None:
    """Requests before their lines, as everywhere: a household may be answering about one at this moment."""
    on_it = select(TripRequest.request_id).where(*planning.listed(trip.id))
    held = select(MedicineRequest.id).where(MedicineRequest.id.in_(on_it)).order_by(MedicineRequest.id)
    db.session.execute(held.with_for_update())


def _of(entries: Sequence[TripRequest]) -> Any:
    return select(MedicineRequest).where(MedicineRequest.id.in_([entry.request_id for entry in entries]))


def close_questions(line_ids: Any) -> None:
    """Whoever was asked about these lines (a select of their ids) and has not answered need not any more: nobody waits
    at a counter for it."""
    unanswered = update(MedicineQuestion).where(
        MedicineQuestion.line_id.in_(line_ids), MedicineQuestion.accepted.is_(None)
    )
    db.session.execute(unanswered.values(accepted=False, answered_at=func.now()))


def split_off(actor: Actor, request: MedicineRequest, lines: Sequence[MedicineLine]) -> MedicineRequest | None:
    """The lines become a request of their own, checked as they were, so that what was had goes its way alone."""
    if not lines:
        return None
    rest = _copied(actor, request, [line.id for line in lines])
    for line in lines:
        line.request_id = rest.id
    db.session.flush()
    db.session.expire(request, ["lines"])
    unmet = select(MedicineLine).where(MedicineLine.request_id == rest.id)
    advance_all(LINE, unmet, "want_again", actor)
    return rest


def _copied(actor: Actor, request: MedicineRequest, line_ids: Sequence[uuid.UUID]) -> MedicineRequest:
    same = {name: getattr(request, name) for name in COPIED}
    until = kept_if_never_closed(clock.today())
    rest = MedicineRequest(status=RequestStatus.CHECKED.value, erase_on=until, **same)
    db.session.add(rest)
    details = {"from": str(request.id), "lines": [str(line_id) for line_id in line_ids]}
    new, place = RequestStatus.CHECKED.value, request.place_code
    audit.record("medicine_request", "split_off", actor, rest, new=new, place_code=place, details=details)
    db.session.flush()
    return rest


def ask_again(actor: Actor, request: MedicineRequest, lines: Sequence[MedicineLine]) -> None:
    """The same medicines once more for the same household, in a request of their own: what was bought did not reach
    it in a state in which one hands it over."""
    again = _copied(actor, request, [line.id for line in lines])
    for line in lines:
        values = {name: getattr(line, name) for name in ("position", "days_left", "days_each")}
        copy = MedicineLine(request_id=again.id, place_code=line.place_code, **values, **values_of(line))
        db.session.add(copy)
    db.session.flush()
