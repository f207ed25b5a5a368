"""Canaries (QUALITY I16): names, phones and words put in through the API, then looked for wherever they must not be."""

import io
import json
import logging

import pytest
import structlog

from backend.core import clock, jobs
from backend.people import households
from tests.cast import READY, SECOND, UNIT
from tests.factories import applications as a
from tests.factories.households import family, rows, send, sheet

MARK = "金丝雀"
HEAD, MEMBER, PATIENT = f"{MARK}户主", f"{MARK}成员", f"{MARK}病人"
PHONES = ("13877770001", "13877770002", "13877770003", "13877770004")
ITEM = "disinfection"
FORBIDDEN = (MARK, *PHONES)
# Words that answer someone: they are shown to whom they are addressed, never to everyone.
RETURNED, ANSWERED, CLOSED, OVERRULED, REVOKED = (f"{MARK}{n}：请联系13877770004" for n in range(5))


def found(text, words=FORBIDDEN):
    """Which canaries are in a text, as they are, escaped in JSON, or as the hex of their bytes."""
    forms = {
        word: (word, json.dumps(word)[1:-1], word.encode().hex(), word.encode("utf-16-le").hex()) for word in words
    }
    return [word for word, written in forms.items() if any(form in text for form in written)]


@pytest.fixture
def logs(caplog):
    """Everything that is logged, down to DEBUG."""
    written, before = io.BytesIO(), structlog.get_config()
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG),
        logger_factory=structlog.BytesLoggerFactory(written),
    )
    with caplog.at_level(logging.DEBUG, "procrastinate"), caplog.at_level(logging.DEBUG, "werkzeug"):
        yield lambda: written.getvalue().decode() + "\n".join(record.getMessage() for record in caplog.records)
    structlog.configure(**before)


def everyone_sees(world):
    """All that is served without sign-in about the two compounds."""
    paths = [
        f"/public/places/{READY}",
        f"/public/places/{SECOND}",
        f"/public/places/{READY[:12]}",
        "/public/notices",
        "/public/batches",
    ]
    pages = [world.public.get(path) for path in paths] + [world.public.get("/places", words="苑")]
    pages += [world.app.test_client().get(f"/p/{code}") for code in (READY, SECOND, READY[:6])]
    assert all(page.status_code == 200 for page in pages)
    return "\n".join(page.text for page in pages)


def live(world):
    """A home, a case, and an application through all its words; what the public saw on the way."""
    seen = []
    home = family(world, HEAD, PHONES[0])
    member = world.wang.post(f"/households/{home['id']}/members", {"name": MEMBER, "phone": PHONES[1]}).json
    shown = world.wang.get("/households", place=UNIT)
    assert not found(shown.text) and "金**" in shown.text
    assert found(world.wang.post(f"/household-members/{member['id']}/reveal", {"purpose": "verify"}).text) == [
        MARK,
        PHONES[1],
    ]
    assert world.wang.post("/households/find", {"phone": PHONES[0], "purpose": "verify"}).json["items"]
    case = {
        "place": SECOND,
        "category": "fever",
        "effective_on": clock.today().isoformat(),
        "source": CLOSED,
        "person": PATIENT,
        "phone": PHONES[2],
    }
    recorded = world.chen.post("/cases", case)
    assert recorded.status_code == 201 and not found(recorded.text)
    assert world.li.post(f"/cases/{recorded.json['id']}/reveal", {"purpose": "tracing"}).json["person"] == PATIENT
    closing = {"outcome": "excluded", "outcome_on": clock.today().isoformat(), "reason": CLOSED}
    assert world.li.post(f"/case-events/{recorded.json['events'][0]['id']}/close", closing).status_code == 200
    seen.append(everyone_sees(world))
    application = a.act(world, "zhao", a.filed(world), "return", reason=RETURNED, items=[ITEM])
    application = a.act(world, "wang", application, "resubmit", answers={ITEM: ANSWERED})
    application = a.act(world, "zhou", a.act(world, "zhao", application, "approve"), "publish", contact=a.OFFICE)
    seen.append(everyone_sees(world))
    objection = world.public.post(
        f"/public/notices/{application['id']}/objections", {"text": f"{MARK}说不实", "contact": PHONES[3]}
    )
    assert objection.status_code == 201 and not found(objection.text)
    answer = f"/objections/{objection.json['id']}/answer"
    admitted = world.zhou.post(answer, {"action": "admit", "revision": 1})
    assert admitted.status_code == 200 and admitted.json["text"] == f"{MARK}说不实" and PHONES[3] not in admitted.text
    seen.append(everyone_sees(world))
    assert world.zhou.post(answer, {"action": "overrule", "revision": 2, "reason": OVERRULED}).status_code == 200
    return application, seen


