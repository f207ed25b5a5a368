"""Rate limits that hold across workers and machines, counted in PostgreSQL (or Redis, by RATE_LIMIT_STORAGE)."""

import functools
import math
import time
from collections.abc import Callable
from datetime import datetime
from ipaddress import ip_address, ip_network
from typing import Any

from flask import Flask, current_app, request
from limits import parse
from limits.storage import Storage, storage_from_string
from limits.strategies import FixedWindowRateLimiter
from sqlalchemy import Integer, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from backend.core.auth import bearer
from backend.core.errors import HTTP_CODES, DomainError
from backend.core.models import Timestamp
from backend.core.transaction import on_own_connection
from backend.extensions import Model


class RateLimit(Model):
    """A counter and when it starts anew. Worth nothing after a crash, hence UNLOGGED."""

    __tablename__ = "rate_limit"
    __table_args__ = {"prefixes": ["UNLOGGED"]}
    key: Mapped[str] = mapped_column(Text, primary_key=True)
    hits: Mapped[int] = mapped_column(Integer)
    expires_at: Mapped[datetime] = mapped_column(Timestamp)


HIT = text("""
INSERT INTO rate_limit AS r (key, hits, expires_at)
VALUES (:key, :amount, now() + :expiry * interval '1 second')
ON CONFLICT (key) DO UPDATE SET
  hits = CASE WHEN r.expires_at <= now() THEN :amount ELSE r.hits + :amount END,
  expires_at = CASE WHEN r.expires_at <= now() THEN EXCLUDED.expires_at ELSE r.expires_at END
RETURNING hits""")
READ = text("SELECT hits, extract(epoch FROM expires_at) FROM rate_limit WHERE key = :key AND expires_at > now()")
CLEAR = text("DELETE FROM rate_limit WHERE key = :key")
RESET = text("DELETE FROM rate_limit")


class PostgresStorage(Storage):
    """Fixed windows for `limits`. Each hit commits on its own: a refused request has still been counted."""

    STORAGE_SCHEME = ["postgresql"]

    @property
    def base_exceptions(self) -> type[Exception]:
        return Exception

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        values = {"key": key, "expiry": expiry, "amount": amount}
        return on_own_connection(lambda c: c.execute(HIT, values).scalar_one())

    def _read(self, key: str) -> Any:
        return on_own_connection(lambda c: c.execute(READ, {"key": key}).first())

    def get(self, key: str) -> int:
        found = self._read(key)
        return found[0] if found else 0

    def get_expiry(self, key: str) -> float:
        found = self._read(key)
        return float(found[1]) if found else 0.0

    def check(self) -> bool:
        return True

    def reset(self) -> int | None:
        return on_own_connection(lambda c: c.execute(RESET).rowcount)

    def clear(self, key: str) -> None:
        on_own_connection(lambda c: c.execute(CLEAR, {"key": key}))


def address() -> str:
    """The client's address (behind TRUSTED_PROXIES reverse proxies, the one they saw); of IPv6 the /64 that one
    line has, because every address in it is the same client's to choose."""
    given = request.remote_addr or "unknown"
    try:
        known = ip_address(given)
    except ValueError:
        return given
    return given if known.version == 4 else str(ip_network((known, 64), strict=False))


def caller() -> str:
    """The user whom the token names: a limit on what one person does, from wherever."""
    return str(bearer())


def limit(setting: str, key: Callable[[], str] = address) -> Callable:
    """Decorates a route, above `@operation`, with the limit that a setting names ("5 per hour"). 429 beyond it."""

    def decorate(view: Callable) -> Callable:
        @functools.wraps(view)
        def limited(*args: Any, **kwargs: Any) -> Any:
            rule, who = parse(current_app.config[setting]), key()
            limiter: FixedWindowRateLimiter = current_app.extensions["rate_limiter"]
            if not limiter.hit(rule, setting, who):
                wait = max(1, math.ceil(limiter.get_window_stats(rule, setting, who).reset_time - time.time()))
                raise DomainError(*HTTP_CODES[429], status=429, retry_after=wait)
            return view(*args, **kwargs)

        return limited

    return decorate


def init_app(app: Flask) -> None:
    """`limits` finds PostgresStorage by its scheme."""
    storage = app.config["RATE_LIMIT_STORAGE"]
    url = "postgresql://" if storage == "postgresql" else storage
    app.extensions["rate_limiter"] = FixedWindowRateLimiter(storage_from_string(url))
