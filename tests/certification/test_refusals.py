"""What is refused, and what the refusal says; what is frozen, and stays so."""

from datetime import timedelta

import psycopg
import pytest

from backend.certification import service
from backend.core import clock, invariants
from backend.core.permissions import Role
from backend.core.transaction import unit_of_work
from tests.cast import BUILDING, DONGXIHU, JIANGJUNLU, MACHIDUN, READY, SECOND
from tests.factories import applications as a
from tests.factories.world import actor, spoil

TODAY = clock.today
ITEMS = ["disinfection"]


def days_ago(n):
    return TODAY() - timedelta(days=n)


def code(answer):
    return answer.status_code, answer.json.get("code")


def to(application, action):
    return f"/certifications/{application['id']}/{action}"


def spoiled(app, n, **changed):
    with app.app_context(), unit_of_work():
        spoil(READY, days_ago(n), **changed)


# --- The form of a request ------------------------------------------------------------------------------------


def test_a_stale_revision_is_refused_with_the_present_state(world):
    seen = a.filed(world)
    a.act(world, "zhao", seen, "take_up")
    stale = world.zhao.post(to(seen, "approve"), {"revision": seen["revision"]})
    assert code(stale) == (409, "stale")
    assert (stale.json["status_now"], stale.json["revision"]) == ("subdistrict_review", seen["revision"] + 1)


@pytest.mark.parametrize("reason", [None, "", "  "])
@pytest.mark.parametrize("action, status, who, more", [
    ("return", "submitted", "zhao", {"items": ITEMS}),
    ("return", "district_review", "zhou", {"items": ITEMS}),
    ("reject", "subdistrict_review", "zhao", {}),
    ("reject", "district_review", "zhou", {}),
    ("revoke", "certified", "zhou", {}),
])  # fmt: skip
def test_a_reason_is_asked_for(action, status, who, more, reason, world, owner, app):
    application = a.at(status, world, owner, app)
    body = {"revision": application["revision"], "reason": reason, **more}
    answer = world.hand(who).post(to(application, action), body)
    assert answer.status_code == 422
    assert "/reason" in {error["field"] for error in answer.json["errors"]}
    assert a.now(world, application)["status"] == status


@pytest.mark.parametrize("items", [[], ["weather"], ["disinfection", "weather"]])
def test_only_items_of_the_pack_can_be_returned(items, world):
    application = a.filed(world)
    body = {"revision": application["revision"], "reason": "请补正", "items": items}
    answer = world.zhao.post(to(application, "return"), body)
    assert answer.status_code == 422
    if items:
        assert {error["field"] for error in answer.json["errors"]} == {"/items/weather"}


@pytest.mark.parametrize("contact", ["13812345678", "王主任", ""])
def test_a_notice_names_an_office_and_never_a_persons_phone(contact, world):
    application = a.approved(world)
    answer = world.zhou.post(to(application, "publish"), {"revision": application["revision"], "contact": contact})
    assert answer.status_code == 422


# --- Who may apply, where, and when ---------------------------------------------------------------------------


@pytest.mark.parametrize("who, due", [
    ("wang", 201), ("li", 201), ("chen", 403), ("zhao", 403), ("zhou", 403), ("zheng", 403), ("liu", 403),
    ("he", 403), ("nobody", 403), ("other_grid", 404), ("other_secretary", 404), ("public", 401),
])  # fmt: skip
def test_who_may_apply(who, due, world):
    hand = world.public if who == "public" else world.hand(who)
    assert hand.post("/certifications", {"unit": READY}).status_code == due


def test_the_pack_says_which_posts_apply(world, owner):
    """In Dongxihu a grid worker of another place who is a reviewer here may not: the post at this place counts."""
    a.also(owner, "chen", Role.GRID_WORKER, SECOND)
    assert code(world.chen.post("/certifications", {"unit": READY})) == (403, "forbidden")
    assert world.chen.post("/certifications", {"unit": SECOND}).status_code == 201


