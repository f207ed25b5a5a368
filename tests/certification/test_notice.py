"""The public notice: its clock, objections to it, the re-check at its end; batches; suspension and return."""

from datetime import datetime, timedelta

import pytest

from backend.certification import deadlines, service
from backend.core import clock, invariants
from backend.core.errors import DomainError
from backend.core.public_cache import cache
from backend.core.transaction import unit_of_work
from tests.cast import DONGXIHU, HONGSHAN, MACHIDUN, READY, SECOND
from tests.factories import applications as a
from tests.factories.world import actor, spoil


@pytest.fixture(autouse=True)
def nothing_is_broken(world, app):
    yield
    with app.app_context():
        assert not {name: n for name, n in invariants.counts().items() if n}


def status(world, application):
    return a.now(world, application)["status"]


def certify(world, application, who="zhou"):
    body = {"revision": a.now(world, application)["revision"]}
    return world.hand(who).post(f"/certifications/{application['id']}/certify", body)


def moment(text):
    return datetime.fromisoformat(text)


def pass_days(owner, days):
    """So many days of the notice have gone by."""
    shift = "notice_starts_at = notice_starts_at - %(d)s, notice_ends_at = notice_ends_at - %(d)s"
    owner.execute(f"UPDATE application SET {shift}", {"d": timedelta(days=days)})


def spoiled(app, days_ago, **changed):
    with app.app_context(), unit_of_work():
        spoil(READY, clock.today() - timedelta(days=days_ago), **changed)


# --- The clock ------------------------------------------------------------------------------------------------


def test_the_period_is_the_packs_and_the_databases_clock_decides(world, owner, app, monkeypatch):
    published = a.published(world)
    starts, ends = moment(published["notice_starts_at"]), moment(published["notice_ends_at"])
    assert ends - starts == timedelta(hours=72)
    assert abs(starts - owner.execute("SELECT now()").fetchone()[0]) < timedelta(seconds=5)
    monkeypatch.setattr(clock, "now", lambda: datetime.now(clock.UTC) + timedelta(days=30))
    with app.app_context(), pytest.raises(DomainError, match="notice_running"), unit_of_work():
        service.certify(actor("zhou"), published["id"], published["revision"])


def test_frozen_days_resume_and_are_never_shortened(world, owner):
    published = a.published(world)
    pass_days(owner, 1)
    for category in ("suspected", "fever"):  # twice: nothing is lost on the way
        event = a.case(world, category)
        frozen = a.now(world, published)
        assert (frozen["status"], frozen["notice_ends_at"]) == ("notice_frozen", None)
        kept = frozen["notice_remaining_seconds"]
        assert 48 * 3600 - 60 < kept < 48 * 3600
        a.resolve(world, event)
        resumed = a.now(world, published)
        assert (resumed["status"], resumed["notice_remaining_seconds"]) == ("public_notice", None)
        left = moment(resumed["notice_ends_at"]) - moment(resumed["history"][-1]["at"])
        assert left > timedelta(seconds=kept - 1)
    assert certify(world, published).json["code"] == "notice_running"


def test_a_notice_frozen_after_its_end_is_over_as_soon_as_it_resumes(world, owner):
    application = a.notice_over(world, owner)
    event = a.case(world)
    assert a.now(world, application)["notice_remaining_seconds"] == 0
    a.resolve(world, event)
    assert certify(world, application).status_code == 200


def test_a_suspicion_that_arose_during_the_review_freezes_the_notice_at_once(world):
    application = a.approved(world)
    a.case(world)
    application = a.now(world, application)
    assert application["status"] == "district_review"
    assert a.act(world, "zhou", application, "publish", contact=a.OFFICE)["status"] == "notice_frozen"


@pytest.mark.parametrize("stage, held, free", [
    ("public_notice", "notice_frozen", "public_notice"), ("certified", "suspended", "certified"),
])  # fmt: skip
def test_only_the_last_of_several_suspicions_lets_it_go_on(stage, held, free, world, owner, app):
    application = a.at(stage, world, owner, app)
    events = [a.case(world, category) for category in ("suspected", "fever", "close_contact")]
    for event in events:
        assert status(world, application) == held
        a.resolve(world, event)
    assert status(world, application) == free


