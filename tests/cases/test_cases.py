"""Cases: who may record what, whose name is nowhere to be read, and that nobody's status is one official's alone."""

from datetime import timedelta
from uuid import UUID

import psycopg
import pytest
from cryptography.exceptions import InvalidTag

from backend.cases import service
from backend.cases.models import Case
from backend.core import clock, invariants
from backend.core.crypto import keyring
from backend.core.settings import settings
from backend.core.transaction import unit_of_work
from backend.extensions import db
from tests.cast import BUILDING, DONGXIHU, ELSEWHERE, HONGSHAN, JIANGJUNLU, MACHIDUN, READY, UNIT
from tests.factories import applications as a
from tests.factories.households import family
from tests.factories.races import at_once

PERSON, PHONE, SOURCE = "钱某某", "13666660001", "疾控通报 2020-17"
NOWHERE = "01900000-0000-7000-8000-000000000000"


def day(days_ago=0):
    return (clock.today() - timedelta(days=days_ago)).isoformat()


def send(hand, category="suspected", days_ago=0, place=READY, **more):
    body = {"place": place, "category": category, "effective_on": day(days_ago), "source": SOURCE, **more}
    return hand.post("/cases", body)


def record(hand, *args, **more):
    answer = send(hand, *args, **more)
    assert answer.status_code == 201, answer.text
    return answer.json


def add(hand, case, category, days_ago=0):
    body = {"category": category, "effective_on": day(days_ago), "source": SOURCE}
    return hand.post(f"/cases/{case['id']}/events", body)


def close(hand, event, outcome="excluded", days_ago=0, reason="两次核酸阴性"):
    return hand.post(f"/case-events/{event}/close", {"outcome": outcome, "outcome_on": day(days_ago), "reason": reason})


def reveal(hand, case, purpose="tracing"):
    return hand.post(f"/cases/{case['id']}/reveal", {"purpose": purpose})


def test_suspected_then_confirmed_keeps_both_with_their_dates(world, owner):
    case = record(world.chen, "suspected", days_ago=5)
    case = add(world.li, case, "confirmed", days_ago=2).json
    shown = [
        (e["category"], e["effective_on"], e["reported_on"], e["outcome"], e["outcome_on"]) for e in case["events"]
    ]
    assert shown == [
        ("suspected", day(5), day(), "confirmed", day(2)),
        ("confirmed", day(2), day(), None, None),
    ]
    again = add(world.chen, case, "confirmed")
    assert (again.status_code, again.json["code"]) == (409, "already_recorded")
    audited = owner.execute(
        "SELECT action, details FROM audit_event WHERE subject_type = 'case_event' ORDER BY id"
    ).fetchall()
    assert audited == [("record", {"category": "suspected"}), ("record", {"category": "confirmed"})]


def test_the_same_official_may_say_that_a_suspicion_was_confirmed(world, app):
    """A confirmation lifts nothing, so that it needs no second person: the report that it rests on is enough."""
    case = add(world.chen, record(world.chen, "suspected", days_ago=1), "confirmed").json
    assert case["events"][0]["outcome"] == "confirmed"
    with app.app_context():
        assert not any(invariants.counts().values())


def test_dates_that_cannot_be_are_refused(world, owner):
    future = send(world.chen, days_ago=-1)
    assert (future.status_code, future.json["code"], future.json["errors"][0]["field"]) == (
        422,
        "in_the_future",
        "/effective_on",
    )
    case = record(world.chen, days_ago=3)
    assert add(world.chen, case, "fever", days_ago=-1).status_code == 422
    event = case["events"][0]["id"]
    for days_ago in (-1, 4):
        refused = close(world.li, event, days_ago=days_ago)
        assert (refused.status_code, refused.json["code"]) == (422, "date_out_of_range")
    for wrong in (
        {"effective_on": "2020-02-30"},
        {"effective_on": None},
        {"category": "flu"},
        {"source": ""},
        {"reported_on": day()},
        {"recorded_by": NOWHERE},
    ):
        assert send(world.chen, **wrong).status_code == 422, wrong
    assert owner.execute("SELECT count(*) FROM case_event").fetchone() == (1,)


RECORDERS = {"li": 201, "chen": 201, "zhao": 201, "zhou": 201}
OTHERS = {name: 403 for name in ("wang", "zheng", "liu", "he", "feng", "qian", "nobody")}
STRANGERS = {name: 404 for name in ("other_secretary", "other_subdistrict", "other_district")} | {"other_grid": 403}


def test_who_may_record_a_case(world):
    for who, status in {**RECORDERS, **OTHERS, **STRANGERS}.items():
        assert send(world.hand(who)).status_code == status, who
    assert send(world.public).status_code == 401
    case = record(world.chen)
    for who, status in {**OTHERS, **STRANGERS}.items():
        assert add(world.hand(who), case, "fever").status_code == status, who
        assert close(world.hand(who), case["events"][0]["id"]).status_code == status, who
    missing = world.other_secretary.post(
        f"/case-events/{NOWHERE}/close", {"outcome": "excluded", "outcome_on": day(), "reason": "x"}
    )
    foreign = close(world.other_secretary, case["events"][0]["id"])
    assert (missing.json["code"], missing.json["detail"]) == (foreign.json["code"], foreign.json["detail"])