@pytest.mark.parametrize("who, place", [("wang", MACHIDUN), ("wang", BUILDING)])
def test_dongxihu_takes_compounds_only(who, place, world):
    assert code(world.hand(who).post("/certifications", {"unit": place})) == (422, "wrong_kind_of_place")


def test_one_live_application_at_a_time(world):
    first = a.filed(world)
    for who in ("wang", "li"):
        again = world.hand(who).post("/certifications", {"unit": READY})
        assert code(again) == (409, "application_exists") and again.json["application_id"] == first["id"]
    a.filed(world, SECOND)


@pytest.mark.parametrize("status, due", [
    ("subdistrict_review", 409), ("district_review", 409), ("returned", 409), ("public_notice", 409),
    ("rejected", 201), ("withdrawn", 201), ("lapsed", 201),
    ("notice_frozen", 409), ("certified", 409), ("suspended", 409), ("revoked", 422),
])  # fmt: skip
def test_applying_again(status, due, world, owner, app):
    a.at(status, world, owner, app)
    assert world.wang.post("/certifications", {"unit": READY}).status_code == due


def test_not_met_names_each_criterion_its_records_and_the_earliest_date(world, owner, app):
    spoiled(app, 9, disinfection_rounds=0)
    event = a.case(world, "suspected", days_ago=3)
    since = owner.execute("SELECT now()").fetchone()
    refused = world.wang.post("/certifications", {"unit": READY})
    assert code(refused) == (422, "not_ready")
    red = {criterion["id"]: criterion for criterion in refused.json["criteria"]}
    assert set(red) == {"zero_occurrence_new_cases", "disinfection"}
    assert [r["id"] for r in red["zero_occurrence_new_cases"]["records"]] == [event["id"]]
    bad_day = red["disinfection"]["records"][0]
    row = owner.execute("SELECT id::text FROM daily_record WHERE disinfection_rounds = 0").fetchone()
    assert (bad_day["id"], bad_day["day"]) == (row[0], days_ago(9).isoformat())
    assert all(criterion["need"] and criterion["why"] and criterion["fix"] for criterion in red.values())
    assert red["disinfection"]["earliest_on"] == (days_ago(9) + timedelta(days=15)).isoformat()
    assert refused.json["earliest_on"] == (days_ago(3) + timedelta(days=14)).isoformat()
    # Nothing is stored but the audited attempt.
    assert owner.execute("SELECT count(*) FROM application").fetchone() == (0,)
    query = "SELECT action, place_code, details FROM audit_event WHERE at > %s AND action <> 'sign_in'"
    acts = owner.execute(query, since).fetchall()
    assert [(action, place) for action, place, _ in acts] == [("attempt_refused", READY)]
    assert set(acts[0][2]["red"]) == set(red) and acts[0][2]["earliest_on"] == refused.json["earliest_on"]


# --- Return for correction ------------------------------------------------------------------------------------


def resubmit(world, application, who="wang", **answers):
    return world.hand(who).post(to(application, "resubmit"), {"revision": application["revision"], "answers": answers})


def test_an_answer_speaks_to_reopened_items_only(world):
    application = a.returned(world)
    refused = resubmit(world, application, screening="已补排查")
    assert code(refused) == (422, "item_not_reopened")
    assert [error["field"] for error in refused.json["errors"]] == ["/items/screening"]
    assert a.now(world, application)["status"] == "returned"
    assert resubmit(world, application, disinfection="已补拍照片").status_code == 200


def test_only_the_named_items_reopen(world, app):
    """A record that goes bad on an item that was accepted stays as it was filed; one of a reopened item counts."""
    application = a.returned(world)
    spoiled(app, 9, gate_inspections=0)
    resubmitted = resubmit(world, application)
    assert resubmitted.status_code == 200, resubmitted.text
    filing = a.now(world, application)["filing"]
    assert filing["number"] == 2 and filing["verdict"]["met"]
    assert all(c["met"] for c in filing["verdict"]["criteria"])
    assert (resubmitted.json["reopened"], resubmitted.json["return_due_at"]) == ([], None)


