"""Sign-in, rotation of refresh tokens, and the end of a session."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from backend.core import jobs
from backend.core.transaction import unit_of_work
from backend.people import sessions

CODE = "console-zhang-san"


@pytest.fixture
def post(world, app):
    return lambda path, body: app.test_client().post(f"/api/v1/sessions{path}", json=body)


@pytest.fixture
def tokens(post):
    answer = post("", {"code": CODE})
    assert answer.status_code == 200, answer.text
    return answer.json


def refresh(post, secret):
    return post("/refresh", {"refresh_token": secret})


def me(app, access):
    return app.test_client().get("/api/v1/me", headers={"Authorization": f"Bearer {access}"})


def test_a_code_signs_in_and_the_same_person_stays_one_user(post, tokens, app, owner):
    assert tokens["expires_in"] == 900
    first = me(app, tokens["access_token"]).json
    again = me(app, post("", {"code": CODE}).json["access_token"]).json
    assert first["id"] == again["id"] and first["posts"] == [] and first["permissions"] == []
    assert owner.execute("SELECT count(*) FROM app_user WHERE demo_name IS NULL").fetchone()[0] == 1


def test_signing_in_for_the_first_time_twice_at_once_makes_one_user(post, owner):
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: post("", {"code": CODE}), range(8)))
    assert {answer.status_code for answer in answers} == {200}
    assert owner.execute("SELECT count(*) FROM app_user WHERE demo_name IS NULL").fetchone()[0] == 1


@pytest.mark.parametrize("code", ["zhang-san", "console-", "wx-1", "console", "-zhang"])
def test_a_wrong_code_is_refused(post, code):
    answer = post("", {"code": code})
    assert (answer.status_code, answer.json["code"]) == (401, "invalid_code")


@pytest.mark.parametrize("extra", ["openid", "user_id", "id", "name", "role"])
def test_nothing_but_the_code_is_listened_to(post, owner, extra):
    answer = post("", {"code": CODE, extra: "oABC"})
    assert answer.status_code == 422 and answer.json["errors"][0]["field"] == f"/{extra}"
    assert owner.execute("SELECT count(*) FROM app_user WHERE demo_name IS NULL").fetchone()[0] == 0


def test_refresh_rotates(post, tokens, app):
    second = refresh(post, tokens["refresh_token"]).json
    assert second["refresh_token"] != tokens["refresh_token"]
    assert me(app, second["access_token"]).status_code == 200
    assert refresh(post, second["refresh_token"]).status_code == 200


def test_reuse_revokes_the_whole_family_and_no_other(post, tokens, owner):
    other = post("", {"code": CODE}).json
    second = refresh(post, tokens["refresh_token"]).json
    stolen = refresh(post, tokens["refresh_token"])
    assert (stolen.status_code, stolen.json["code"]) == (401, "session_ended")
    assert refresh(post, second["refresh_token"]).status_code == 401
    assert refresh(post, other["refresh_token"]).status_code == 200
    told = owner.execute("SELECT subject_id FROM audit_event WHERE action = 'revoke'").fetchall()
    assert told == owner.execute("SELECT id FROM app_user WHERE demo_name IS NULL").fetchall()


def test_of_two_at_once_exactly_one_wins_and_the_family_ends(post, owner):
    for turn in range(10):
        secret = post("", {"code": f"console-{turn}"}).json["refresh_token"]
        barrier = Barrier(2)

        def race(_, secret=secret, barrier=barrier):
            barrier.wait()
            return refresh(post, secret)

        with ThreadPoolExecutor(2) as pool:
            answers = list(pool.map(race, range(2)))
        assert sorted(answer.status_code for answer in answers) == [200, 401]
        winner = next(answer for answer in answers if answer.status_code == 200)
        assert refresh(post, winner.json["refresh_token"]).status_code == 401
    assert owner.execute("SELECT count(*) FROM refresh_token WHERE revoked_at IS NULL").fetchone()[0] == 0


@pytest.mark.parametrize("secret", ["x", "x" * 43, "../../x"])
def test_an_unknown_refresh_token_is_refused(post, secret):
    assert refresh(post, secret).status_code == 401


def test_an_old_refresh_token_is_refused(post, tokens, owner):
    owner.execute("UPDATE refresh_token SET expires_at = now() - interval '1 second'")
    assert refresh(post, tokens["refresh_token"]).status_code == 401


def test_refresh_tokens_are_forgotten_a_day_after_they_expired(post, tokens, owner, app):
    for code in ("console-a", "console-b"):
        post("", {"code": code})
    kept, fresh, old = [row[0] for row in owner.execute("SELECT id FROM refresh_token ORDER BY id")]
    age = "UPDATE refresh_token SET expires_at = now() - %s::interval WHERE id = %s"
    owner.execute(age, ["23 hours", fresh])
    owner.execute(age, ["25 hours", old])
    with app.app_context(), unit_of_work():
        sessions.forget_sessions()
    assert [row[0] for row in owner.execute("SELECT id FROM refresh_token ORDER BY id")] == [kept, fresh]
    assert "people.forget_sessions" in {task.task.name for task in jobs.queue.periodic_registry.periodic_tasks.values()}


def test_a_closed_account_neither_refreshes_nor_signs_in(post, tokens, owner):
    owner.execute("UPDATE app_user SET active = false WHERE demo_name IS NULL")
    assert refresh(post, tokens["refresh_token"]).status_code == 401
    assert post("", {"code": CODE}).json["code"] == "account_closed"


def test_signing_out_ends_the_family(post, tokens):
    second = refresh(post, tokens["refresh_token"]).json
    assert post("/end", {"refresh_token": second["refresh_token"]}).status_code == 204
    assert refresh(post, second["refresh_token"]).status_code == 401
    assert post("/end", {"refresh_token": "unknown-to-the-house"}).status_code == 204


def test_refresh_tokens_and_openids_are_not_kept_in_clear(tokens, owner):
    dump = str(owner.execute("SELECT t::text, u::text FROM refresh_token t, app_user u").fetchall())
    assert tokens["refresh_token"] not in dump and "zhang-san" not in dump


def test_sign_in_switched_off_says_so(post, app, monkeypatch):
    monkeypatch.setitem(app.config, "SIGN_IN_PROVIDER", "off")
    answer = post("", {"code": CODE})
    assert (answer.status_code, answer.json["code"]) == (503, "sign_in_unavailable")


def test_without_demo_mode_the_demo_has_no_door(world, app):
    """In a process of its own, so that this one's contract keeps its demo operations."""
    script = (
        "from backend import create_app; client = create_app().test_client(); "
        "print(*[client.open(p, method=m, json={}).status_code for m, p in "
        "[('GET', '/app/'), ('GET', '/api/v1/demo/people'), ('GET', '/livez')]])"
    )
    env = {
        **os.environ,
        "APP_ENV": "test",
        "DEMO_MODE": "0",
        "DATABASE_URL": app.config["DATABASE_URL"],
        "LOG_LEVEL": "ERROR",
    }
    done = subprocess.run([sys.executable, "-c", script], env=env, capture_output=True, text=True, timeout=60)
    assert done.stdout.split() == ["404", "404", "200"], done.stderr
