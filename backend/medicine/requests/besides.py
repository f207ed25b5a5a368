"""What may be done with a request besides the steps of its flow, offered like them: see the code for the door, pay, ask
for the same again. A page in a constant number of statements."""

import uuid
from collections.abc import Sequence
from typing import NamedTuple

from backend.core.auth import Actor
from backend.core.permissions import Permission as P
from backend.extensions import db
from backend.integrations.payments import online
from backend.medicine.money import payable
from backend.medicine.requests.models import MedicineRequest, RequestStatus
from backend.medicine.workflow import ENDED, requests_of
from backend.people.households import acted_for

COMING = frozenset({RequestStatus.BOUGHT, RequestStatus.DELIVERING})


class Besides(NamedTuple):
    """`must_ask`: whoever acts for the household says each time how it agrees; not its own people, nor who has its
    standing consent. `owed_fen`: what is still to be paid, for those who may pay."""

    must_ask: bool
    owed_fen: int | None
    actions: list[str]


def besides(page: Sequence[MedicineRequest], actor: Actor) -> dict[uuid.UUID, Besides]:
    homes = set(db.session.scalars(acted_for(actor)))
    theirs = {request.id for request in page if request.household_id in homes}
    owed = payable.owed([request.id for request in page if request.id in theirs and request.status in payable.ENDING])
    again = _repeatable(page, actor, theirs)
    found = {}
    for request in page:
        fen = owed.get(request.id, 0) if request.id in theirs else None
        offered = {
            "code": request.id in theirs and request.status in COMING,
            "pay": bool(fen and fen > 0) and online(),
            "repeat": request.id in again,
        }
        found[request.id] = Besides(request.id not in theirs, fen, [name for name, may in offered.items() if may])
    return found


def _repeatable(page: Sequence[MedicineRequest], actor: Actor, theirs: set[uuid.UUID]) -> set[uuid.UUID]:
    """Those of which nothing more will come: before, the same again would be twice as much. For the household, and for
    whoever acts for others there and may read what it was."""
    if not actor.may(P.MEDICINE_REQUEST):
        return set()
    over = [request for request in page if request.status in ENDED and not request.erased_on]
    others = [each for each in over if each.id not in theirs and actor.may(P.MEDICINE_FOR_OTHERS, each.place_code)]
    reads = requests_of(others, actor) if others else set()
    by_post = {each.id for each in others if each.id in reads or actor.may(P.MEDICINE_REVEAL, each.place_code)}
    return {each.id for each in over if each.id in theirs} | by_post
