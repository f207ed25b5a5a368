"""The flow of a payment and of a refund, as tables of Steps. The house takes all but one: only the provider's word
books an online payment, and cash goes back by hand."""

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func

from backend.core.auth import Actor
from backend.core.errors import Conflict
from backend.core.permissions import Permission as P
from backend.core.workflow import Move, Step, Workflow
from backend.payments.models import Method, Payment, PaymentStatus, Refund, RefundStatus

S, R = PaymentStatus, RefundStatus
BY_HAND = (Method.CASH, Method.TRANSFER, Method.COMMUNITY_TRANSFER)


def _succeed(payment: Payment, move: Move) -> None:
    payment.succeeded_at = move.now
    payment.trade_id = move.data["trade_id"]


PAYMENT = Workflow(
    name="payment",
    visible=P.PAYMENT_READ,
    place_of=lambda payment: payment.place_code,
    steps=(
        # Money that arrives after all is money: what the provider has taken is booked, whatever we had believed.
        Step("succeed", {S.PENDING, S.FAILED, S.CLOSED, S.MISMATCHED}, S.SUCCEEDED, "到账", effect=_succeed),
        Step("fail", {S.PENDING}, S.FAILED, "付款未成功"),
        Step("close", {S.PENDING}, S.CLOSED, "超时关闭"),
        Step("set_aside", {S.PENDING, S.FAILED, S.CLOSED}, S.MISMATCHED, "与支付平台不符，等待核对"),
    ),
)


def _send(refund: Refund, move: Move) -> None:
    refund.attempts += 1
    refund.checked_at = func.now()


def _done(refund: Refund, move: Move) -> None:
    refund.succeeded_at = move.now


def _hand_back(refund: Refund, move: Move) -> None:
    refund.succeeded_at, refund.handed_by, refund.receipt = move.now, move.actor.id, move.data["receipt"]


def _collected_by(refunds: Sequence[Any], actor: Actor) -> set[uuid.UUID]:
    return {refund.id for refund in refunds if actor.id and refund.collector_id == actor.id}


def _by_hand(refund: Refund, now: datetime) -> None:
    """A person gives the money back when it came by hand, or when the provider has refused to."""
    if refund.method not in BY_HAND and refund.status != R.FAILED:
        raise Conflict("refunded_online", "这笔款会原路退回付款人，不用退现金。")


REFUND = Workflow(
    name="refund",
    visible=P.PAYMENT_READ,
    place_of=lambda refund: refund.place_code,
    owned=_collected_by,
    steps=(
        Step("send", {R.PENDING, R.SENT, R.UNKNOWN}, R.SENT, "发起退款", effect=_send),
        Step("lose_sight", {R.SENT}, R.UNKNOWN, "结果不明，待核实"),
        Step("succeed", {R.SENT, R.UNKNOWN}, R.SUCCEEDED, "退款到账", effect=_done),
        Step("fail", {R.SENT, R.UNKNOWN}, R.FAILED, "退款被拒"),
        Step(
            "hand_back",
            {R.PENDING, R.FAILED},
            R.SUCCEEDED,
            "退还现金",
            P.PAYMENT_RECORD,
            owner=True,
            guard=_by_hand,
            effect=_hand_back,
        ),
    ),
)
