"""Trips, the sealed lists of requests on them, and the rounds in which what was bought is taken to the doors."""

import uuid
from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, Date, ForeignKey, Index, Integer, SmallInteger, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from backend.core.models import Code, Labelled, Row, Timestamp
from backend.extensions import Model
from backend.medicine.pharmacies.models import Pharmacy
from backend.medicine.requests.models import MedicineRequest


class TripStatus(Labelled):
    OPEN = "open", "安排中，还可以调整"
    SEALED = "sealed", "清单已封，等待志愿者"
    ACCEPTED = "accepted", "志愿者已出发"
    AT_PHARMACY = "at_pharmacy", "正在药店购买"
    RETURNING = "returning", "返回途中"
    HANDING_OUT = "handing_out", "正在分发"
    RECONCILED = "reconciled", "账已对平"
    ABORTED = "aborted", "中途停止，已买的等待分发"
    CANCELLED = "cancelled", "已取消"


class Why(Labelled):
    """Why a trip was cancelled or broken off. Chosen and not typed: it stands in the record for good, and words could
    name a medicine."""

    VEHICLE = "vehicle", "车辆故障"
    PHARMACY_CLOSED = "pharmacy_closed", "药店关门"
    UNWELL = "unwell", "身体不适"
    UNSAFE = "unsafe", "路上不安全"
    CALLED_AWAY = "called_away", "临时有事"
    NOBODY_WENT = "nobody_went", "当天没有志愿者出发"
    PLANNED_ANEW = "planned_anew", "重新安排"
    OTHER = "other", "其他原因"


class MedicineTrip(Row, Model):
    """One volunteer's way to one pharmacy and back. `pharmacy_id` None: no way at all, but goods of the community's
    that are handed out to others (see goods/). `volunteer_id`: who has started it; it stays theirs. Instants are those
    at which the step was taken."""

    __tablename__ = "medicine_trip"
    __table_args__ = (
        CheckConstraint("length(place_code) = 12", name="of_a_community"),
        CheckConstraint("pharmacy_id IS NOT NULL OR status IN ('handing_out', 'reconciled')", name="shelf"),
        CheckConstraint(
            "status IN ('open', 'cancelled') OR sealed_at IS NOT NULL OR pharmacy_id IS NULL", name="sealed"
        ),
        CheckConstraint(
            "status NOT IN ('accepted', 'at_pharmacy', 'returning') OR volunteer_id IS NOT NULL", name="has_a_volunteer"
        ),
        CheckConstraint("(status = 'reconciled') = (reconciled_at IS NOT NULL)", name="reconciled"),
        Index("ix_medicine_trip_place_code", "place_code", "id"),
        Index("ix_medicine_trip_volunteer_id", "volunteer_id"),
        Index(
            "ix_medicine_trip_unreconciled", "day", postgresql_where=text("status NOT IN ('reconciled', 'cancelled')")
        ),
        Index(
            "uq_medicine_trip_shelf",
            "place_code",
            unique=True,
            postgresql_where=text("pharmacy_id IS NULL AND status = 'handing_out'"),
        ),
    )
    place_code: Mapped[str] = mapped_column(Code, ForeignKey("place.code"))
    day: Mapped[date] = mapped_column(Date)
    pharmacy_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("pharmacy.id"))
    status: Mapped[str] = mapped_column(String(12), default=TripStatus.OPEN.value)
    revision: Mapped[int] = mapped_column(Integer, default=1, server_default="1")
    planned_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("app_user.id"))
    volunteer_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("app_user.id"))
    sealed_at: Mapped[datetime | None] = mapped_column(Timestamp)
    started_at: Mapped[datetime | None] = mapped_column(Timestamp)
    handing_out_at: Mapped[datetime | None] = mapped_column(Timestamp)
    reconciled_at: Mapped[datetime | None] = mapped_column(Timestamp)

    pharmacy: Mapped[Pharmacy | None] = relationship()


class MedicineRound(Row, Model):
    """The doors of one building, which one volunteer goes to with what a trip has brought: a task of its own."""

    __tablename__ = "medicine_round"
    __table_args__ = (Index("ix_medicine_round_trip_id", "trip_id"),)
    trip_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("medicine_trip.id"))
    place_code: Mapped[str] = mapped_column(Code)


class TripRequest(Row, Model):
    """One household's request on a trip's list: its package, by its number. A trigger keeps the list of a sealed trip
    as it is. `left_at`: it is not on this trip any more. `tries`: wrong answers at the door. `owed_fen`: what the
    household is to pay for what it took."""

    __tablename__ = "trip_request"
    __table_args__ = (
        Index("uq_trip_request_number", "trip_id", "number", unique=True),
        Index("uq_trip_request_live", "request_id", unique=True, postgresql_where=text("left_at IS NULL")),
        Index("ix_trip_request_round_id", "round_id"),
        CheckConstraint("tries BETWEEN 0 AND 5 AND owed_fen >= 0", name="bounds"),
        CheckConstraint("(unpacked_by IS NULL) = (unpacked_at IS NULL)", name="unpacked"),
    )
    trip_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("medicine_trip.id"))
    request_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("medicine_request.id"))
    number: Mapped[int] = mapped_column(SmallInteger)
    left_at: Mapped[datetime | None] = mapped_column(Timestamp)
    round_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("medicine_round.id"))
    unpacked_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("app_user.id"))
    unpacked_at: Mapped[datetime | None] = mapped_column(Timestamp)
    tries: Mapped[int] = mapped_column(SmallInteger, default=0, server_default="0")
    owed_fen: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")

    trip: Mapped[MedicineTrip] = relationship()
    request: Mapped[MedicineRequest] = relationship()
