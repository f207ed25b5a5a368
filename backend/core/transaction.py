"""The one transaction edge. Returning commits, raising rolls back; a GET runs READ ONLY."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from backend.extensions import db


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
    """A hand-written statement on the hot path: no compilation, psycopg's own placeholders."""
    return list(db.session.connection().exec_driver_sql(sql, parameters))


def on_own_connection(work: Callable[[Any], Any]) -> Any:
    """Runs `work(connection)` in a transaction of its own: what must stay even if the request rolls back."""
    with db.engine.begin() as connection:
        return work(connection)


@contextmanager
def savepoint() -> Iterator[None]:
    """One of several acts of a unit of work: raising undoes this one alone."""
    with db.session.begin_nested():
        yield
