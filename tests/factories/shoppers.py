"""Hundreds of homes, each with two people who may order for it, and the phones they order with:
`python -m tests.factories.shoppers 500` puts them into the database of its environment, beside the cast.
"""

import http.client
import json
import socket
import struct
import sys
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import flask_migrate
import psycopg
import requests
from sqlalchemy import text

from backend import create_app
from backend.core import clock, invariants
from backend.core.auth import issue_access_token
from backend.core.crypto import keyring
from backend.core.models import new_id
from backend.core.transaction import unit_of_work
from backend.extensions import db
from tests.cast import READY, UNIT, key
from tests.factories import groupbuy as g
from tests.factories.servers import sign_in
from tests.factories.world import plant

PEOPLE = """
INSERT INTO app_user (id, name) SELECT id, '住户' FROM unnest(CAST(:people AS uuid[])) AS u (id)"""
POSTS = """
INSERT INTO role_assignment (id, user_id, role, place_code)
SELECT * FROM unnest(CAST(:ids AS uuid[]), CAST(:people AS uuid[])) AS u (id, person),
LATERAL (VALUES ('resident', CAST(:place AS text))) AS post (role, place_code)"""
HOMES = """
INSERT INTO household (id, place_code, room, member_count)
SELECT id, :place, 'r' || lpad(n::text, 4, '0'), 2
FROM unnest(CAST(:homes AS uuid[])) WITH ORDINALITY AS u (id, n)"""
MEMBERS = """
INSERT INTO household_member (id, household_id, user_id, is_head, name_cipher)
SELECT * FROM unnest(CAST(:ids AS uuid[]), CAST(:homes AS uuid[]), CAST(:people AS uuid[]), CAST(:heads AS boolean[]),
                     CAST(:names AS bytea[]))"""
FOUND = """
SELECT h.id, array_agg(m.user_id ORDER BY m.is_head DESC) FROM household h
JOIN household_member m ON m.household_id = h.id WHERE starts_with(h.room, 'r') GROUP BY h.id ORDER BY h.room"""


class Home(NamedTuple):
    """A household, and the two who order for it: its head, and another."""

    id: uuid.UUID
    people: Sequence[uuid.UUID]


def move_in(count: int, place: str = UNIT) -> list[Home]:
    """So many homes at a place of the register, in four statements."""
    homes = [Home(new_id(), (new_id(), new_id())) for _ in range(count)]
    people = [person for home in homes for person in home.people]
    ids = [new_id() for _ in people]
    members = {
        "ids": ids,
        "homes": [home.id for home in homes for _ in home.people],
        "people": people,
        "heads": [True, False] * count,
        "names": [keyring.encrypt("张三丰", f"household_member.name:{member}") for member in ids],
    }
    with unit_of_work():
        db.session.execute(text(PEOPLE), {"people": people})
        db.session.execute(text(POSTS), {"ids": [new_id() for _ in people], "people": people, "place": READY})
        db.session.execute(text(HOMES), {"homes": [home.id for home in homes], "place": place})
        db.session.execute(text(MEMBERS), members)
    return homes


def headers(person: uuid.UUID, idempotency_key: str | None = None) -> dict[str, str]:
    """A token issued now: a long test outlives one."""
    return {
        "Authorization": f"Bearer {issue_access_token(person, clock.now())}",
        "Idempotency-Key": idempotency_key or key(),
        "Content-Type": "application/json",
    }


class Answer(NamedTuple):
    status: int
    content_type: str | None
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def outcome(self) -> tuple[int, str]:
        """The status, and what the order is or why there is none."""
        return self.status, self.json.get("code") or self.json["status"]


class Tap(NamedTuple):
    """One order as a phone sends it."""

    person: uuid.UUID
    body: bytes
    key: str

    @classmethod
    def of(cls, person: uuid.UUID, body: dict[str, Any]) -> "Tap":
        return cls(person, json.dumps(body).encode(), key())


class Phone:
    """One kept-alive connection to a server."""

    def __init__(self, url: str) -> None:
        self.line = http.client.HTTPConnection(urlsplit(url).netloc, timeout=15)

    def order(self, tap: Tap) -> Answer:
        self._send(tap)
        answer = self.line.getresponse()
        return Answer(answer.status, answer.headers["Content-Type"], answer.read())

    def order_and_vanish(self, tap: Tap, rudely: bool) -> None:
        """Sent, and gone before an answer: out of reach, or switched off, which resets the connection."""
        self._send(tap)
        if rudely:
            self.line.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.line.close()

    def _send(self, tap: Tap) -> None:
        self.line.request("POST", "/api/v1/orders", tap.body, headers(tap.person, tap.key))


class Market:
    """A server with many homes in its database, and what may be asked about both."""

    def __init__(self, url: str, database: str) -> None:
        self.url, self.database = url, database.replace("+psycopg", "")
        self.homes = [Home(*row) for row in self.ask(FOUND)]

    def ask(self, query: str, *parameters: Any) -> list[Any]:
        with psycopg.connect(self.database) as connection:
            return connection.execute(query, parameters).fetchall()

    def opened(self, *items: dict[str, Any], **changed: Any) -> dict[str, Any]:
        """A campaign of hu's that is open from now on."""
        drafted = self._post("/campaigns", g.body(*items, **changed))
        return self._post(f"/campaigns/{drafted['id']}/publish", {"revision": drafted["revision"]})

    def _post(self, path: str, body: Any) -> dict[str, Any]:
        sent = {**sign_in(self.url, "hu"), "Idempotency-Key": key()}
        answer = requests.post(f"{self.url}/api/v1{path}", json=body, headers=sent, timeout=30)
        assert answer.ok, f"{answer.status_code} {answer.text}"
        return answer.json()

    def at_once(
        self, taps: Sequence[Any], connections: int, send: Callable[[Phone, Any], Any] = Phone.order
    ) -> list[Any]:
        """All taps over so many connections, neighbours in the list side by side; their answers in order."""
        waiting: Iterator[tuple[int, Any]] = iter(list(enumerate(taps)))
        answers: list[Any] = [None] * len(taps)

        def hold(phone: Phone) -> None:
            for at, tap in waiting:  # a list's iterator gives each element to one thread
                answers[at] = send(phone, tap)

        with ThreadPoolExecutor(connections) as pool:
            list(pool.map(hold, [Phone(self.url) for _ in range(connections)]))
        return answers

    def shares(self, campaign: dict[str, Any]) -> list[tuple[int, int, int, int]]:
        """(total, available, reserved, sold) of each item."""
        query = "SELECT total, available, reserved, sold FROM campaign_item WHERE campaign_id = %s ORDER BY position"
        return self.ask(query, campaign["id"])

    def orders(self, campaign: dict[str, Any]) -> list[str]:
        return [i for (i,) in self.ask("SELECT id::text FROM group_order WHERE campaign_id = %s", campaign["id"])]

    def check(self) -> None:
        """Every invariant holds."""
        views = [view for (view,) in self.ask(invariants.VIEWS)]
        counts = {view: self.ask(f"SELECT count(*) FROM {view}")[0][0] for view in views}
        assert counts and not any(counts.values()), {view: n for view, n in counts.items() if n}


def taps(homes: Sequence[Home], body: dict[str, Any], count: int | None = None) -> list[Tap]:
    """The same order by the head of each home; by so many of them, the first again after the last."""
    people = cycle([home.people[0] for home in homes])
    return [Tap.of(next(people), body) for _ in range(len(homes) if count is None else count)]


if __name__ == "__main__":
    with create_app().app_context():
        flask_migrate.upgrade()
        plant()
        move_in(int(sys.argv[1]))