# --- Objections -----------------------------------------------------------------------------------------------


def accountability(owner):
    return owner.execute("SELECT count(*) FROM accountability_case").fetchone()[0]


def test_anyone_objects_without_signing_in_and_follows_the_answer_by_its_number(world):
    application = a.published(world)
    receipt = a.objection(world, application)
    assert receipt["status"] == "received" and "text" not in receipt
    a.answer(world, receipt, "dismiss")
    seen = world.public.get(f"/public/objections/{receipt['id']}").json
    assert (seen["status"], seen["answer"]) == ("dismissed", "已到现场核实")
    assert world.public.get(f"/public/objections/{application['id']}").status_code == 404
    assert status(world, application) == "public_notice"


def test_the_public_is_limited_and_the_staff_is_not(world, app):
    application = a.published(world)
    path = f"/public/notices/{application['id']}/objections"
    allowed = int(app.config["OBJECTION_LIMIT"].split()[0])
    answers = [world.public.post(path, {"text": "三号楼没有消杀。"}) for _ in range(allowed + 1)]
    assert [answer.status_code for answer in answers] == [201] * allowed + [429]
    assert answers[-1].json["code"] == "too_many_requests" and answers[-1].headers["Retry-After"]
    by_phone = {"application_id": application["id"], "text": "老人来电反映。", "channel": "phone"}
    assert world.chen.post("/objections", by_phone).status_code == 201


@pytest.mark.parametrize("channel", ["phone", "paper", "in_person"])
def test_staff_take_down_an_objection_for_someone(channel, world, owner):
    application = a.published(world)
    body = {
        "application_id": application["id"],
        "text": "老人来反映门岗没人。",
        "contact": "82345678",
        "channel": channel,
    }
    taken = world.chen.post("/objections", body)
    assert taken.status_code == 201, taken.text
    shown = world.zhou.get("/objections").json["items"][0]
    assert (shown["channel"], shown["text"], shown["has_contact"]) == (channel, body["text"], True)
    signed = "SELECT demo_name FROM app_user JOIN objection ON recorded_by = app_user.id"
    assert owner.execute(signed).fetchone() == ("chen",)
    assert world.chen.post("/objections", {**body, "channel": "online"}).status_code == 422
    assert world.nobody.post("/objections", body).status_code == 403


@pytest.mark.parametrize(
    "stage, due", [("submitted", 409), ("certified", 409), ("rejected", 409), ("notice_frozen", 201)]
)
def test_objections_are_to_a_notice(stage, due, world, owner, app):
    application = a.at(stage, world, owner, app)
    answer = world.public.post(f"/public/notices/{application['id']}/objections", {"text": "三号楼没有消杀。"})
    assert answer.status_code == due


def test_an_admitted_objection_freezes_and_overruling_it_lets_the_notice_go_on(world):
    application = a.published(world)
    first, second = a.objection(world, application), a.objection(world, application)
    assert status(world, application) == "public_notice"
    a.answer(world, first, "admit")
    a.answer(world, second, "admit")
    a.answer(world, first, "overrule")
    assert status(world, application) == "notice_frozen"
    a.answer(world, second, "overrule")
    assert status(world, application) == "public_notice"


def test_objections_and_suspicions_hold_the_notice_each_for_itself(world):
    application = a.published(world)
    receipt = a.objection(world, application)
    event = a.case(world)
    a.answer(world, receipt, "admit")
    a.resolve(world, event)
    assert status(world, application) == "notice_frozen"
    a.answer(world, receipt, "overrule")
    assert status(world, application) == "public_notice"


@pytest.mark.parametrize("falsified", [True, False])
def test_an_upheld_objection_ends_the_application(falsified, world, owner):
    application = a.published(world)
    receipt = a.objection(world, application)
    a.answer(world, receipt, "admit")
    a.answer(world, receipt, "uphold", falsified=falsified)
    assert status(world, application) == "rejected"
    assert accountability(owner) == falsified


def test_two_objections_that_prove_it_false_open_one_accountability_record(world, owner):
    application = a.published(world)
    for receipt in [a.objection(world, application) for _ in range(2)]:
        a.answer(world, receipt, "admit")
        a.answer(world, receipt, "uphold", falsified=True)
    assert (status(world, application), accountability(owner)) == ("rejected", 1)


