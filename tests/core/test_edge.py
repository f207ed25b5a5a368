"""The HTTP edge: transactions, problems in Chinese, hostile input, logs, load."""

import io
import json
import re
import threading
import uuid

import pytest
from flask import Blueprint
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from backend.core import health
from backend.core.errors import DomainError
from backend.core.operation import operation, public
from backend.core.transaction import rows, unit_of_work
from backend.extensions import db
from tests.cast import BUILDING, MACHIDUN, READY, key
from tests.core import things

ANYONE = public("a route of this test")
WRITE = "UPDATE place SET name = 'x' WHERE code = '4201'"

PLACE = "INSERT INTO place (code, name, kind, parent_code) VALUES "
BREAKING = {
    "unique": f"{PLACE} ('4201', 'x', 'city', NULL)",
    "check": f"{PLACE} ('no code', 'x', 'city', NULL)",
    "foreign-key": f"{PLACE} ('420199', 'x', 'district', '42019')",
    "not-null": "UPDATE place SET name = NULL",
}


def throw_away():
    """Routes that misbehave, one each way."""
    blp = Blueprint("throw_away", __name__)

    def route(path, view, method="GET"):
        name = f"{method}_{path.strip('/')}".replace("-", "_")
        blp.add_url_rule(path, name, operation(name, "试", "try", ANYONE, keyed=False)(view), methods=[method])

    def raising():
        db.session.execute(text(WRITE))
        raise DomainError("no", "不行。")

    def defect():
        raise ZeroDivisionError("13812345678")

    route("/writes", lambda: rows(WRITE))
    route("/writes-by-orm", lambda: str(db.session.execute(text(WRITE))))

    def breaking(statement):
        return lambda: str(db.session.execute(text(statement)))

    route("/raises", raising, "POST")
    for name, statement in BREAKING.items():
        route(f"/{name}", breaking(statement), "POST")
    route("/defect", defect)
    route("/slow", lambda: str(rows("SELECT pg_sleep(5)")))
    route("/slow", lambda: str(rows("SELECT pg_sleep(5)")), "POST")
    route("/waits", lambda: str(rows("SELECT 1 FROM place WHERE code = '4201' FOR UPDATE")), "POST")
    route("/holds", lambda: str(rows("SELECT pg_sleep(1.5)")), "POST")
    return blp


@pytest.fixture
def plain(world, app):
    with things.plain_app(app, throw_away(), health.blp, APP_ENV="development") as bare:
        yield bare


def city(owner):
    return owner.execute("SELECT name FROM place WHERE code = '4201'").fetchone()[0]


@pytest.mark.parametrize("path", ["/writes", "/writes-by-orm"])
def test_a_get_cannot_write_whatever_the_code_believes(plain, owner, path):
    assert plain.test_client().get(path).status_code == 500
    assert city(owner) == "武汉市"


def test_a_read_only_unit_of_work_is_held_by_postgresql(ctx, owner):
    with pytest.raises(DBAPIError, match="read-only"), unit_of_work(read_only=True):
        db.session.execute(text(WRITE))
    with unit_of_work():  # and leaves no trace on the next
        db.session.execute(text(WRITE))
    assert city(owner) == "x"


def test_raising_rolls_back(plain, owner):
    refused = plain.test_client().post("/raises")
    assert (refused.status_code, refused.json["code"]) == (422, "no") and city(owner) == "武汉市"


def test_a_defect_tells_nothing(plain):
    answer = plain.test_client().get("/defect")
    assert (answer.status_code, answer.json["code"]) == (500, "internal")
    assert "Zero" not in answer.text and "138" not in answer.text and answer.json["request_id"]


def test_two_acts_that_crossed_are_a_conflict(plain):
    answer = plain.test_client().post("/unique")
    assert (answer.status_code, answer.json["code"]) == (409, "place_exists")


CONSTRAINTS = {"check": "ck_place_code_form", "foreign-key": "fk_place_parent_code", "not-null": None}


@pytest.mark.parametrize("kind", CONSTRAINTS)
def test_any_other_violated_constraint_is_our_defect_and_names_itself_in_the_log(world, app, kind, capsysbinary):
    with things.plain_app(app, throw_away(), APP_ENV="production") as bare:
        answer = bare.test_client().post(f"/{kind}")
    assert (answer.status_code, answer.json["code"]) == (500, "internal")
    line = json.loads(capsysbinary.readouterr().out)
    assert (line["event"], line["level"], line["constraint"]) == ("defect", "error", CONSTRAINTS[kind])
    assert "/backend/" in line["where"] and "no code" not in str(line)