def test_a_case_is_charged_to_a_compound_or_below_so_that_no_certificate_misses_it(world):
    for place, status in (
        (UNIT, 201), (BUILDING, 201), (READY, 201), (MACHIDUN, 422), (JIANGJUNLU, 422), (DONGXIHU, 422),
        (HONGSHAN, 404), (ELSEWHERE, 201), (f"{MACHIDUN}-777", 404), (f"{UNIT}-001", 422),
    ):  # fmt: skip
        assert send(world.zhou, "fever", place=place).status_code == status, place


def test_a_case_in_a_unit_stands_in_the_way_of_its_compound(world):
    assert world.wang.get(f"/places/{READY}/readiness").json["met"]
    record(world.chen, "close_contact", place=UNIT)
    verdict = world.wang.get(f"/places/{READY}/readiness").json
    assert not verdict["met"] and verdict["last_event_on"] == day()
    page = world.public.get(f"/public/places/{READY}").json
    assert page["why_not_yet"] and not page["certified"]


def test_certification_hears_of_it_in_the_same_transaction(world, owner, app):
    certified = a.certified(world, owner)
    case = record(world.chen, "suspected", place=UNIT)
    assert a.now(world, certified)["status"] == "suspended"
    stamps = owner.execute(
        "SELECT DISTINCT xmin::text FROM audit_event WHERE action IN ('record', 'suspend')"
    ).fetchall()
    assert len(stamps) == 1, "one transaction wrote both"
    second = record(world.zhao, "fever")
    close(world.li, case["events"][0]["id"])
    assert a.now(world, certified)["status"] == "suspended", "not before the last of several is excluded"
    close(world.li, second["events"][0]["id"])
    assert a.now(world, certified)["status"] == "certified"
    with app.app_context():
        assert not any(invariants.counts().values())


