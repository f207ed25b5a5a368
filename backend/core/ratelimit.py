"""Rate limits that hold across workers and machines, counted in PostgreSQL (or Redis, by RATE_LIMIT_STORAGE)."""

from datetime import datetime
from typing import Any

from flask import Flask, current_app, g
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from limits.storage import Storage
from sqlalchemy import Integer, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from backend.core.models import Timestamp
from backend.core.transaction import on_own_connection
from backend.extensions import db


class RateLimit(db.Model):
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


def caller() -> str:
    """The signed-in user, else the client's address."""
    actor = g.get("actor")
    return str(actor.id) if actor and actor.id else get_remote_address()


limiter = Limiter(key_func=get_remote_address, strategy="fixed-window", headers_enabled=False)


def limit(setting: str, key: Any = get_remote_address) -> Any:
    """Decorates a route with the limit that a setting names."""
    return limiter.limit(lambda: current_app.config[setting], key_func=key)


def init_app(app: Flask) -> None:
    storage = app.config["RATE_LIMIT_STORAGE"]
    app.config.setdefault("RATELIMIT_STORAGE_URI", "postgresql://" if storage == "postgresql" else storage)
    limiter.init_app(app)
