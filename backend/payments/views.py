"""What is shown of payments and refunds: labels, and what the actor may do with each."""

from collections.abc import Sequence
from typing import Any

from backend.core import clock
from backend.core.auth import Actor
from backend.core.workflow import allowed_actions
from backend.payments.models import Account, Method, Payment, PaymentStatus, Refund, RefundStatus
from backend.payments.workflow import REFUND


def payments(found: Sequence[Payment]) -> Sequence[Any]:
    shown: Sequence[Any] = found
    for payment in shown:
        payment.method_label, payment.status_label = Method(payment.method).label, PaymentStatus(payment.status).label
    return shown


def refunds(actor: Actor, found: Sequence[Refund]) -> Sequence[Any]:
    shown: Sequence[Any] = found
    offered = allowed_actions(REFUND, found, actor, clock.now())
    for refund in shown:
        refund.method_label, refund.status_label = Method(refund.method).label, RefundStatus(refund.status).label
        refund.allowed_actions = offered[refund.id]
    return shown


def accounts(held: dict[str, int]) -> list[dict[str, Any]]:
    """By kind of account, in the order in which they are declared."""
    return [
        {"account": account.value, "label": account.label, "amount_fen": held[account.value]}
        for account in Account
        if account.value in held
    ]
