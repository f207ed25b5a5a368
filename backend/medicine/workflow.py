"""The flow of a request for medicine, of each of its lines, and of a paper in custody, as tables of Steps.

The household and the second person take a request as far as `checked`; from `plan` on the trips do (`trips/`), as the
house: who may drive, buy and hand over is asked of the task they hold. Lines of one request may differ, so bought,
not to be had and waiting for an answer are told of each line; the request follows its lines.
"""

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

from backend.core import clock
from backend.core.auth import Actor
from backend.core.errors import Conflict
from backend.core.permissions import Permission as P
from backend.core.workflow import Move, Step, Workflow
from backend.extensions import db
from backend.medicine.requests import photos, renewal
from backend.medicine.requests.models import (
    CustodyReceipt,
    CustodyStatus,
    LineStatus,
    MedicineLine,
    MedicineRequest,
    Paper,
    RequestStatus,
)
from backend.medicine.requests.rules import KEPT_DAYS
from backend.people.households import acted_for

R, L, C = RequestStatus, LineStatus, CustodyStatus
# Who asks does not check, and who checks does not ask; who carries a paper does not sign for the household.
MAKER, CHECKER = "maker", "checker"
CARRIER, SIGNER = "carrier", "signer"
BEFORE_CHECK = frozenset({R.SUBMITTED, R.NEEDS_INFO})
NOT_YET_PLANNED = frozenset({*BEFORE_CHECK, R.HELD_FOR_PRESCRIPTION, R.CHECKED})
CLOSED = frozenset({R.SETTLED, R.CANCELLED})
# Nobody buys or brings anything for it any more, though it may be unpaid for yet: its text has no use.
ENDED = frozenset({*CLOSED, R.DELIVERED, R.REFUSED, R.RETURNED_TO_PHARMACY, R.RE_OFFERED})


def requests_of(requests: Sequence[MedicineRequest], actor: Actor) -> set[uuid.UUID]:
    """Those of a household the actor lives in, or which has agreed that the actor acts for it; and those the actor
    made: a volunteer at the door until a second person has looked, whoever acts for others there until the end."""
    homes = set(db.session.scalars(acted_for(actor)))
    return {
        request.id
        for request in requests
        if request.household_id in homes
        or (request.made_by == actor.id and request.status in BEFORE_CHECK)
        or (
            request.made_by == actor.id
            and request.status not in CLOSED
            and actor.may(P.MEDICINE_FOR_OTHERS, request.place_code)
        )
    }


def needs(request: MedicineRequest, what: str) -> bool:
    """Whether the pharmacy wants to see this paper for it."""
    return {Paper.PRESCRIPTION: request.prescription, Paper.INSURANCE_CARD: request.insurance_card}.get(
        Paper(what), False
    )


def papers_in(request: MedicineRequest) -> bool:
    """Whether what a pharmacy wants to see is at hand."""
    prescription = request.prescription_in or not request.prescription
    return prescription and (request.card_in or not request.insurance_card)


def _papers_in(request: MedicineRequest, now: datetime) -> None:
    if not papers_in(request):
        raise Conflict("papers_missing", "这份需求要凭处方或医保卡购买，请先登记收到的处方或医保卡。")


def _papers_out(request: MedicineRequest, now: datetime) -> None:
    if papers_in(request):
        raise Conflict("papers_are_in", "处方和医保卡已经收到，可以直接核对通过。")


def _no_card_out(request: MedicineRequest, now: datetime) -> None:
    if request.cards_out:
        raise Conflict("card_out", "还有证件没有归还并签字，归还后才能结清。", cards_out=request.cards_out)


def _check(request: MedicineRequest, move: Move) -> None:
    request.checked_by, request.question = move.actor.id, None


def _lack(request: MedicineRequest, move: Move) -> None:
    request.prescription_in &= move.data["what"] != Paper.PRESCRIPTION
    request.card_in &= move.data["what"] != Paper.INSURANCE_CARD


def _ask_info(request: MedicineRequest, move: Move) -> None:
    request.question = move.data["question"]


def _fulfil(request: MedicineRequest, move: Move) -> None:
    _close(request, move)
    renewal.renew(request, move)


def _close(request: MedicineRequest, move: Move) -> None:
    """From its end the health text has thirty days, whoever still owes what; what is settled later adds none."""
    request.erase_on = clock.day_of(move.now) + timedelta(days=KEPT_DAYS)
    photos.erase_later(request.id)


