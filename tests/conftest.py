"""Real PostgreSQL through the migrations: a template database made once, cloned for each worker.

TEST_DATABASE_URL names a superuser's database on a server of your own (postgresql://postgres@127.0.0.1/postgres);
without it the embedded server is started, in `var/test-postgres`.
"""

import fcntl
import hashlib
import os
from pathlib import Path

import flask_migrate
import psycopg
import pytest
from psycopg import sql
from sqlalchemy import make_url

from backend import create_app, embedded
from backend.core.public_cache import cache
from backend.extensions import db
from tests.cast import Cast
from tests.factories.servers import environment, flask
from tests.factories.world import plant

VAR = Path(__file__).parents[1] / "var"
MIGRATIONS = Path(__file__).parents[1] / "migrations"
OWNER, APP = "anlin_owner", "anlin_app"
KEPT = {"alembic_version"}


def admin_url() -> str:
    """A superuser's libpq URL on the server to test on."""
    if given := os.environ.get("TEST_DATABASE_URL"):
        return given.replace("postgresql+psycopg://", "postgresql://")
    VAR.mkdir(exist_ok=True)
    embedded.start(VAR / "test-postgres", durable=False)
    return embedded.admin_url(VAR / "test-postgres").replace("postgresql+psycopg://", "postgresql://")


def url_of(admin: str, role: str, database: str) -> str:
    url = make_url(admin).set(drivername="postgresql+psycopg", username=role, password=None, database=database)
    return url.render_as_string(hide_password=False)


@pytest.fixture(scope="session")
def server() -> str:
    return admin_url()


@pytest.fixture(scope="session")
def template(server: str) -> str:
    """The migrated database to clone; made anew for each run, by the first worker that comes. Runs on different
    servers may go on at the same time."""
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))[:12]
    which = hashlib.sha256(server.encode()).hexdigest()[:8]
    name = f"anlin_template_{which}"
    VAR.mkdir(exist_ok=True)
    with (VAR / f"template-{which}.lock").open("a+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.seek(0)
        if lock.read() != run:
            _make_template(server, name)
            lock.truncate(0)
            lock.write(run)
    return name


def _make_template(server: str, name: str) -> None:
    with psycopg.connect(server, autocommit=True) as admin:
        for role in (OWNER, APP):
            if not admin.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone():
                admin.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(role)))
        admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
        admin.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(name), sql.Identifier(OWNER)))
    app = create_app(**settings(url_of(server, APP, name), url_of(server, OWNER, name)))
    with app.app_context():
        flask_migrate.upgrade(str(MIGRATIONS))
        for engine in db.engines.values():
            engine.dispose()


def clone(server: str, template: str, name: str) -> str:
    """A database of its own for whoever needs one; returns the application's URL."""
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
        admin.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER {}").format(
                sql.Identifier(name), sql.Identifier(template), sql.Identifier(OWNER)
            )
        )
    return url_of(server, APP, name)


@pytest.fixture(scope="session")
def loaded(server, template) -> str:
    """The database with the demo loaded, by the first worker that comes; cloned by each."""
    run, name = os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))[:12], "anlin_demo"
    with (VAR / "demo.lock").open("a+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.seek(0)
        if lock.read() != run:
            env = environment(clone(server, template, name), url_of(server, OWNER, name))
            load = flask(env, "demo", "load")
            assert load.returncode == 0, load.stderr
            assert "4,200 households" in load.stdout
            lock.truncate(0)
            lock.write(run)
    return name


def settings(app_url: str, owner_url: str) -> dict[str, object]:
    return {
        "APP_ENV": "test",
        "DATABASE_URL": app_url,
        "MIGRATION_DATABASE_URL": owner_url,
        "DEMO_MODE": True,
        "NOTICE_SECONDS": None,
        "LOG_LEVEL": "ERROR",
        "DATABASE_POOL_SIZE": 24,  # the races open their own threads
        "SIGN_IN_LIMIT": "100000 per minute",
        "RECORD_LIMIT": "100000 per minute",
    }


@pytest.fixture(scope="session")
def app(server, template, worker_id):
    name = f"anlin_{worker_id}"
    url = clone(server, template, name)
    return create_app(**settings(url, url_of(server, OWNER, name)))


@pytest.fixture(scope="session")
def owner(app):
    """A connection of the owner, who does what the application's role may not."""
    url = app.config["MIGRATION_DATABASE_URL"].replace("postgresql+psycopg://", "postgresql://")
    with psycopg.connect(url, autocommit=True) as connection:
        yield connection


@pytest.fixture(scope="session")
def broom(app, server):
    """A superuser's connection that sweeps between tests, past append-only triggers and foreign keys. It deletes what
    there is: to truncate a hundred tables, most of them empty, took longer than many a test."""
    database = make_url(app.config["DATABASE_URL"]).database
    url = make_url(server).set(drivername="postgresql", database=database).render_as_string(hide_password=False)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        yield connection


def swept(broom: psycopg.Connection) -> None:
    tables = broom.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
    filled = sql.SQL("SELECT {} WHERE EXISTS (SELECT FROM {})")
    asked = [filled.format(sql.Literal(name), sql.Identifier(name)) for (name,) in tables if name not in KEPT]
    for (name,) in broom.execute(sql.SQL(" UNION ALL ").join(asked)).fetchall():
        broom.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(name)))


@pytest.fixture
def world(app, owner, broom):
    """The cast in a small district of two subdistricts, records of fourteen good days: see factories/world.py."""
    with app.app_context():
        plant()
    cache.clear()
    yield Cast(app)
    with app.app_context():
        db.session.remove()
    swept(broom)


@pytest.fixture
def ctx(world, app):
    """An application context, for tests that call verbs directly."""
    with app.app_context():
        yield
