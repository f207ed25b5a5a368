"""kill -9 of a web worker, of PostgreSQL, of the job worker: what was acknowledged is there, once, and answers again.

Four people send one-click applications and daily records, each with its Idempotency-Key, and send again what got
no answer, as the phone does. Then every key is sent once more: an effect that was lost would be made anew, with
another id than the one acknowledged, and one made twice would leave two acts in the audit.
"""

import contextlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import procrastinate
import psutil
import psycopg
import pytest
import requests

from backend import embedded
from backend.core import clock, invariants, jobs
from backend.core.transaction import unit_of_work
from tests.conftest import OWNER, clone, url_of
from tests.factories import applications as a
from tests.factories.fleet import compounds
from tests.factories.servers import PROJECT, Server, environment, running, serving, sign_in, until

EVERYDAY, LONG = 2, 30
THREADS, A_THREAD = 4, 3  # each thread sends so many applications and as many daily records a cycle
PATIENCE = 30  # seconds in which a server that was killed must answer again
NO_ANSWER = (502, 503, 504)


class Act(NamedTuple):
    """One tap: what it sends, and the answer it got."""

    path: str
    body: dict[str, Any]
    key: str
    answers: list[tuple[int, Any]]


class Town:
    """A server under people's taps, and what they were told."""

    def __init__(self, server: Server, database: str, units: list[str]) -> None:
        self.server, self.database, self.units = server, database, units
        self.headers = sign_in(server.url, "wang")
        self.acknowledged: list[Act] = []
        self.unanswered = 0

    def cycle(self, kill: Callable[[], None]) -> None:
        """One round of taps, in the middle of which something is killed."""
        mine = [self.units.pop() for _ in range(THREADS * A_THREAD)]
        done = threading.Semaphore(0)
        with ThreadPoolExecutor(THREADS) as pool:
            taps = [pool.submit(self._person, mine[n::THREADS], done) for n in range(THREADS)]
            for _ in range(random.randint(1, THREADS * A_THREAD)):
                assert done.acquire(timeout=PATIENCE)
            kill()
            for tap in taps:
                tap.result(4 * PATIENCE)

    def _person(self, units: list[str], done: threading.Semaphore) -> None:
        today = clock.today().isoformat()
        for unit in units:
            self._tap("/certifications", {"unit": unit})
            done.release()
            entry = {"place_code": unit, "day": today, "publicity_actions": random.randint(0, 99)}
            self._tap("/daily-records", {"entries": [entry]})
            done.release()

    def _tap(self, path: str, body: dict[str, Any]) -> None:
        act = Act(path, body, uuid.uuid4().hex, [])
        until(lambda: self.send(act), PATIENCE, f"an answer to {path}")
        self.acknowledged.append(act)

    def send(self, act: Act) -> bool:
        """Whether there was an answer; keeps it."""
        headers = {**self.headers, "Idempotency-Key": act.key}
        try:
            answer = requests.post(f"{self.server.url}/api/v1{act.path}", json=act.body, headers=headers, timeout=10)
        except requests.RequestException:
            self.unanswered += 1
            return False
        if answer.status_code in NO_ANSWER or (answer.status_code == 409 and answer.json()["code"] == "in_flight"):
            self.unanswered += 1
            return False
        act.answers.append((answer.status_code, answer.json()))
        return True

    def check(self) -> None:
        """Every key again gets the stored answer; each left one effect, and one act in the audit."""
        for act in self.acknowledged:
            until(lambda act=act: self.send(act), PATIENCE, "the answer again")
            assert act.answers[0] == act.answers[-1], act
            assert act.answers[0][0] == (201 if act.path == "/certifications" else 200), act
        applied = [act.answers[0][1]["id"] for act in self.acknowledged if act.path == "/certifications"]
        records = [act.answers[0][1]["items"][0] for act in self.acknowledged if act.path == "/daily-records"]
        with psycopg.connect(self.database) as connection:
            ask = lambda query: connection.execute(query).fetchall()  # noqa: E731
            assert Counter(i for (i,) in ask("SELECT id::text FROM application")) == Counter(applied)
            submitted = (
                "SELECT subject_id::text FROM audit_event WHERE subject_type = 'certification' AND new = 'submitted'"
            )
            assert Counter(i for (i,) in ask(submitted)) == Counter(applied)
            entered = "SELECT subject_id::text FROM audit_event WHERE action = 'enter'"
            assert Counter(i for (i,) in ask(entered)) == Counter(record["id"] for record in records)
            written = dict(ask("SELECT id::text, publicity_actions FROM daily_record"))
            assert all(written[record["id"]] == record["publicity_actions"] for record in records)
            keys = {key for (key,) in ask("SELECT key FROM idempotency_key")}
            assert keys == {act.key for act in self.acknowledged}
            views = [view for (view,) in ask(invariants.VIEWS)]
            assert views and all(ask(f"SELECT count(*) FROM {view}") == [(0,)] for view in views)


