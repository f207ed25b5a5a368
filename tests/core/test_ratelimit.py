"""Limits that hold across workers: counted in the database, one count an address or a person."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from backend.core.ratelimit import PostgresStorage
from tests.core import things


@pytest.fixture
def strict(app, monkeypatch):
    monkeypatch.setitem(app.config, "SIGN_IN_LIMIT", "5 per minute")
    monkeypatch.setitem(app.config, "REVEAL_LIMIT", "2 per hour")


def sign_in(app, address="10.0.0.1"):
    environ = {"REMOTE_ADDR": address}
    return app.test_client().post("/api/v1/sessions", json={"code": "console-x"}, environ_overrides=environ)


def test_beyond_the_limit_comes_429_with_the_time_to_wait(world, app, strict):
    assert [sign_in(app).status_code for _ in range(6)] == [200] * 5 + [429]
    refused = sign_in(app)
    assert refused.json["code"] == "too_many_requests" and refused.content_type == "application/problem+json"
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert sign_in(app, "10.0.0.2").status_code == 200


def test_of_twenty_at_once_exactly_five_pass(world, app, strict):
    with ThreadPoolExecutor(10) as pool:
        codes = [answer.status_code for answer in pool.map(lambda _: sign_in(app), range(20))]
    assert codes.count(200) == 5 and codes.count(429) == 15


def test_an_invented_forwarding_header_changes_nothing(world, app, strict):
    for turn in range(6):
        headers = {"X-Forwarded-For": f"1.2.3.{turn}"}
        answer = app.test_client().post("/api/v1/sessions", json={"code": "console-x"}, headers=headers)
    assert answer.status_code == 429


def test_a_refused_request_has_still_been_counted(world, app, strict):
    for _ in range(5):
        assert app.test_client().post("/api/v1/sessions", json={"code": "wrong"}).status_code == 401
    assert app.test_client().post("/api/v1/sessions", json={"code": "console-x"}).status_code == 429


def test_the_window_starts_anew(world, app, strict, owner):
    for _ in range(6):
        sign_in(app)
    owner.execute("UPDATE rate_limit SET expires_at = now() - interval '1 second'")
    assert sign_in(app).status_code == 200


def test_looks_are_counted_by_person_wherever_they_sit(world, app, strict):
    look = f"/household-members/{things.household(app)[1]}/reveal"
    assert [world.wang.post(look, {"purpose": "verify"}).status_code for _ in range(3)] == [200, 200, 429]
    assert world.li.post(look, {"purpose": "verify"}).status_code == 200
    assert world.public.post(look, {"purpose": "verify"}).status_code == 401


def test_two_processes_share_one_count(ctx):
    one, two = PostgresStorage(), PostgresStorage()
    assert [storage.incr("k", 60) for storage in (one, two, one)] == [1, 2, 3]
    assert two.get("k") == 3 and two.get_expiry("k") > 0
    one.clear("k")
    assert two.get("k") == 0
    one.incr("k", 60)
    assert two.reset() >= 1 and one.get("k") == 0