def refusals(world):
    """What is answered to requests that carry a name or a number where it cannot be."""
    home = world.wang.get("/households", place=UNIT).json["items"][0]
    faulty = rows(3)
    faulty[0] |= {"户主": HEAD * 9, "电话": f"{PHONES[0]}x"}
    faulty[1] |= {"房号": f"{HEAD}\u200b", "独居": HEAD, "人数": PHONES[1], "楼层": PHONES[1]}
    yield send(world, sheet(faulty))
    yield world.wang.post(
        f"/households/{home['id']}/members", {"name": MEMBER * 20, "phone": f"{PHONES[0]}{PHONES[1]}"}
    )
    yield world.wang.post(f"/households/{home['id']}/members", {"name": [MEMBER], "phone": {"a": PHONES[0]}})
    yield world.wang.post(f"/households/{home['id']}/members", {"name": f"{MEMBER}\0"})
    yield world.wang.post("/households/find", {"phone": MEMBER, "purpose": PHONES[0]})
    yield world.chen.post(
        "/cases",
        {"place": SECOND, "category": PATIENT, "effective_on": PATIENT, "source": "x" * 999, "person": PATIENT * 9},
    )
    yield world.chen.post("/cases", {"place": PHONES[0], "category": "fever", "household_id": PATIENT})
    yield world.other_secretary.post(
        "/cases",
        {
            "place": SECOND,
            "category": "fever",
            "effective_on": clock.today().isoformat(),
            "source": MARK,
            "person": PATIENT,
        },
    )
    yield world.li.post(f"/case-events/{home['id']}/close", {"outcome": MARK, "outcome_on": MARK, "reason": MARK})
    yield world.public.post(f"/public/notices/{home['id']}/objections", {"text": f"{MARK}说不实", "contact": PHONES[3]})
    yield world.wang.post("/certifications", {"unit": PHONES[0]})
    yield world.public.get(f"/places/{PHONES[0]}")
    yield world.public.post("/sessions", {"code": MARK * 99})


def dump(owner):
    """Every row of every table, as PostgreSQL writes it."""
    tables = owner.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1").fetchall()
    return {
        table: "\n".join(row for (row,) in owner.execute(f'SELECT t::text FROM "{table}" t').fetchall())
        for (table,) in tables
    }


def test_what_is_said_of_people_is_nowhere_in_clear(world, app, owner, logs):
    application, seen = live(world)
    a.end_notice(owner, application["id"])
    owner.execute("UPDATE procrastinate_jobs SET scheduled_at = now()")
    jobs.run(app, wait=False)
    certified = a.act(world, "zhou", a.now(world, application), "certify")
    seen.append(everyone_sees(world))
    a.act(world, "zhou", certified, "revoke", reason=REVOKED)
    seen.append(everyone_sees(world))
    for answer in refusals(world):
        assert 400 <= answer.status_code < 500 and not found(answer.text), answer.text
    held = dump(owner)
    assert {name for name, text in held.items() if text} >= {
        "household_member", "health_case", "case_event", "objection", "application", "filing", "audit_event",
        "idempotency_key", "procrastinate_jobs", "accountability_case", "consent",
    } - {"consent"}  # fmt: skip
    assert {table: found(text) for table, text in held.items() if found(text)} == {}
    assert not found(logs()) and '"route"' in logs() and "job" in logs(), "the logs were looked at"
    assert [found(page) for page in seen] == [[]] * len(seen)


def test_a_notice_is_signed_with_masked_names_alone(world):
    a.published(world)
    (notice,) = world.public.get("/public/notices").json["items"]
    assert notice["responsible"] == ["申报人 w**", "区审核人 z**"]
    text = everyone_sees(world)
    assert not found(text, ("wang", "zhou", "zhao"))


def test_a_defect_tells_where_and_never_what(world, app, logs, monkeypatch):
    home = family(world)

    def broken(actor, household_id, name, phone, is_head):
        raise ValueError(f"{name} {phone}")

    monkeypatch.setattr(households, "add_member", broken)
    monkeypatch.setitem(app.config, "APP_ENV", "development")
    answer = world.wang.post(f"/households/{home['id']}/members", {"name": MEMBER, "phone": PHONES[1]})
    assert (answer.status_code, answer.json["code"]) == (500, "internal") and not found(answer.text)
    assert '"event":"defect"' in logs() and "ValueError" in logs() and not found(logs())


def test_the_search_for_canaries_finds_them(owner, world):
    """The net itself: in clear, in JSON, in bytes."""
    owner.execute("CREATE TEMP TABLE net (a text, b bytea, c jsonb)")
    for column, value in (("a", HEAD), ("b", HEAD.encode()), ("c", json.dumps({"x": HEAD}))):
        (row,) = owner.execute(
            f"WITH n AS (INSERT INTO net ({column}) VALUES (%s) RETURNING net) SELECT net::text FROM n", [value]
        ).fetchone()
        assert found(row) == [MARK], column
    owner.execute("DROP TABLE net")
