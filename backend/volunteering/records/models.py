"""Leave taken, certificates of service, incidents at a door."""

import uuid
from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, Date, ForeignKey, Index, Integer, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from backend.core.crypto import Encrypted
from backend.core.models import Code, Labelled, Row, Timestamp
from backend.extensions import Model


class IncidentKind(Labelled):
    VERBAL = "verbal", "辱骂"
    THREAT = "threat", "威胁"
    VIOLENCE = "violence", "动手"
    HARASSMENT = "harassment", "骚扰"
    UNSAFE = "unsafe", "环境不安全"


class Leave(Row, Model):
    """A day of compensatory leave 调休 that was taken."""

    __tablename__ = "compensatory_leave"
    __table_args__ = (
        UniqueConstraint("user_id", "day"),
        Index("ix_compensatory_leave_place_code", "place_code", "day"),
    )
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("app_user.id"))
    place_code: Mapped[str] = mapped_column(Code, ForeignKey("place.code"))
    day: Mapped[date] = mapped_column(Date)
    recorded_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("app_user.id"))


class Certificate(Row, Model):
    """What someone did from one day to another, as it was certified. `digest`: SHA-256 of the printed words, name
    included, so that a paper can be compared without the page telling whose it is."""

    __tablename__ = "service_certificate"
    __table_args__ = (
        UniqueConstraint("number"),
        CheckConstraint("since <= until", name="period"),
        CheckConstraint("least(minutes, tasks, stops, grams) >= 0", name="not_negative"),
        Index("ix_service_certificate_user_id", "user_id", "id"),
    )
    number: Mapped[str] = mapped_column(String(24))
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("app_user.id"))
    place_code: Mapped[str] = mapped_column(Code, ForeignKey("place.code"))
    since: Mapped[date] = mapped_column(Date)
    until: Mapped[date] = mapped_column(Date)
    minutes: Mapped[int] = mapped_column(Integer)
    tasks: Mapped[int] = mapped_column(Integer)
    stops: Mapped[int] = mapped_column(Integer)
    grams: Mapped[int] = mapped_column(BigInteger)
    digest: Mapped[str] = mapped_column(String(64))
    issued_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("app_user.id"))


class Incident(Row, Model):
    """A volunteer was abused at a door. It is no rating: it says that two go there next time, until it is lifted or
    erased. What was said or done names people, hence encrypted."""

    __tablename__ = "incident"
    __table_args__ = (
        CheckConstraint("kind IN ('verbal', 'threat', 'violence', 'harassment', 'unsafe')", name="kind"),
        CheckConstraint("(lifted_at IS NULL) = (lifted_by IS NULL)", name="lifted_by_someone"),
        Index("ix_incident_household_id", "household_id", postgresql_where=text("lifted_at IS NULL")),
        Index("ix_incident_place_code", "place_code", "id"),
        Index("ix_incident_erase_on", "erase_on"),
    )
    household_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("household.id"))
    place_code: Mapped[str] = mapped_column(Code, ForeignKey("place.code"))
    kind: Mapped[str] = mapped_column(String(12))
    happened_at: Mapped[datetime] = mapped_column(Timestamp)
    account_cipher: Mapped[bytes]
    recorded_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("app_user.id"))
    erase_on: Mapped[date] = mapped_column(Date)
    lifted_at: Mapped[datetime | None] = mapped_column(Timestamp)
    lifted_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("app_user.id"))
    revision: Mapped[int] = mapped_column(Integer, default=1, server_default="1")

    account = Encrypted()
