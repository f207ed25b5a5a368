"""What the clock does: refunds sent, payments and refunds asked about, the ledger closed every hour.

None of the jobs that ask the provider holds a transaction while it does, and one that fails stops no other.
"""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from backend.core.errors import DomainError
from backend.core.jobs import job
from backend.core.transaction import unit_of_work
from backend.extensions import db
from backend.integrations.payments import provider
from backend.payments import ledger, refunds, service
from backend.payments.models import Method, Refund, RefundStatus

log = structlog.get_logger()
ROUND = 200  # asked about in one round; the rest waits for the next
# Whoever was asked about longest ago comes first, so that one that stays open holds up no other. Taken by one
# round only: a second that runs beside it takes the next ones.
PENDING = text("""
UPDATE payment SET checked_at = now() WHERE id IN (
  SELECT id FROM payment WHERE status = 'pending' AND checked_at < now() - interval '1 minute'
  ORDER BY checked_at LIMIT :round FOR UPDATE SKIP LOCKED)
RETURNING number, created_at < now() - CAST(:life AS interval) AS stale""")
OPEN = text("""
UPDATE refund SET checked_at = now() WHERE id IN (
  SELECT id FROM refund WHERE method = 'wechat' AND status IN ('pending', 'sent', 'unknown')
    AND checked_at < now() - interval '1 minute'
  ORDER BY checked_at LIMIT :round FOR UPDATE SKIP LOCKED)
RETURNING id""")


@job("payments.send_refunds", edge=False)
def send_refunds(lot_id: str) -> None:
    """The refunds of one act, one after the other."""
    waiting = select(Refund.id).where(
        Refund.lot_id == UUID(lot_id),
        Refund.status == RefundStatus.PENDING.value,
        Refund.method == Method.WECHAT.value,
    )
    with unit_of_work():
        ids = list(db.session.scalars(waiting.order_by(Refund.id)))
    for refund_id in ids:
        _alone(refunds.send, refund_id)


@job("payments.poll", every="* * * * *", edge=False)
def poll() -> None:
    """Asks about whatever has waited for a minute. After two hours a payment is closed at the provider first, so that
    it can no longer be paid, and then asked about."""
    for number, stale in _taken(PENDING, life=service.LIFE):
        _alone(_look, number, stale)
    for (refund_id,) in _taken(OPEN):
        _alone(refunds.follow, refund_id)


def _taken(query: Any, **values: Any) -> list[Any]:
    with unit_of_work():
        return list(db.session.execute(query, {"round": ROUND, **values}))


def _look(number: str, stale: bool) -> None:
    if stale:
        provider().close(number)
    with unit_of_work():
        service.look(number, given_up=stale)


def _alone(work: Callable, *arguments: Any) -> None:
    """What is refused, stands behind a lock, or gets no answer is for the next round."""
    try:
        work(*arguments)
    except (DomainError, DBAPIError) as refusal:
        log.warning("payment_round_refused", cause=type(refusal).__name__, about=str(arguments[0]))


@job("payments.close_ledger", every="11 * * * *")
def close_ledger() -> None:
    """So that a trial balance adds up two hours at the most."""
    ledger.close()
