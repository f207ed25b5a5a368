"""From the claim to the end: lease, extension, giving back, completion in its four ways, a second person's word."""

import uuid
from datetime import timedelta

import pytest

from backend.core import clock
from backend.core.permissions import Role
from backend.volunteering.tasks import deadlines
from backend.volunteering.tasks.holding import completion_code
from tests.cast import BUILDING, READY
from tests.factories import groupbuy as g
from tests.factories import tasks as t
from tests.factories.claims import jpeg


@pytest.fixture
def helpers(app, world):
    """qian who carries, feng who coordinates."""
    return t.helper(app, "qian"), t.helper(app, "feng", Role.COORDINATOR)


def refused(answer, status, code):
    assert (answer.status_code, answer.json["code"]) == (status, code), answer.text
    return answer.json


def later(owner, claim):
    """The lease has just run out."""
    owner.execute("UPDATE task_claim SET lease_until = now() - interval '1 s' WHERE id = %s", [claim["id"]])


def jobs(app):
    with app.app_context():
        deadlines.expire_leases()
        deadlines.pass_hours()


# --- Done -------------------------------------------------------------------------------------------------------


def test_the_code_of_the_one_it_is_for_ends_it(world, app, helpers):
    task_id = t.task(app)
    claim = t.begun(world, "qian", task_id)
    code = t.show(world, task_id)["code"]
    assert code == completion_code(uuid.UUID(task_id)) and t.show(world, task_id, "qian")["code"] is None
    wrong = f"{(int(code) + 1) % 10**6:06d}"
    assert refused(t.act(world, "qian", claim, "done", how="code", code=wrong), 422, "wrong_code")["left"] == 4
    ended = t.done(world, "qian", claim, "done", how="code", code=code)
    assert (ended["status"], t.show(world, task_id)["status"]) == ("verified", "closed")
    assert not g.sound(app)


def test_five_wrong_codes_and_another_way_must_be_found(world, app, helpers):
    task_id = t.task(app)
    claim = t.begun(world, "qian", task_id)
    wrong = f"{(int(completion_code(uuid.UUID(task_id))) + 7) % 10**6:06d}"
    for left in (4, 3, 2, 1, 0):
        answer = t.act(world, "qian", claim, "done", how="code", code=wrong)
        assert refused(answer, 422, "wrong_code")["left"] == left
    right = completion_code(uuid.UUID(task_id))
    refused(t.act(world, "qian", claim, "done", how="code", code=right), 409, "code_locked")


@pytest.mark.parametrize("how", ["photo", "signature"])
def test_a_photo_or_a_signature_and_a_second_person(world, app, helpers, how):
    task_id = t.task(app)
    claim = t.begun(world, "qian", task_id)
    refused(t.act(world, "qian", claim, "done", how=how), 422, "photo_missing")
    photo = g.ok(world.qian.upload(f"/task-claims/{claim['id']}/photos", jpeg(), "image/jpeg"), 201)
    assert t.done(world, "qian", claim, "done", how=how)["status"] == "done"
    assert world.feng.get(f"/task-photos/{photo['id']}").status_code == 200
    assert world.he.get(f"/task-photos/{photo['id']}").status_code == 404
    assert t.act(world, "qian", claim, "verify").status_code == 403
    assert t.done(world, "feng", claim, "verify")["status"] == "verified"
    assert t.show(world, task_id)["status"] == "closed"
    assert not g.sound(app)


def test_nobody_verifies_what_they_did_themselves(world, app, helpers):
    claim = t.begun(world, "feng", t.task(app))
    g.ok(world.feng.upload(f"/task-claims/{claim['id']}/photos", jpeg(), "image/jpeg"), 201)
    t.done(world, "feng", claim, "done", how="photo")
    refused(t.act(world, "feng", claim, "verify"), 403, "separate_hands")
    t.done(world, "li", claim, "verify")


def test_who_can_look_the_code_up_is_no_second_person(world, app, helpers):
    """The coordinator reads every code there; telling one ends their own task, and somebody else verifies it."""
    task_id = t.task(app)
    claim = t.begun(world, "feng", task_id)
    code = t.show(world, task_id, "feng")["code"]
    assert t.done(world, "feng", claim, "done", how="code", code=code)["status"] == "done"
    refused(t.act(world, "feng", claim, "verify"), 403, "separate_hands")
    assert t.done(world, "li", claim, "verify")["status"] == "verified" and not g.sound(app)


