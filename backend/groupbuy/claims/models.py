"""Claims on what a household got, recalls of a lot, and the notices of a recall."""

import uuid
from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, Integer, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from backend.core.crypto import Encrypted
from backend.core.models import Code, Labelled, Row, Timestamp, sql_list
from backend.extensions import Model
from backend.groupbuy.models import Campaign, CampaignItem, Order


class ClaimKind(Labelled):
    DAMAGED = "damaged", "破损"
    MISSING = "missing", "少了"
    WRONG = "wrong", "发错了"
    SPOILED = "spoiled", "变质"


class ClaimStatus(Labelled):
    OPEN = "open", "等待团长答复"
    OFFERED = "offered", "团长已提出退款金额，等待住户答复"
    DECLINED = "declined", "团长不同意，可以请社区裁定"
    ESCALATED = "escalated", "等待社区裁定"
    ACCEPTED = "accepted", "同意退款"
    AGREED = "agreed", "双方谈妥，已退款"
    REFUSED = "refused", "不予退款"
    WITHDRAWN = "withdrawn", "住户已撤回"
    COVERED = "covered", "商品已召回，全额退款"


class RecallStatus(Labelled):
    OPEN = "open", "已停止发放，等待销毁"
    DESTROYED = "destroyed", "已记录销毁，等待另一人见证"
    CLOSED = "closed", "已销毁，办结"


UNDECIDED = frozenset({ClaimStatus.OPEN, ClaimStatus.OFFERED, ClaimStatus.DECLINED, ClaimStatus.ESCALATED})
REFUNDING = frozenset({ClaimStatus.ACCEPTED, ClaimStatus.AGREED})
LINE = ["order_line.order_id", "order_line.item_id"]
_GIVEN = "status IN ('accepted', 'agreed')"


class Claim(Row, Model):
    """What was wrong with shares (or grams) of one line of an order. `offered_fen` and `refund_fen` are what goes back
    to whoever paid: the household's own part of the line's price, or the fund's. `answer_by`: when silence is taken for
    an answer. The text is a person's and may name others, hence encrypted."""

    __tablename__ = "claim"
    __table_args__ = (
        ForeignKeyConstraint(
            ["order_id", "item_id"], ["order_line.order_id", "order_line.item_id"], name="fk_claim_line"
        ),
        CheckConstraint(f"status IN ({sql_list(ClaimStatus)})", name="status"),
        CheckConstraint(f"kind IN ({sql_list(ClaimKind)})", name="kind"),
        CheckConstraint("num_nonnulls(quantity, grams) = 1 AND coalesce(quantity, grams) > 0", name="how_much"),
        CheckConstraint(f"({_GIVEN}) = (refund_fen IS NOT NULL)", name="refund_when_given"),
        CheckConstraint("coalesce(refund_fen, 0) >= 0 AND coalesce(offered_fen, 1) > 0", name="amounts"),
        CheckConstraint("consent_kind IN ('voice', 'paper', 'in_person', 'standing')", name="consent_kind"),
        CheckConstraint("(status IN ('open', 'offered', 'declined')) = (answer_by IS NOT NULL)", name="answer_by"),
        Index("ix_claim_order_id", "order_id"),
        Index("ix_claim_campaign_id", "campaign_id", "id"),
        Index("ix_claim_answer_by", "answer_by", postgresql_where=text("answer_by IS NOT NULL")),
    )
    order_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("group_order.id"))
    item_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("campaign_item.id"))
    campaign_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("campaign.id"))
    household_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("household.id"))
    place_code: Mapped[str] = mapped_column(Code)
    kind: Mapped[str] = mapped_column(String(10))
    quantity: Mapped[int | None] = mapped_column(Integer)
    grams: Mapped[int | None] = mapped_column(Integer)
    text_cipher: Mapped[bytes]
    status: Mapped[str] = mapped_column(String(12), default=ClaimStatus.OPEN.value)
    revision: Mapped[int] = mapped_column(Integer, default=1, server_default="1")
    claimed_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("app_user.id"))
    consent_kind: Mapped[str | None] = mapped_column(String(10))
    offered_fen: Mapped[int | None] = mapped_column(BigInteger)
    refund_fen: Mapped[int | None] = mapped_column(BigInteger)
    answer_by: Mapped[datetime | None] = mapped_column(Timestamp)
    answer_cipher: Mapped[bytes | None]

    text = Encrypted()
    answer = Encrypted()
    order: Mapped[Order] = relationship()
    campaign: Mapped[Campaign] = relationship(lazy="joined", innerjoin=True)
    item: Mapped[CampaignItem] = relationship()


class Recall(Row, Model):
    """A lot that must not be eaten or used. What is left of it is destroyed before the eyes of a second person.
    `withheld`: shares that had come and that nobody had been given yet; nobody will be."""

    __tablename__ = "recall"
    __table_args__ = (
        CheckConstraint(f"status IN ({sql_list(RecallStatus)})", name="status"),
        CheckConstraint("refunded_fen >= 0 AND withheld >= 0 AND destroyed_quantity >= 0", name="amounts"),
        CheckConstraint("(status = 'open') = (destroyed_by IS NULL)", name="destroyed_by"),
        CheckConstraint(
            "num_nulls(destroyed_by, destroyed_at, destroyed_where, destroyed_quantity) IN (0, 4)", name="destroyed"
        ),
        CheckConstraint("(status = 'closed') = (witness_id IS NOT NULL)", name="closed_has_its_witness"),
        CheckConstraint("witness_id <> destroyed_by", name="witness_is_another"),
        Index("uq_recall_item_lot", "item_id", "lot", unique=True),
        Index("ix_recall_campaign_id", "campaign_id"),
    )
    campaign_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("campaign.id"))
    item_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("campaign_item.id"))
    lot: Mapped[str] = mapped_column(String(40))
    reason: Mapped[str] = mapped_column(String(500))
    status: Mapped[str] = mapped_column(String(12), default=RecallStatus.OPEN.value)
    revision: Mapped[int] = mapped_column(Integer, default=1, server_default="1")
    opened_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("app_user.id"))
    refunded_fen: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    withheld: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    destroyed_quantity: Mapped[int | None] = mapped_column(Integer)
    destroyed_where: Mapped[str | None] = mapped_column(String(60))
    destroyed_at: Mapped[datetime | None] = mapped_column(Timestamp)
    destroyed_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("app_user.id"))
    witness_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("app_user.id"))

    campaign: Mapped[Campaign] = relationship(lazy="joined", innerjoin=True)
    item: Mapped[CampaignItem] = relationship()


class RecallNotice(Row, Model):
    """One line that a recall has taken back, and what its household is told: it had it already (`handed_out`, as it
    stood then) or it will never be handed it; what goes back to whoever paid."""

    __tablename__ = "recall_notice"
    __table_args__ = (
        ForeignKeyConstraint(
            ["order_id", "item_id"], ["order_line.order_id", "order_line.item_id"], name="fk_recall_notice_line"
        ),
        Index("uq_recall_notice_line", "order_id", "item_id", unique=True),
        Index("ix_recall_notice_recall_id", "recall_id"),
        Index("ix_recall_notice_household_id", "household_id", "id"),
    )
    recall_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("recall.id"))
    order_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("group_order.id"))
    item_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("campaign_item.id"))
    household_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("household.id"))
    place_code: Mapped[str] = mapped_column(Code)
    quantity: Mapped[int] = mapped_column(Integer)
    grams: Mapped[int | None] = mapped_column(Integer)
    handed_out: Mapped[bool]
    refund_fen: Mapped[int] = mapped_column(BigInteger)

    recall: Mapped[Recall] = relationship()
