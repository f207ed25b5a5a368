"""What is measured, against what, and on which app. Adding a scenario is one entry in SCENARIOS."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import ClassVar

from bench import claims, order_world, orders, oscar_world, world
from bench.load import http
from bench.server import Server

Environment = dict[str, str]
Requests = Sequence[bytes] | Iterator[bytes]


@dataclass(frozen=True)
class App:
    """A WSGI app to serve. `world(server_url)` makes its data once for all rounds and yields its environment,
    with DATABASE_URL in it. `python` is the interpreter whose environment has what it imports.

    An app with an `option` is large: it is left out unless that option, or its scenario's name, asks for it.
    """

    wsgi: str
    world: Callable[[str], AbstractContextManager[Environment]]
    ready: str = "/"
    python: str = sys.executable
    option: str = ""


@dataclass(frozen=True)
class Bar:
    """At least `limit` times the requests per second of the scenario named `of`, in the same round."""

    of: str
    limit: float
    figure: ClassVar[str] = "rps"
    words: ClassVar[str] = "requests/s, at least"

    def met(self, ratio: float) -> bool:
        return ratio >= self.limit


class P99Bar(Bar):
    """A p99 of at most `limit` times that of the scenario named `of`, in the same round."""

    figure: ClassVar[str] = "p99_ms"
    words: ClassVar[str] = "p99, at most"

    def met(self, ratio: float) -> bool:
        return ratio <= self.limit


@dataclass(frozen=True)
class Scenario:
    """Requests to one endpoint. They are made from the running server, which knows the tokens and the ETags."""

    name: str
    app: str
    requests: Callable[[Server], Requests]
    expect: int = 200
    bars: Sequence[Bar] = ()


@dataclass(frozen=True)
class Statement:
    """SQL sent straight to PostgreSQL, the ceiling beside the endpoints, in the database of `app`.

    `statements(database_url)` makes them, so that they can name rows that exist; they are picked at random.
    """

    name: str
    app: str
    statements: Callable[[str], Sequence[str]]


Entry = Scenario | Statement


@contextmanager
def bare_world(server_url: str) -> Iterator[Environment]:
    """The baselines read no table, so they need no database of their own."""
    yield {"DATABASE_URL": server_url}


SIZES = (10, 700, 7102)  # 7,102 compounds are all of Wuhan's (DOMAIN)
APPS = {
    "bare": App("bench.bare:app", bare_world, ready="/hello"),
    "bare-orders": App("bench.bare:app", orders.bare, ready="/hello"),
    "oscar": App("bench.oscar.shop:app", oscar_world.world, "/ready", oscar_world.PYTHON, option="--with-oscar"),
    "orders-1": App("bench.house:app", order_world.house(), "/readyz"),
    "orders-1000": App("bench.house:app", order_world.house(1000), "/readyz"),
    "orders-5m": App("bench.house:app", order_world.house(1, 5_000_000), "/readyz", option="--with-history"),
    "bare-claims": App("bench.bare:app", claims.bare, ready="/hello"),
    "claims": App("bench.house:app", claims.house(claims.VOLUNTEERS, 1_000_000, claims.HOT, 0), "/readyz"),
    "tasks-1k": App("bench.house:app", claims.house(claims.LOOKING, 1, claims.HERE, 900), "/readyz"),
    "tasks-1m": App("bench.house:app", claims.house(claims.LOOKING, 1, claims.HERE, 1_000_000), "/readyz"),
    **{f"anlin-{n}": App("bench.house:app", world.compounds(n), ready="/readyz") for n in SIZES},
}

HELLO, SELECT1, DRY_RUN = "Flask hello", "bare Flask SELECT 1", "one-click dry run, {} compounds"
HOUSE_SELECT1 = "SELECT 1, signed in"
BARE_ORDER, OSCAR = "bare Flask order, one statement", "django-oscar 4.2"
ORDER = "an order, one hot campaign"
BARE_CLAIM, TASK_LIST = "bare Flask claim, one statement", "what can I do now, {} open tasks"
FLAT = 1 / 1.3
AS_FAST = 1 / 1.2

SCENARIOS: list[Entry] = [
    Statement("engine alone, SELECT 1", "bare", lambda url: ["SELECT 1"]),
    Scenario(HELLO, "bare", lambda server: [http("GET", "/hello")]),
    Scenario(SELECT1, "bare", lambda server: [http("GET", "/select1")]),
    Statement("engine alone, evidence of 14 days", "anlin-700", world.evidence_statements),
    # Two ways to read "a SELECT 1 endpoint under the same server settings"; the bar is on the one that goes through
    # the same house, and the table shows the bare one beside it.
    Scenario(HOUSE_SELECT1, "anlin-10", world.select_ones),
    Scenario(DRY_RUN.format(10), "anlin-10", world.dry_runs(10), bars=[Bar(HOUSE_SELECT1, 0.7)]),
    Scenario(DRY_RUN.format(700), "anlin-700", world.dry_runs(700), bars=[Bar(DRY_RUN.format(10), FLAT)]),
    Scenario(DRY_RUN.format(7102), "anlin-7102", world.dry_runs(7102), bars=[Bar(DRY_RUN.format(10), FLAT)]),
    Scenario("public unit page", "anlin-700", world.public_pages(700)),
    Scenario("public unit page, 304", "anlin-700", world.unchanged_pages, expect=304, bars=[Bar(HELLO, 0.8)]),
    Scenario("sign-in", "anlin-700", world.sign_ins),
    Statement("engine alone, the bare order", "bare-orders", orders.bare_statements),
    Scenario(BARE_ORDER, "bare-orders", orders.bare_orders, expect=201),
    Scenario(ORDER, "orders-1", order_world.orders, 201, [Bar(BARE_ORDER, 0.5), P99Bar(BARE_ORDER, 2), Bar(OSCAR, 15)]),
    Scenario("an order, 1,000 campaigns", "orders-1000", order_world.orders, 201, [Bar(ORDER, AS_FAST)]),
    Scenario("an order, 5 million older ones", "orders-5m", order_world.orders, 201, [Bar(ORDER, AS_FAST)]),
    Scenario(OSCAR, "oscar", orders.oscar_orders, expect=201),
    Scenario(BARE_CLAIM, "bare-claims", claims.bare_claims, expect=201),
    Scenario("a claim, one hot task", "claims", claims.claims, 201, [Bar(BARE_CLAIM, 0.5), P99Bar(BARE_CLAIM, 2)]),
    Scenario(TASK_LIST.format("1,000"), "tasks-1k", claims.lists),
    Scenario(TASK_LIST.format("1,000,000"), "tasks-1m", claims.lists, bars=[Bar(TASK_LIST.format("1,000"), FLAT)]),
]