def test_nobody_verifies_what_another_took_down_for_them(world, app, helpers):
    t.helper(app, "liu", Role.BUILDING_HEAD)
    asked = g.ok(world.li.post(f"/tasks/{t.task(app)}/assign", {"volunteer_id": helpers[1]}), 201)
    for action, more in (("accept", {}), ("start", {}), ("done", {"how": "building_head"})):
        t.done(world, "liu", asked, action, **more)
    refused(t.act(world, "feng", asked, "verify"), 403, "separate_hands")
    t.done(world, "li", asked, "verify")


def test_work_that_was_not_done_is_open_again(world, app, helpers):
    task_id = t.task(app)
    claim = t.begun(world, "qian", task_id)
    g.ok(world.qian.upload(f"/task-claims/{claim['id']}/photos", jpeg(), "image/jpeg"), 201)
    t.done(world, "qian", claim, "done", how="photo")
    refused(t.act(world, "feng", claim, "reject"), 422, "reason_required")
    assert t.done(world, "feng", claim, "reject", reason="门口没有看到东西")["failure"] == "not_done"
    shown = t.show(world, task_id)
    assert (shown["status"], shown["taken"], shown["urgency"]) == ("open", 0, 2)
    assert not g.sound(app)


# --- Assigned ---------------------------------------------------------------------------------------------------


def test_the_coordinator_asks_and_the_volunteer_answers(world, app, helpers):
    qian, _ = helpers
    first, second = t.task(app), t.task(app)
    asked = g.ok(world.feng.post(f"/tasks/{first}/assign", {"volunteer_id": qian}), 201)
    refused(t.act(world, "qian", asked, "start"), 409, "not_now")
    assert t.done(world, "qian", asked, "accept")["status"] == "accepted"
    asked = g.ok(world.feng.post(f"/tasks/{second}/assign", {"volunteer_id": qian}), 201)
    assert t.done(world, "qian", asked, "decline")["status"] == "declined"
    assert t.show(world, second)["taken"] == 0
    assert not g.sound(app)


def test_who_says_they_are_not_well_does_not_begin(world, app, helpers):
    claim = t.claimed(world, "qian", t.task(app))
    t.said(app, helpers[0], False)
    refused(t.act(world, "qian", claim, "start"), 409, "health_unknown")


def test_yesterday_evening_is_told_after_midnight(world, app, owner, helpers):
    """What counts is how they were on the day they began."""
    claim = t.claimed(world, "qian", t.task(app))
    owner.execute("UPDATE task_claim SET claimed_at = now() - interval '2 days', starts_at = now() - interval '1 day'")
    at = (clock.now() - timedelta(days=1)).isoformat()
    refused(t.act(world, "qian", claim, "start", at=at), 409, "health_unknown")
    owner.execute("UPDATE fitness SET day = day - 1 WHERE volunteer_id = %s", [helpers[0]])
    assert t.done(world, "qian", claim, "start", at=at)["started_at"] == at


def test_not_before_its_time(world, app, helpers):
    claim = t.claimed(world, "qian", t.shift(app, 3))
    assert refused(t.act(world, "qian", claim, "start"), 409, "too_early")["begin_from"]


def test_two_go_together(world, app, helpers):
    task_id = t.task(app, needs_pair=True)
    claim = t.claimed(world, "qian", task_id)
    refused(t.act(world, "qian", claim, "start"), 409, "pair_missing")
    other = t.claimed(world, "feng", task_id)
    assert {t.done(world, who, one, "start")["status"] for who, one in (("qian", claim), ("feng", other))} == {
        "in_progress"
    }


# --- The lease --------------------------------------------------------------------------------------------------


def test_a_lease_runs_out_and_nobody_is_blamed(world, app, owner, helpers):
    task_id = t.task(app)
    claim = t.claimed(world, "qian", task_id)
    jobs(app)
    assert t.status(world, claim) == "claimed"
    later(owner, claim)
    assert g.ok(world.qian.get(f"/task-claims/{claim['id']}"))["reminder_due"]
    jobs(app)
    jobs(app)
    shown = t.show(world, task_id)
    assert (t.status(world, claim), shown["taken"], shown["urgency"]) == ("lease_expired", 0, 2)
    again = t.claimed(world, "qian", task_id)
    assert again["id"] != claim["id"]
    assert not g.sound(app)