def test_and_in_tests_it_is_raised(world, app):
    with things.plain_app(app, throw_away(), APP_ENV="test") as bare, pytest.raises(DBAPIError, match="ck_place") as e:
        bare.test_client().post("/check")
    assert "hide_parameters" in str(e.value) or "parameters" not in str(e.value)


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_statement_out_of_time_is_load_not_a_defect(plain, method):
    busy(getattr(plain.test_client(), method)("/slow"))


def test_a_lock_out_of_time_is_load(plain, owner):
    with owner.transaction():
        owner.execute(WRITE)
        busy(plain.test_client().post("/waits"))


def test_no_connection_to_be_had_is_load(world, app):
    small = {**app.config["SQLALCHEMY_ENGINE_OPTIONS"], "pool_size": 1, "pool_timeout": 0.3}
    with things.plain_app(app, throw_away(), SQLALCHEMY_ENGINE_OPTIONS=small) as bare:
        bare.test_client().post("/raises")  # connected
        holder = threading.Thread(target=lambda: bare.test_client().post("/holds"))
        holder.start()
        threading.Event().wait(0.4)
        busy(bare.test_client().post("/raises"))
        holder.join()


def busy(answer):
    assert (answer.status_code, answer.json["code"]) == (503, "busy")
    assert int(answer.headers["Retry-After"]) >= 1


PROBLEMS = [
    ("get", "/api/v1/nothing-here", {}, 404),
    ("get", "/", {"headers": {"Host": "x"}}, 200),
    ("delete", "/api/v1/places", {}, 405),
    ("post", "/api/v1/sessions", {"data": b"{", "content_type": "application/json"}, 400),
    ("post", "/api/v1/sessions", {"data": b'{"code": "\\ud800"}', "content_type": "application/json"}, 400),
    ("post", "/api/v1/sessions", {"data": b"\xff\xfe", "content_type": "application/json"}, 400),
    ("post", "/api/v1/sessions", {"data": b"[" * 50_000, "content_type": "application/json"}, 400),
    ("post", "/api/v1/sessions", {"json": {"code": 1e400 * 0}}, 422),
    ("post", "/api/v1/sessions", {"json": {}}, 422),
    ("post", "/api/v1/sessions", {"json": []}, 422),
    ("post", "/api/v1/sessions", {"json": None}, 422),
    ("post", "/api/v1/sessions", {"data": b'{"code": "console-x"}', "content_type": "text/plain"}, 422),
    ("post", "/api/v1/sessions", {"data": b"x" * 3_000_000, "content_type": "application/json"}, 413),
    ("get", "/api/v1/places?words=a%00b", {}, 422),
    ("get", "/api/v1/places?words=a&limit=99999999999999999999999", {}, 422),
    ("get", "/api/v1/places?words=a&limit=1;DROP", {}, 422),
    ("get", "/api/v1/places?words=a&sort=name;--", {}, 200),  # nobody listens to it
    ("get", "/api/v1/places?words=%ff%fe", {}, None),
    ("get", "/api/v1/places/4201%00", {}, 404),
    ("get", "/api/v1/public/objections/not-a-uuid", {}, 404),
    ("get", "/api/v1/public/notices?after=zzz", {}, 422),
]


@pytest.mark.parametrize(("method", "path", "how", "status"), PROBLEMS, ids=lambda v: str(v)[:40])
def test_every_refusal_is_a_problem_in_chinese(world, app, method, path, how, status):
    answer = getattr(app.test_client(), method)(path, **how)
    assert answer.status_code == status or (status is None and answer.status_code < 500), answer.text[:300]
    if answer.status_code >= 400:
        assert answer.content_type == "application/problem+json"
        problem = answer.json
        assert problem["status"] == answer.status_code and problem["code"].isascii()
        assert any("一" <= sign <= "鿿" for sign in problem["detail"])
        assert problem["request_id"] == answer.headers["X-Request-Id"]
        if answer.status_code == 405:
            assert "POST" in answer.headers["Allow"]


