"""The append-only record of every act: who, what, on whose behalf, why, when."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from backend.core.context import request_id
from backend.core.crypto import Encrypted
from backend.core.models import Code, Row, Timestamp
from backend.extensions import Model, db


class AuditEvent(Row, Model):
    """One act. A trigger refuses UPDATE and DELETE. `details` holds ids and codes, never personal data;
    a reason is typed by a person and may name one, hence encrypted."""

    __tablename__ = "audit_event"
    __table_args__ = (Index("ix_audit_event_subject_id_at", "subject_id", "at"),)
    at: Mapped[datetime] = mapped_column(Timestamp, server_default=func.clock_timestamp())
    subject_type: Mapped[str] = mapped_column(String(40))
    subject_id: Mapped[uuid.UUID | None]
    action: Mapped[str] = mapped_column(String(60))
    old: Mapped[str | None] = mapped_column(String(40))
    new: Mapped[str | None] = mapped_column(String(40))
    actor_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("app_user.id"))
    on_behalf_of: Mapped[uuid.UUID | None]
    lane: Mapped[str | None] = mapped_column(String(20))
    place_code: Mapped[str | None] = mapped_column(Code)
    reason_cipher: Mapped[bytes | None]
    details: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    request_id: Mapped[str | None] = mapped_column(String(64))

    reason = Encrypted()


def record(subject_type: str, action: str, actor: Any, subject: Any = None, **fields: Any) -> AuditEvent:
    """Adds the act to the caller's transaction: no change without its record, no record without its change.

    `actor` is an Actor (its id is None for the house itself and for the public); `subject` any row with an id.
    """
    event = AuditEvent(
        subject_type=subject_type,
        subject_id=getattr(subject, "id", None),
        action=action,
        actor_id=actor.id,
        request_id=request_id(),
        **fields,
    )
    db.session.add(event)
    return event