def test_more_time_by_one_tap_twice(world, app, owner, helpers):
    claim = t.claimed(world, "qian", t.task(app))
    before = claim["lease_until"]
    for left in (1, 0):
        extended = t.done(world, "qian", claim, "extend")
        assert extended["lease_until"] > before and extended["extensions_left"] == left
        before = extended["lease_until"]
    refused(t.act(world, "qian", claim, "extend"), 409, "extended_enough")


def test_who_is_at_work_keeps_it(world, app, owner, helpers):
    claim = t.begun(world, "qian", t.task(app))
    later(owner, claim)
    jobs(app)
    assert t.status(world, claim) == "in_progress"


def test_given_back_with_or_without_a_word(world, app, helpers):
    for excuse in (None, "work"):
        task_id = t.task(app)
        claim = t.claimed(world, "qian", task_id)
        assert t.done(world, "qian", claim, "release", excuse=excuse)["status"] == "released"
        assert (t.show(world, task_id)["taken"], t.show(world, task_id)["urgency"]) == (0, 1)
    assert not g.sound(app)


# --- It could not be done ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("failure", ["not_home", "not_ready", "refused", "wrong_address", "unsafe"])
def test_what_could_not_be_done(world, app, helpers, failure):
    task_id = t.task(app)
    claim = t.begun(world, "qian", task_id)
    failed = t.done(world, "qian", claim, "fail", failure=failure)
    assert (failed["status"], failed["failure"]) == ("failed", failure)
    shown = t.show(world, task_id)
    assert (shown["status"], shown["taken"]) == ("open" if failure in ("not_home", "not_ready") else "held", 0)
    if shown["status"] == "held":
        answer = world.qian.post(f"/tasks/{task_id}/claim")
        assert answer.json["code"] == "not_open"
        body = {"revision": shown["revision"], "reason": "打过电话了"}
        assert g.ok(world.feng.post(f"/tasks/{task_id}/reopen", body))["status"] == "open"
    t.claimed(world, "qian", task_id)
    assert not g.sound(app)


def test_who_does_not_come_and_who_is_asked_next(world, app, owner, helpers):
    """Same building, same role, building head, coordinator: each ten minutes more of them."""
    t.helper(app, "xu", role=Role.GATE_DUTY, base_code=BUILDING)
    away = f"{READY[:12]}-002"
    t.helper(app, "lin", role=Role.GATE_DUTY, base_code=away)
    t.helper(app, "liu", Role.BUILDING_HEAD, base_code=away, post_at=BUILDING)
    owner.execute("UPDATE volunteer SET base_code = %s WHERE id = ANY(%s::uuid[])", [away, list(helpers)])
    task_id = t.task(app, role="transporter")
    claim = t.claimed(world, "qian", task_id)
    refused(t.act(world, "liu", claim, "no-show"), 403, "forbidden")
    assert t.done(world, "feng", claim, "no-show")["status"] == "no_show"
    shown = t.show(world, task_id)
    asked = [(one["name"], one["rung"], one["now"]) for one in shown["asked"]]
    assert asked == [("x**", "same_building", True), ("l**", "building_head", False), ("f**", "coordinator", False)]
    owner.execute("UPDATE task SET freed_at = now() - interval '25 min' WHERE id = %s", [task_id])
    assert [one["now"] for one in t.show(world, task_id)["asked"]] == [True, True, False]
    assert "别人来不了，轮到问您" not in t.list_of(world, "lin")[task_id]["why"]
    assert not g.sound(app)


def test_a_shift_that_is_not_due_is_no_no_show(world, app, helpers):
    claim = t.claimed(world, "qian", t.shift(app))
    refused(t.act(world, "feng", claim, "no-show"), 409, "not_due")


# --- The hour passes --------------------------------------------------------------------------------------------


