"""Refunds: back to whoever paid, in reverse order of payment, each under a number of its own that never changes.

Issued → sent → done. The issue holds the money at once (`refunded_fen`); the provider is asked outside any
transaction, and what it has done without saying so is asked about, never issued again under another number.
"""

import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import select, text

from backend.core import jobs
from backend.core.auth import HOUSE, Actor
from backend.core.context import request_id
from backend.core.errors import Busy, Conflict, DomainError, NotFound
from backend.core.models import new_id
from backend.core.permissions import Permission
from backend.core.transaction import unit_of_work
from backend.core.workflow import advance
from backend.extensions import db
from backend.integrations.payments import State, provider
from backend.payments import ledger, payables
from backend.payments.models import Account, Method, Payment, Refund, RefundStatus
from backend.payments.workflow import REFUND

COMMUNITY_DIGITS = 12


class Part(NamedTuple):
    """So much of one payment."""

    payment_id: uuid.UUID
    amount_fen: int


# The payments there is still money in, locked in the order of their ids.
LEFT = text("""
SELECT id, subject_id, succeeded_at, amount_fen - refunded_fen AS fen FROM payment
WHERE subject_type = :type AND subject_id = ANY(:subjects) AND status = 'succeeded' AND refunded_fen < amount_fen
ORDER BY id FOR UPDATE""")
# However many: the hold on the payments, the refunds and their audit are one statement. What was sponsored goes back
# within the ledger, so it is done at once; cash waits for the hands that took it.
ISSUE = text("""
WITH part AS (
  SELECT * FROM unnest(CAST(:ids AS uuid[]), CAST(:payments AS uuid[]), CAST(:numbers AS text[]),
                       CAST(:amounts AS bigint[]), CAST(:events AS uuid[])) AS p (id, payment_id, number, fen, event)),
held AS (
  UPDATE payment SET refunded_fen = refunded_fen + part.fen FROM part WHERE payment.id = part.payment_id
  RETURNING payment.*, part.id AS refund_id, part.number AS refund_number, part.fen, part.event),
issued AS (
  INSERT INTO refund (id, payment_id, lot_id, subject_id, book_id, household_id, place_code, collector_id, method,
                      number, amount_fen, cause, status, succeeded_at)
  SELECT refund_id, id, :lot, subject_id, book_id, household_id, place_code,
         CASE WHEN method IN ('cash', 'transfer') THEN recorded_by ELSE collector_id END, method,
         refund_number, fen, :cause, CASE method WHEN 'sponsored' THEN 'succeeded' ELSE 'pending' END,
         CASE method WHEN 'sponsored' THEN clock_timestamp() END
  FROM held RETURNING id, method, status, book_id, household_id, place_code, amount_fen),
audited AS (
  INSERT INTO audit_event (id, subject_type, subject_id, action, new, actor_id, place_code, details, request_id)
  SELECT part.event, 'refund', part.id, 'issue', issued.status, :actor, issued.place_code,
         jsonb_build_object('cause', CAST(:cause AS text), 'amount_fen', issued.amount_fen), :request
  FROM issued JOIN part USING (id))
SELECT id, method, book_id, household_id, place_code, amount_fen FROM issued""")


def refund(actor: Actor, subject_type: str, subject_id: uuid.UUID, amount_fen: int, cause: str) -> list[Refund]:
    """Gives back part of what was paid for one subject, to whoever paid last first. 409 beyond what was paid."""
    payables.PAYABLES[subject_type].due(subject_id, lock=True)
    return list(loaded(refund_many(subject_type, [(subject_id, amount_fen)], cause, actor)))


def loaded(refund_ids: Sequence[uuid.UUID]) -> Iterable[Refund]:
    return db.session.scalars(select(Refund).where(Refund.id.in_(refund_ids)).order_by(Refund.id))


