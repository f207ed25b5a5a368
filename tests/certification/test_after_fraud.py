"""What stays after a report proved false, what the round of deadlines finds, what may still be sent back."""

from datetime import timedelta

import pytest

from backend.certification import deadlines
from backend.core import clock
from backend.core.transaction import unit_of_work
from backend.extensions import db
from backend.fieldwork.models import DailyRecord
from tests.cast import READY, SECOND
from tests.factories import applications as a
from tests.factories.world import spoil


def in_a_fortnight() -> str:
    return (clock.today() + timedelta(days=14)).isoformat()


def refused_until(world, day: str) -> None:
    again = world.wang.post("/certifications", {"unit": READY})
    assert (again.status_code, again.json["code"], again.json["earliest_on"]) == (422, "barred", day)
    dry = world.wang.get(f"/places/{READY}/readiness").json
    assert (dry["met"], dry["barred_until"], dry["earliest_on"]) == (False, day, day)
    page = world.public.get(f"/public/places/{READY}").json
    assert page["earliest_on"] == day and "查实不属实" in page["why_not_yet"][0]["why"]


def test_a_certificate_revoked_for_fraud_bars_the_unit_for_the_window(world, owner):
    certified = a.certified(world, owner)
    assert a.act(world, "zhou", certified, "revoke", reason="日报造假")["status"] == "revoked"
    refused_until(world, in_a_fortnight())
    owner.execute("UPDATE application SET barred_until = %s", [clock.today()])
    assert world.wang.post("/certifications", {"unit": READY}).status_code == 201


def test_an_objection_upheld_restarts_the_counter_from_today(world):
    published = a.published(world)
    body = {"text": "门岗夜里没有人值守", "contact": "邻居"}
    raised = world.public.post(f"/public/notices/{published['id']}/objections", body).json
    for action, revision in (("admit", 1), ("uphold", 2)):
        answer = {"action": action, "revision": revision, "reason": "已核实"}
        assert world.zhou.post(f"/objections/{raised['id']}/answer", answer).status_code == 200
    refused_until(world, in_a_fortnight())


def test_the_objectors_contact_is_for_the_district_alone_and_each_look_is_on_record(world, owner):
    published = a.published(world)
    body = {"text": "门岗夜里没有人值守", "contact": "13912340000"}
    raised = world.public.post(f"/public/notices/{published['id']}/objections", body).json
    path = f"/objections/{raised['id']}/reveal"
    assert world.zhao.post(path, {"purpose": "verify"}).status_code == 403
    assert world.other_district.post(path, {"purpose": "verify"}).status_code == 404
    assert world.zhou.post(path, {"purpose": "verify"}).json["contact"] == "13912340000"
    looks = owner.execute("SELECT count(*) FROM audit_event WHERE subject_type = 'objection' AND action = 'reveal'")
    assert looks.fetchone() == (1,)


def test_the_round_finds_what_no_job_was_there_for(world, owner, app):
    """The jobs were lost in an outage; a gap that could be mended on the day of the end never was."""
    stuck, forgotten = (
        a.published(world),
        a.act(world, "zhao", a.filed(world, SECOND), "return", reason="补", items=["screening"]),
    )
    owner.execute("DELETE FROM procrastinate_jobs")
    a.end_notice(owner, stuck["id"])
    owner.execute("UPDATE application SET return_due_at = now() WHERE id = %s", [forgotten["id"]])
    with app.app_context(), unit_of_work():
        spoil(READY, clock.today() - timedelta(days=6), disinfection_rounds=0)
    for _ in range(2):  # idempotent
        with app.app_context(), unit_of_work():
            deadlines.overdue()
    returned = a.now(world, stuck)
    assert (returned["status"], returned["reopened"]) == ("returned", ["disinfection"])
    assert a.now(world, forgotten)["status"] == "lapsed"


def test_the_district_may_send_a_notice_back_by_hand(world):
    published = a.published(world)
    back = a.act(world, "wu", published, "return", reason="公示内容有误", items=["publicity"])
    assert (back["status"], back["notice_ends_at"]) == ("returned", None)


@pytest.mark.parametrize("column", ["certified_at", "notice_ends_at", "batch_id", "district_reviewer_id"])
def test_the_database_refuses_a_certificate_without_its_evidence(world, owner, column):
    certified = a.certified(world, owner)
    with pytest.raises(Exception, match="certified_after_notice"):
        owner.execute(f"UPDATE application SET {column} = NULL WHERE id = %s", [certified["id"]])


def test_the_city_viewer_sees_that_evidence_exists_but_not_the_cases_in_it(world):
    day = (clock.today() - timedelta(days=40)).isoformat()
    case = {"place": READY, "category": "confirmed", "effective_on": day, "source": "疾控通报 2020-1"}
    assert world.chen.post("/cases", case).status_code == 201
    filed = a.filed(world)
    kinds = {
        who: {r["kind"] for r in world.hand(who).get(f"/certifications/{filed['id']}").json["filing"]["records"]}
        for who in ("zhou", "zheng")
    }
    assert kinds == {"zhou": {"daily_record", "case_event"}, "zheng": {"daily_record"}}


def test_withdrawing_does_not_shake_off_an_objection(world):
    published = a.published(world)
    raised = world.public.post(f"/public/notices/{published['id']}/objections", {"text": "门岗夜里没有人值守"}).json
    path = f"/objections/{raised['id']}/answer"
    assert world.zhou.post(path, {"action": "admit", "revision": 1}).status_code == 200
    a.act(world, "wang", a.now(world, published), "withdraw")
    again = world.wang.post("/certifications", {"unit": READY})
    assert (again.status_code, again.json["code"]) == (409, "objection_open")
    upheld = {"action": "uphold", "revision": 2, "reason": "已核实", "falsified": True}
    assert world.zhou.post(path, upheld).status_code == 200
    refused_until(world, in_a_fortnight())


def test_a_compound_without_households_has_screened_nobody(world, app):
    with app.app_context(), unit_of_work():
        table = DailyRecord.__table__
        empty = table.update().where(table.c.place_code == SECOND).values(households=0, households_reached=0)
        db.session.execute(empty)
    refused = world.wang.post("/certifications", {"unit": SECOND})
    assert refused.status_code == 422 and [c["id"] for c in refused.json["criteria"]] == ["screening_register"]


def test_the_dry_run_names_no_case_to_who_may_not_know_of_any(world):
    case = {"place": READY, "category": "suspected", "effective_on": clock.today().isoformat(), "source": "疾控通报"}
    assert world.chen.post("/cases", case).status_code == 201
    seen = {who: world.hand(who).get(f"/places/{READY}/readiness").text for who in ("wang", "zheng")}
    assert "case_event" in seen["wang"] and "case_event" not in seen["zheng"]
