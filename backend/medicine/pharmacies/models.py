"""Pharmacies, and what people at the counter report of them. Nothing here belongs to a patient."""

import uuid
from datetime import date, datetime, time

from sqlalchemy import (
    ARRAY,
    CheckConstraint,
    Date,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    String,
    UniqueConstraint,
    func,
)
from sqlalchemy.orm import Mapped, mapped_column

from backend.core.models import Code, Row, Timestamp
from backend.extensions import Model


class Pharmacy(Row, Model):
    """A pharmacy of a community, or of a whole subdistrict. `diseases`: the serious and chronic ones it is designated
    for (重症慢病定点), whose medicine is had on insurance nowhere else. `cold`: it keeps insulin and the like, and
    gives ice for the way. Open from `opens_at` until `closes_at` (Shanghai) each day."""

    __tablename__ = "pharmacy"
    __table_args__ = (
        UniqueConstraint("place_code", "name"),
        CheckConstraint("length(place_code) IN (9, 12)", name="of_community_or_subdistrict"),
        CheckConstraint("closes_at > opens_at", name="hours"),
    )
    place_code: Mapped[str] = mapped_column(Code, ForeignKey("place.code"))
    name: Mapped[str] = mapped_column(String(40))
    address: Mapped[str] = mapped_column(String(80))
    diseases: Mapped[list[str]] = mapped_column(ARRAY(String(20)), default=list, server_default="{}")
    cold: Mapped[bool] = mapped_column(default=False, server_default="false")
    opens_at: Mapped[time]
    closes_at: Mapped[time]
    closed_on: Mapped[date | None] = mapped_column(Date)
    revision: Mapped[int] = mapped_column(Integer, default=1, server_default="1")


class StockReport(Row, Model):
    """Somebody saw that a pharmacy has a medicine, or has not. The name stands here in clear, for it is a shelf's and
    nobody's; hence no blind index beside it, which would open those of the patients."""

    __tablename__ = "stock_report"
    __table_args__ = (Index("ix_stock_report_pharmacy_id", "pharmacy_id", "seen_at"),)
    pharmacy_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("pharmacy.id"))
    name: Mapped[str] = mapped_column(String(80))
    maker: Mapped[str | None] = mapped_column(String(80))
    specification: Mapped[str | None] = mapped_column(String(80))
    has: Mapped[bool]
    reported_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("app_user.id"))
    seen_at: Mapped[datetime] = mapped_column(Timestamp, server_default=func.now())


class QueueReport(Row, Model):
    """How long somebody has just queued at a pharmacy."""

    __tablename__ = "queue_report"
    __table_args__ = (
        CheckConstraint("minutes BETWEEN 0 AND 600", name="minutes"),
        Index("ix_queue_report_pharmacy_id", "pharmacy_id", "seen_at"),
    )
    pharmacy_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("pharmacy.id"))
    minutes: Mapped[int] = mapped_column(SmallInteger)
    reported_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("app_user.id"))
    seen_at: Mapped[datetime] = mapped_column(Timestamp, server_default=func.now())
