"""The verbs of payments: begin, ask the provider, book; receipts of cash. What other packages call stands here."""

import uuid
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, NamedTuple

import structlog
from sqlalchemy import Select, exists, func, or_, select, text

from backend.core import audit
from backend.core.auth import HOUSE, Actor
from backend.core.errors import Conflict, DomainError, Forbidden, NotFound
from backend.core.models import new_id, within
from backend.core.permissions import Permission
from backend.core.transaction import database_now, let_go
from backend.core.workflow import advance, lock
from backend.extensions import db
from backend.integrations.payments import State, Trade, provider, refuse_without_provider
from backend.payments import payables
from backend.payments.ledger import (
    Posting,
    balance,
    balances,
    book_entries,
    has_booked,
    household_entries,
    in_hands,
    open_balances,
    post,
    post_many,
    trial_balance,
)
from backend.payments.models import Account, Method, Payment, PaymentStatus, Refund, RefundStatus
from backend.payments.payables import Book, Due, Payable, register, register_book
from backend.payments.refunds import COMMUNITY_DIGITS, Part, hand_back, issue, refund, refund_many
from backend.payments.till import (
    FUND_EMPTY,
    advance_cash,
    hold_hands,
    pay_out,
    receive,
    refuse_overdrawn,
    reimburse,
    remit,
)
from backend.payments.workflow import PAYMENT
from backend.people.households import homes_of

# The door for other packages.
__all__ = [
    "FUND_EMPTY", "Account", "Book", "Due", "Method", "Payable", "Payment", "Posting", "advance_cash", "awaited",
    "balance", "balances", "begin", "book_entries", "check", "confirm", "hand_back", "has_booked", "hold_hands",
    "household_entries", "in_hands", "look", "move_subject", "open_balances", "outstanding", "paid", "pay_out", "post",
    "post_many", "prepay", "receive", "record_receipt", "refund", "refund_many", "refused", "register", "register_book",
    "reimburse", "remit", "take_cash", "trial_balance",
]  # fmt: skip

log = structlog.get_logger()
# What a person needs at the provider's: the sum is read, a password typed.
TO_PAY = timedelta(minutes=1)
# How long a subject waits, beyond its term, for the answer to a payment begun within it. Time to pay, and as much again
# for the answer, which the phone asks for at once and the clock's round (see deadlines.poll) within two minutes. Longer
# would let shares be held for nothing.
AWAITED = 2 * TO_PAY
# After that a payment is closed at the provider.
LIFE = timedelta(hours=2)


# --- Online -----------------------------------------------------------------------------------------------------


def begin(
    actor: Actor, subject_type: str, subject_id: uuid.UUID, method: str, amount_fen: int | None = None
) -> Payment:
    """A payment of all that remains, or of a part of it, waiting for the person to pay. The amount is ours: a client
    may ask for less than is due, never for more. Begun twice, it is the same payment; unless there is too little time
    left to pay it. 409 once the term of payment is over."""
    due = payables.due_in_sight(actor, subject_type, subject_id, lock=True)
    if not payables.PAYABLES[subject_type].may_pay(actor, subject_id):
        raise Forbidden("not_yours_to_pay", "这张订单不是您家的，不能在线付款；收到现金请登记收款。")
    if method != Method.WECHAT:
        raise DomainError("wrong_method", "在线付款只能用微信支付；现金和转账请交给团长登记。")
    refuse_without_provider()
    fen = _accepted(due, amount_fen)
    if (begun := _begun(actor, subject_id, fen)) and _time_left(begun, due):
        return begun
    if due.until and due.until <= database_now():
        raise _too_late()
    return _new(actor, subject_type, subject_id, due, method, fen, PaymentStatus.PENDING, "begin", payer_id=actor.id)


def _time_left(payment: Payment, due: Due) -> bool:
    """Whether who is sent to the provider now can pay before the subject lapses, or the payment is closed."""
    ends = payment.created_at + LIFE
    if due.until:
        ends = min(ends, max(due.until, payment.created_at + AWAITED))
    return database_now() + TO_PAY <= ends


def _too_late() -> Conflict:
    return Conflict("pay_time_over", "付款时限到了，现在付款来不及，这笔没有扣款。还想要的话，请重新下单。")


