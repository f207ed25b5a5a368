"""Hostile tokens are a 401 and never a 5xx; what a good one may do is read anew on each request."""

import base64
import hmac
import json
import uuid
from datetime import UTC, datetime, timedelta

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from backend.config import DEV_SECRET
from backend.core.settings import settings
from tests.core import things

SECRET = "a-secret-of-the-test-with-more-than-32-characters"
NOW = datetime.now(UTC)


@pytest.fixture(autouse=True)
def secret(monkeypatch):
    monkeypatch.setitem(settings, "SECRET_KEY", SECRET)


@pytest.fixture
def somebody(world, owner):
    """Whom all these tokens name: were it not for its flaw, each would be taken."""
    owner.execute("INSERT INTO app_user (id, name) VALUES (%s, '某人')", [SUB])


def b64(value: object) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def token(secret=SECRET, algorithm="HS256", headers=None, without=(), **claims):
    good = {"sub": SUB, "iat": NOW, "exp": NOW + timedelta(minutes=15), "aud": "anlin", "iss": "anlin", **claims}
    kept = {name: value for name, value in good.items() if name not in without}
    return jwt.encode(kept, secret, algorithm=algorithm, headers=headers)


def rs256_confusion() -> str:
    """Signed with RSA: a verifier that trusts the header would take it for its own."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return token(pem.decode(), "RS256")


def unsigned(alg: str) -> str:
    claims = {"sub": SUB, "iat": 1, "exp": 9_999_999_999, "aud": "anlin", "iss": "anlin"}
    return f"{b64({'alg': alg, 'typ': 'JWT'})}.{b64(claims)}."


def empty_secret() -> str:
    signed = token().rsplit(".", 1)[0]
    return f"{signed}.{b64(hmac.digest(b'', signed.encode(), 'sha256'))}"


def stripped() -> str:
    return token().rsplit(".", 1)[0] + "."


SUB = str(uuid.uuid4())
HOSTILE = {
    "alg none": lambda: unsigned("none"),
    "alg NONE": lambda: unsigned("NoNe"),
    "alg empty": lambda: unsigned(""),
    "signature cut off": stripped,
    "the repository's secret": lambda: token(DEV_SECRET),
    "the empty secret": empty_secret,
    "another secret": lambda: token("x" * 40),
    "HS512 with our secret": lambda: token(SECRET * 2, "HS512"),
    "RS256": rs256_confusion,
    "no exp": lambda: token(without=["exp"]),
    "no aud": lambda: token(without=["aud"]),
    "no iss": lambda: token(without=["iss"]),
    "no sub": lambda: token(without=["sub"]),
    "expired": lambda: token(iat=NOW - timedelta(hours=1), exp=NOW - timedelta(minutes=1)),
    "issued tomorrow": lambda: token(iat=NOW + timedelta(days=1), exp=NOW + timedelta(days=2)),
    "exp is text": lambda: jwt.api_jws.encode(
        json.dumps({"sub": SUB, "iat": 1, "exp": "soon", "aud": "anlin", "iss": "anlin"}).encode(), SECRET
    ),
    "exp is huge": lambda: jwt.api_jws.encode(
        b'{"sub":"%s","iat":1,"exp":1e999,"aud":"anlin","iss":"anlin"}' % SUB.encode(), SECRET
    ),
    "another audience": lambda: token(aud="other"),
    "another issuer": lambda: token(iss="other"),
    "unknown crit": lambda: token(headers={"crit": ["urn:x"], "urn:x": True}),
    "sub is no UUID": lambda: token(sub="admin"),
    "sub is a path": lambda: token(sub="../../etc/passwd"),
    "a user that is not": lambda: token(sub=str(uuid.uuid4())),
    "claims are a list": lambda: jwt.api_jws.encode(b"[1]", SECRET),
    "huge": lambda: "A" * 100_000,
    "huge and signed": lambda: token("x" * 40, junk="x" * 60_000),
    "garbage": lambda: "not.a.token",
    "one dot": lambda: ".",
    "no text": lambda: "\xff\xfe\x80",
    "two tokens": lambda: f"{token()} {token()}",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_token_is_refused(somebody, app, name):
    sent = app.test_client().get("/api/v1/me", headers={"Authorization": f"Bearer {HOSTILE[name]()}"})
    assert sent.status_code == 401, sent.text
    assert sent.content_type == "application/problem+json" and sent.headers["WWW-Authenticate"].startswith("Bearer")


SKEW = [(-899, 200), (0, 200), (8, 200), (20, 401)]  # seconds by which the issuer's clock is ahead of ours


@pytest.mark.parametrize(("ahead", "status"), SKEW)
def test_clocks_may_differ_by_seconds(somebody, app, ahead, status):
    issued = datetime.now(UTC) + timedelta(seconds=ahead)
    sent = {"Authorization": f"Bearer {token(iat=issued, exp=issued + timedelta(minutes=15))}"}
    assert app.test_client().get("/api/v1/me", headers=sent).status_code == status


def test_but_the_end_is_the_end(somebody, app):
    began, ended = NOW - timedelta(minutes=15), datetime.now(UTC) - timedelta(seconds=1)
    sent = {"Authorization": f"Bearer {token(iat=began, exp=ended)}"}
    assert app.test_client().get("/api/v1/me", headers=sent).json["code"] == "expired_token"


@pytest.mark.parametrize("scheme", ["Basic {}", "Token {}", "{}", "Bearer", "Bearer ", ""])
def test_a_good_token_in_another_scheme_is_none(world, app, scheme):
    value = scheme.format(world.wang.token)
    assert app.test_client().get("/api/v1/me", headers={"Authorization": value}).status_code == 401
    assert world.wang.get("/me").status_code == 200


def test_a_removed_role_stops_at_once_with_the_same_token(world, app):
    posts = world.li.get("/role-assignments", place="420112004007").json["items"]
    post = next(p for p in posts if p["user_name"] == "wang")
    assert world.wang.get("/certifications").status_code == 200
    assert world.li.post(f"/role-assignments/{post['id']}/end").status_code == 200
    assert world.wang.get("/certifications").status_code == 403
    assert world.wang.get("/me").json["posts"] == []


def test_a_post_that_has_run_out_is_none(world, owner):
    owner.execute("UPDATE role_assignment SET until = now() - interval '1 second' WHERE role = 'grid_worker'")
    assert world.wang.get("/certifications").status_code == 403


def test_a_closed_account_stops_at_once(world, app, owner):
    assert world.wang.get("/me").status_code == 200
    owner.execute("UPDATE app_user SET active = false WHERE id = %s", [things.person(app, "wang")])
    refused = world.wang.get("/me")
    assert (refused.status_code, refused.json["code"]) == (401, "unknown_user")


def test_a_token_ends_when_it_says_even_once_it_was_checked(world, app, monkeypatch):
    """The signature is remembered, the expiry is not."""
    assert world.wang.get("/me").status_code == 200
    monkeypatch.setattr("backend.core.clock.now", lambda: datetime.now(UTC) + timedelta(minutes=16))
    assert world.wang.get("/me").json["code"] == "expired_token"
