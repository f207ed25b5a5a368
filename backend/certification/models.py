"""Applications and what belongs to them: filings (frozen evidence), objections, numbered batches, accountability."""

import uuid
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import (
    ARRAY,
    CheckConstraint,
    Date,
    ForeignKey,
    Index,
    Integer,
    Interval,
    SmallInteger,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from backend.core.crypto import Encrypted
from backend.core.models import Code, Labelled, Row, Timestamp, sql_list
from backend.extensions import Model
from backend.places.models import Place


class Status(Labelled):
    DRAFT = "draft", "草稿"
    SUBMITTED = "submitted", "已申报，等待街道审核"
    SUBDISTRICT_REVIEW = "subdistrict_review", "街道审核中"
    DISTRICT_REVIEW = "district_review", "区级审核中"
    PUBLIC_NOTICE = "public_notice", "公示中"
    NOTICE_FROZEN = "notice_frozen", "公示暂停"
    RETURNED = "returned", "退回补正"
    CERTIFIED = "certified", "已认定为无疫情小区"
    SUSPENDED = "suspended", "认定已暂停"
    REJECTED = "rejected", "未通过"
    WITHDRAWN = "withdrawn", "已撤回"
    REVOKED = "revoked", "已除名"
    LAPSED = "lapsed", "逾期未补正，已失效"


UNDECIDED = (Status.SUBMITTED, Status.SUBDISTRICT_REVIEW, Status.DISTRICT_REVIEW, Status.RETURNED)
NOTICE = (Status.PUBLIC_NOTICE, Status.NOTICE_FROZEN)
HELD = (Status.CERTIFIED, Status.SUSPENDED)
LIVE = (Status.DRAFT, *UNDECIDED, *NOTICE, *HELD)
ENDED = (Status.REJECTED, Status.WITHDRAWN, Status.REVOKED, Status.LAPSED)


class Application(Row, Model):
    """One unit's way to the certificate, and the certificate itself once there."""

    __tablename__ = "application"
    __table_args__ = (
        Index(
            "uq_application_live_unit",
            "unit_code",
            unique=True,
            postgresql_where=text(f"status IN ({sql_list(LIVE)})"),
        ),
        Index("ix_application_unit_code", "unit_code"),
        Index("ix_application_status", "status", "id"),
        CheckConstraint(f"status IN ({sql_list(Status)})", name="status"),
        CheckConstraint("status <> 'public_notice' OR notice_ends_at IS NOT NULL", name="notice_dated"),
        CheckConstraint("status <> 'notice_frozen' OR notice_remaining IS NOT NULL", name="notice_frozen"),
        CheckConstraint("status <> 'returned' OR cardinality(reopened) > 0", name="returned_names_items"),
        CheckConstraint(
            "status NOT IN ('certified', 'suspended', 'revoked') OR (certified_at IS NOT NULL"
            " AND notice_ends_at IS NOT NULL AND certified_at >= notice_ends_at"
            " AND batch_id IS NOT NULL AND subdistrict_reviewer_id IS NOT NULL AND district_reviewer_id IS NOT NULL)",
            name="certified_after_notice",
        ),
        CheckConstraint("(status = 'suspended') = (suspended_at IS NOT NULL)", name="suspended_dated"),
        CheckConstraint(f"(status IN ({sql_list(ENDED)})) = (ended_at IS NOT NULL)", name="ended_dated"),
        CheckConstraint(
            "applicant_id <> subdistrict_reviewer_id AND applicant_id <> district_reviewer_id"
            " AND subdistrict_reviewer_id <> district_reviewer_id",
            name="separate_hands",
        ),
    )
    unit_code: Mapped[str] = mapped_column(Code, ForeignKey("place.code"))
    status: Mapped[str] = mapped_column(String(20), default=Status.DRAFT.value)
    revision: Mapped[int] = mapped_column(Integer, default=1)
    pack_id: Mapped[str] = mapped_column(String(30))
    pack_version: Mapped[str] = mapped_column(String(20))
    applicant_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("app_user.id"))
    subdistrict_reviewer_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("app_user.id"))
    district_reviewer_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("app_user.id"))
    # A clock runs to `…_at`, or is paused with `…_remaining` left; never both.
    review_due_at: Mapped[datetime | None] = mapped_column(Timestamp)
    review_remaining: Mapped[timedelta | None] = mapped_column(Interval)
    return_due_at: Mapped[datetime | None] = mapped_column(Timestamp)
    notice_starts_at: Mapped[datetime | None] = mapped_column(Timestamp)
    notice_ends_at: Mapped[datetime | None] = mapped_column(Timestamp)
    notice_remaining: Mapped[timedelta | None] = mapped_column(Interval)
    notice_contact: Mapped[str | None] = mapped_column(String(40))
    reopened: Mapped[list[str]] = mapped_column(ARRAY(String(40)), default=list, server_default="{}")
    batch_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("batch.id"))
    certified_at: Mapped[datetime | None] = mapped_column(Timestamp)
    suspended_at: Mapped[datetime | None] = mapped_column(Timestamp)
    ended_at: Mapped[datetime | None] = mapped_column(Timestamp)
    barred_until: Mapped[date | None] = mapped_column(Date)

    unit: Mapped[Place] = relationship(lazy="joined", innerjoin=True)
    batch: Mapped["Batch | None"] = relationship(lazy="joined")


