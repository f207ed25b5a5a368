"""Idempotency-Key: one effect per (user, operation, key), however often and however concurrently it is sent.

The key's row is inserted in the transaction of the effect. A concurrent twin waits on the unique index and
then replays the stored answer; a transaction that rolls back takes its key with it, so that a refused
request may be corrected and sent again.
"""

import hashlib
import re
import uuid
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import psycopg
from flask import Response, current_app, request
from sqlalchemy import LargeBinary, SmallInteger, String, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from backend.core import clock
from backend.core.crypto import keyring
from backend.core.errors import Conflict, DomainError
from backend.core.models import Row, new_id
from backend.core.transaction import on_own_connection, rows
from backend.extensions import Model

KEPT = timedelta(days=7)
KEY = re.compile(r"[A-Za-z0-9_-]{16,64}")
NOBODY = uuid.UUID(int=0)


class IdempotencyKey(Row, Model):
    """The body of the stored answer is encrypted: an answer may name a person."""

    __tablename__ = "idempotency_key"
    __table_args__ = (UniqueConstraint("user_id", "operation", "key"),)
    user_id: Mapped[uuid.UUID]
    operation: Mapped[str] = mapped_column(String(80))
    key: Mapped[str] = mapped_column(String(64))
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary(32))
    status: Mapped[int | None] = mapped_column(SmallInteger)
    content_type: Mapped[str | None] = mapped_column(String(80))
    body_cipher: Mapped[bytes | None]
    # Of an operation that is one statement (Key), which cannot encrypt: its answers hold ids, prices and no person.
    answer: Mapped[dict[str, Any] | None] = mapped_column(JSONB)


INSERT = """
INSERT INTO idempotency_key (id, user_id, operation, key, fingerprint) VALUES (%s, %s, %s, %s, %s)
ON CONFLICT (user_id, operation, key) DO NOTHING RETURNING id"""
FIND = """
SELECT id, fingerprint, status, content_type, body_cipher FROM idempotency_key
WHERE user_id = %s AND operation = %s AND key = %s"""
STORE = "UPDATE idempotency_key SET status = %s, content_type = %s, body_cipher = %s WHERE id = %s"
FORGET = """
DELETE FROM idempotency_key WHERE id IN (SELECT id FROM idempotency_key WHERE id < %s ORDER BY id LIMIT %s)"""
RELEASE = "DELETE FROM idempotency_key WHERE id = %s"


class Key(NamedTuple):
    """A key as it was sent, for an operation whose one statement claims it by itself (see operation: alone)."""

    id: uuid.UUID
    operation: str
    key: str
    fingerprint: bytes

    @classmethod
    def sent(cls, operation: str) -> "Key":
        return cls(new_id(), operation, _key(), _fingerprint())


class Claim:
    """One key as this request holds it: either `replay` is the earlier answer, or the effect is ours to make."""

    def __init__(self, user_id: uuid.UUID | None, operation: str) -> None:
        self.id, operation, key, fingerprint = Key.sent(operation)
        self.owner = (user_id or NOBODY, operation, key)
        self.replay = None if self._insert(fingerprint) else self._earlier(fingerprint)

    def _insert(self, fingerprint: bytes) -> bool:
        try:
            return bool(rows(INSERT, (self.id, *self.owner, fingerprint)))
        except psycopg.errors.LockNotAvailable as error:
            raise in_flight() from error

    def _earlier(self, fingerprint: bytes) -> Response:
        found = rows(FIND, self.owner)
        if not found:  # its first bearer rolled back between our two statements
            raise in_flight()
        row_id, known, status, content_type, body = found[0]
        if bytes(known) != fingerprint:
            raise reused()
        text = keyring.decrypt(bytes(body), _where(row_id)) if body else ""
        return current_app.response_class(text, status=status, content_type=content_type)

    def store(self, response: Response) -> None:
        """Keeps the answer. A refusal given as a result (an audited attempt) frees its key: mend, and send again."""
        if response.status_code >= 400:
            rows(RELEASE, (self.id,))
            return
        body = keyring.encrypt(response.get_data(as_text=True), _where(self.id))
        rows(STORE, (response.status_code, response.content_type, body, self.id))


def in_flight() -> DomainError:
    return Conflict("in_flight", "同一个请求正在处理，请稍等片刻再试。")


def reused() -> DomainError:
    return DomainError("idempotency_key_reused", "这个请求编号已用于另一项内容，请刷新页面后重试。")


def _where(row_id: uuid.UUID) -> str:
    return f"idempotency_key.body:{row_id}"


def _key() -> str:
    key = request.headers.get("Idempotency-Key", "")
    if not KEY.fullmatch(key):
        raise DomainError(
            "idempotency_key_missing",
            "请求缺少编号（Idempotency-Key，16 到 64 位字母、数字、- 或 _），请升级小程序后重试。",
            status=400,
        )
    return key


def _fingerprint() -> bytes:
    """What makes two requests the same: the address with its query, and the body to the byte. Keyed, because a body
    may hold a phone number, and whoever reads the table could try them all."""
    digest = hashlib.sha256(request.full_path.encode())
    digest.update(b"\0" + request.get_data(cache=True))
    return keyring.blind_index(digest.hexdigest(), "idempotency_key.fingerprint")


def forget(batch: int = 10_000) -> None:
    """Deletes what is older than KEPT, each batch in a transaction of its own. The ids are ordered by time, by
    the clock of the machine that made them, as is this one."""
    oldest = _before_any_of(clock.now() - KEPT)
    while on_own_connection(lambda c: c.exec_driver_sql(FORGET, (oldest, batch)).rowcount) == batch:
        pass


def _before_any_of(at: datetime) -> uuid.UUID:
    """No UUIDv7 of that instant is smaller: the first 48 bits are its milliseconds."""
    return uuid.UUID(int=int(at.timestamp() * 1000) << 80)
