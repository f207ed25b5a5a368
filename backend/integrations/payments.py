"""Who moves the money of an online payment. WeChat's HTTP twin joins `PROVIDERS` with its own issue.

Every call may end without an answer (NoAnswer): then nobody knows whether it was done, and the same number is asked
about, or sent again, never a new one.
"""

from collections.abc import Callable
from enum import StrEnum
from typing import Any, NamedTuple, Protocol

import structlog
from sqlalchemy import BigInteger, CheckConstraint, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from backend.core.errors import Busy
from backend.core.settings import settings
from backend.core.transaction import on_own_connection
from backend.extensions import Model

CONSOLE_MERCHANT = "console"


class State(StrEnum):
    """What a provider says of a trade or of a refund."""

    MISSING = "missing"  # never heard of
    OPEN = "open"  # a trade not paid yet; a refund being worked on
    SUCCEEDED = "succeeded"
    DECLINED = "declined"
    CLOSED = "closed"


class Trade(NamedTuple):
    """A payment as the provider has it."""

    state: State
    amount_fen: int = 0
    merchant: str = ""
    transaction_id: str | None = None


class NoAnswer(Busy):
    """The provider was silent: what was asked of it may have been done or not."""

    def __init__(self) -> None:
        super().__init__("payment_provider_silent", "支付平台暂时没有回应，请稍后再查看结果，不要重复付款。")


class PaymentProvider(Protocol):
    """Numbers are ours, and each of these may be called again with the same one: it is done once."""

    merchant: str

    def prepay(self, number: str, amount_fen: int, title: str, payer: str) -> dict[str, Any]:
        """What the client needs to ask the person for the money."""
        ...

    def query(self, number: str) -> Trade: ...

    def close(self, number: str) -> None:
        """No longer payable; a trade that is paid already stays paid."""
        ...

    def refund(self, refund_number: str, number: str, amount_fen: int, total_fen: int) -> State: ...

    def query_refund(self, refund_number: str) -> State: ...


class ConsoleTrade(Model):
    """The console's own books. `manner` tells it how to behave, for tests: see ConsolePayments."""

    __tablename__ = "console_trade"
    __table_args__ = (CheckConstraint("state IN ('open', 'succeeded', 'declined', 'closed')", name="state"),)
    number: Mapped[str] = mapped_column(String(32), primary_key=True)
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    merchant: Mapped[str] = mapped_column(String(32))
    state: Mapped[str] = mapped_column(String(12))
    manner: Mapped[str] = mapped_column(String(20), server_default="plain")


class ConsoleRefund(Model):
    __tablename__ = "console_refund"
    __table_args__ = (Index("ix_console_refund_number", "number"),)
    refund_number: Mapped[str] = mapped_column(String(32), primary_key=True)
    number: Mapped[str] = mapped_column(String(32))
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[str] = mapped_column(String(12))


PREPAY = """
INSERT INTO console_trade (number, amount_fen, merchant, state) VALUES (:number, :amount_fen, :merchant, 'open')
ON CONFLICT (number) DO NOTHING"""
PAY = "UPDATE console_trade SET state = :state WHERE number = :number AND state = 'open'"
# Also of a trade that it never saw: a prepayment still on its way must not open it.
CLOSE = """
INSERT INTO console_trade (number, amount_fen, merchant, state) VALUES (:number, 0, :merchant, 'closed')
ON CONFLICT (number) DO UPDATE SET state = 'closed' WHERE console_trade.state = 'open'"""
QUERY = "SELECT state, amount_fen, merchant, manner FROM console_trade WHERE number = :number"
LOCK = "SELECT amount_fen, manner FROM console_trade WHERE number = :number AND state = 'succeeded' FOR UPDATE"
GIVEN = "SELECT coalesce(sum(amount_fen), 0) FROM console_refund WHERE number = :number AND refund_number <> :refund"
REFUND = """
INSERT INTO console_refund (refund_number, number, amount_fen, state) VALUES (:refund, :number, :amount_fen, :state)
ON CONFLICT (refund_number) DO NOTHING"""
FINISH = "UPDATE console_refund SET state = 'succeeded' WHERE refund_number = :refund AND state = 'open'"
QUERY_REFUND = """
SELECT r.state, t.manner FROM console_refund r JOIN console_trade t USING (number) WHERE refund_number = :refund"""