def test_an_objection_upheld_after_the_notice_was_sent_back_still_ends_the_application(world, owner, app):
    """Any open state → rejected: that the re-check returned it meanwhile does not save it."""
    application = a.published(world)
    receipt = a.objection(world, application)
    spoiled(app, 9, disinfection_rounds=0)
    a.end_notice(owner, application["id"])
    a.later(app, owner)
    assert status(world, application) == "returned"
    a.answer(world, receipt, "admit")
    a.answer(world, receipt, "uphold")
    assert status(world, application) == "rejected"


def test_no_certificate_while_an_objection_is_open(world, owner):
    application = a.notice_over(world, owner)
    receipt = a.objection(world, application)
    refused = certify(world, application)
    assert (refused.status_code, refused.json["code"]) == (422, "objection_open")
    a.answer(world, receipt, "admit")
    assert certify(world, application).status_code == 409
    a.answer(world, receipt, "overrule")
    assert certify(world, application).status_code == 200


def test_fraud_revokes_and_opens_an_accountability_record(world, owner):
    application = a.certified(world, owner)
    a.act(world, "wu", application, "revoke", reason="查实台账造假")
    assert (status(world, application), accountability(owner)) == ("revoked", 1)


# --- The end of the notice ------------------------------------------------------------------------------------


def jobs_todo(owner):
    return owner.execute(
        "SELECT task_name, scheduled_at FROM procrastinate_jobs"
        " WHERE status = 'todo' AND task_name LIKE 'certification.%' ORDER BY id"
    ).fetchall()


def settled(world, application):
    found = a.now(world, application)
    return found["status"], found["revision"], len(found["history"])


def test_the_job_waits_for_the_end_and_an_early_run_does_nothing(world, owner, app):
    application = a.published(world)
    assert jobs_todo(owner) == [("certification.end_notice", moment(application["notice_ends_at"]))]
    before = settled(world, application)
    spoiled(app, 9, disinfection_rounds=0)
    a.later(app, owner)
    assert settled(world, application) == before and jobs_todo(owner) == []
    failed = owner.execute("SELECT count(*) FROM procrastinate_jobs WHERE status = 'failed' OR attempts > 1")
    assert failed.fetchone() == (0,)


def test_a_sound_application_waits_for_the_districts_signature(world, owner, app):
    application = a.notice_over(world, owner)
    before = settled(world, application)
    a.later(app, owner)
    assert settled(world, application) == before
    assert certify(world, application).status_code == 200


def test_what_can_be_mended_today_stays_until_it_is_mended(world, owner, app):
    application = a.notice_over(world, owner)
    spoiled(app, 1, disputes_open=1)
    a.later(app, owner)
    assert status(world, application) == "public_notice"
    refused = certify(world, application)
    assert (refused.status_code, refused.json["code"]) == (422, "recheck_failed")
    assert [criterion["id"] for criterion in refused.json["criteria"]] == ["stability"]
    yesterday = (clock.today() - timedelta(days=1)).isoformat()
    mended = {"entries": [{"place_code": READY, "day": yesterday, "disputes_open": 0}]}
    assert world.wang.post("/daily-records", mended).status_code == 200
    assert certify(world, application).status_code == 200


def test_what_cannot_be_mended_is_returned_with_its_items_named_and_once_only(world, owner, app):
    application = a.notice_over(world, owner)
    spoiled(app, 9, disinfection_rounds=0, gate_inspections=0)
    a.later(app, owner)
    returned = a.now(world, application)
    assert (returned["status"], returned["reopened"]) == ("returned", ["closed_management", "disinfection"])
    assert (returned["notice_ends_at"], returned["notice_remaining_seconds"]) == (None, None)
    assert returned["return_due_at"] and [task for task, _ in jobs_todo(owner)] == ["certification.lapse"]
    before = settled(world, application)
    once_more(app, deadlines.end_notice, application)
    assert settled(world, application) == before


