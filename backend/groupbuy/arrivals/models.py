"""What came and when, and what was offered instead of what did not."""

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, Integer, SmallInteger, String
from sqlalchemy import UniqueConstraint as Unique
from sqlalchemy.orm import Mapped, mapped_column

from backend.core.models import Row, Timestamp
from backend.extensions import Model


class Lot(Row, Model):
    """So many shares of an item from one of the supplier's lots, as they came off one truck. `part`: which truck; a lot
    that comes in two parts has a row in each."""

    __tablename__ = "lot"
    __table_args__ = (
        Unique("item_id", "number", "part"),
        CheckConstraint("quantity > 0 AND grams > 0 AND part > 0", name="bounds"),
        Index("ix_lot_campaign_id", "campaign_id"),
    )
    campaign_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("campaign.id"))
    item_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("campaign_item.id"))
    number: Mapped[str] = mapped_column(String(40))
    quantity: Mapped[int] = mapped_column(Integer)
    grams: Mapped[int | None] = mapped_column(Integer)
    part: Mapped[int] = mapped_column(SmallInteger)
    arrived_at: Mapped[datetime] = mapped_column(Timestamp)


class Substitute(Row, Model):
    """Something else in the place of an item that is short, never dearer: `quantity` were offered, `remaining` of them
    nobody has been given yet."""

    __tablename__ = "substitute"
    __table_args__ = (
        CheckConstraint("price_fen > 0 AND quantity > 0 AND remaining BETWEEN 0 AND quantity", name="bounds"),
        Index("ix_substitute_campaign_id", "campaign_id"),
    )
    campaign_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("campaign.id"))
    item_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("campaign_item.id"))
    name: Mapped[str] = mapped_column(String(40))
    price_fen: Mapped[int] = mapped_column(Integer)
    quantity: Mapped[int] = mapped_column(Integer)
    remaining: Mapped[int] = mapped_column(Integer)
    answer_by: Mapped[datetime] = mapped_column(Timestamp)


class SubstituteAnswer(Model):
    """A line's consent to a substitute, and how many shares it was given. Without `answer` the question is open;
    without `answered_by` the answer was given when ordering, or is the clock's."""

    __tablename__ = "substitute_answer"
    __table_args__ = (
        ForeignKeyConstraint(["order_id", "item_id"], ["order_line.order_id", "order_line.item_id"]),
        CheckConstraint("answer IN ('accept', 'refuse', 'lapsed')", name="answer"),
        CheckConstraint("given = 0 OR given > 0 AND coalesce(answer = 'accept', false)", name="given_if_accepted"),
        Index("ix_substitute_answer_order_id_item_id", "order_id", "item_id"),
    )
    substitute_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("substitute.id"), primary_key=True)
    order_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    item_id: Mapped[uuid.UUID]
    answer: Mapped[str | None] = mapped_column(String(7))
    given: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    answered_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("app_user.id"))
    answered_at: Mapped[datetime | None] = mapped_column(Timestamp)
