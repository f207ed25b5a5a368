"""The ledger (append-only, balanced), payments and refunds. All money is whole fen."""

import uuid
from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Integer, SmallInteger, String, func, text
from sqlalchemy.orm import Mapped, mapped_column

from backend.core.models import Code, Labelled, Row, Timestamp, sql_list
from backend.extensions import Model


class Account(Labelled):
    """With its owner, one account of the ledger. Debit is positive: what others owe the community, what it holds."""

    HOUSEHOLD = "household", "住户应付"  # owner: household id; + it owes us, − we owe it
    CAMPAIGN = "campaign", "团购款"  # campaign id; − what was ordered is worth, paid down to zero
    SUBSIDY = "subsidy", "补贴"  # code of the place that grants it; + our claim on it
    FUND = "fund", "社区互助金"  # community code; donations and surpluses −, what it sponsors +
    ORGANISER = "organiser", "团长备用金"  # user id; + cash in a person's hands, − own money they have advanced
    COMMUNITY_FLOAT = "community_float", "社区周转金"  # community code
    MERCHANT = "merchant", "商户号"  # the provider's name
    VOLUNTEER = "volunteer", "志愿者备用金"  # user id; + the community's cash in a person's hands, − own money advanced
    MEDICINE_STOCK = "medicine_stock", "代购药品"  # trip id, or community code once refused; + what was paid for it


class Method(Labelled):
    WECHAT = "wechat", "微信支付"
    CASH = "cash", "现金"
    TRANSFER = "transfer", "转账给团长"
    COMMUNITY_TRANSFER = "community_transfer", "转账到社区账户"
    SPONSORED = "sponsored", "社区互助金资助"


class PaymentStatus(Labelled):
    PENDING = "pending", "等待付款"
    SUCCEEDED = "succeeded", "已付款"
    FAILED = "failed", "付款没有成功"
    CLOSED = "closed", "已关闭，没有付款"
    MISMATCHED = "mismatched", "与支付平台的记录不符，没有入账，请联系社区核对，不要重复付款"


class RefundStatus(Labelled):
    PENDING = "pending", "等待退款"
    SENT = "sent", "退款处理中"
    UNKNOWN = "unknown", "退款结果核实中"
    SUCCEEDED = "succeeded", "已退款"
    FAILED = "failed", "退款没有成功，等待人工处理"


class LedgerTransaction(Model):
    """One business act in the ledger. A trigger refuses UPDATE and DELETE, here and on the entries."""

    __tablename__ = "ledger_transaction"
    __table_args__ = (
        Index("ix_ledger_transaction_book_id", "book_id", "id"),
        # In the order of time as it lies on the disk: a few pages of index for millions of rows.
        # Summarised as it grows: pages that are not are read for every span that is asked for.
        Index(
            "ix_ledger_transaction_created_at",
            "created_at",
            postgresql_using="brin",
            postgresql_with={"autosummarize": "on"},
        ),
    )
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(30))
    book_id: Mapped[uuid.UUID]
    subject_id: Mapped[uuid.UUID | None]
    actor_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("app_user.id"))
    receipt: Mapped[str | None] = mapped_column(String(40))
    created_at: Mapped[datetime] = mapped_column(Timestamp, server_default=func.clock_timestamp())


class LedgerEntry(Model):
    """One line: so much to one account. The lines of a transaction add up to zero, says a deferred constraint."""

    __tablename__ = "ledger_entry"
    __table_args__ = (
        Index("ix_ledger_entry_account_owner", "account", "owner"),
        CheckConstraint(f"account IN ({sql_list(Account)})", name="account"),
        CheckConstraint("amount_fen <> 0", name="amount"),
    )
    transaction_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("ledger_transaction.id"), primary_key=True)
    line: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    account: Mapped[str] = mapped_column(String(20))
    owner: Mapped[str] = mapped_column(Code)
    amount_fen: Mapped[int] = mapped_column(BigInteger)


class LedgerClosing(Model):
    """The sum of each account over every transaction before `until`, so that a trial balance need only add up what
    came since. Never changed."""

    __tablename__ = "ledger_closing"
    until: Mapped[datetime] = mapped_column(Timestamp, primary_key=True)
    account: Mapped[str] = mapped_column(String(20), primary_key=True)
    amount_fen: Mapped[int] = mapped_column(BigInteger)