def test_a_reopened_item_is_judged_anew(world, app, owner):
    application = a.returned(world)
    spoiled(app, 9, disinfection_rounds=0)
    refused = resubmit(world, application)
    assert code(refused) == (422, "not_ready")
    assert {c["item"] for c in refused.json["criteria"]} == {"disinfection"}
    assert a.now(world, application)["status"] == "returned"
    attempts = owner.execute("SELECT place_code FROM audit_event WHERE action = 'attempt_refused'").fetchall()
    assert attempts == [(READY,)]


def test_a_new_case_matters_whatever_was_reopened(world):
    application = a.returned(world)
    a.case(world, "suspected")
    refused = resubmit(world, application)
    assert code(refused) == (422, "not_ready")
    assert {c["item"] for c in refused.json["criteria"]} == {"zero_occurrence"}


def test_the_reviewers_clock_pauses_while_it_is_mended(world, owner):
    application = a.filed(world)
    left = owner.execute("SELECT review_due_at - now() FROM application").fetchone()[0]
    returned = a.act(world, "zhao", application, "return", reason="请补正", items=ITEMS)
    assert returned["review_due_at"] is None and returned["return_due_at"]
    owner.execute("UPDATE application SET created_at = created_at - interval '3 days'")
    assert resubmit(world, returned).status_code == 200
    goes_on = owner.execute("SELECT review_due_at - now() FROM application").fetchone()[0]
    assert left - timedelta(minutes=1) < goes_on <= left


# --- Separate hands -------------------------------------------------------------------------------------------

FILES_TOO = (Role.GRID_WORKER, MACHIDUN)


@pytest.mark.parametrize("who, way, actions", [
    ("zhao", (), ("take-up", "approve", "reject", "return")),
    ("zhou", ("approve",), ("reject", "return", "publish")),
])  # fmt: skip
def test_nobody_decides_on_what_they_filed(who, way, actions, world, owner):
    a.also(owner, who, *FILES_TOO)
    application = world.hand(who).post("/certifications", {"unit": READY}).json
    for action in way:
        application = a.act(world, "zhao", application, action)
    assert world.hand(who).get(f"/certifications/{application['id']}").json["allowed_actions"] == ["withdraw"]
    for action in actions:
        more = {
            "publish": {"contact": a.OFFICE},
            "return": {"reason": "补", "items": ITEMS},
            "reject": {"reason": "补"},
        }
        body = {"revision": application["revision"], **more.get(action, {})}
        assert code(world.hand(who).post(to(application, action), body)) == (403, "separate_hands")


def test_nobody_decides_at_two_levels(world, owner):
    a.also(owner, "zhao", Role.DISTRICT_REVIEWER, DONGXIHU)
    application = a.approved(world)
    body = {"revision": application["revision"], "contact": a.OFFICE}
    assert code(world.zhao.post(to(application, "publish"), body)) == (403, "separate_hands")
    published = a.act(world, "zhou", application, "publish", contact=a.OFFICE)
    a.end_notice(owner, application["id"])
    assert code(world.zhao.post(to(published, "certify"), {"revision": published["revision"]})) == (
        403,
        "separate_hands",
    )
    batch = world.zhao.post("/certification-batches", {"district": DONGXIHU}).json
    assert batch["certified"] == [] and [r["code"] for r in batch["refused"]] == ["separate_hands"]
    assert a.act(world, "wu", published, "certify")["status"] == "certified"


def test_hands_stay_separate_after_a_return_and_another_persons_resubmission(world, owner):
    """The first filer does not become a reviewer because a colleague resubmitted; nor the reviewer an applicant."""
    a.also(owner, "wang", Role.SUBDISTRICT_REVIEWER, JIANGJUNLU)
    a.also(owner, "zhao", *FILES_TOO)
    application = a.returned(world)
    assert code(resubmit(world, application, "zhao")) == (403, "separate_hands")
    assert code(world.zhao.post(to(application, "withdraw"), {"revision": application["revision"]})) == (
        403,
        "separate_hands",
    )
    application = resubmit(world, application, "li").json
    for who in ("wang", "li"):
        assert (
            world.hand(who).post(to(application, "approve"), {"revision": application["revision"]}).status_code == 403
        )
    assert a.act(world, "sun", application, "approve")["status"] == "district_review"


