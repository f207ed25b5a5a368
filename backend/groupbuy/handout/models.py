"""Where each order stands while it is handed out."""

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Integer, SmallInteger, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from backend.core.models import Timestamp
from backend.extensions import Model


class Pickup(Model):
    """An order that is ready. Those who come have a `number`; those the goods are brought to have none. `waits`: it is
    to be called (again), not before batch `not_before`; else it was last called as part of `batch`. Whether it is done
    says the order's status. `tries`: pick-up codes tried in vain."""

    __tablename__ = "pickup"
    __table_args__ = (
        UniqueConstraint("campaign_id", "number"),
        CheckConstraint("number > 0 AND batch > 0", name="from_one"),
        CheckConstraint("skips BETWEEN 0 AND 2 AND tries BETWEEN 0 AND 5", name="bounds"),
        CheckConstraint("(batch IS NULL) = (called_at IS NULL)", name="called_in_a_batch"),
        CheckConstraint("number IS NOT NULL OR (batch IS NULL AND NOT waits)", name="only_numbers_are_called"),
        CheckConstraint("number IS NULL OR waits OR batch IS NOT NULL", name="waits_or_was_called"),
    )
    order_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("group_order.id"), primary_key=True)
    campaign_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("campaign.id"))
    number: Mapped[int | None] = mapped_column(Integer)
    waits: Mapped[bool]
    batch: Mapped[int | None] = mapped_column(Integer)
    called_at: Mapped[datetime | None] = mapped_column(Timestamp)
    skips: Mapped[int] = mapped_column(SmallInteger, default=0, server_default="0")
    not_before: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    tries: Mapped[int] = mapped_column(SmallInteger, default=0, server_default="0")
    missed_at: Mapped[datetime | None] = mapped_column(Timestamp)