class Payment(Row, Model):
    """Money that someone pays for a subject. `number` is ours, told to the provider; `trade_id` is the provider's.
    `collector_id` runs the book (the organiser); `recorded_by` took the cash and holds it."""

    __tablename__ = "payment"
    __table_args__ = (
        Index("ix_payment_subject_id", "subject_id", "id"),
        Index("ix_payment_book_id", "book_id"),
        Index("uq_payment_number", "number", unique=True),
        Index("uq_payment_trade_id", "trade_id", unique=True),
        Index("uq_payment_receipt", "recorded_by", "receipt", unique=True),
        Index("ix_payment_pending", "checked_at", postgresql_where=text("status = 'pending'")),
        CheckConstraint(f"method IN ({sql_list(Method)})", name="method"),
        CheckConstraint(f"status IN ({sql_list(PaymentStatus)})", name="status"),
        CheckConstraint("amount_fen > 0", name="amount"),
        CheckConstraint("refunded_fen BETWEEN 0 AND amount_fen", name="refunded"),
        CheckConstraint("refunded_fen = 0 OR status = 'succeeded'", name="refunded_of_paid"),
        CheckConstraint("(status = 'succeeded') = (succeeded_at IS NOT NULL)", name="succeeded_dated"),
        CheckConstraint("(method = 'wechat') = (payer_id IS NOT NULL)", name="payer"),
        CheckConstraint("(method = 'wechat') = (recorded_by IS NULL)", name="recorded_by"),
        CheckConstraint("(method = 'wechat') = (receipt IS NULL)", name="receipt"),
        CheckConstraint("method = 'wechat' OR status = 'succeeded'", name="recorded_when_had"),
        CheckConstraint("method <> 'wechat' OR status <> 'succeeded' OR trade_id IS NOT NULL", name="traded"),
    )
    subject_type: Mapped[str] = mapped_column(String(20))
    subject_id: Mapped[uuid.UUID]
    book_id: Mapped[uuid.UUID]
    household_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("household.id"))
    place_code: Mapped[str] = mapped_column(Code)
    collector_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("app_user.id"))
    payer_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("app_user.id"))
    method: Mapped[str] = mapped_column(String(20))
    number: Mapped[str] = mapped_column(String(32))
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    refunded_fen: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    status: Mapped[str] = mapped_column(String(12))
    revision: Mapped[int] = mapped_column(Integer, default=1, server_default="1")
    receipt: Mapped[str | None] = mapped_column(String(40))
    recorded_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("app_user.id"))
    trade_id: Mapped[str | None] = mapped_column(String(64))
    succeeded_at: Mapped[datetime | None] = mapped_column(Timestamp)
    checked_at: Mapped[datetime] = mapped_column(Timestamp, server_default=func.now())


OPEN_ONLINE = "method = 'wechat' AND status IN ('pending', 'sent', 'unknown')"


class Refund(Row, Model):
    """Part of one payment on its way back, under a number that never changes however often it is sent. `lot_id`
    names the act that issued it together with others."""

    __tablename__ = "refund"
    __table_args__ = (
        Index("ix_refund_payment_id", "payment_id"),
        Index("ix_refund_household_id", "household_id"),
        Index("ix_refund_lot_id", "lot_id"),
        Index("ix_refund_book_id", "book_id"),
        Index("ix_refund_place_code", "place_code", "id"),
        Index("ix_refund_collector_id", "collector_id", "id"),
        Index("uq_refund_number", "number", unique=True),
        Index("uq_refund_receipt", "handed_by", "receipt", unique=True),
        Index("ix_refund_open", "checked_at", postgresql_where=text(OPEN_ONLINE)),
        CheckConstraint(f"method IN ({sql_list(Method)})", name="method"),
        CheckConstraint(f"status IN ({sql_list(RefundStatus)})", name="status"),
        CheckConstraint("amount_fen > 0", name="amount"),
        CheckConstraint("(status = 'succeeded') = (succeeded_at IS NOT NULL)", name="succeeded_dated"),
        CheckConstraint("(handed_by IS NULL) = (receipt IS NULL)", name="handed_back"),
        CheckConstraint(
            "status <> 'succeeded' OR method NOT IN ('cash', 'transfer', 'community_transfer') OR receipt IS NOT NULL",
            name="receipted",
        ),
    )
    payment_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("payment.id"))
    lot_id: Mapped[uuid.UUID]
    subject_id: Mapped[uuid.UUID]
    book_id: Mapped[uuid.UUID]
    household_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("household.id"))
    place_code: Mapped[str] = mapped_column(Code)
    collector_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("app_user.id"))
    method: Mapped[str] = mapped_column(String(20))
    number: Mapped[str] = mapped_column(String(32))
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    cause: Mapped[str] = mapped_column(String(30))
    status: Mapped[str] = mapped_column(String(12))
    revision: Mapped[int] = mapped_column(Integer, default=1, server_default="1")
    attempts: Mapped[int] = mapped_column(SmallInteger, default=0, server_default="0")
    receipt: Mapped[str | None] = mapped_column(String(40))
    handed_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("app_user.id"))
    succeeded_at: Mapped[datetime | None] = mapped_column(Timestamp)
    checked_at: Mapped[datetime] = mapped_column(Timestamp, server_default=func.now())