def plant_fleet(env: dict[str, str], count: int) -> list[str]:
    made = subprocess.run(
        [sys.executable, "-m", "tests.factories.fleet", str(count)],
        cwd=PROJECT,
        env=env,
        capture_output=True,
        text=True,
    )
    assert made.returncode == 0, made.stderr
    return compounds(count)


def plain(url: str) -> str:
    return url.replace("+psycopg", "")


CYCLES = [pytest.param(EVERYDAY), pytest.param(LONG, marks=pytest.mark.slow)]


@pytest.mark.parametrize("cycles", CYCLES)
def test_kill_9_of_a_web_worker(server, template, worker_id, cycles):
    name = f"anlin_crash_{worker_id}"
    env = environment(clone(server, template, name), url_of(server, OWNER, name))
    units = plant_fleet(env, cycles * THREADS * A_THREAD)
    with serving(env) as web:
        town = Town(web, plain(env["MIGRATION_DATABASE_URL"]), units)

        def kill() -> None:
            random.choice(web.workers()).kill()

        for _ in range(cycles):
            town.cycle(kill)
            until(lambda: len(web.workers()) == 2, what="a new worker")
        town.check()


def readers_notice_nothing(url: str, headers: dict[str, str], kill: Callable[[], None]) -> None:
    """Every connection of both workers is dead after this kill; once the server is back each GET finds it so."""
    paths = ["/api/v1/me", "/readyz"] * 20
    for _ in range(2):
        with ThreadPoolExecutor(8) as pool:
            ask = lambda path: requests.get(url + path, headers=headers, timeout=10).status_code  # noqa: E731
            assert set(pool.map(ask, paths)) == {200}
        kill()


@contextmanager
def private_postgres() -> Iterator[tuple[embedded.Urls, Path]]:
    """A durable server of its own, in a folder all may pass through (root's server runs as another user)."""
    with tempfile.TemporaryDirectory(prefix="anlin-crash-", ignore_cleanup_errors=True) as base:
        Path(base).chmod(0o755)
        folder = Path(base) / "postgres"
        try:
            yield embedded.start(folder, durable=True), folder
        finally:
            embedded.stop(folder)


@pytest.mark.parametrize("cycles", CYCLES)
def test_kill_9_of_postgresql(cycles):
    with private_postgres() as (urls, folder):
        env = environment(urls.app, urls.owner)
        units = plant_fleet(env, cycles * THREADS * A_THREAD)
        with serving(env) as web:
            town = Town(web, plain(urls.owner), units)

            def kill() -> None:
                pid_file = embedded.place(folder) / "data" / "postmaster.pid"
                os.kill(int(pid_file.read_text().split()[0]), signal.SIGKILL)
                embedded.start(folder, durable=True)

            for _ in range(cycles):
                town.cycle(kill)
            web.ready()
            assert town.unanswered, "nobody noticed: the test killed nothing"
            readers_notice_nothing(web.url, town.headers, kill)
            town.check()


def test_kill_9_of_the_job_worker_gives_its_job_back(world, app, owner):
    """The end of a notice is being looked at when its worker dies; the sweep hands it to the next one."""
    application = a.published(world)
    a.end_notice(owner, application["id"])
    owner.execute("UPDATE procrastinate_jobs SET scheduled_at = now() WHERE task_name = 'certification.end_notice'")
    state = "SELECT status::text FROM procrastinate_jobs WHERE task_name = 'certification.end_notice'"
    env = environment(app.config["DATABASE_URL"], app.config["MIGRATION_DATABASE_URL"])
    with psycopg.connect(plain(app.config["MIGRATION_DATABASE_URL"])) as holder:
        holder.execute("SELECT id FROM application FOR UPDATE")  # the job waits here, so that it can be caught
        with running(env, "flask", "--app", "wsgi", "jobs", "run") as worker:
            until(lambda: owner.execute(state).fetchone() == ("doing",), what="the job")
            psutil.Process(worker.pid).kill()
            worker.wait()
    assert owner.execute(state).fetchone() == ("doing",), "nobody has told the queue"
    owner.execute("UPDATE procrastinate_workers SET last_heartbeat = now() - interval '5 minutes'")
    # The worker may have enqueued the minute's sweep itself before it died.
    with contextlib.suppress(procrastinate.exceptions.AlreadyEnqueued), app.app_context(), unit_of_work():
        jobs.queue.configure_task("core.sweep", connection=_driver()).defer(timestamp=int(time.time()))
    jobs.run(app, wait=False)
    jobs.run(app, wait=False)
    assert owner.execute(state).fetchone() == ("succeeded",)
    assert a.now(world, application)["status"] == "public_notice", "certified by a person's hand, never by a job"
    with app.app_context():
        assert not any(invariants.counts().values())


def _driver() -> Any:
    return jobs.db.session.connection().connection.driver_connection
