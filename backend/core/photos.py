"""Photos that people send: drawn anew (core/pictures.py), sealed, kept no longer than needed.

**No file without its row, no row without its file.** A photo is committed in its row, sealed, and a job moves it
into the store afterwards. So nothing waits for the store inside a transaction, a photo can be sent while the store
is down, a rollback leaves no file behind, and nobody ever has to list the store to find what belongs to no one.
"""

import base64
import uuid
from datetime import date, datetime, timedelta

import structlog
from sqlalchemy import CheckConstraint, ForeignKey, Index, String, func, or_, select, text, update
from sqlalchemy.orm import Mapped, mapped_column

from backend.core import audit, clock
from backend.core.auth import HOUSE, Actor
from backend.core.crypto import keyring
from backend.core.errors import Busy, DomainError, NotFound
from backend.core.jobs import job
from backend.core.models import Code, Row, Timestamp
from backend.core.pictures import redrawn
from backend.core.storage import Missing, key_of, storage
from backend.core.transaction import on_own_connection
from backend.extensions import Model, db

TYPES = ("image/jpeg", "image/png", "image/webp")
ROUND = 1000
LATELY = timedelta(hours=3)


class Photo(Row, Model):
    """One photo of a subject. `waiting_cipher` holds it until it lies in the store; after `erased_at` neither does."""

    __tablename__ = "photo"
    __table_args__ = (
        CheckConstraint("erased_at IS NULL OR waiting_cipher IS NULL", name="erased"),
        Index("ix_photo_subject_id", "subject_id"),
        Index("ix_photo_waiting", "id", postgresql_where=text("waiting_cipher IS NOT NULL")),
        Index("ix_photo_erase_on", "erase_on", postgresql_where=text("erased_at IS NULL")),
        Index("ix_photo_erased_at", "erased_at"),
    )
    place_code: Mapped[str] = mapped_column(Code)
    subject_type: Mapped[str] = mapped_column(String(40))
    subject_id: Mapped[uuid.UUID]
    uploaded_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("app_user.id"))
    size: Mapped[int]
    width: Mapped[int]
    height: Mapped[int]
    erase_on: Mapped[date | None]
    erased_at: Mapped[datetime | None] = mapped_column(Timestamp)
    waiting_cipher: Mapped[bytes | None] = mapped_column(deferred=True)


def take(
    actor: Actor,
    data: bytes,
    place_code: str,
    subject_type: str,
    subject_id: uuid.UUID,
    erase_after_days: int | None = None,
) -> Photo:
    """Keeps what someone sent as a JPEG of our own, of at most 1600 pixels a side, until its day of erasure.

    422 for what is too large or no photo, 503 when too many come at once. Whether the actor may add a photo to the
    subject, and how many, is for the caller to ask.
    """
    jpeg, (width, height) = redrawn(data)
    photo = Photo(
        place_code=place_code,
        subject_type=subject_type,
        subject_id=subject_id,
        uploaded_by=actor.id,
        size=len(jpeg),
        width=width,
        height=height,
        erase_on=None if erase_after_days is None else clock.today() + timedelta(days=erase_after_days),
    )
    photo.waiting_cipher = _sealed(photo.id, jpeg)
    db.session.add(photo)
    db.session.flush()
    audit.record("photo", "take", actor, photo, place_code=place_code, details={subject_type: str(subject_id)})
    return photo


def read(photo: Photo) -> bytes:
    """The JPEG. 410 once it is erased. Whether the reader may see it is for the caller to ask."""
    if photo.erased_at is not None:
        raise DomainError("photo_erased", "这张照片已按规定删除。", status=410)
    try:
        sealed = photo.waiting_cipher or storage().get(_key(photo.id))
    except Missing as error:
        structlog.get_logger().error("photo_missing", photo=str(photo.id))
        raise NotFound("照片") from error
    return base64.b64decode(keyring.decrypt(sealed, _where(photo.id)))


@job("core.store_photos", every="* * * * *")
def store_waiting() -> None:
    """Moves what waits in its row into the store. No transaction is open while the store is written to; whatever
    fails here waits for the next minute."""
    waiting = select(Photo.id).where(Photo.waiting_cipher.is_not(None)).order_by(Photo.id).limit(ROUND)
    for photo_id in on_own_connection(lambda c: c.scalars(waiting).all()):
        _move(photo_id)


def _move(photo_id: uuid.UUID) -> None:
    waiting = select(Photo.waiting_cipher).where(Photo.id == photo_id)
    moved = update(Photo).where(Photo.id == photo_id).values(waiting_cipher=None)
    sealed = on_own_connection(lambda c: c.scalar(waiting))
    if sealed is not None:
        storage().put(_key(photo_id), sealed)
        on_own_connection(lambda c: c.execute(moved))


@job("core.erase_photos", every="41 * * * *")
def erase_due() -> None:
    """From its day of erasure on (Shanghai's) a photo is deleted, then marked. Each hour, so that a store that is
    down costs no day. What was erased lately is deleted once more: a move under way may have put it back."""
    lately = or_(Photo.erased_at.is_(None), Photo.erased_at > func.now() - LATELY)
    due = select(Photo.id).where(Photo.erase_on <= clock.today(), lately)
    first = due.order_by(Photo.erased_at.nulls_first(), Photo.erase_on).limit(ROUND)
    gone = [photo_id for photo_id in on_own_connection(lambda c: c.scalars(first).all()) if _deleted(photo_id)]
    newly = update(Photo).where(Photo.id.in_(gone), Photo.erased_at.is_(None)).returning(Photo.id)
    erased = db.session.scalars(newly.values(erased_at=func.now(), waiting_cipher=None)).all()
    if erased:
        audit.record("photo", "erase", HOUSE, details={"photos": [str(photo_id) for photo_id in erased]})


def _deleted(photo_id: uuid.UUID) -> bool:
    """One that cannot be deleted now must not keep the others."""
    try:
        storage().delete(_key(photo_id))
    except Busy:
        return False
    return True


def _key(photo_id: uuid.UUID) -> str:
    return key_of("photo", photo_id)


def _where(photo_id: uuid.UUID) -> str:
    return f"photo.file:{photo_id}"


def _sealed(photo_id: uuid.UUID, jpeg: bytes) -> bytes:
    """A photo may show a face or a prescription: the store, like the database, holds it encrypted and bound to its
    row. The keyring seals text."""
    return keyring.encrypt(base64.b64encode(jpeg).decode(), _where(photo_id))