def test_a_shift_nobody_came_to_has_lapsed(world, app, owner, helpers):
    missed, stood = t.shift(app, 0.5), t.shift(app, 0.5, capacity=2)
    claim = t.begun(world, "qian", stood)
    t.done(world, "qian", claim, "done", how="code", code=completion_code(uuid.UUID(stood)))
    owner.execute("UPDATE task SET starts_at = now() - interval '3 h', ends_at = now() - interval '1 h'")
    jobs(app)
    assert [t.show(world, one)["status"] for one in (missed, stood)] == ["lapsed", "closed"]
    assert not g.sound(app)


def test_what_nobody_has_verified_yet_stands_in_no_others_way(world, app, owner, helpers, monkeypatch):
    """A round looks at so many shifts: those that wait for a person's word are not among them."""
    monkeypatch.setattr(deadlines, "ROUND", 1)
    waiting, missed = t.shift(app, 0.5), t.shift(app, 0.5)
    claim = t.begun(world, "qian", waiting)
    g.ok(world.qian.upload(f"/task-claims/{claim['id']}/photos", jpeg(), "image/jpeg"), 201)
    t.done(world, "qian", claim, "done", how="photo")
    past = "UPDATE task SET starts_at = now() - interval '5 h', ends_at = now() - %s::interval WHERE id = %s"
    for ago, task_id in (("3 h", waiting), ("1 h", missed)):
        owner.execute(past, [ago, task_id])
    jobs(app)
    assert [t.show(world, one)["status"] for one in (waiting, missed)] == ["open", "lapsed"]
    t.done(world, "feng", claim, "verify")
    jobs(app)
    assert t.show(world, waiting)["status"] == "closed"


def test_cancelled_whoever_holds_it(world, app, helpers):
    task_id = t.task(app, capacity=2)
    claims = [t.claimed(world, "qian", task_id), t.begun(world, "feng", task_id)]
    revision = t.show(world, task_id)["revision"]
    refused(world.feng.post(f"/tasks/{task_id}/cancel", {"revision": revision}), 422, "reason_required")
    cancelled = g.ok(world.feng.post(f"/tasks/{task_id}/cancel", {"revision": revision, "reason": "车坏了"}))
    assert cancelled["status"] == "cancelled"
    assert [t.status(world, claim) for claim in claims] == ["cancelled"] * 2
    assert t.show(world, task_id)["taken"] == 0 and not g.sound(app)


def test_fewer_came_and_it_is_done_all_the_same(world, app, helpers):
    task_id = t.task(app, capacity=4)
    claim = t.begun(world, "qian", task_id)
    close = {"revision": t.show(world, task_id)["revision"]}
    refused(world.feng.post(f"/tasks/{task_id}/close", close), 409, "still_held")
    t.done(world, "qian", claim, "done", how="code", code=completion_code(uuid.UUID(task_id)))
    assert g.ok(world.feng.post(f"/tasks/{task_id}/close", close))["status"] == "closed"


def test_one_acts_on_what_one_has_seen(world, app, helpers):
    claim = t.claimed(world, "qian", t.task(app))
    t.done(world, "qian", claim, "extend")
    answer = world.qian.post(f"/task-claims/{claim['id']}/start", {"revision": 1})
    refused(answer, 409, "stale")


def test_another_volunteer_neither_sees_nor_ends_it(world, app, helpers):
    t.helper(app, "xu")
    claim = t.begun(world, "qian", t.task(app))
    assert world.xu.get(f"/task-claims/{claim['id']}").status_code == 404
    assert t.act(world, "xu", claim, "fail", failure="not_home").status_code == 404


def test_made_by_hand(world, app):
    begins = clock.now() + timedelta(hours=1)
    body = {"place_code": BUILDING, "kind": "other", "title": "贴通知", "minutes": 20,
            "starts_at": begins.isoformat(), "ends_at": (begins + timedelta(hours=1)).isoformat()}  # fmt: skip
    made = g.ok(world.feng.post("/tasks", body), 201)
    assert made["status"] == "open" and made["id"] in {
        one["id"] for one in g.ok(world.feng.get("/tasks", place=READY))["items"]
    }
    assert world.qian.post("/tasks", body).status_code == 403
    refused(world.other_secretary.post("/tasks", body), 404, "not_found")
    assert not g.sound(app)