def test_nobody_answers_an_objection_to_what_they_filed(world, owner):
    a.also(owner, "wu", *FILES_TOO)
    application = world.wu.post("/certifications", {"unit": READY}).json
    application = a.act(world, "zhao", application, "approve")
    receipt = a.objection(world, a.act(world, "zhou", application, "publish", contact=a.OFFICE))
    for action in ("admit", "dismiss"):
        body = {"revision": 1, "action": action, "reason": "没有此事"}
        assert code(world.wu.post(f"/objections/{receipt['id']}/answer", body)) == (403, "separate_hands")
    assert world.wu.get("/objections").json["items"][0]["allowed_actions"] == []
    assert a.answer(world, receipt, "dismiss", "zhou")["status"] == "dismissed"


# --- Late reports ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "age, becomes", [(0, "revoked"), (1, "revoked"), (13, "revoked"), (14, "certified"), (40, "certified")]
)
def test_a_confirmed_case_reported_late_counts_if_it_lies_in_the_window_that_was_judged(age, becomes, world, owner):
    certified = a.certified(world, owner)
    a.case(world, "confirmed", days_ago=age)
    assert a.now(world, certified)["status"] == becomes


@pytest.mark.parametrize("category", ["suspected", "fever", "close_contact", "asymptomatic"])
def test_the_other_categories_suspend_until_resolved(category, world, owner):
    certified = a.certified(world, owner)
    event = a.case(world, category, days_ago=2)
    assert a.now(world, certified)["status"] == "suspended"
    a.resolve(world, event, "released")
    assert a.now(world, certified)["status"] == "certified"


def test_a_suspicion_that_is_confirmed_revokes(world, owner):
    certified = a.certified(world, owner)
    event = a.case(world, "suspected")
    body = {"category": "confirmed", "effective_on": TODAY().isoformat(), "source": "疾控通报"}
    assert world.chen.post(f"/cases/{event['case_id']}/events", body).status_code == 201
    assert a.now(world, certified)["status"] == "revoked"


def test_a_case_next_door_changes_nothing_here_and_one_in_a_building_does(world, owner):
    certified = a.certified(world, owner)
    a.case(world, "suspected", place=SECOND)
    assert a.now(world, certified)["status"] == "certified"
    a.case(world, "suspected", place=BUILDING)
    assert a.now(world, certified)["status"] == "suspended"


# --- Frozen evidence ------------------------------------------------------------------------------------------


def test_later_edits_of_the_daily_records_do_not_change_the_filing(world, app, owner):
    application = a.filed(world)
    filing = a.now(world, application)["filing"]
    assert filing["verdict"]["pack_version"] == application["pack_version"] and len(filing["records"]) == 14
    spoiled(app, 9, disinfection_rounds=0)
    entry = {"place_code": READY, "day": days_ago(1).isoformat(), "disinfection_rounds": 0}
    assert world.wang.post("/daily-records", {"entries": [entry]}).status_code == 200
    assert a.now(world, application)["filing"] == filing


@pytest.mark.parametrize("table", ["filing", "audit_event"])
@pytest.mark.parametrize("change", ["UPDATE {} SET created_at = now()", "DELETE FROM {}"])
def test_the_record_refuses_to_be_rewritten_even_by_its_owner(table, change, world, owner):
    a.filed(world)
    with pytest.raises(psycopg.errors.RestrictViolation, match="append-only"):
        owner.execute(change.format(table))


def test_the_verbs_refuse_by_themselves_what_no_route_would_ask(world, app):
    """The same refusals below HTTP: a job or a command gets no further than a request."""
    application = a.filed(world)
    with app.app_context():
        for name in ("other_grid", "nobody", "he"):
            with pytest.raises(Exception) as refused, unit_of_work():
                service.review(actor(name), application["id"], "withdraw", application["revision"], None)
            assert refused.value.status == 404
        assert not any(invariants.counts().values())
