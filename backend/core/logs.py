"""Structured logs: one JSON line an event, each with the request's id. No personal data: routes, not addresses."""

import logging
import os
import re
import time
from collections.abc import MutableMapping
from typing import Any

import orjson
import structlog
from flask import Flask, Response, g, request

from backend.core.context import request_id, set_request_id

SAFE_ID = re.compile(r"[A-Za-z0-9_.-]{8,64}")
QUIET = {"/livez", "/readyz"}  # and an unchanged public page: nobody's event

log = structlog.get_logger()


def init_app(app: Flask) -> None:
    structlog.configure(
        processors=[
            add_request_id,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(serializer=orjson.dumps),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, app.config["LOG_LEVEL"])),
        logger_factory=structlog.BytesLoggerFactory(),
        cache_logger_on_first_use=app.config["APP_ENV"] != "test",
    )
    app.before_request(begin)
    app.after_request(end)


def add_request_id(logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    if known := request_id():
        event.setdefault("request_id", known)
    return event


def begin() -> None:
    """Takes the caller's request id if it is harmless text, else makes one."""
    given = request.environ.get("HTTP_X_REQUEST_ID")
    g.request_id = given if given and SAFE_ID.fullmatch(given) else os.urandom(8).hex()
    g.began = time.perf_counter()
    set_request_id(g.request_id)


def end(response: Response) -> Response:
    response.headers.add("X-Request-Id", g.request_id)
    if response.status_code == 304 or request.path in QUIET:
        return response
    actor = g.get("actor")
    log.info(
        "request",
        actor=(actor.id or "public") if actor else None,  # None: turned away at the door
        method=request.method,
        route=request.url_rule.rule if request.url_rule else "unmatched",
        status=response.status_code,
        ms=round((time.perf_counter() - g.began) * 1000, 1),
    )
    return response