def test_a_spreadsheet_in_another_format_is_not_taken(world):
    answer = world.wang.upload(f"/places/{READY}/households/import", b"{}", "application/json")
    assert (answer.status_code, answer.json["code"]) == (415, "unsupported_media_type")


def test_faulty_fields_are_named_by_their_path_in_chinese(world):
    entries = [{"place_code": READY, "day": "2020-13-01", "entrances": -1}, {"day": 5, "oops": 1}]
    answer = world.wang.post("/daily-records", {"entries": entries, "approved": True})
    found = {error["field"]: error["detail"] for error in answer.json["errors"]}
    assert answer.status_code == 422 and set(found) == {
        "/approved", "/entries/0/day", "/entries/0/entrances",
        "/entries/1/day", "/entries/1/oops", "/entries/1/place_code",
    }  # fmt: skip
    assert found["/approved"] == "没有这一项。" and found["/entries/1/place_code"] == "这一项必填。"
    assert all(any("一" <= sign <= "鿿" for sign in detail) for detail in found.values())


GOOD = {
    "/places": {"parent_code": BUILDING, "kind": "unit", "name": "2单元"},
    "/certifications": {"unit": READY},
    "/cases": {"place": READY, "category": "fever", "effective_on": "2020-03-01", "source": "x", "person": "张三"},
    "/daily-records": {"entries": [{"place_code": READY, "day": "2020-03-01", "entrances": 3}]},
    "/certification-batches": {"district": "420112"},
    "/objections": {"application_id": str(uuid.uuid4()), "text": "五个字以上", "channel": "phone"},
    "/role-assignments": {"user_id": str(uuid.uuid4()), "role": "resident", "place_code": READY},
    "/sessions": {"code": "console-x"},
    "/sessions/refresh": {"refresh_token": "x"},
}
ODD = [
    None, True, 0, -1, 1.5, 2**63, 10**30, [], {}, [[]], {"a": {"b": [1]}}, ["x"] * 200,
    "", " ", "\0", "a\0b", "\x7f", "\ud800", "😀" * 200, "x" * 5000, "NaN", "'; DROP TABLE place; --",
    "2020-02-30", "9999999-01-01", "4201\n",
]  # fmt: skip


def send(world, path, body):
    headers = {"Authorization": f"Bearer {world.li.token}", "Idempotency-Key": key()}
    client = world.app.test_client()
    return client.post(f"/api/v1{path}", data=json.dumps(body), content_type="application/json", headers=headers)


@pytest.mark.parametrize("path", GOOD)
def test_odd_values_in_any_field_are_refused_and_break_nothing(world, path):
    """A defect raises in tests, so that each answer here is a decision."""
    for field in GOOD[path]:
        for odd in ODD:
            answer = send(world, path, {**GOOD[path], field: odd})
            assert answer.status_code < 500, f"{field}={odd!r}: {answer.text}"
    assert send(world, path, {**GOOD[path], "status": "certified", "user_id_": 1}).status_code in (403, 422)


ODD_JSON = [
    b"", b"null", b"\0", b'"\\u0000"', b'{"unit": ' + b"1" * 401 + b"}", b'{"unit": 1e400}', b'{"unit": -0}',
    b'{"unit": NaN}', b'{"unit": "\\ud83d"}', b'{"unit": 1, "unit": 2}', b"{" * 900 + b"}" * 900,
    b'{"unit":' * 900 + b"1" + b"}" * 900,
]  # fmt: skip


@pytest.mark.parametrize("raw", ODD_JSON)
def test_odd_json_is_refused(world, raw):
    headers = {"Authorization": f"Bearer {world.wang.token}", "Idempotency-Key": "k" * 16}
    sent = {"data": raw, "content_type": "application/json", "headers": headers}
    assert world.app.test_client().post("/api/v1/certifications", **sent).status_code in (400, 422)


@pytest.mark.parametrize("given", ["abcDEF12_-.", "a" * 64])
def test_a_harmless_request_id_is_echoed(world, app, given):
    assert app.test_client().get("/api/v1/me", headers={"X-Request-Id": given}).headers["X-Request-Id"] == given