def test_a_refused_case_changes_nothing(world, owner, monkeypatch):
    certified = a.certified(world, owner)
    monkeypatch.setattr(service, "facts_changed", lambda code: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        send(world.chen)
    assert owner.execute("SELECT (SELECT count(*) FROM health_case), (SELECT count(*) FROM case_event)").fetchone() == (
        0,
        0,
    )
    assert a.now(world, certified)["status"] == "certified"


def test_nobody_lifts_what_they_recorded_themselves(world, owner):
    for who, other in (("chen", "li"), ("zhao", "sun"), ("zhou", "chen")):
        event = record(world.hand(who), "fever")["events"][0]["id"]
        alone = close(world.hand(who), event)
        assert (alone.status_code, alone.json["code"]) == (403, "second_person")
        assert close(world.hand(other), event, reason="").status_code == 422, "a reason is needed"
        assert close(world.hand(other), event, outcome="confirmed").status_code == 422
        assert close(world.hand(other), event).json["outcome"] == "excluded"
        assert close(world.hand(other), event).json["code"] == "already_closed"
    recorded = owner.execute("SELECT reason_cipher IS NOT NULL FROM audit_event WHERE action = 'close'").fetchall()
    assert recorded == [(True,)] * 3
    for outcome in ("excluded", "released"):
        with pytest.raises(psycopg.errors.CheckViolation, match="second_person"):
            owner.execute(
                "UPDATE case_event SET outcome = %s, outcome_on = effective_on, outcome_by = recorded_by", [outcome]
            )


def test_two_who_close_or_add_at_once_do_it_once(world, owner):
    case = record(world.zhou, "fever")
    event = case["events"][0]["id"]
    closed = at_once(*[lambda h=h: close(h, event) for h in (world.li, world.chen, world.zhao)])
    assert sorted(answer.status_code for answer in closed) == [200, 409, 409]
    added = at_once(*[lambda h=h: add(h, case, "suspected") for h in (world.li, world.chen, world.zhao)])
    assert sorted(answer.status_code for answer in added) == [201, 409, 409]
    assert owner.execute("SELECT count(*) FROM case_event").fetchone() == (2,)


def test_the_list_shows_no_identity_and_only_what_is_in_sight(world):
    home = family(world)
    case = record(world.li, place=UNIT, person=PERSON, phone=PHONE, household_id=home["id"])
    assert set(case) == {"id", "place_code", "events"}
    for who in ("wang", "li", "chen", "zhao", "zhou"):
        listed = world.hand(who).get("/cases", place=READY)
        assert [c["id"] for c in listed.json["items"]] == [case["id"]], who
        assert not any(secret in listed.text for secret in (PERSON, PHONE, home["id"], SOURCE)), who
    for who in ("other_secretary", "other_grid", "other_subdistrict", "other_district"):
        assert (
            world.hand(who).get("/cases").json["items"]
            == []
            == world.hand(who).get("/cases", place=READY).json["items"]
        )
    for who in ("zheng", "liu", "he", "qian", "feng", "nobody"):
        assert world.hand(who).get("/cases").status_code == 403, who


def test_a_look_at_a_person_is_for_few_audited_and_limited(world, owner, app, monkeypatch):
    case = record(world.chen, person=PERSON, phone=PHONE)
    for who in ("li", "zhao", "zhou"):
        assert reveal(world.hand(who), case).json | {"id": ""} == {
            "id": "",
            "person": PERSON,
            "phone": PHONE,
            "household_id": None,
        }
    looks = "SELECT place_code, details FROM audit_event WHERE subject_type = 'health_case' AND action = 'reveal'"
    assert owner.execute(looks).fetchall() == [(READY, {"purpose": "tracing"})] * 3
    for who in ("chen", "wang", "zheng", "liu", "he", "nobody", "other_grid"):
        assert reveal(world.hand(who), case).status_code == 403, who
    for who in ("other_secretary", "other_subdistrict", "other_district"):
        foreign, missing = reveal(world.hand(who), case), reveal(world.hand(who), {"id": NOWHERE})
        assert (
            (foreign.status_code, foreign.json["detail"])
            == (missing.status_code, missing.json["detail"])
            == (404, foreign.json["detail"])
        )
    assert reveal(world.li, case, "好奇").status_code == 422
    assert len(owner.execute(looks).fetchall()) == 3
    monkeypatch.setitem(app.config, "REVEAL_LIMIT", "2 per hour")
    assert [reveal(world.sun, case).status_code for _ in range(3)] == [200, 200, 429]


def test_the_person_is_encrypted_bound_to_its_row(world, owner):
    first, second = (record(world.chen, person=PERSON, phone=PHONE) for _ in range(2))
    rows = dict(owner.execute("SELECT id::text, person_cipher FROM health_case").fetchall())
    assert all(PERSON.encode() not in bytes(raw) for raw in rows.values())
    assert rows[first["id"]] != rows[second["id"]], "each with a nonce of its own"
    assert keyring.decrypt(bytes(rows[first["id"]]), f"health_case.person:{first['id']}") == PERSON
    for where in (
        f"health_case.person:{second['id']}",
        f"health_case.phone:{first['id']}",
        f"household_member.name:{first['id']}",
    ):
        with pytest.raises(InvalidTag):
            keyring.decrypt(bytes(rows[first["id"]]), where)
    (source,) = owner.execute("SELECT source_cipher FROM case_event LIMIT 1").fetchone()
    assert SOURCE.encode() not in bytes(source)


def test_a_household_elsewhere_is_refused(world, owner):
    home = family(world)
    record(world.li, place=BUILDING, household_id=home["id"])
    wrong = send(world.li, place=f"{MACHIDUN}-002", household_id=home["id"])
    assert (wrong.status_code, wrong.json["code"]) == (422, "household_elsewhere")
    assert send(world.other_secretary, place=ELSEWHERE, household_id=home["id"]).status_code == 404
    assert send(world.li, household_id=NOWHERE).status_code == 404


def test_once_its_term_is_over_a_case_keeps_its_dates_and_loses_its_person(world, owner, ctx, app):
    home = family(world)
    old, young = (record(world.li, place=UNIT, person=PERSON, phone=PHONE, household_id=home["id"]) for _ in range(2))
    kept = timedelta(days=settings["HEALTH_DATA_KEEP_DAYS"])
    assert db.session.get(Case, UUID(old["id"])).erase_on == clock.today() + kept
    owner.execute("UPDATE health_case SET erase_on = current_date WHERE id = %s", [old["id"]])
    with unit_of_work():
        service.erase()
    with unit_of_work():
        service.erase()
    gone = (
        "SELECT person_cipher IS NULL, phone_cipher IS NULL, household_id IS NULL, erased_on = current_date"
        " FROM health_case WHERE id = %s"
    )
    assert owner.execute(gone, [old["id"]]).fetchone() == (True, True, True, True)
    assert owner.execute(gone, [young["id"]]).fetchone()[:3] == (False, False, False)
    assert reveal(world.zhou, old).json["person"] is None and reveal(world.zhou, young).json["person"] == PERSON
    listed = {c["id"]: c["events"] for c in world.li.get("/cases").json["items"]}
    assert listed[old["id"]][0]["effective_on"] == day()
    owner.execute("UPDATE health_case SET erase_on = current_date - 3 WHERE id = %s", [young["id"]])
    assert invariants.counts()["invariant_17_health_data_erased_on_time"] == 1
    with pytest.raises(psycopg.errors.CheckViolation):
        owner.execute("UPDATE health_case SET purpose = 'marketing'")


def test_an_erased_case_takes_no_further_event(world, owner):
    case = record(world.chen, "suspected", place=UNIT)
    owner.execute("UPDATE case_event SET source_cipher = NULL")
    owner.execute(
        "UPDATE health_case SET person_cipher = NULL, phone_cipher = NULL, household_id = NULL, erased_on = erase_on"
    )
    event = {"category": "confirmed", "effective_on": day(), "source": "复阳"}
    answer = world.chen.post(f"/cases/{case['id']}/events", event)
    assert (answer.status_code, answer.json["code"]) == (409, "erased")
