"""Claims of tasks and the list of what a volunteer can do now: the worlds, and the requests sent to them.

Nobody claims a task twice, so each request is another volunteer's or another task's; tasks that everyone may claim are
hot one after the other.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from itertools import islice, product
from unittest.mock import patch
from uuid import UUID, uuid4

import flask_migrate
import psycopg

from backend import create_app
from backend.core import clock
from backend.core.auth import issue_access_token
from bench import engine
from bench.load import http
from bench.order_world import COMPOUND, PLACES, UNIT
from bench.orders import keyed_in_turn, post
from bench.server import Server
from bench.world import MIGRATIONS

VOLUNTEERS, HOT, A_ROUND = 2_000, 30, 15_000
HERE, LOOKING = 300, 200

BARE_SCHEMA = """
CREATE TABLE task (id uuid PRIMARY KEY, capacity int NOT NULL, taken int NOT NULL CHECK (taken <= capacity));
CREATE TABLE claim (id uuid PRIMARY KEY, task_id uuid NOT NULL, volunteer_id uuid NOT NULL,
  at timestamptz NOT NULL DEFAULT now());"""
TASK = str(UUID(int=1))
CREW = """
WITH t AS (INSERT INTO mass_work_team (id, place_code, name) VALUES (gen_random_uuid(), %(community)s, '群众工作队')
           RETURNING id),
 u AS (INSERT INTO app_user (id, name) SELECT gen_random_uuid(), 'v' FROM generate_series(1, %(crew)s) RETURNING id),
 r AS (INSERT INTO role_assignment (id, user_id, role, place_code)
       SELECT gen_random_uuid(), id, 'transporter', %(community)s FROM u),
 v AS (INSERT INTO volunteer (id, user_id, team_id, kind, base_code, minutes_a_day)
       SELECT gen_random_uuid(), u.id, t.id, 'resident_volunteer', %(unit)s, 480 FROM u, t RETURNING id, user_id)
INSERT INTO fitness (volunteer_id, day, fit, recorded_by)
SELECT id, %(today)s + n, true, user_id FROM v, generate_series(0, 1) n"""
TASKS = """
INSERT INTO task (id, place_code, kind, title, role, capacity, starts_at, ends_at, minutes, urgency)
SELECT gen_random_uuid(), code, 'carry', '送菜', 'transporter', %(capacity)s, now(), now() + interval '2 days', 5,
  n %% 5
FROM unnest(%(places)s::text[]) WITH ORDINALITY AS place (code, k), generate_series(1, %(each)s) n"""
COMMUNITIES = """
INSERT INTO place (code, name, kind, parent_code)
SELECT '420112004' || to_char(n, 'FM000'), '社区' || n, 'community', '420112004' FROM generate_series(100, 999) n"""


@contextmanager
def bare(server: str) -> Iterator[dict[str, str]]:
    with engine.scratch_database(server) as url:
        with psycopg.connect(url) as connection:
            connection.execute(BARE_SCHEMA)
            connection.execute("INSERT INTO task VALUES (%s, 1000000000, 0)", (TASK,))
        yield {"DATABASE_URL": url}


def bare_claims(server: Server) -> Iterator[bytes]:
    return keyed_in_turn([post("/claim", {"task": TASK, "volunteer": str(uuid4())}) for _ in range(A_ROUND)])


def house(volunteers: int, capacity: int, here: int, elsewhere: int) -> Callable[..., AbstractContextManager]:
    """So many volunteers of one community, so many open tasks there, and in each of 900 other communities."""

    @contextmanager
    def world(server: str) -> Iterator[dict[str, str]]:
        with engine.scratch_database(server) as url:
            environment = {"DATABASE_URL": url.replace("postgresql://", "postgresql+psycopg://")}
            with patch.dict(os.environ, environment), create_app().app_context():
                flask_migrate.upgrade(MIGRATIONS)
            _fill(url, volunteers, capacity, here, elsewhere)
            yield environment

    return world


def _fill(url: str, volunteers: int, capacity: int, here: int, elsewhere: int) -> None:
    where = {"community": COMPOUND[:12], "unit": UNIT, "crew": volunteers, "today": clock.today()}
    with psycopg.connect(url) as connection:
        connection.execute(PLACES)
        connection.execute(COMMUNITIES)
        connection.execute(CREW, where)
        near = [UNIT, COMPOUND, COMPOUND[:12]]
        connection.execute(TASKS, {"capacity": capacity, "places": near, "each": here // len(near)})
        others = [f"420112004{n}" for n in range(100, 1000)]
        connection.execute(TASKS, {"capacity": 1, "places": others, "each": elsewhere // len(others)})
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
        connection.execute("CHECKPOINT")


def claims(server: Server) -> Iterator[bytes]:
    """Each volunteer's claim of each task, from where the round before stopped."""
    with psycopg.connect(engine.psycopg_url(server.environment["DATABASE_URL"])) as connection:
        users = [user for (user,) in connection.execute("SELECT user_id FROM volunteer ORDER BY id")]
        tasks = [task for (task,) in connection.execute("SELECT id FROM task WHERE capacity > 1 ORDER BY id")]
        (begun,) = connection.execute("SELECT count(*) FROM task_claim").fetchone()
    pairs = islice(product(tasks, users), begun + 100, begun + 100 + A_ROUND)
    return keyed_in_turn([_claim(task, user) for task, user in pairs])


def _claim(task: object, user: UUID) -> bytes:
    return post(f"/api/v1/tasks/{task}/claim", {}, authorization=f"Bearer {issue_access_token(user, clock.now())}")


def lists(server: Server) -> Sequence[bytes]:
    with psycopg.connect(engine.psycopg_url(server.environment["DATABASE_URL"])) as connection:
        found = connection.execute("SELECT user_id FROM volunteer LIMIT %s", (LOOKING,))
        tokens = [issue_access_token(user, clock.now()) for (user,) in found]
    return [http("GET", "/api/v1/tasks/for-me", authorization=f"Bearer {token}") for token in tokens]
