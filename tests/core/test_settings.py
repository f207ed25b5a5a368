"""Settings: each is checked when the process starts, and production refuses what is unsafe."""

import base64
import importlib.util
import os
import runpy
import socket
import subprocess
import sys

import pytest
from flask import Flask

from backend import config, embedded
from backend.config import DEV_KEY, DEV_SECRET, SETTINGS, Misconfigured
from backend.core.production import refuse_unsafe_database
from backend.extensions import db
from backend.integrations.sign_in import PROVIDERS
from tests.conftest import admin_url

SAFE = {
    "APP_ENV": "production",
    "DATABASE_URL": "postgresql+psycopg://anlin@db/anlin",
    "SECRET_KEY": "s" * 40,
    "DATA_KEYS": "1:" + base64.b64encode(b"k" * 32).decode(),
    "BLIND_INDEX_KEY": base64.b64encode(b"b" * 32).decode(),
    "SIGN_IN_PROVIDER": "off",
    "PAYMENT_PROVIDER": "off",
}
UNSAFE = [
    {"SECRET_KEY": DEV_SECRET},
    {"SECRET_KEY": ""},
    {"SECRET_KEY": "s" * 31},
    {"DATA_KEYS": f"1:{DEV_KEY}"},
    {"DATA_KEYS": f"{SAFE['DATA_KEYS']},2:{DEV_KEY}"},
    {"BLIND_INDEX_KEY": DEV_KEY},
    {"DEMO_MODE": "1"},
    {"NOTICE_SECONDS": "1"},
    {"NOTICE_SECONDS": "0"},
    {"DATABASE_URL": ""},
    {"DATABASE_URL": f"postgresql+psycopg://anlin_app@/anlin?host={embedded.FOLDER}&port=5432"},
    {"DATABASE_URL": "postgresql+psycopg://anlin_app@/anlin?port=5432&host=/var/lib/anlin/postgres-1a2b"},
    {"DATABASE_URL": "postgresql+psycopg://anlin_app@/anlin?host=%2Ftmp%2Fanlin-1a2b"},
    {"DATABASE_URL": "postgresql+psycopg://anlin_app@%2Fvar%2Flib%2Fanlin%2Fpostgres-1a2b/anlin"},
    {"SIGN_IN_PROVIDER": "console"},
    {"PAYMENT_PROVIDER": "console"},
]


def test_production_starts_with_safe_settings():
    assert config.load(SAFE)["APP_ENV"] == "production"


@pytest.mark.parametrize("unsafe", UNSAFE, ids=str)
def test_production_refuses_and_names_the_setting(unsafe):
    with pytest.raises(Misconfigured, match=next(iter(unsafe))):
        config.load({**SAFE, **unsafe})


@pytest.mark.parametrize("host", ["10.0.0.7", "/var/run/postgresql", "/var/lib/anlinger"])
def test_and_takes_a_server_of_its_own(host):
    config.load({**SAFE, "DATABASE_URL": f"postgresql+psycopg://anlin@/anlin?host={host}"})


def test_every_embedded_server_is_known_for_one(tmp_path):
    home = embedded._home(embedded.FOLDER)
    long = home._replace(folder=tmp_path / ("x" * 120))
    assert config.is_embedded(home.url("anlin_app", "anlin")) and config.is_embedded(long.url("anlin_app", "anlin"))


WRONG = [
    {"APP_ENV": "prod"},
    {"PORT": "http"},
    {"NOTICE_SECONDS": "soon"},
    {"SIGN_IN_PROVIDER": "wechat"},
    {"LOG_LEVEL": "info"},
    {"SIGN_IN_LIMIT": "many"},
    {"OBJECTION_LIMIT": ""},
    {"REVEAL_LIMIT": "5 per fortnight"},
    {"RATE_LIMIT_STORAGE": "memory://"},
]


@pytest.mark.parametrize("wrong", WRONG, ids=str)
def test_a_setting_that_does_not_parse_is_named(wrong):
    with pytest.raises(Misconfigured, match=next(iter(wrong))):
        config.load(wrong)


def ask_database(url: str, **options: object) -> None:
    lonely = Flask("lonely")
    lonely.config.update(SQLALCHEMY_DATABASE_URI=url, SQLALCHEMY_ENGINE_OPTIONS=options)
    db.init_app(lonely)
    refuse_unsafe_database(lonely)


def test_production_refuses_a_superuser():
    with pytest.raises(Misconfigured, match="superuser"):
        ask_database(admin_url().replace("postgresql://", "postgresql+psycopg://"))


def test_production_refuses_commits_that_do_not_last(app):
    with pytest.raises(Misconfigured, match="synchronous_commit"):
        ask_database(app.config["DATABASE_URL"], connect_args={"options": "-c synchronous_commit=off"})


def test_each_provider_can_be_named():
    for name in PROVIDERS:
        assert config.load({"SIGN_IN_PROVIDER": name})["SIGN_IN_PROVIDER"] == name


@pytest.mark.parametrize("there", [True, False])
def test_redis_needs_its_package(monkeypatch, there):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: there or None)
    if there:
        assert config.load({"RATE_LIMIT_STORAGE": "redis://r/0"})["RATE_LIMIT_STORAGE"] == "redis://r/0"
        return
    with pytest.raises(Misconfigured, match=r"RATE_LIMIT_STORAGE.*pip install redis"):
        config.load({"RATE_LIMIT_STORAGE": "redis://r/0"})


def test_no_engine_writes_a_statements_values_into_its_errors(app):
    with app.app_context():
        assert all(engine.hide_parameters for engine in db.engines.values()) and len(db.engines) == 3


def gunicorn(monkeypatch, **environ):
    for setting in SETTINGS:
        monkeypatch.delenv(setting.name, raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    return runpy.run_path(str(embedded.PROJECT / "backend" / "gunicorn_conf.py"))


def test_gunicorn_has_the_same_settings(monkeypatch):
    as_it_comes = gunicorn(monkeypatch)
    assert [as_it_comes[name] for name in ("bind", "workers", "threads")] == ["127.0.0.1:8000", 2, 4]
    told = gunicorn(monkeypatch, BIND="0.0.0.0", PORT="80", WEB_WORKERS="8", WEB_THREADS="2")
    assert [told[name] for name in ("bind", "workers", "threads")] == ["0.0.0.0:80", 8, 2]
    with pytest.raises(RuntimeError, match="WEB_WORKERS"):
        gunicorn(monkeypatch, WEB_WORKERS="all")


def test_make_run_is_no_way_into_production():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    env = {name: value for name, value in os.environ.items() if name not in {s.name for s in SETTINGS}}
    env |= {**SAFE, "PORT": str(port), "DATABASE_URL": ""}
    ran = subprocess.run(
        [sys.executable, "-m", "backend.up"], cwd=embedded.PROJECT, env=env, capture_output=True, text=True
    )
    assert ran.returncode == 1 and len(ran.stderr.splitlines()) == 1 and "DATABASE_URL" in ran.stderr and not ran.stdout


def test_no_header_says_under_which_path_the_application_lives(monkeypatch):
    """SCRIPT_NAME in a request once decided what every visitor's cached page linked to."""
    assert gunicorn(monkeypatch)["forwarder_headers"] == ""