class ConsolePayments:
    """For development and tests. Its books are in the database, written on a connection of its own as a foreign
    house's would be, so that two processes see the same. The `manner` of a trade:
    plain · silent (never answers, does nothing) · silent_after (does what is asked, and does not answer; queries are
    answered) · refusing (declines refunds) · slow (a refund stays open until `finish`)."""

    merchant = CONSOLE_MERCHANT

    def prepay(self, number: str, amount_fen: int, title: str, payer: str) -> dict[str, Any]:
        self._do(PREPAY, number=number, amount_fen=amount_fen, merchant=self.merchant)
        return {"provider": "console", "number": number, "amount_fen": amount_fen}

    def query(self, number: str) -> Trade:
        found = self._do(QUERY, number=number)
        if not found:
            return Trade(State.MISSING)
        state, amount_fen, merchant, manner = found[0]
        _answer(manner)
        return Trade(State(state), amount_fen, merchant, f"console-{number}")

    def close(self, number: str) -> None:
        self._do(CLOSE, number=number, merchant=self.merchant)

    def refund(self, refund_number: str, number: str, amount_fen: int, total_fen: int) -> State:
        state, manner = on_own_connection(lambda c: _refund(c, refund_number, number, amount_fen))
        if manner == "silent_after":
            raise NoAnswer()
        return state

    def query_refund(self, refund_number: str) -> State:
        found = self._do(QUERY_REFUND, refund=refund_number)
        if not found:
            return State.MISSING
        _answer(found[0].manner)
        return State(found[0].state)

    # What only a console can do.

    def pay(self, number: str, state: State = State.SUCCEEDED) -> None:
        """The person has paid, or was declined."""
        self._do(PAY, number=number, state=state.value)
        structlog.get_logger().info("console_paid", number=number, state=state.value)

    def behave(self, number: str, manner: str) -> None:
        self._do("UPDATE console_trade SET manner = :manner WHERE number = :number", number=number, manner=manner)

    def finish(self, refund_number: str) -> None:
        """A slow refund is done."""
        self._do(FINISH, refund=refund_number)

    def _do(self, sql: str, **values: Any) -> list[Any]:
        return on_own_connection(lambda c: _rows(c, sql, **values))


def _rows(connection: Any, sql: str, **values: Any) -> list[Any]:
    result = connection.execute(text(sql), values)
    return list(result) if result.returns_rows else []


def _answer(manner: str) -> None:
    if manner == "silent":
        raise NoAnswer()


def _refund(connection: Any, refund: str, number: str, amount_fen: int) -> tuple[State, str]:
    """Once for each number, never more than was paid."""
    trade = _rows(connection, LOCK, number=number)
    if not trade:
        return State.DECLINED, "plain"
    total, manner = trade[0]
    _answer(manner)
    given = _rows(connection, GIVEN, number=number, refund=refund)[0][0]
    if manner == "refusing" or given + amount_fen > total:
        return State.DECLINED, manner
    state = State.OPEN if manner == "slow" else State.SUCCEEDED
    _rows(connection, REFUND, refund=refund, number=number, amount_fen=amount_fen, state=state.value)
    return state, manner


class NoPayments:
    """Where no provider is set up yet: cash and transfers still work."""

    merchant = ""

    def prepay(self, number: str, amount_fen: int, title: str, payer: str) -> dict[str, Any]:
        raise _unavailable()

    def query(self, number: str) -> Trade:
        raise _unavailable()

    def close(self, number: str) -> None:
        raise _unavailable()

    def refund(self, refund_number: str, number: str, amount_fen: int, total_fen: int) -> State:
        raise _unavailable()

    def query_refund(self, refund_number: str) -> State:
        raise _unavailable()


def _unavailable() -> Busy:
    return Busy("payment_unavailable", "线上支付尚未开通，请向团长付现金，或联系社区。")


PROVIDERS: dict[str, Callable[[], PaymentProvider]] = {"console": ConsolePayments, "off": NoPayments}


def provider() -> PaymentProvider:
    """The one that PAYMENT_PROVIDER names."""
    return PROVIDERS[settings["PAYMENT_PROVIDER"]]()


def online() -> bool:
    """Whether there is a provider at which one could pay."""
    return settings["PAYMENT_PROVIDER"] != "off"


def refuse_without_provider() -> None:
    """503 where none is set up: a payment begun there could be neither paid nor closed, and nothing be settled."""
    if not online():
        raise _unavailable()
