"""Every setting: environment name, default, meaning. The README's table is checked against this one."""

import base64
import importlib.util
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import limits

DEV_SECRET = "development-only-secret-do-not-deploy"
DEV_KEY = base64.b64encode(b"development-only-key-not-for-use").decode()
# Statements alone go to rows that everyone wants, where more connections are slower: they wake each other up in vain.
# (32 clients, one row, 2 workers: 1 connection each 820 orders/s, 2 1,160, 3 1,190 for a sixth more CPU and a third
# more p99.)
FOR_HOT_ROWS = 2
# Where the embedded servers have their sockets (see embedded.py).
EMBEDDED = (f"{Path(__file__).resolve().parents[1] / 'var'}/", "/var/lib/anlin/", "/tmp/anlin-")


class Misconfigured(RuntimeError):
    """A setting that the process refuses to start with. The message says what to set."""


def flag(text: str) -> bool:
    return text.strip().lower() in {"1", "true", "yes", "on"}


def optional_int(text: str) -> int | None:
    return int(text) if text else None


def positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError(f"{text!r} is not 1 or more")
    return number


def one_of(*words: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text not in words:
            raise ValueError(f"{text!r} is not one of {', '.join(words)}")
        return text

    return parse


def rate(text: str) -> str:
    limits.parse(text)
    return text


def rate_storage(text: str) -> str:
    if text != "postgresql" and not text.startswith(("redis://", "rediss://")):
        raise ValueError(f"{text!r} is neither postgresql nor a redis:// URL")
    if text != "postgresql" and not importlib.util.find_spec("redis"):
        raise ValueError("the package is missing: pip install redis")
    return text


def file_storage(text: str) -> str:
    if not re.fullmatch(r"file:.+|s3://[a-z0-9][a-z0-9.-]+(/.*)?", text):
        raise ValueError(f"{text!r} is neither file:FOLDER nor s3://BUCKET/PREFIX")
    if text.startswith("s3:") and not importlib.util.find_spec("boto3"):
        raise ValueError("the package is missing: pip install boto3")
    return text


@dataclass(frozen=True)
class Setting:
    name: str
    default: str
    meaning: str
    parse: Callable[[str], Any] = str


SETTINGS = (
    Setting(
        "APP_ENV",
        "development",
        "`development`, `test` or `production`; production refuses unsafe settings",
        one_of("development", "test", "production"),
    ),
    Setting(
        "DATABASE_URL",
        "",
        "PostgreSQL 15 to 18, the application's role; empty: the embedded server in `var/`",
    ),
    Setting("MIGRATION_DATABASE_URL", "", "the owner's role, for migrations; empty: `DATABASE_URL`"),
    Setting(
        "DATABASE_POOL_SIZE",
        "3",
        "connections per process to write with, and as many to read with (and two for orders)",
        int,
    ),
    Setting(
        "DATABASE_PREPARE",
        "1",
        "server-side prepared statements; 0 behind PgBouncer in transaction mode (public pages are then not cached)",
        flag,
    ),
    Setting("SECRET_KEY", DEV_SECRET, "signs access tokens; at least 32 characters"),
    Setting(
        "DATA_KEYS",
        f"1:{DEV_KEY}",
        "`version:base64` of 32 bytes each, comma-separated; the last one encrypts",
    ),
    Setting("BLIND_INDEX_KEY", DEV_KEY, "base64 of 32 bytes; exact lookups of encrypted fields"),
    Setting(
        "DEMO_MODE",
        "0",
        "the demo community, its people, the desk at / and the mini-program at /app/; production refuses it",
        flag,
    ),
    Setting(
        "NOTICE_SECONDS",
        "",
        "shortens every public notice, for the demo; production refuses it",
        optional_int,
    ),
    Setting(
        "SIGN_IN_PROVIDER",
        "console",
        "who vouches for a sign-in code: `console` (development only) or `off`",
        one_of("console", "off"),
    ),
    Setting(
        "PAYMENT_PROVIDER",
        "console",
        "who moves the money of online payments: `console` (development only) or `off` (cash and transfers only)",
        one_of("console", "off"),
    ),
    Setting("RATE_LIMIT_STORAGE", "postgresql", "`postgresql`, or a `redis://` URL (pip install redis)", rate_storage),
    Setting("SIGN_IN_LIMIT", "30 per minute", "sign-ins per client address", rate),
    Setting("OBJECTION_LIMIT", "20 per hour", "public objections per client address", rate),
    Setting("RECORD_LIMIT", "60 per hour", "objections taken down for others, per user", rate),
    Setting("CHECK_LIMIT", "60 per minute", "questions to the provider what became of a payment, per user", rate),
    Setting("REVEAL_LIMIT", "60 per hour", "looks at a personal datum in clear, per user", rate),
    Setting(
        "HEALTH_DATA_KEEP_DAYS",
        "60",
        "identity on a case is erased this many days after it was reported",
        int,
    ),
    Setting(
        "VACANCY_HOURS",
        "24",
        "a post that stands empty so long is the secretary's to fill; after as long again the subdistrict is told",
        positive,
    ),
    Setting("TRUSTED_PROXIES", "0", "reverse proxies in front whose X-Forwarded-For is believed", int),
    Setting("MAX_BODY_BYTES", "2097152", "largest request body", int),
    Setting("PHOTO_MAX_BYTES", "8388608", "largest photo, as it comes from the phone", int),
    Setting(
        "FILE_STORAGE",
        "file:var/files",
        "where photos lie: `file:FOLDER`, or `s3://BUCKET/PREFIX` in any S3-compatible store (pip install boto3, which "
        "reads `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_DEFAULT_REGION`, `AWS_ENDPOINT_URL_S3`)",
        file_storage,
    ),
    Setting(
        "S3_ADDRESSING",
        "auto",
        "how that store is asked for a bucket: `auto`, `path` (MinIO) or `virtual` (Aliyun OSS, Tencent COS)",
        one_of("auto", "path", "virtual"),
    ),
    Setting("LOG_LEVEL", "INFO", "`DEBUG`, `INFO`, `WARNING` or `ERROR`", one_of("DEBUG", "INFO", "WARNING", "ERROR")),
    Setting(
        "BIND",
        "127.0.0.1",
        "the address gunicorn listens on; `0.0.0.0` for a load balancer on another machine (`make run` stays here)",
    ),
    Setting("PORT", "8000", "the port gunicorn listens on", int),
    Setting("WEB_WORKERS", "2", "gunicorn worker processes", int),
    Setting("WEB_THREADS", "4", "threads per worker", int),
)


def load(environ: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """Every setting by name, parsed. Raises Misconfigured naming the one that does not parse."""
    values = {}
    for setting in SETTINGS:
        try:
            values[setting.name] = setting.parse(environ.get(setting.name, setting.default))
        except ValueError as error:
            raise Misconfigured(f"{setting.name} is not valid: {error}") from error
    if values["APP_ENV"] == "production":
        refuse_unsafe(values)
    return values


def refuse_unsafe(values: Mapping[str, Any]) -> None:
    """What production never runs with, whatever the reason."""
    refusals = (
        (values["DEMO_MODE"], "DEMO_MODE must be off in production."),
        (values["NOTICE_SECONDS"] is not None, "NOTICE_SECONDS must be unset in production."),
        (
            not values["DATABASE_URL"],
            "DATABASE_URL must be set in production: the embedded server is for trying out.",
        ),
        (
            is_embedded(values["DATABASE_URL"]),
            "DATABASE_URL must not name an embedded server in production: it is for trying out.",
        ),
        (values["SECRET_KEY"] == DEV_SECRET, "SECRET_KEY must be set in production."),
        (len(values["SECRET_KEY"]) < 32, "SECRET_KEY must have at least 32 characters."),
        (DEV_KEY in values["DATA_KEYS"], "DATA_KEYS must be set in production."),
        (values["BLIND_INDEX_KEY"] == DEV_KEY, "BLIND_INDEX_KEY must be set in production."),
        (values["SIGN_IN_PROVIDER"] == "console", "SIGN_IN_PROVIDER=console is for development."),
        (values["PAYMENT_PROVIDER"] == "console", "PAYMENT_PROVIDER=console is for development."),
    )
    for refused, message in refusals:
        if refused:
            raise Misconfigured(message)


def is_embedded(url: str) -> bool:
    """Whether the server is reached through a socket in an embedded server's folder."""
    parts = urlsplit(url)
    named = [value for name, _, value in (pair.partition("=") for pair in parts.query.split("&")) if name == "host"]
    return any(unquote(host).startswith(EMBEDDED) for host in [parts.netloc.rpartition("@")[2], *named])


def flask_settings(values: Mapping[str, Any]) -> dict[str, Any]:
    """What Flask, Flask-SQLAlchemy and flask-smorest read, derived from ours. Not the SECRET_KEY: Flask would sign
    a session cookie with it on each request, and there are no cookies here."""
    return {
        **{name: value for name, value in values.items() if name != "SECRET_KEY"},
        "TESTING": values["APP_ENV"] == "test",
        "MAX_CONTENT_LENGTH": values["MAX_BODY_BYTES"],
        "SQLALCHEMY_DATABASE_URI": values["DATABASE_URL"],
        "SQLALCHEMY_ENGINE_OPTIONS": engine_options(values),
        "SQLALCHEMY_BINDS": {
            "read": {"url": values["DATABASE_URL"], **engine_options(values, read_only=True)},
            "alone": {"url": values["DATABASE_URL"], **autocommit(engine_options(values)), "pool_size": FOR_HOT_ROWS},
        },
        "API_TITLE": "安邻 Anlin",
        "API_VERSION": "v1",
        "OPENAPI_VERSION": "3.1.0",
        "OPENAPI_URL_PREFIX": "/api/v1",
        "OPENAPI_JSON_PATH": "openapi.json",
    }


def engine_options(values: Mapping[str, Any], read_only: bool = False) -> dict[str, Any]:
    """Few connections; time-outs that nest below the worker's 30 s (statement 3 s, lock 2 s, idle 5 s, pool 2 s)."""
    limits = "-c statement_timeout=3000 -c lock_timeout=2000 -c idle_in_transaction_session_timeout=5000"
    connect: dict[str, Any] = {"connect_timeout": 3, "options": limits}
    if read_only:
        connect["options"] += " -c default_transaction_read_only=on"
    if not values["DATABASE_PREPARE"]:
        connect["prepare_threshold"] = None
    options = {
        "pool_size": values["DATABASE_POOL_SIZE"],
        "max_overflow": 0,
        "pool_timeout": 2,
        "pool_recycle": 1800,
        "connect_args": connect,
        "hide_parameters": True,  # an error's text may end in a log
    }
    return autocommit(options) if read_only else options


def autocommit(options: dict[str, Any]) -> dict[str, Any]:
    """Each statement by itself; a connection comes back with nothing to roll back."""
    return {**options, "isolation_level": "AUTOCOMMIT", "pool_reset_on_return": None}
