"""The worlds and requests of the order scenarios: what is on sale, who orders it, and the POSTs that do. The house's
own world, (b), is in order_world.py.

A world is made once for all rounds in a database of its own and yields its app's environment; a scenario's requests
are made from the running server. Every buyer orders a hot item whose stock never runs out, each time under an
Idempotency-Key of its own (`keyed`), whether the target reads the key or not: all parse the same headers.
"""

import json
import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from typing import Any
from uuid import UUID, uuid4

import psycopg

from bench import engine
from bench.bare import ORDER
from bench.load import http
from bench.server import Server

BUYERS, STOCK = 500, 1_000_000_000
KEY = "the-idempotency-key-goes-here"

# Primary keys, the checks, and nothing more: the fewer indexes and foreign keys, the harder the baseline.
BARE_SCHEMA = """
CREATE TABLE item (id uuid PRIMARY KEY, price_fen int NOT NULL, available int NOT NULL CHECK (available >= 0));
CREATE TABLE orders (id uuid PRIMARY KEY, item_id uuid NOT NULL, household_id uuid NOT NULL, total_fen int NOT NULL,
  at timestamptz NOT NULL DEFAULT now());
CREATE TABLE order_line (order_id uuid, item_id uuid, quantity int NOT NULL, price_fen int NOT NULL,
  PRIMARY KEY (order_id, item_id));"""
ITEM = str(UUID(int=1))


def post(path: str, body: Any, **headers: str) -> bytes:
    """A POST of JSON with a place for its Idempotency-Key."""
    text = json.dumps(body).encode()
    return http("POST", path, text, content_type="application/json", idempotency_key=KEY, **headers)


def keyed(requests: Sequence[bytes]) -> Iterator[bytes]:
    """The requests, picked at random for ever, each sent with a key never sent before.

    Split at the key once; a request then costs one join, so the generator stays far faster than what it measures.
    """
    halves = [request.split(KEY.encode()) for request in requests]
    pick, run = random.Random(1).choice, uuid4().hex[:16].encode()
    for number in count():
        head, tail = pick(halves)
        yield b"%b%b-%010d%b" % (head, run, number, tail)


def keyed_in_turn(requests: Sequence[bytes]) -> Iterator[bytes]:
    """Each request once, in the order given, with a key of its own: for what nobody may do twice."""
    run = uuid4().hex[:16]
    for number, request in enumerate(requests):
        yield request.replace(KEY.encode(), f"{run}-{number:010d}".encode())


@contextmanager
def bare(server: str) -> Iterator[dict[str, str]]:
    """(a): the tables of bench/bare.py and one hot item."""
    with engine.scratch_database(server) as url:
        with psycopg.connect(url) as connection:
            connection.execute(BARE_SCHEMA)
            connection.execute("INSERT INTO item VALUES (%s, 990, %s)", (ITEM, STOCK))
        yield {"DATABASE_URL": url}


def bare_orders(server: Server) -> Iterator[bytes]:
    return keyed([post("/order", body) for body in bare_bodies()])


def bare_bodies() -> list[dict[str, Any]]:
    return [{"item": ITEM, "household": str(UUID(int=n)), "quantity": 1} for n in range(1, BUYERS + 1)]


def bare_statements(url: str) -> list[str]:
    """The very statement of bench/bare.py, with literals."""
    quoted = [{**body, "item": f"'{body['item']}'", "household": f"'{body['household']}'"} for body in bare_bodies()]
    return [ORDER % body for body in quoted]


def oscar_orders(server: Server) -> Iterator[bytes]:
    """(c): product 1 and users 1 to BUYERS, as bench/oscar/fill.py numbers them."""
    return keyed([post("/order", {"user": n, "product": 1, "quantity": 1}) for n in range(1, BUYERS + 1)])
