"""What is measured, against what, and on which app. Adding a scenario is one entry in SCENARIOS.

Entries with `requests=None` are still to be written: they are listed as such and their bars count as missed.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

from bench.load import http
from bench.server import Server

Environment = dict[str, str]
Requests = Sequence[bytes] | Iterator[bytes]


@dataclass(frozen=True)
class App:
    """A WSGI app to serve. `world(server_url)` makes its data once for all rounds and yields its environment,
    with DATABASE_URL in it."""

    wsgi: str
    world: Callable[[str], AbstractContextManager[Environment]]
    ready: str = "/"


@dataclass(frozen=True)
class Bar:
    """At least `ratio` times the requests per second of the scenario named `of`, in the same round."""

    of: str
    ratio: float


@dataclass(frozen=True)
class Scenario:
    """Requests to one endpoint. They are made from the running server, which knows the tokens and the ETags."""

    name: str
    app: str
    requests: Callable[[Server], Requests] | None
    expect: int = 200
    bar: Bar | None = None


@dataclass(frozen=True)
class Statement:
    """SQL sent straight to PostgreSQL, the ceiling beside the endpoints, in the database of `app`.

    `statements(database_url)` makes them, so that they can name rows that exist; they are picked at random.
    """

    name: str
    app: str
    statements: Callable[[str], Sequence[str]]


@contextmanager
def bare_world(server_url: str) -> Iterator[Environment]:
    """The baselines read no table, so they need no database of their own."""
    yield {"DATABASE_URL": server_url}


# To come, one per size: App("wsgi:app", compounds(10), ready="/readyz"), where compounds(n)(server_url) opens
# engine.scratch_database, migrates it, loads n compounds with 14 days of records and yields DATABASE_URL.
APPS = {"bare": App("bench.bare:app", bare_world, ready="/hello")}

HELLO, SELECT1, DRY_RUN = "Flask hello", "Flask SELECT 1", "one-click dry run, {} compounds"
FLAT = 1 / 1.3

SCENARIOS: list[Scenario | Statement] = [
    Statement("engine alone, SELECT 1", "bare", lambda url: ["SELECT 1"]),
    Scenario(HELLO, "bare", lambda server: [http("GET", "/hello")]),
    Scenario(SELECT1, "bare", lambda server: [http("GET", "/select1")]),
    # To come: Statement("engine alone, evidence of 14 days", "anlin-700", evidence_statements),
    Scenario(DRY_RUN.format(10), "anlin-10", None, bar=Bar(SELECT1, 0.7)),
    Scenario(DRY_RUN.format(700), "anlin-700", None, bar=Bar(DRY_RUN.format(10), FLAT)),
    Scenario(DRY_RUN.format("7,102"), "anlin-7102", None, bar=Bar(DRY_RUN.format(10), FLAT)),
    Scenario("public unit page", "anlin-700", None),
    Scenario("public unit page, 304", "anlin-700", None, expect=304, bar=Bar(HELLO, 0.8)),
    Scenario("sign-in", "anlin-700", None),
]
