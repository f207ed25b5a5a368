"""Two or more people at the same moment."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg


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
