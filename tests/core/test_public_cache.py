"""Public pages kept as bytes: given out again, told from a changed one, thrown away when a fact changes."""

import threading
import time
from datetime import timedelta

import pytest
from flask import Flask

from backend.core import clock, public_cache
from backend.core.public_cache import PublicCache, cache
from backend.core.transaction import unit_of_work
from tests.cast import DONGXIHU, ELSEWHERE, READY
from tests.factories.world import spoil

PAGES = [f"/api/v1/public/places/{READY}", f"/p/{READY}"]


@pytest.fixture
def listening(world, app):
    """The listener of this process, awake."""
    app.test_client().get(PAGES[0])
    until = time.monotonic() + 5
    while not any(thread.name == "public-cache" for thread in threading.enumerate()) and time.monotonic() < until:
        time.sleep(0.02)
    while not cache._listening and time.monotonic() < until:
        time.sleep(0.02)
        if until - time.monotonic() < 3:  # it woke in an earlier test, whose world was cleared since
            cache.clear(listening=True)
    assert cache._listening
    return app.test_client()


def kept(path):
    return cache.get("place.html" if path.startswith("/p/") else "place.json", READY)


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_made_once_and_a_known_one_is_not_sent_again(listening, path):
    first = listening.get(path)
    assert first.status_code == 200 and kept(path).body == first.get_data()
    again = listening.get(path)
    assert again.get_data() == first.get_data() and again.headers["ETag"] == first.headers["ETag"]
    known = listening.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert (known.status_code, known.get_data()) == (304, b"") and known.headers["ETag"] == first.headers["ETag"]
    assert listening.get(path, headers={"If-None-Match": '"other"'}).status_code == 200
    assert first.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("path", PAGES)
def test_a_changed_fact_shows_within_a_second(listening, app, path):
    before = listening.get(path)
    assert kept(path)
    with app.app_context(), unit_of_work():
        spoil(READY, clock.today() - timedelta(days=1), open_gates=3)
    until = time.monotonic() + 1
    while kept(path) and time.monotonic() < until:
        time.sleep(0.01)
    after = listening.get(path, headers={"If-None-Match": before.headers["ETag"]})
    assert after.status_code == 200 and after.get_data() != before.get_data()


def test_the_places_above_are_thrown_away_too_and_no_others(listening):
    others = (ELSEWHERE, DONGXIHU)
    for code in (READY, *others):
        listening.get(f"/api/v1/public/places/{code}")
    cache.changed(READY)
    assert [bool(cache.get("place.json", code)) for code in (READY, *others)] == [False, True, False]


def test_what_was_read_before_a_change_is_not_kept():
    own = PublicCache()
    own.clear(listening=True)
    seen = own.changes()
    own.changed(ELSEWHERE)
    assert own.put("place.json", READY, b"old", seen).body == b"old" and own.get("place.json", READY) is None
    own.put("place.json", READY, b"new", own.changes())
    assert own.get("place.json", READY).body == b"new"


def test_nothing_is_kept_while_nobody_listens():
    own = PublicCache()
    own.put("place.json", READY, b"x", own.changes())
    assert own.get("place.json", READY) is None


def test_at_midnight_in_shanghai_a_page_is_yesterdays(monkeypatch):
    own = PublicCache()
    own.clear(listening=True)
    own.put("place.json", READY, b"x", own.changes())
    tomorrow = clock.today() + timedelta(days=1)
    monkeypatch.setattr(clock, "today", lambda: tomorrow)
    assert own.get("place.json", READY) is None


def test_whatever_ends_the_listening_nothing_is_kept_and_it_begins_again(monkeypatch):
    own, heard = PublicCache(), []

    def listen_once(url):
        own.clear(listening=True)
        own.put("place.json", READY, b"x", own.changes())
        heard.append(url)
        raise UnicodeDecodeError("utf-8", b"", 0, 1, "a payload nobody can read")

    def pause(seconds):
        assert own.get("place.json", READY) is None and not own._listening
        if len(heard) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(own, "_listen_once", listen_once)
    monkeypatch.setattr("backend.core.public_cache.time.sleep", pause)
    with pytest.raises(KeyboardInterrupt):
        own.listen("here")
    assert heard == ["here", "here"]


def test_behind_pgbouncer_in_transaction_mode_nobody_pretends_to_listen(app, monkeypatch):
    """There LISTEN succeeds on a connection that is then somebody else's: a page would be kept for ever."""
    started = []
    monkeypatch.setattr(cache, "listen", started.append)
    for prepare in (False, True):
        lonely = Flask("lonely")
        lonely.config.update(DATABASE_URL="postgresql+psycopg://here", DATABASE_PREPARE=prepare)
        public_cache.init_app(lonely)
        for _ in range(2):
            lonely.extensions["public_cache_start"]()
    assert started == ["postgresql://here"]


def test_a_missing_place_is_not_found_each_time(listening):
    for _ in range(2):
        assert listening.get("/api/v1/public/places/4299").status_code == 404