def test_a_job_for_an_end_that_was_put_off_does_nothing(world, owner, app):
    application = a.published(world)
    event = a.case(world)
    a.later(app, owner)
    assert status(world, application) == "notice_frozen"
    a.resolve(world, event)
    resumed = a.now(world, application)
    assert jobs_todo(owner) == [("certification.end_notice", moment(resumed["notice_ends_at"]))]


def test_a_return_that_is_never_mended_lapses_on_its_day(world, owner, app):
    application = a.returned(world)
    due = moment(application["return_due_at"])
    assert jobs_todo(owner) == [("certification.lapse", due)]
    assert abs(due - owner.execute("SELECT now() + interval '7 days'").fetchone()[0]) < timedelta(seconds=5)
    a.later(app, owner)
    assert status(world, application) == "returned"  # not yet
    owner.execute("UPDATE application SET return_due_at = now()")
    once_more(app, deadlines.lapse, application)
    assert status(world, application) == "lapsed"
    before = settled(world, application)
    once_more(app, deadlines.lapse, application)
    assert settled(world, application) == before


def once_more(app, job, application):
    """The job's work, whatever became of its row in the queue."""
    with app.app_context(), unit_of_work():
        job(application["id"])


# --- Batches --------------------------------------------------------------------------------------------------


def sign(world, who="zhou", district=DONGXIHU):
    return world.hand(who).post("/certification-batches", {"district": district})


def test_one_signature_certifies_all_that_are_ready_and_names_the_others(world, owner):
    ready, objected = a.notice_over(world, owner), a.notice_over(world, owner, SECOND)
    receipt = a.objection(world, objected)
    batch = sign(world)
    assert batch.status_code == 200, batch.text
    assert [(c["id"], c["status"], c["batch"]["number"]) for c in batch.json["certified"]] == [
        (ready["id"], "certified", 1)
    ]
    assert [(r["application_id"], r["code"]) for r in batch.json["refused"]] == [(objected["id"], "objection_open")]
    assert batch.json["refused"][0]["detail"]
    # The rest of the day joins the same batch; the next day's is the next number.
    a.answer(world, receipt, "dismiss")
    assert sign(world).json["certified"][0]["batch"] == batch.json["certified"][0]["batch"]
    assert sign(world).json == {"certified": [], "refused": []}
    listed = world.public.get("/public/batches", district=DONGXIHU).json["items"]
    assert [(b["number"], [u["code"] for u in b["units"]]) for b in listed] == [(1, [READY, SECOND])]


def test_batches_are_numbered_one_a_day_in_each_district(world, owner):
    assert a.certified(world, owner)["batch"]["number"] == 1
    owner.execute("UPDATE batch SET day = day - 1")
    second = a.certified(world, owner, SECOND)["batch"]
    assert second == {"number": 2, "day": clock.today().isoformat()}


@pytest.mark.parametrize("who, district, due", [
    ("zhou", MACHIDUN, 200), ("zhou", "4201", 404), ("zhou", HONGSHAN, 404), ("other_district", DONGXIHU, 404),
    ("zhao", DONGXIHU, 403), ("wang", DONGXIHU, 403), ("zheng", DONGXIHU, 403), ("nobody", DONGXIHU, 403),
])  # fmt: skip
def test_who_signs(who, district, due, world, owner):
    application = a.notice_over(world, owner)
    assert sign(world, who, district).status_code == due
    assert status(world, application) == ("certified" if due == 200 else "public_notice")


# --- What the certificate keeps -------------------------------------------------------------------------------


def test_suspended_days_count_as_continuous(world, owner):
    """DOMAIN section 3: seven consecutive days loosen the control; a suspicion that is excluded does not break them."""

    def page():
        cache.clear()  # the news of a change reaches the cache in its own time
        return world.public.get(f"/public/places/{READY}").json

    application = a.certified(world, owner)
    owner.execute(
        "UPDATE application SET notice_ends_at = notice_ends_at - interval '7 days',"
        " certified_at = certified_at - interval '7 days'"
    )
    event = a.case(world)
    suspended = page()
    assert (suspended["certified"], suspended["certified_days"]) == (False, 7)
    a.resolve(world, event)
    restored = page()
    assert (restored["certified"], restored["certified_days"]) == (True, 7)
    found = a.now(world, application)
    assert found["suspended_at"] is None and found["batch"] == application["batch"]
