"""Two or more people at the same moment."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest

from tests.factories.servers import until


def everyday_or(slow: int, everyday: int) -> list[Any]:
    """The size of a test: small each day, large when there is time."""
    return [pytest.param(everyday), pytest.param(slow, marks=pytest.mark.slow)]


def at_once(*works: Callable[[], Any]) -> list[Any]:
    """Runs each on a thread of its own, all let go by one barrier; their results in order."""
    barrier = threading.Barrier(len(works))

    def run(work: Callable[[], Any]) -> Any:
        barrier.wait(10)
        return work()

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(run, works))


def while_locked(owner_url: str, statement: str, parameters: Any, work: Callable[[], Any], seconds: float = 0.5) -> Any:
    """`work` begins while another transaction holds the rows that `statement` wrote; it commits meanwhile."""
    with psycopg.connect(owner_url) as other, ThreadPoolExecutor(1) as pool:
        other.execute(statement, parameters)
        running = pool.submit(work)
        threading.Event().wait(seconds)
        assert not running.done(), "it did not wait for the lock"
        other.commit()
        return running.result(10)


def in_turn(owner_url: str, statement: str, parameters: Any, *works: Callable[[], Any]) -> list[Any]:
    """Each begins when all before it stand at a lock, the first at what `statement` holds; then that is let go. What
    each returned, in order."""
    waiting = """
        SELECT count(DISTINCT pid) FROM pg_locks JOIN pg_stat_activity USING (pid)
        WHERE NOT granted AND datname = current_database()"""
    running: list[Any] = []
    with (
        psycopg.connect(owner_url, autocommit=True) as watcher,
        psycopg.connect(owner_url) as holder,
        ThreadPoolExecutor(len(works)) as pool,
    ):
        holder.execute(statement, parameters)
        for work in works:
            running.append(pool.submit(work))
            until(lambda: watcher.execute(waiting).fetchone()[0] >= len(running), 1.5, f"the wait of {len(running)}")
        holder.commit()
        return [work.result(10) for work in running]
