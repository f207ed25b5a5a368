"""Who waits for a share, who asks to be let go after the cut-off, who would take one more."""

import uuid

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from backend.core.crypto import Encrypted
from backend.core.models import Code, Labelled, Row, sql_list
from backend.extensions import Model
from backend.groupbuy.models import Campaign, CampaignItem, Order


class WaitingStatus(Labelled):
    WAITING = "waiting", "候补中"
    SERVED = "served", "已候补到"
    LEFT = "left", "已退出候补"
    ENDED = "ended", "候补已结束"


class ChangeKind(Labelled):
    LEAVE = "leave", "退出，由候补邻居接手"
    TRANSFER = "transfer", "转给邻居"
    HARDSHIP = "hardship", "因困难退出"


class ChangeStatus(Labelled):
    OPEN = "open", "办理中"
    GRANTED = "granted", "已办成"
    REFUSED = "refused", "没有同意"
    WITHDRAWN = "withdrawn", "已撤回"
    LAPSED = "lapsed", "已过期"


class Waiting(Row, Model):
    """A household in the line for an item. `served` of the `quantity` it waits for has been offered to it as orders
    (the last one is `order_id`). First in, first served: the ids are ordered by time."""

    __tablename__ = "waiting_entry"
    __table_args__ = (
        CheckConstraint(f"status IN ({sql_list(WaitingStatus)})", name="status"),
        CheckConstraint("quantity > 0 AND served BETWEEN 0 AND quantity", name="quantity"),
        CheckConstraint("(status = 'served') = (served = quantity)", name="served_in_full"),
        CheckConstraint("consent_kind IN ('voice', 'paper', 'in_person', 'standing')", name="consent_kind"),
        Index(
            "uq_waiting_entry_live",
            "item_id",
            "household_id",
            unique=True,
            postgresql_where=text("status = 'waiting'"),
        ),
        Index("ix_waiting_entry_line", "item_id", "id", postgresql_where=text("status = 'waiting'")),
        Index("ix_waiting_entry_household_id", "household_id"),
    )
    campaign_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("campaign.id"))
    item_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("campaign_item.id"))
    household_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("household.id"))
    place_code: Mapped[str] = mapped_column(Code)
    quantity: Mapped[int] = mapped_column(Integer)
    served: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    delivery: Mapped[str] = mapped_column(String(8))
    queued_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("app_user.id"))
    consent_kind: Mapped[str | None] = mapped_column(String(10))
    order_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("group_order.id"))
    status: Mapped[str] = mapped_column(String(8), default=WaitingStatus.WAITING.value)
    revision: Mapped[int] = mapped_column(Integer, default=1, server_default="1")

    campaign: Mapped[Campaign] = relationship()
    item: Mapped[CampaignItem] = relationship()

    @property
    def remaining(self) -> int:
        return self.quantity - self.served


class ChangeRequest(Row, Model):
    """A household asks, after the cut-off, that its order is let go or goes to another. A reason may name a person."""

    __tablename__ = "change_request"
    __table_args__ = (
        CheckConstraint(f"status IN ({sql_list(ChangeStatus)})", name="status"),
        CheckConstraint(f"kind IN ({sql_list(ChangeKind)})", name="kind"),
        CheckConstraint("(kind = 'transfer') = (to_household_id IS NOT NULL)", name="transfer_has_its_taker"),
        CheckConstraint("(to_household_id IS NULL) = (to_place IS NULL)", name="taker_has_a_place"),
        CheckConstraint("to_household_id <> household_id", name="taker_is_another"),
        Index("uq_change_request_open", "order_id", unique=True, postgresql_where=text("status = 'open'")),
        Index("ix_change_request_order_id", "order_id"),
        Index("ix_change_request_place_code", "place_code", "id"),
        Index("ix_change_request_to_household_id", "to_household_id"),
    )
    order_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("group_order.id"))
    campaign_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("campaign.id"))
    household_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("household.id"))
    place_code: Mapped[str] = mapped_column(Code)
    kind: Mapped[str] = mapped_column(String(8))
    to_household_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("household.id"))
    to_place: Mapped[str | None] = mapped_column(Code)
    asked_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("app_user.id"))
    reason_cipher: Mapped[bytes] = mapped_column()
    status: Mapped[str] = mapped_column(String(9), default=ChangeStatus.OPEN.value)
    revision: Mapped[int] = mapped_column(Integer, default=1, server_default="1")

    reason = Encrypted()
    order: Mapped[Order] = relationship()


class ExtraOffer(Row, Model):
    """One more is fine: how many shares more a household would take of what it has ordered, so that a case is full;
    `taken` of them it has."""

    __tablename__ = "extra_offer"
    __table_args__ = (
        CheckConstraint("quantity > 0 AND taken BETWEEN 0 AND quantity", name="quantity"),
        UniqueConstraint("order_id", "item_id"),
        Index("ix_extra_offer_item_id", "item_id", "id"),
    )
    order_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("group_order.id"))
    item_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("campaign_item.id"))
    quantity: Mapped[int] = mapped_column(Integer)
    taken: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    offered_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("app_user.id"))