REQUEST = Workflow(
    name="medicine_request",
    visible=P.PLACE_READ,
    place_of=lambda request: request.place_code,
    owned=requests_of,
    steps=(
        Step("check", {R.SUBMITTED}, R.CHECKED, "核对通过", P.MEDICINE_CHECK, CHECKER, guard=_papers_in, effect=_check),
        Step(
            "hold",
            {R.SUBMITTED},
            R.HELD_FOR_PRESCRIPTION,
            "核对通过，等处方或医保卡",
            P.MEDICINE_CHECK,
            CHECKER,
            guard=_papers_out,
            effect=_check,
        ),
        Step("ask_info", {R.SUBMITTED}, R.NEEDS_INFO, "请补充说明", P.MEDICINE_CHECK, CHECKER, effect=_ask_info),
        Step("amend", {R.NEEDS_INFO}, R.SUBMITTED, "补充说明", P.MEDICINE_FOR_OTHERS, MAKER, owner=True),
        Step("release", {R.HELD_FOR_PRESCRIPTION}, R.CHECKED, "处方和医保卡已收到", guard=_papers_in),
        # A paper it cannot do without has been taken back.
        Step("lack", {R.CHECKED}, R.HELD_FOR_PRESCRIPTION, "处方或医保卡已取回", effect=_lack),
        *[
            Step("lack", {status}, status, "处方或医保卡已取回", effect=_lack)
            for status in (*sorted(BEFORE_CHECK), R.HELD_FOR_PRESCRIPTION)
        ],
        Step("cancel", NOT_YET_PLANNED, R.CANCELLED, "取消", P.MEDICINE_FOR_OTHERS, effect=_close, owner=True),
        Step("lapse", {*NOT_YET_PLANNED, R.UNAVAILABLE}, R.CANCELLED, "逾期未办，自动取消", effect=_close),
        # From here on the trips.
        Step("plan", {R.CHECKED, R.UNAVAILABLE}, R.PLANNED, "编入采买"),
        Step("unplan", {R.PLANNED, R.BUYING, R.SUBSTITUTE_PENDING}, R.CHECKED, "重新安排"),
        Step("buy", {R.PLANNED}, R.BUYING, "开始采买"),
        Step("ask", {R.BUYING}, R.SUBSTITUTE_PENDING, "请住户答复"),
        Step("resume", {R.SUBSTITUTE_PENDING}, R.BUYING, "住户已答复"),
        Step("be_bought", {R.BUYING, R.SUBSTITUTE_PENDING}, R.BOUGHT, "已买到"),
        Step("be_unavailable", {R.PLANNED, R.BUYING, R.SUBSTITUTE_PENDING}, R.UNAVAILABLE, "没有买到"),
        Step("deliver", {R.BOUGHT}, R.DELIVERING, "开始送药"),
        Step("hand_over", {R.DELIVERING}, R.DELIVERED, "送到", effect=_fulfil),
        Step("refuse", {R.BOUGHT, R.DELIVERING}, R.REFUSED, "住户没有收", effect=_close),
        Step("return_to_pharmacy", {R.REFUSED}, R.RETURNED_TO_PHARMACY, "退回药店"),
        Step("re_offer", {R.REFUSED}, R.RE_OFFERED, "转给需要的住户"),
        Step(
            "settle",
            {R.DELIVERED, R.REFUSED, R.RETURNED_TO_PHARMACY, R.RE_OFFERED},
            R.SETTLED,
            "结清",
            guard=_no_card_out,
        ),
    ),
)


def lines_of(lines: Sequence[MedicineLine], actor: Actor) -> set[uuid.UUID]:
    own = requests_of([line.request for line in lines], actor)
    return {line.id for line in lines if line.request_id in own}


LINE = Workflow(
    name="medicine_line",
    visible=P.PLACE_READ,
    place_of=lambda line: line.place_code,
    owned=lines_of,
    steps=(
        Step("ask", {L.WANTED}, L.SUBSTITUTE_PENDING, "请住户答复"),
        Step("agree", {L.SUBSTITUTE_PENDING}, L.WANTED, "同意", P.MEDICINE_FOR_OTHERS, owner=True),
        Step("decline", {L.SUBSTITUTE_PENDING}, L.DECLINED, "不要了", P.MEDICINE_FOR_OTHERS, owner=True),
        Step("buy", {L.WANTED}, L.BOUGHT, "买到"),
        Step("miss", {L.WANTED, L.SUBSTITUTE_PENDING}, L.UNAVAILABLE, "没有买到"),
        Step("want_again", {L.UNAVAILABLE, L.SUBSTITUTE_PENDING}, L.WANTED, "重新安排"),
        Step("refuse", {L.BOUGHT}, L.REFUSED, "没有收"),
    ),
)


# --- A paper in custody -----------------------------------------------------------------------------------------


def sides(receipts: Sequence[CustodyReceipt], actor: Actor) -> dict[uuid.UUID, set[str]]:
    """Which side the actor may sign for. Whoever carries a paper is on that side alone; an officer may stand in on
    either, and the lanes hold them to one."""
    homes = set(db.session.scalars(acted_for(actor)))
    return {receipt.id: _sides(receipt, actor, homes) for receipt in receipts}


def _sides(receipt: CustodyReceipt, actor: Actor, homes: set[uuid.UUID]) -> set[str]:
    if receipt.handed_to == actor.id:
        return {CARRIER}
    if receipt.request.household_id in homes:
        return {SIGNER}
    by_post = ((CARRIER, P.MEDICINE_CHECK), (SIGNER, P.MEDICINE_FOR_OTHERS))
    return {side for side, permission in by_post if actor.may(permission, receipt.place_code)}


def _sign_over(receipt: CustodyReceipt, move: Move) -> None:
    request = receipt.request
    request.prescription_in |= receipt.what == Paper.PRESCRIPTION
    request.card_in |= receipt.what == Paper.INSURANCE_CARD
    receipt.handed_by, receipt.handed_consent = move.actor.id, move.data["consent"]


def _sign_back(receipt: CustodyReceipt, move: Move) -> None:
    receipt.returned_to, receipt.returned_consent = move.actor.id, move.data["consent"]
    receipt.returned_at = move.now
    receipt.request.cards_out -= 1


CUSTODY = Workflow(
    name="custody_receipt",
    visible=P.PLACE_READ,
    place_of=lambda receipt: receipt.place_code,
    owned=lambda receipts, actor: {receipt_id for receipt_id, found in sides(receipts, actor).items() if found},
    steps=(
        Step("sign_over", {C.TAKEN}, C.HELD, "签字交出", lane=SIGNER, effect=_sign_over, owner=True),
        Step("give_back", {C.TAKEN, C.HELD}, C.GIVEN_BACK, "交还", lane=CARRIER, owner=True),
        Step("sign_back", {C.GIVEN_BACK}, C.RETURNED, "签字收回", lane=SIGNER, effect=_sign_back, owner=True),
    ),
)