@pytest.mark.parametrize(
    "given", ["short", "a" * 65, 'x"}{"injected":1', "a b c d e f g", "编号编号编号".encode().decode("latin-1"), ""]
)
def test_a_hostile_request_id_is_replaced(world, app, given):
    got = app.test_client().get("/api/v1/me", headers={"X-Request-Id": given}).headers["X-Request-Id"]
    assert got != given and re.fullmatch(r"[0-9a-f]{16,64}", got)


def test_logs_are_json_with_the_request_id_and_without_anything_personal(world, app, capsysbinary):
    with things.plain_app(app, throw_away(), LOG_LEVEL="INFO", APP_ENV="production") as bare:
        client = bare.test_client()
        headers = {"X-Request-Id": "my-request-1", "User-Agent": "secret-agent"}
        client.get(f"/defect?phone={things.PHONE}", headers=headers)
        client.get(f"/{things.PHONE}/members")
        client.post("/raises", json={"name": things.NAME})
    lines = [json.loads(line) for line in capsysbinary.readouterr().out.splitlines()]
    requests = [line for line in lines if line["event"] == "request"]
    assert [line["status"] for line in requests] == [500, 404, 422]
    assert requests[0]["request_id"] == "my-request-1" and requests[0]["route"] == "/defect"
    assert next(line for line in lines if line["event"] == "defect")["cause"] == "ZeroDivisionError"
    for secret in (things.PHONE, things.NAME, "secret-agent", "?"):
        assert secret not in json.dumps(lines, ensure_ascii=False)


def test_the_log_tells_the_public_from_who_was_turned_away(world, app, capsysbinary):
    client, wang = app.test_client(), world.wang
    with things.logged():
        client.get(f"/api/v1/public/places/{BUILDING[:12]}")
        client.get("/api/v1/me")
        wang.get("/me")
    lines = [json.loads(line) for line in capsysbinary.readouterr().out.splitlines()]
    requests = [line["actor"] for line in lines if line["event"] == "request"]
    assert requests == ["public", None, things.person(app, "wang")]


def test_probes(world, app, plain, owner):
    """A release migrates first: the machines that still run the code before it stay ready."""
    client, (head, *older) = app.test_client(), health.revisions()
    assert client.get("/livez").json == {"status": "ok"}
    assert client.get("/readyz").json == {"status": "ok", "migration": head}
    found = {"later": 200, older[0]: 503, older[-1]: 503, None: 503}
    try:
        for version, status in found.items():
            owner.execute("DELETE FROM alembic_version")
            owner.execute("INSERT INTO alembic_version SELECT %s WHERE %s::text IS NOT NULL", [version, version])
            assert (client.get("/readyz").status_code, client.get("/livez").status_code) == (status, 200), version
    finally:
        owner.execute("DELETE FROM alembic_version")
        owner.execute("INSERT INTO alembic_version VALUES (%s)", [head])


@pytest.mark.parametrize(
    "path", ["/", "/livez", "/api/v1/me", f"/p/{READY}", f"/api/v1/public/places/{READY}", "/docs/", "/nowhere"]
)
def test_every_answer_carries_the_headers_that_protect_its_reader(world, app, path):
    answer = app.test_client().get(path)
    headers = answer.headers
    assert headers.getlist("X-Content-Type-Options") == ["nosniff"] and "Set-Cookie" not in headers
    if path.startswith("/api/"):
        assert headers["Cache-Control"] in ("no-store", "no-cache")
    if answer.mimetype == "text/html":  # nothing else is ever run or followed
        (policy,) = headers.getlist("Content-Security-Policy")
        assert "default-src 'self'" in policy and "frame-ancestors 'none'" in policy
        assert path == "/docs/" or "unsafe" not in policy
        assert headers.getlist("Referrer-Policy") == ["no-referrer"]


def test_what_is_private_is_not_stored_on_the_way(world):
    assert world.wang.get("/households", place=MACHIDUN).headers["Cache-Control"] == "no-store"


def test_a_body_of_unknown_length_is_not_read_at_all(world, app):
    stream = io.BytesIO(b'{"code": "' + b"x" * 3_000_000)
    environ = {"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}
    client = app.test_client()
    answer = client.post(
        "/api/v1/sessions", input_stream=stream, content_type="application/json", environ_overrides=environ
    )
    assert (answer.status_code, answer.json["code"], stream.tell()) == (411, "length_required", 0)
