"""Background jobs (procrastinate): deferred in the transaction of the rows they are about, idempotent, ids only."""

import asyncio
import functools
import uuid
from collections.abc import Callable
from contextlib import nullcontext
from datetime import datetime
from typing import Any

import procrastinate
import psycopg
import structlog
from flask import Flask
from sqlalchemy import Select, text
from sqlalchemy.exc import DBAPIError

from backend.core import idempotency
from backend.core.context import set_request_id
from backend.core.errors import DomainError
from backend.core.transaction import unit_of_work
from backend.extensions import db

FINISHED_KEPT_HOURS = 48
RETRY = procrastinate.RetryStrategy(max_attempts=8, exponential_wait=2)

queue = procrastinate.App(connector=procrastinate.PsycopgConnector())
# Deferring is synchronous, also inside a job, where the queue's own connector is open and asynchronous.
desk = procrastinate.App(connector=procrastinate.SyncPsycopgConnector())
_flask: list[Flask] = []  # the application whose context jobs run in; set once by `run`


def job(name: str, every: str | None = None, edge: bool = True) -> Callable:
    """Registers `work(**ids)` as a job in its own transaction; `defer(name, at, **ids)` enqueues it, and `every` is a
    cron line (UTC). `edge=False`: it calls the outside world, and opens a unit of work around the parts that
    do not."""

    def decorate(work: Callable) -> Callable:
        @functools.wraps(work)
        def run(timestamp: int | None = None, **ids: Any) -> None:
            set_request_id(f"job-{uuid.uuid4().hex[:12]}")
            with _flask[0].app_context(), unit_of_work() if edge else nullcontext():
                work(**ids)
            structlog.get_logger().info("job", name=name, **ids)

        task = queue.task(name=name, retry=RETRY, queueing_lock=name if every else None)(run)
        if every:
            queue.periodic(cron=every, periodic_id=name)(task)
        return work

    return decorate


def defer(name: str, at: datetime | None = None, **ids: Any) -> None:
    """Enqueues the job `name` in the caller's transaction: a rollback takes it along. Ids only, as text."""
    connection = db.session.connection().connection.driver_connection
    arguments = {key: str(value) for key, value in ids.items()}
    desk.configure_task(name, schedule_at=at, connection=connection).defer(**arguments)


@queue.periodic(cron="* * * * *")
@queue.task(name="core.sweep", queueing_lock="core.sweep", pass_context=True)
async def sweep(context: Any, timestamp: int) -> None:
    """Gives back the jobs of a worker that was killed: a job left `doing` would otherwise stay there for ever."""
    for stalled in await queue.job_manager.get_stalled_jobs():
        await queue.job_manager.retry_job(stalled)


@queue.periodic(cron="17 * * * *")
@queue.task(name="core.retention", queueing_lock="core.retention", pass_context=True)
async def forget_finished(context: Any, timestamp: int) -> None:
    await queue.job_manager.delete_old_jobs(nb_hours=FINISHED_KEPT_HOURS, include_failed=False)


@job("core.forget_keys", every="7 * * * *")
def forget_keys() -> None:
    """Idempotency keys are kept for a time, spent rate limits not at all."""
    idempotency.forget()
    db.session.execute(text("DELETE FROM rate_limit WHERE expires_at < now()"))


def each_alone(work: Callable[[Any], Any], ids: Select) -> None:
    """Does the work for each id that the select finds, each in a transaction of its own: one that is refused, stands
    behind a lock or breaks a rule is for the next round, and holds up nobody else. Nor does a defect of ours: it is
    raised when the others are done, so that the job fails and somebody sees it. For jobs without an edge."""
    defect = None
    with unit_of_work():
        found = list(db.session.scalars(ids))
    for one in found:
        try:
            with unit_of_work():
                work(one)
        except (DomainError, DBAPIError, psycopg.Error) as refusal:
            structlog.get_logger().warning("round_refused", cause=type(refusal).__name__, about=str(one))
        except Exception as error:
            structlog.get_logger().error("round_defect", cause=type(error).__name__, about=str(one))
            defect = defect or error
    if defect:
        raise defect


def run(app: Flask, wait: bool = True) -> None:
    """Serves the queue until stopped; with `wait=False`, until nothing is due any more (for tests)."""
    _flask[:] = [app]
    url = app.config["DATABASE_URL"].replace("postgresql+psycopg://", "postgresql://")
    with queue.replace_connector(procrastinate.PsycopgConnector(conninfo=url)) as working:
        asyncio.run(_serve(working, wait))


async def _serve(working: procrastinate.App, wait: bool) -> None:
    async with working.open_async():
        await working.run_worker_async(
            wait=wait,
            concurrency=2,
            fetch_job_polling_interval=1.0,
            listen_notify=wait,
            install_signal_handlers=wait,
            shutdown_graceful_timeout=5,
        )