class Filing(Row, Model):
    """What was put before the reviewers at one submission: the verdict and the records it rests on, frozen.
    A trigger refuses UPDATE and DELETE."""

    __tablename__ = "filing"
    __table_args__ = (UniqueConstraint("application_id", "number"),)
    application_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("application.id"))
    number: Mapped[int] = mapped_column(SmallInteger)
    filed_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("app_user.id"))
    as_of: Mapped[date] = mapped_column(Date)
    pack_version: Mapped[str] = mapped_column(String(20))
    verdict: Mapped[dict[str, Any]] = mapped_column(JSONB)
    records: Mapped[list[Any]] = mapped_column(JSONB)
    note_cipher: Mapped[bytes | None]

    note = Encrypted()


class ObjectionStatus(Labelled):
    RECEIVED = "received", "已收到，等待受理"
    ADMITTED = "admitted", "已受理，公示暂停"
    DISMISSED = "dismissed", "不予受理"
    UPHELD = "upheld", "异议成立"
    OVERRULED = "overruled", "异议不成立"


class Objection(Row, Model):
    """What someone says against a notice. Their words and their contact are encrypted: either may name a person."""

    __tablename__ = "objection"
    __table_args__ = (
        Index("ix_objection_application_id", "application_id"),
        CheckConstraint(f"status IN ({sql_list(ObjectionStatus)})", name="status"),
        CheckConstraint("channel IN ('online', 'phone', 'paper', 'in_person')", name="channel"),
        CheckConstraint("(channel = 'online') = (recorded_by IS NULL)", name="taken_down_by"),
        CheckConstraint(
            "(status IN ('dismissed', 'upheld', 'overruled'))"
            " = (answer_cipher IS NOT NULL AND answered_at IS NOT NULL)",
            name="answered",
        ),
    )
    application_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("application.id"))
    status: Mapped[str] = mapped_column(String(12), default=ObjectionStatus.RECEIVED.value)
    revision: Mapped[int] = mapped_column(Integer, default=1)
    text_cipher: Mapped[bytes]
    contact_cipher: Mapped[bytes | None]
    channel: Mapped[str] = mapped_column(String(10), default="online")
    recorded_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("app_user.id"))
    answer_cipher: Mapped[bytes | None]
    answered_at: Mapped[datetime | None] = mapped_column(Timestamp)

    text = Encrypted()
    contact = Encrypted()
    answer = Encrypted()
    application: Mapped[Application] = relationship(lazy="joined", innerjoin=True)


class Batch(Row, Model):
    """A numbered round of a district: one a day, naming its units through their applications."""

    __tablename__ = "batch"
    __table_args__ = (
        UniqueConstraint("district_code", "number"),
        UniqueConstraint("district_code", "day"),
    )
    district_code: Mapped[str] = mapped_column(Code, ForeignKey("place.code"))
    number: Mapped[int] = mapped_column(Integer)
    day: Mapped[date] = mapped_column(Date)


class AccountabilityCase(Row, Model):
    """Opened when a report proves false."""

    __tablename__ = "accountability_case"
    application_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("application.id"), unique=True)
    opened_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("app_user.id"))
    reason_cipher: Mapped[bytes]

    reason = Encrypted()