def refund_many(
    subject_type: str, wanted: Iterable[tuple[uuid.UUID, int]], cause: str, actor: Actor = HOUSE
) -> list[uuid.UUID]:
    """Gives back for many subjects at once, in a constant number of statements and one job; the refunds' ids. The
    caller holds the subjects' rows."""
    amounts: defaultdict[uuid.UUID, int] = defaultdict(int)
    for subject_id, fen in wanted:
        if fen < 0:
            raise DomainError("negative_refund", "退款金额不能是负数。")
        amounts[subject_id] += fen
    left = defaultdict(list)
    for row in db.session.execute(LEFT, {"type": subject_type, "subjects": list(amounts)}):
        left[row.subject_id].append(row)
    parts = [part for subject_id, fen in amounts.items() for part in split(left[subject_id], fen)]
    return issue(parts, cause, actor)


def split(left: Sequence[Any], fen: int) -> list[Part]:
    """Which payments give how much: the latest first. Refuses more than there is."""
    parts = []
    for payment in sorted(left, key=lambda row: (row.succeeded_at, row.id), reverse=True):
        part = min(fen, payment.fen)
        if part:
            parts.append(Part(payment.id, part))
        fen -= part
    if fen:
        raise Conflict("more_than_paid", "退款金额超过了已付金额，请刷新后核对。")
    return parts


def issue(parts: Sequence[Part], cause: str, actor: Actor) -> list[uuid.UUID]:
    """Issues a refund for each part, as one lot. The payments' rows are held by the caller, and they cover it."""
    if not parts:
        return []
    lot = new_id()
    db.session.flush()
    issued = db.session.execute(ISSUE, {**_columns(parts), **_words(lot, cause, actor)}).all()
    _forget_loaded({part.payment_id for part in parts})
    given = [row for row in issued if row.method == Method.SPONSORED]
    ledger.post_many([_posting(row, actor, (Account.FUND, row.place_code[:COMMUNITY_DIGITS])) for row in given])
    if any(row.method == Method.WECHAT for row in issued):
        jobs.defer("payments.send_refunds", lot_id=lot)
    return [row.id for row in issued]


def _columns(parts: Sequence[Part]) -> dict[str, Any]:
    ids = [new_id() for _ in parts]
    return {
        "ids": ids,
        "payments": [part.payment_id for part in parts],
        "numbers": [refund_id.hex for refund_id in ids],
        "amounts": [part.amount_fen for part in parts],
        "events": [new_id() for _ in parts],
    }


def _words(lot: uuid.UUID, cause: str, actor: Actor) -> dict[str, Any]:
    return {"lot": lot, "cause": cause, "actor": actor.id, "request": request_id()}


def _forget_loaded(payment_ids: set[uuid.UUID]) -> None:
    """Payments in the session are read anew: the statement went past it."""
    for row in db.session.identity_map.values():
        if isinstance(row, Payment) and row.id in payment_ids:
            db.session.expire(row)


def _posting(refund: Any, actor: Actor, source: tuple[str, str | uuid.UUID], receipt: str | None = None) -> Any:
    """Done: the household has had it back, from where the money was."""
    entries = [
        (Account.HOUSEHOLD.value, refund.household_id, refund.amount_fen),
        (*source, -refund.amount_fen),
    ]
    return ledger.Posting("refund", refund.book_id, refund.id, actor, entries, receipt)


# --- By hand ----------------------------------------------------------------------------------------------------


def hand_back(actor: Actor, refund_id: uuid.UUID, receipt: str) -> Refund:
    """Cash given back against a receipt: from the community's account where it came in there, else out of the hands of
    whoever gives it. Also what the provider refused to give back."""
    refund = db.session.get(Refund, refund_id)
    if refund is None or not _in_charge(actor, refund):
        raise NotFound("退款")
    if refund.method == Method.COMMUNITY_TRANSFER:
        actor.require(Permission.PAYMENT_READ, refund.place_code)  # the account is the community's, not an organiser's
    payment = _locked(refund)
    refused = refund.status == RefundStatus.FAILED
    if refused and payment.refunded_fen + refund.amount_fen > payment.amount_fen:
        raise Conflict("already_returned", "这笔款已经通过另一笔退款退回，请勿重复退还。")
    advance(REFUND, refund, "hand_back", actor, receipt=receipt)
    if refused:
        payment.refunded_fen += refund.amount_fen
    ledger.post_many([_posting(refund, actor, _till(actor, refund), receipt)])
    db.session.flush()
    return refund


