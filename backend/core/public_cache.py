"""Public answers kept in the process as bytes, and thrown away in the instant the facts change.

Triggers (see the migrations) NOTIFY the place code with every change to what a public page shows; each web
process listens on one connection of its own. While that connection is down nothing is cached, so a page is
never older than the news of a change takes to arrive.
"""

import functools
import hashlib
import itertools
import threading
import time
from collections.abc import Callable
from datetime import date
from typing import Any, NamedTuple

import psycopg
import structlog
from flask import Flask, Response, current_app, request

from backend.core import clock

CHANNEL = "public_page"
HEARTBEAT_SECONDS = 5.0
LARGEST = 20_000  # entries; a page is about 2 kB
# Where a code may end so as to name a place above another: city, district, subdistrict, community, and below.
LEVELS = (4, 6, 9, 12, 16, 20, 24)


class Entry(NamedTuple):
    day: date
    etag: str
    body: bytes


class PublicCache:
    def __init__(self) -> None:
        self._entries: dict[tuple[str, str], Entry] = {}
        self._pages: set[str] = set()  # few
        self._changes = 0
        self._listening = False
        self._lock = threading.Lock()

    def get(self, page: str, code: str) -> Entry | None:
        entry = self._entries.get((page, code))
        return entry if entry and entry.day == clock.today() else None

    def changes(self) -> int:
        """To be read before the facts are: an answer is kept only if none changed meanwhile."""
        return self._changes

    def put(self, page: str, code: str, body: bytes, seen: int) -> Entry:
        entry = Entry(clock.today(), f'"{hashlib.sha256(body).hexdigest()[:32]}"', body)
        with self._lock:
            if self._listening and seen == self._changes:
                if len(self._entries) >= LARGEST:
                    self._entries.clear()
                self._entries[page, code] = entry
                self._pages.add(page)
        return entry

    def changed(self, code: str) -> None:
        """What is shown of `code`, and of every place it lies in, is no longer true."""
        above = {code[:n] for n in LEVELS if n < len(code)} | {code}
        with self._lock:
            self._changes += 1
            for key in itertools.product(self._pages, above):
                self._entries.pop(key, None)

    def clear(self, listening: bool = False) -> None:
        with self._lock:
            self._changes += 1
            self._listening = listening
            self._entries.clear()

    def listen(self, url: str) -> None:
        """Runs for ever in a thread of its own; any trouble empties the cache until listening again."""
        while True:
            try:
                self._listen_once(url)
            except Exception as error:
                structlog.get_logger().warning("public_cache_deaf", cause=type(error).__name__)
            finally:
                self.clear()
            time.sleep(1)

    def _listen_once(self, url: str) -> None:
        with psycopg.connect(url, autocommit=True, connect_timeout=3) as connection:
            connection.execute(f"LISTEN {CHANNEL}")
            self.clear(listening=True)
            while True:
                for notice in connection.notifies(timeout=HEARTBEAT_SECONDS):
                    self.changed(notice.payload)
                connection.execute("SELECT 1")  # notices a server that vanished without a word


cache = PublicCache()


def init_app(app: Flask) -> None:
    """The listener starts with the first request, hence after gunicorn's fork. Not behind PgBouncer in transaction
    mode, where LISTEN is answered and nothing is ever heard: without a listener nothing is kept."""
    url = app.config["DATABASE_URL"].replace("postgresql+psycopg://", "postgresql://")
    starting = threading.Lock()

    def start() -> None:
        if app.config["DATABASE_PREPARE"] and starting.acquire(blocking=False):  # once, and never released
            threading.Thread(target=cache.listen, args=(url,), daemon=True, name="public-cache").start()

    app.extensions["public_cache_start"] = start


def cached(page: str, mimetype: str) -> Callable:
    """Decorates `view(code)` of a public page, which returns its body as bytes. Outermost but for the route."""

    def decorate(view: Callable) -> Callable:
        @functools.wraps(view)
        def serve(code: str) -> Response:
            entry = cache.get(page, code)
            if entry is None:
                current_app.extensions["public_cache_start"]()
                seen = cache.changes()
                response = view(code=code)
                entry = cache.put(page, code, response.get_data(), seen)
            return _answer(entry, mimetype)

        return serve

    return decorate


def _answer(entry: Entry, mimetype: str) -> Any:
    headers = {"ETag": entry.etag, "Cache-Control": "no-cache"}
    given = request.environ.get("HTTP_IF_NONE_MATCH")
    if given and (given == entry.etag or request.if_none_match.contains_weak(entry.etag.strip('"'))):
        return Response(status=304, headers=headers)
    return Response(entry.body, mimetype=mimetype, headers=headers)
