"""Verbs that are one statement of PostgreSQL (migrations/sql): how they are sent, and what their refusals say."""

from collections.abc import Callable, Mapping
from typing import Any

import orjson
import psycopg

from backend.core.errors import DomainError
from backend.core.idempotency import in_flight, reused

Refusals = Mapping[str, tuple[int, str]]


def ask(send: Callable[[str, Any], list[Any]], sql: str, arguments: tuple[Any, ...], refusals: Refusals) -> str:
    """The one value that the statement returns. `send`: transaction.alone, or transaction.rows for a part of the
    caller's transaction, which a refusal leaves unusable. What refuse() raised is said by its code, with what it told
    besides: {code: (status, detail)}."""
    try:
        return send(sql, arguments)[0][0]
    except psycopg.errors.RaiseException as refusal:
        raise _refused(refusal, refusals) from None
    except psycopg.errors.LockNotAvailable as waiting:
        where = waiting.diag.context or ""
        if "pg_advisory_xact_lock" in where or "INSERT INTO idempotency_key" in where:
            raise in_flight() from waiting
        raise  # a row that others want: load, and not a twin of this request


def _refused(refusal: psycopg.Error, refusals: Refusals) -> DomainError:
    code, more = str(refusal.diag.message_primary), orjson.loads(refusal.diag.message_detail or "{}")
    if code == "idempotency_key_reused":
        return reused()
    status, detail = refusals[code]
    return DomainError(code, detail.format(**more), status=status, **more)
