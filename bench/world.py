"""A district with as many compounds as asked, fourteen good days each, and the requests sent to it."""

import json
import os
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from unittest.mock import patch

import flask_migrate
import psycopg

from backend import create_app, embedded
from backend.core import clock
from backend.core.evidence import SOURCES, statement
from backend.demo.community import REGISTER
from backend.integrations.sign_in import console_openid
from backend.people.sessions import openid_index
from bench import engine
from bench.load import http
from bench.server import Server

DISTRICT, REVIEWER = "420112", "bench"
MIGRATIONS = str(embedded.PROJECT / "migrations")
PER_COMMUNITY = 100

# Figures differ from compound to compound, as real ones do: nothing may come from one fortnight worked out for all.
RECORDS = """
INSERT INTO daily_record (id, place_code, day, recorded_by, entrances, open_gates, gate_inspections,
  households, households_reached, disinfection_rounds, disinfected_area, supply_requests, supply_met,
  publicity_actions, disputes_open, disputes_handled, roles_held, roles_needed)
SELECT gen_random_uuid(), p.code, %(today)s - n, (SELECT id FROM app_user LIMIT 1), 3, 1, 4 + (random() * 4)::int,
  700, 690 + (random() * 10)::int, 2 + (random() * 2)::int, 9000 + (random() * 3000)::int, 40, 40,
  2 + (random() * 3)::int, 0, (random() * 3)::int, 8, 8
FROM place p, generate_series(1, 14) n WHERE p.kind = 'compound'"""
# One long-released contact for every tenth compound.
CASES = """
WITH c AS (INSERT INTO health_case (id, place_code, erase_on)
  SELECT gen_random_uuid(), code, %(today)s + 60 FROM place WHERE kind = 'compound' AND code LIKE '%%1'
  RETURNING id, place_code)
INSERT INTO case_event (id, case_id, place_code, category, effective_on, reported_on, source_cipher, recorded_by,
  outcome, outcome_on, outcome_by)
SELECT gen_random_uuid(), c.id, c.place_code, 'close_contact', %(today)s - 40, %(today)s - 40, '', u.id,
  'confirmed', %(today)s - 26, u.id FROM c, (SELECT id FROM app_user LIMIT 1) u"""


def codes(size: int) -> list[str]:
    """The compounds' codes, spread over the register's communities."""
    with REGISTER.open(encoding="utf-8-sig") as file:
        communities = sorted(line[:12] for line in file if line.startswith(DISTRICT) and line[12:13] == ",")
    return [f"{communities[n // PER_COMMUNITY]}-{n % PER_COMMUNITY + 1:03d}" for n in range(size)]


def compounds(size: int) -> Callable[[str], AbstractContextManager[dict[str, str]]]:
    @contextmanager
    def world(server: str) -> Iterator[dict[str, str]]:
        with engine.scratch_database(server) as url:
            environment = {
                "DATABASE_URL": url.replace("postgresql://", "postgresql+psycopg://"),
                "DEMO_MODE": "1",
                "SIGN_IN_LIMIT": "1000000 per minute",
            }
            load(size, environment, url)
            yield environment

    return world


def load(size: int, environment: dict[str, str], url: str) -> None:
    with patch.dict(os.environ, environment):
        app = create_app()
        with app.app_context():
            flask_migrate.upgrade(MIGRATIONS)
        app.test_cli_runner().invoke(args=["places", "import", str(REGISTER)], catch_exceptions=False)
    with psycopg.connect(url) as connection:
        places = [(code, f"小区{code}", code[:12]) for code in codes(size)]
        insert = "INSERT INTO place (code, name, kind, parent_code, households) VALUES (%s, %s, 'compound', %s, 700)"
        cursor = connection.cursor()
        cursor.executemany(insert, places)
        post = "INSERT INTO role_assignment (id, user_id, role, place_code) SELECT gen_random_uuid(), id, %s, %s FROM u"
        user = (
            "WITH u AS (INSERT INTO app_user (id, name, openid_index) VALUES (gen_random_uuid(), %s, %s) RETURNING id) "
        )
        index = openid_index(console_openid(REVIEWER))
        cursor.execute(user + post, (REVIEWER, index, "district_reviewer", DISTRICT))
        cursor.execute(RECORDS, {"today": clock.today()})
        cursor.execute(CASES, {"today": clock.today()})
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")


def some(size: int, most: int = 8192) -> list[str]:
    """Compounds in a random order; all of them unless told otherwise, so that nothing is fast by being asked twice."""
    return random.Random(size).sample(codes(size), min(size, most))


def sign_in() -> bytes:
    body = json.dumps({"code": f"console-{REVIEWER}"}).encode()
    return http("POST", "/api/v1/sessions", body, content_type="application/json")


def sign_ins(server: Server) -> Sequence[bytes]:
    return [sign_in()]


def access_token(server: Server) -> str:
    return json.loads(server.fetch(sign_in())[1])["access_token"]


def select_ones(server: Server) -> Sequence[bytes]:
    return [http("GET", "/select1", authorization=f"Bearer {access_token(server)}")]


def dry_runs(size: int) -> Callable[[Server], Sequence[bytes]]:
    def requests(server: Server) -> Sequence[bytes]:
        token = access_token(server)
        return [http("GET", f"/api/v1/places/{code}/readiness", authorization=f"Bearer {token}") for code in some(size)]

    return requests


def public_pages(size: int) -> Callable[[Server], Sequence[bytes]]:
    return lambda server: [http("GET", f"/api/v1/public/places/{code}") for code in some(size)]


def unchanged_pages(server: Server) -> Sequence[bytes]:
    """What a phone that has the page asks: has it changed?"""
    requests = []
    for code in some(700, most=64):
        response, _ = server.fetch(http("GET", f"/api/v1/public/places/{code}"))
        etag = response.headers["ETag"]
        requests.append(http("GET", f"/api/v1/public/places/{code}", if_none_match=etag))
    return requests


def evidence_statements(url: str) -> Sequence[str]:
    """The very statement of the dry run, with literals."""
    assert SOURCES, "the application is imported"
    until = clock.today()
    window = {"since": until - timedelta(days=14), "until": until}
    literals = {name: f"'{day}'" for name, day in window.items()}
    return [statement() % {**literals, "code": f"'{code}'", "below": f"'{code}~'"} for code in some(700, most=64)]