def _accepted(due: Due, amount_fen: int | None) -> int:
    """How much may be paid now: what was asked for, within what remains."""
    if not due.open or due.remaining_fen <= 0:
        raise Conflict("nothing_due", "这张订单现在不需要付款，请刷新查看最新状态。")
    if amount_fen is not None and not 0 < amount_fen <= due.remaining_fen:
        raise DomainError("more_than_due", "付款金额应大于零，且不超过还没付的金额。", remaining_fen=due.remaining_fen)
    return amount_fen or due.remaining_fen


def _begun(actor: Actor, subject_id: uuid.UUID, fen: int) -> Payment | None:
    query = select(Payment).where(
        Payment.subject_id == subject_id,
        Payment.payer_id == actor.id,
        Payment.amount_fen == fen,
        Payment.status == PaymentStatus.PENDING.value,
    )
    return db.session.scalars(query.order_by(Payment.id.desc()).limit(1)).one_or_none()


def _new(
    actor: Actor,
    subject_type: str,
    subject_id: uuid.UUID,
    due: Due,
    method: str,
    fen: int,
    status: PaymentStatus,
    action: str,
    **more: Any,
) -> Payment:
    payment_id = new_id()
    payment = Payment(
        id=payment_id,
        number=payment_id.hex,
        subject_type=subject_type,
        subject_id=subject_id,
        book_id=due.book_id,
        household_id=due.household_id,
        place_code=due.place_code,
        collector_id=due.collector_id,
        method=method,
        amount_fen=fen,
        status=status.value,
        **more,
    )
    db.session.add(payment)
    details = {"amount_fen": fen, "method": method}
    audit.record("payment", action, actor, payment, new=status.value, place_code=due.place_code, details=details)
    db.session.flush()
    return payment


def prepay(actor: Actor, payment_id: uuid.UUID) -> dict[str, Any]:
    """What the client needs to take the person to the provider. Asked for again, nothing is doubled."""
    payment = db.session.get(Payment, payment_id)
    if payment is None or payment.payer_id != actor.id:
        raise NotFound("付款")
    due = payables.PAYABLES[payment.subject_type].due(payment.subject_id)
    payable = due and due.open and payment.amount_fen <= due.remaining_fen
    if payment.status != PaymentStatus.PENDING or not payable:
        raise Conflict("not_now", "这笔款已经付过或不用付了，请刷新查看。", status_now=payment.status)
    if due and not _time_left(payment, due):
        raise _too_late()
    asked = (payment.number, payment.amount_fen, due.title if due else "", str(actor.id))
    let_go()
    return provider().prepay(*asked)


def check(actor: Actor, payment_id: uuid.UUID) -> Payment:
    """Asks the provider what has become of a payment, and books what it says. What the client believes counts for
    nothing."""
    return look(in_sight(actor, payment_id).number)


def in_sight(actor: Actor, payment_id: uuid.UUID) -> Payment:
    """For whoever pays, and whoever may see how the subject is paid."""
    payment = db.session.get(Payment, payment_id)
    if payment is None:
        raise NotFound("付款")
    if payment.payer_id != actor.id:
        payables.due_in_sight(actor, payment.subject_type, payment.subject_id, what="付款")
    return payment


def look(number: str, given_up: bool = False) -> Payment:
    """The provider's word on one of our numbers, asked for outside any transaction, and booked."""
    let_go()
    return confirm(number, provider().query(number), given_up)


def confirm(number: str, trade: Trade, given_up: bool = False) -> Payment:
    """Takes down what the provider says of a payment. Idempotent: notice, query and double tap come to one booking. A
    trade of another amount or merchant is not booked but set aside, for a person to look at. What arrives too late or
    is too much goes back. `given_up`: it was closed at the provider, so that one never heard of is closed as well."""
    payment = db.session.scalars(select(Payment).where(Payment.number == number)).one_or_none()
    if payment is None:
        raise NotFound("付款")
    due = payables.PAYABLES[payment.subject_type].due(payment.subject_id, lock=True)
    lock(payment)
    if trade.state == State.SUCCEEDED and payment.status != PaymentStatus.SUCCEEDED:
        if (trade.amount_fen, trade.merchant) == (payment.amount_fen, provider().merchant):
            _arrived(payment, trade, due)
        elif payment.status != PaymentStatus.MISMATCHED:
            _set_aside(payment, trade)
    elif payment.status == PaymentStatus.PENDING and (action := _ending(trade.state, given_up)):
        advance(PAYMENT, payment, action, HOUSE)
    return payment