def _till(actor: Actor, refund: Refund) -> tuple[str, str | uuid.UUID]:
    due = _due(refund)
    assert actor.id and due
    if refund.method == Method.COMMUNITY_TRANSFER or due.till == Account.COMMUNITY_FLOAT:
        return Account.COMMUNITY_FLOAT.value, refund.place_code[:COMMUNITY_DIGITS]
    return due.till, actor.id


def _in_charge(actor: Actor, refund: Refund) -> bool:
    if actor.id and actor.id == refund.collector_id:
        return True
    due = _due(refund)
    return due is not None and payables.in_charge(actor, due)


def _due(refund: Refund) -> payables.Due | None:
    payment = db.session.get_one(Payment, refund.payment_id)
    return payables.PAYABLES[payment.subject_type].due(payment.subject_id)


def _locked(refund: Refund) -> Payment:
    """The payment's row, then the refund's: every act takes them in this order."""
    payment = db.session.get_one(Payment, refund.payment_id, with_for_update=True, populate_existing=True)
    db.session.refresh(refund, with_for_update=True)
    return payment


# --- Through the provider. No transaction is open while it is asked. --------------------------------------------


def send(refund_id: uuid.UUID, again: bool = False) -> None:
    """Sends the refund. `again`: the provider has said that it never had it, and it goes under the same number."""
    with unit_of_work():
        asked = _take_up(refund_id, again)
    if asked:
        settle(refund_id, _asked(provider().refund, *asked))


def _take_up(refund_id: uuid.UUID, again: bool) -> tuple | None:
    refund = db.session.get_one(Refund, refund_id)
    payment = _locked(refund)
    ready = {RefundStatus.PENDING, RefundStatus.SENT, RefundStatus.UNKNOWN} if again else {RefundStatus.PENDING}
    if refund.status not in ready or refund.method != Method.WECHAT:
        return None
    advance(REFUND, refund, "send", HOUSE)
    return refund.number, payment.number, refund.amount_fen, payment.amount_fen


def _asked(call: Any, *arguments: Any) -> State | None:
    """None: no answer."""
    try:
        return call(*arguments)
    except Busy:
        return None


def follow(refund_id: uuid.UUID) -> None:
    """What has become of it? Never sent: it is sent. Sent: the provider is asked, and sent it again only where it has
    never heard of the number."""
    with unit_of_work():
        number, status = db.session.execute(select(Refund.number, Refund.status).where(Refund.id == refund_id)).one()
    if status == RefundStatus.PENDING:
        send(refund_id)
        return
    state = _asked(provider().query_refund, number)
    if state == State.MISSING:
        send(refund_id, again=True)
    else:
        settle(refund_id, state)


def settle(refund_id: uuid.UUID, state: State | None) -> None:
    """Takes down the provider's answer: done, refused (a person must look), still open, or none at all."""
    with unit_of_work():
        refund = db.session.get_one(Refund, refund_id)
        payment = _locked(refund)
        if refund.status not in (RefundStatus.SENT, RefundStatus.UNKNOWN):
            return
        if state == State.SUCCEEDED:
            advance(REFUND, refund, "succeed", HOUSE)
            ledger.post_many([_posting(refund, HOUSE, (Account.MERCHANT, payment.method))])
        elif state in (State.DECLINED, State.CLOSED):
            advance(REFUND, refund, "fail", HOUSE)
            payment.refunded_fen -= refund.amount_fen
        elif state is None and refund.status == RefundStatus.SENT:
            advance(REFUND, refund, "lose_sight", HOUSE)
