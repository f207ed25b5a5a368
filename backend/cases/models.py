"""A person's case and its category history. Health data: the person is encrypted and erased on time."""

import uuid
from datetime import date
from enum import StrEnum

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from backend.core.crypto import Encrypted
from backend.core.models import Code, Row
from backend.extensions import Model


class Category(StrEnum):
    CONFIRMED = "confirmed"
    SUSPECTED = "suspected"
    FEVER = "fever"
    CLOSE_CONTACT = "close_contact"
    ASYMPTOMATIC = "asymptomatic"


class Outcome(StrEnum):
    RELEASED = "released"
    EXCLUDED = "excluded"
    CONFIRMED = "confirmed"


class Case(Row, Model):
    """One affected person, charged to a place (a unit, building, compound or community)."""

    __tablename__ = "health_case"
    __table_args__ = (
        Index("ix_health_case_place_code", "place_code"),
        CheckConstraint("purpose = 'epidemic_control'", name="purpose"),
        CheckConstraint(
            "erased_on IS NULL OR (person_cipher IS NULL AND phone_cipher IS NULL AND household_id IS NULL)",
            name="erased",
        ),
    )
    place_code: Mapped[str] = mapped_column(Code, ForeignKey("place.code"))
    household_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("household.id"))
    person_cipher: Mapped[bytes | None]
    phone_cipher: Mapped[bytes | None]
    purpose: Mapped[str] = mapped_column(String(20), default="epidemic_control", server_default="epidemic_control")
    erase_on: Mapped[date] = mapped_column(Date)
    erased_on: Mapped[date | None] = mapped_column(Date)

    person = Encrypted()
    phone = Encrypted()
    events: Mapped[list["CaseEvent"]] = relationship(order_by="CaseEvent.id", lazy="selectin")


class CaseEvent(Row, Model):
    """From `effective_on` the person is in a category, until an outcome closes it. One person records, because a case
    must count at once; only another may release or exclude, so that nobody's status is lifted by one official alone."""

    __tablename__ = "case_event"
    __table_args__ = (
        CheckConstraint(f"category IN ({', '.join(repr(c.value) for c in Category)})", name="category"),
        CheckConstraint(f"outcome IN ({', '.join(repr(o.value) for o in Outcome)})", name="outcome"),
        CheckConstraint("effective_on <= reported_on", name="effective_before_reported"),
        CheckConstraint("outcome_on >= effective_on", name="outcome_after_effective"),
        CheckConstraint("(outcome IS NULL) = (outcome_on IS NULL)", name="outcome_dated"),
        CheckConstraint("(outcome IS NULL) = (outcome_by IS NULL)", name="outcome_signed"),
        CheckConstraint("outcome = 'confirmed' OR outcome_by <> recorded_by", name="second_person"),
        Index("ix_case_event_place_code", "place_code"),
        Index("ix_case_event_case_id", "case_id"),
    )
    case_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("health_case.id"))
    place_code: Mapped[str] = mapped_column(Code, ForeignKey("place.code"))
    category: Mapped[str] = mapped_column(String(16))
    effective_on: Mapped[date] = mapped_column(Date)
    reported_on: Mapped[date] = mapped_column(Date)
    source_cipher: Mapped[bytes | None]
    recorded_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("app_user.id"))
    outcome: Mapped[str | None] = mapped_column(String(10))
    outcome_on: Mapped[date | None] = mapped_column(Date)
    outcome_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("app_user.id"))

    source = Encrypted()