def _ending(state: State, given_up: bool) -> str | None:
    """How a payment ends for which no money will come."""
    if state == State.DECLINED:
        return "fail"
    return "close" if state == State.CLOSED or (given_up and state == State.MISSING) else None


def _set_aside(payment: Payment, trade: Trade) -> None:
    said = {"amount_fen": payment.amount_fen, "theirs_fen": trade.amount_fen, "merchant": trade.merchant}
    advance(PAYMENT, payment, "set_aside", HOUSE, details=said)
    log.error("trade_refused", number=payment.number, **said)


def _arrived(payment: Payment, trade: Trade, due: Due | None) -> None:
    advance(PAYMENT, payment, "succeed", HOUSE, trade_id=trade.transaction_id)
    _book(payment, HOUSE, (Account.MERCHANT.value, payment.method))
    needed = max(0, due.remaining_fen) if due and due.open else 0
    kept = min(payment.amount_fen, needed)
    if kept < payment.amount_fen:
        issue([Part(payment.id, payment.amount_fen - kept)], "excess" if kept else "not_due", HOUSE)
    if kept:
        _tell_payable(payment)


def _book(payment: Payment, actor: Actor, into: tuple[str, Any]) -> None:
    entries = [(*into, payment.amount_fen), (Account.HOUSEHOLD.value, payment.household_id, -payment.amount_fen)]
    post("payment", payment.book_id, payment.id, actor, entries, payment.receipt)


def _tell_payable(payment: Payment) -> None:
    assert payment.succeeded_at
    payables.PAYABLES[payment.subject_type].settled(payment.subject_id, payment.succeeded_at)


# --- By hand ----------------------------------------------------------------------------------------------------


def record_receipt(
    actor: Actor, subject_type: str, subject_id: uuid.UUID, method: str, amount_fen: int, receipt: str
) -> Payment:
    """Money that came by hand, against a receipt: to the organiser of this very book or the community; into the
    community's account, or out of its fund, only by the community. Never more than remains, nor than the fund has."""
    due = payables.due_in_sight(actor, subject_type, subject_id, lock=True)
    if not payables.in_charge(actor, due) or not payables.may_record(actor, due):
        raise Forbidden("forbidden", "收款由团长或社区登记，您不能自己登记。")
    if method in (Method.COMMUNITY_TRANSFER, Method.SPONSORED):
        actor.require(Permission.PAYMENT_READ, due.place_code)  # the community's own money
        _refuse_own_home(actor, due)
    if method == Method.WECHAT:
        raise DomainError("wrong_method", "微信支付由系统向支付平台核实，不能手工登记。")
    return _recorded(actor, subject_type, subject_id, due, method, amount_fen, receipt)


def take_cash(actor: Actor, subject_type: str, subject_id: uuid.UUID, amount_fen: int, receipt: str) -> Payment:
    """Cash that the actor takes at the door, against a receipt. Whether they are who stands there is for the caller to
    ask; what remains is asked here."""
    due = payables.PAYABLES[subject_type].due(subject_id, lock=True)
    assert due
    return _recorded(actor, subject_type, subject_id, due, Method.CASH, amount_fen, receipt)


def _recorded(
    actor: Actor, subject_type: str, subject_id: uuid.UUID, due: Due, method: str, amount_fen: int, receipt: str
) -> Payment:
    more = {"recorded_by": actor.id, "receipt": receipt, "succeeded_at": func.clock_timestamp()}
    fen = _accepted(due, amount_fen)
    payment = _new(actor, subject_type, subject_id, due, method, fen, PaymentStatus.SUCCEEDED, "record", **more)
    _book(payment, actor, _till(actor, method, due))
    _tell_payable(payment)
    if method == Method.SPONSORED:
        refuse_overdrawn(due.place_code[:COMMUNITY_DIGITS])
    return payment


def _refuse_own_home(actor: Actor, due: Due) -> None:
    """Nobody gives their own home of the community's money, nor says alone that theirs has come in."""
    if due.household_id in set(db.session.scalars(homes_of(actor))):
        raise Forbidden("not_by_oneself", "自己家的订单，要由社区另一位工作人员登记。")


