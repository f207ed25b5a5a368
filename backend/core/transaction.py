"""The one transaction edge. Returning commits, raising rolls back; a GET runs READ ONLY."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from typing import Any, NamedTuple

import psycopg
from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError

from backend.core.settings import settings
from backend.extensions import ALONE, READ, db, reading


class Borrowed:
    """A connection in autocommit, for hand-written statements: there is no transaction to share with the session, whose
    machinery costs more than a short statement.

    A read-only unit of work holds one; once the session itself is used it goes back: nobody waits for a second one
    with a first in hand.
    """

    def __init__(self, engine: str) -> None:
        self._engine = engine
        self._pooled: Any = None

    def execute(self, sql: str, parameters: Any) -> list[Any]:
        """Where a connection turns out dead it is thrown away and the next one asked: after a restart of PostgreSQL
        each one in the pool is, and to read twice harms nothing."""
        for _ in range(settings["DATABASE_POOL_SIZE"]):
            try:
                return self._ask(sql, parameters)
            except psycopg.Error:
                if not self._thrown_away():
                    raise
        return self._ask(sql, parameters)

    def _ask(self, sql: str, parameters: Any) -> list[Any]:
        if self._pooled is None:
            self._pooled = db.engines[self._engine].raw_connection()
        return self._pooled.driver_connection.execute(sql, parameters).fetchall()

    def _thrown_away(self) -> bool:
        """SQLAlchemy sees none of these statements, so it would keep a dead connection for half an hour."""
        if self._pooled is None or not self._pooled.driver_connection.closed:
            return False
        self._pooled.invalidate()
        self._pooled = None
        return True

    def give_back(self) -> None:
        if self._pooled is not None:
            self._pooled.close()
            self._pooled = None


def alone(sql: str, parameters: Any) -> list[Any]:
    """A statement that is a transaction of its own, without BEGIN and COMMIT around it. It must do no harm when asked
    again (it claims an Idempotency-Key), which it is where its connection turns out dead."""
    borrowed = Borrowed(ALONE)
    try:
        return borrowed.execute(sql, parameters)
    finally:
        borrowed.give_back()


class Hot(NamedTuple):
    """The statement of a unit of work that touches a row many others want."""

    sql: str
    parameters: Any
    refuse: Callable[[list[Any]], None]

    def run(self) -> None:
        self.refuse(rows(self.sql, self.parameters))


_hot: ContextVar[list[Hot]] = ContextVar("hot")


def hot_row_last(sql: str, parameters: Any, refuse: Callable[[list[Any]], None]) -> None:
    """Puts off a contended statement until all else is done, the answer written and its key stored: the lock then
    lives no longer than the commit. `refuse` gets its rows, and raises where they mean that nothing may stay."""
    _hot.get().append(Hot(sql, parameters, refuse))


@contextmanager
def unit_of_work(read_only: bool = False) -> Iterator[None]:
    """What one request, command or job does.

    Read-only work goes to connections that PostgreSQL holds READ ONLY (see RoutedSession); a write there is
    an error of the database, whatever the code believed.
    """
    if read_only:
        yield from _reading()
        return
    hot: list[Hot] = []
    token = _hot.set(hot)
    try:
        yield
        db.session.flush()
        for last in hot:
            last.run()
        db.session.commit()
    except BaseException:
        db.session.rollback()
        raise
    finally:
        _hot.reset(token)


def _reading() -> Iterator[None]:
    borrowed = Borrowed(READ)
    token = reading.set(borrowed)
    try:
        yield
    finally:
        reading.reset(token)
        borrowed.give_back()
        if db.session.registry.has():
            db.session.remove()


def let_go() -> None:
    """Ends the transaction so far, with what it did: before a call to the outside, so that no lock waits for it."""
    db.session.commit()


def database_now() -> datetime:
    """The instant by the database's clock at which this transaction began."""
    return db.session.scalars(select(func.now())).one()


def rows(sql: str, parameters: Any = None) -> list[Any]:
    """A hand-written statement on the hot path, with psycopg's own placeholders; its errors are psycopg's too."""
    borrowed = reading.get()
    if borrowed is not None and not db.session.registry.has():
        return borrowed.execute(sql, parameters)
    try:  # through SQLAlchemy, which throws its dead connections away, all of them at the first
        answer = db.session.connection().exec_driver_sql(sql, parameters)
    except DBAPIError as error:
        raise error.orig or error from error
    return list(answer) if answer.returns_rows else []


def on_own_connection(work: Callable[[Any], Any]) -> Any:
    """Runs `work(connection)` in a transaction of its own: what must stay even if the request rolls back."""
    with db.engine.begin() as connection:
        return work(connection)


@contextmanager
def savepoint() -> Iterator[None]:
    """One of several acts of a unit of work: raising undoes this one alone."""
    with db.session.begin_nested():
        yield
