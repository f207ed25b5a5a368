"""The one transaction edge. Returning commits, raising rolls back; a GET runs READ ONLY."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from backend.extensions import READ, db


@contextmanager
def unit_of_work(read_only: bool = False) -> Iterator[Any]:
    """The session of one request, command or job.

    Read-only work goes to connections that PostgreSQL holds READ ONLY (see RoutedSession); a write there is
    an error of the database, whatever the code believed.
    """
    session = db.session()
    session.info["read_only"] = read_only
    try:
        yield session
        session.commit()
    except BaseException:
        session.rollback()
        raise
    finally:
        session.info["read_only"] = False


def rows(sql: str, parameters: Any = None) -> list[Any]:
    """A hand-written statement on the hot path, with psycopg's own placeholders.

    In a read-only unit of work that has asked nothing yet, a connection is borrowed for this statement alone: in
    autocommit there is no transaction to belong to, and the session's machinery costs more than the statement.
    """
    session = db.session()
    if not session.info.get("read_only") or session.in_transaction():
        return list(session.connection().exec_driver_sql(sql, parameters))
    borrowed = db.engines[READ].raw_connection()
    try:
        return borrowed.driver_connection.execute(sql, parameters).fetchall()
    finally:
        borrowed.close()


def on_own_connection(work: Callable[[Any], Any]) -> Any:
    """Runs `work(connection)` in a transaction of its own: what must stay even if the request rolls back."""
    with db.engine.begin() as connection:
        return work(connection)


@contextmanager
def savepoint() -> Iterator[None]:
    """One of several acts of a unit of work: raising undoes this one alone."""
    with db.session.begin_nested():
        yield