def _till(actor: Actor, method: str, due: Due) -> tuple[str, Any]:
    """Where the money is now: cash and what was sent to them is in the hands of who records it."""
    community = due.place_code[:COMMUNITY_DIGITS]
    if method == Method.SPONSORED:
        return Account.FUND.value, community
    if method == Method.COMMUNITY_TRANSFER or due.till == Account.COMMUNITY_FLOAT:
        return Account.COMMUNITY_FLOAT.value, community
    return due.till, actor.id


def move_subject(
    actor: Actor, subject_id: uuid.UUID, book_id: uuid.UUID, due_fen: int, giver: uuid.UUID, taker: uuid.UUID
) -> None:
    """The subject is another household's from now on: what is left to pay is theirs to pay, and what was paid counts
    for them. Whoever paid stays who paid. The caller holds the subject's row; 409 while money is on its way back."""
    query = select(Payment).where(Payment.subject_id == subject_id).order_by(Payment.id).with_for_update()
    made = list(db.session.scalars(query, execution_options={"populate_existing": True}))
    undone = (Refund.subject_id == subject_id) & (Refund.status != RefundStatus.SUCCEEDED.value)
    if db.session.scalar(select(Refund.id).where(undone).limit(1)):
        raise Conflict("refund_open", "这张订单还有退款没有办完，请等退款到账后再转。")
    left = due_fen - paid([subject_id])[subject_id]
    if left:
        entries = [(Account.HOUSEHOLD.value, giver, -left), (Account.HOUSEHOLD.value, taker, left)]
        post("order_moved", book_id, subject_id, actor, entries)
    for payment in made:
        payment.household_id = taker
    db.session.flush()


# --- Asked by others --------------------------------------------------------------------------------------------


PAID = text("""
SELECT subject_id, sum(amount_fen - refunded_fen)::bigint FROM payment
WHERE subject_id = ANY(:subjects) AND status = 'succeeded' GROUP BY subject_id""")


def paid(subject_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, int]:
    """What was paid for each subject and neither went back nor is on its way."""
    found = {subject_id: fen for subject_id, fen in db.session.execute(PAID, {"subjects": list(subject_ids)})}
    return {subject_id: found.get(subject_id, 0) for subject_id in subject_ids}


def awaited(subject_id: Any) -> Any:
    """A condition on a subject (a column, its id): a payment was begun so lately that its answer is waited for. Begun
    under the subject's lock, so it holds for whoever has that lock and asks then."""
    lately = Payment.created_at > func.now() - AWAITED
    pending = Payment.status == PaymentStatus.PENDING.value
    return exists().where(Payment.subject_id == subject_id, pending, lately)


def refused(subject_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, int]:
    """What the provider has refused to give back for each subject, and a person is to (see `hand_back`)."""
    failed = (Refund.subject_id.in_(subject_ids)) & (Refund.status == RefundStatus.FAILED.value)
    query = select(Refund.subject_id, func.sum(Refund.amount_fen)).where(failed).group_by(Refund.subject_id)
    return {subject_id: int(fen) for subject_id, fen in db.session.execute(query)}


class Outstanding(NamedTuple):
    """What still stands in the way of a settlement. Balances by owner, where not zero."""

    pending_payments: int
    open_refunds: int
    organisers: dict[str, int]
    households: dict[str, int]

    @property
    def clear(self) -> bool:
        return not any(self)


def outstanding(book_id: uuid.UUID) -> Outstanding:
    """Payments not decided, refunds not done, cash still in somebody's hands, households not even."""
    pending = select(func.count()).where(Payment.book_id == book_id, Payment.status == PaymentStatus.PENDING.value)
    undone = select(func.count()).where(Refund.book_id == book_id, Refund.status != RefundStatus.SUCCEEDED.value)
    return Outstanding(
        db.session.scalar(pending) or 0,
        db.session.scalar(undone) or 0,
        open_balances(Account.ORGANISER, book_id),
        open_balances(Account.HOUSEHOLD, book_id),
    )


def payments_of(actor: Actor, subject_type: str, subject_id: uuid.UUID) -> Select:
    """A select of how a subject was paid."""
    payables.due_in_sight(actor, subject_type, subject_id)
    return select(Payment).where(Payment.subject_id == subject_id)


def refunds_in_sight(actor: Actor, status: str | None) -> Select:
    """A select of the refunds of one's own collecting, and of the community's."""
    own = or_(within(Refund.place_code, actor.scope(Permission.PAYMENT_READ)), Refund.collector_id == actor.id)
    query = select(Refund).where(own)
    return query.where(Refund.status == status) if status else query
