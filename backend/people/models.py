"""Users and their sessions, posts at places, members of households, consent to act for them."""

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, SmallInteger, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from backend.core.crypto import Encrypted
from backend.core.models import Code, Row, Timestamp
from backend.extensions import Model


class User(Row, Model):
    """Someone who signs in. The name is the public one of an official act ("signed by"), or a resident's choice.
    `print_step`: how large they read, 1 to 4; None: as their phone says. `seen_until`: what came into their inbox until
    then they have seen."""

    __tablename__ = "app_user"
    __table_args__ = (
        UniqueConstraint("openid_index"),
        Index("uq_app_user_demo_name", "demo_name", unique=True),
        CheckConstraint("print_step BETWEEN 1 AND 4", name="print_step"),
    )
    name: Mapped[str] = mapped_column(String(40))
    openid_index: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    demo_name: Mapped[str | None] = mapped_column(String(40))
    active: Mapped[bool] = mapped_column(default=True, server_default="true")
    print_step: Mapped[int | None] = mapped_column(SmallInteger)
    seen_until: Mapped[datetime | None] = mapped_column(Timestamp)


class RefreshToken(Row, Model):
    """One refresh token, by its SHA-256. Used once; used twice, its whole family is revoked."""

    __tablename__ = "refresh_token"
    __table_args__ = (Index("ix_refresh_token_family_id", "family_id"),)
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("app_user.id"))
    family_id: Mapped[uuid.UUID]
    digest: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    expires_at: Mapped[datetime] = mapped_column(Timestamp)
    used_at: Mapped[datetime | None] = mapped_column(Timestamp)
    revoked_at: Mapped[datetime | None] = mapped_column(Timestamp)


class RoleAssignment(Row, Model):
    """A post: who holds which role at which place, since when, given by whom."""

    __tablename__ = "role_assignment"
    __table_args__ = (
        Index(
            "uq_role_assignment_live",
            "user_id",
            "role",
            "place_code",
            unique=True,
            postgresql_where=text("ended_at IS NULL"),
        ),
        Index("ix_role_assignment_place_code", "place_code"),
        CheckConstraint("appointed_by IS NULL OR appointed_by <> user_id", name="not_by_oneself"),
    )
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("app_user.id"))
    role: Mapped[str] = mapped_column(String(30))
    place_code: Mapped[str] = mapped_column(Code, ForeignKey("place.code"))
    appointed_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("app_user.id"))
    until: Mapped[datetime | None] = mapped_column(Timestamp)
    ended_at: Mapped[datetime | None] = mapped_column(Timestamp)


class HouseholdMember(Row, Model):
    """A person of a household. A phone may be looked up only whole, through its blind index. `user_id`: who they are
    when they sign in, for those who do."""

    __tablename__ = "household_member"
    __table_args__ = (
        Index("ix_household_member_household_id", "household_id"),
        Index("ix_household_member_phone_index", "phone_index"),
        Index(
            "uq_household_member_user",
            "user_id",
            "household_id",
            unique=True,
            postgresql_where=text("user_id IS NOT NULL AND left_at IS NULL"),
        ),
        Index(
            "uq_household_member_head",
            "household_id",
            unique=True,
            postgresql_where=text("is_head AND left_at IS NULL"),
        ),
    )
    household_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("household.id"))
    is_head: Mapped[bool] = mapped_column(default=False, server_default="false")
    name_cipher: Mapped[bytes]
    phone_cipher: Mapped[bytes | None]
    phone_index: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    left_at: Mapped[datetime | None] = mapped_column(Timestamp)
    user_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("app_user.id"))

    name = Encrypted()
    phone = Encrypted()


class Consent(Row, Model):
    """A household's consent that someone acts for it: given how, to whom, until when."""

    __tablename__ = "consent"
    __table_args__ = (
        CheckConstraint("kind IN ('voice', 'paper', 'in_person')", name="kind"),
        Index("ix_consent_household_id", "household_id"),
        Index("ix_consent_given_to", "given_to"),
    )
    household_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("household.id"))
    given_to: Mapped[uuid.UUID] = mapped_column(ForeignKey("app_user.id"))
    kind: Mapped[str] = mapped_column(String(10))
    recorded_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("app_user.id"))
    until: Mapped[datetime] = mapped_column(Timestamp)
    withdrawn_at: Mapped[datetime | None] = mapped_column(Timestamp)
