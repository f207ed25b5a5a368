"""What strangers, former holders and busy hands tried on tasks: each was a hole once."""

import uuid

import pytest

from backend.core import clock
from backend.core.transaction import unit_of_work
from backend.volunteering.tasks import deadlines
from backend.volunteering.tasks.standing_down import household_affected
from tests.cast import BUILDING
from tests.factories import groupbuy as g
from tests.factories import tasks as t
from tests.factories.races import in_turn


@pytest.fixture
def door(world, app):
    return g.home(app, "701")


def run_out(app, owner, claim):
    owner.execute("UPDATE task_claim SET lease_until = now() WHERE id = %s", [claim["id"]])
    with app.app_context():
        deadlines.expire_leases()


def tells_of_the_start(world, claim, at):
    events = [{"claim_id": claim["id"], "action": "start", "at": at}]
    return g.ok(world.qian.post("/task-events", {"events": events}))["results"][0]["outcome"]


def dismissed(owner, who):
    owner.execute(
        "UPDATE role_assignment SET ended_at = now() WHERE user_id = (SELECT id FROM app_user WHERE demo_name = %s)",
        [who],
    )


# --- Addresses --------------------------------------------------------------------------------------------------


def test_no_address_in_what_is_told_of_a_door_nor_in_its_replay(world, app, door):
    t.helper(app, "qian")
    held = t.begun(world, "qian", t.task(app, homes=(door,)))
    path, once = f"/task-claims/{held['id']}/doors/1/settle", uuid.uuid4().hex
    first = world.qian.post(path, {"outcome": "done"}, idempotency_key=once)
    t.done(world, "qian", held, "done", how="doors")
    again = [
        world.qian.post(path, {"outcome": "done"}, idempotency_key=once),
        world.qian.post(path, {"outcome": "done"}),
        world.qian.post(path, {"outcome": "refused"}),
        world.wang.post(path, {"outcome": "done"}),
    ]
    for answer in (first, *again):
        assert "stops" not in (answer.json or {}) and door not in answer.text


def test_a_post_that_has_ended_ends_the_sight_of_the_doors(world, app, owner, door):
    t.helper(app, "qian")
    held = t.begun(world, "qian", t.task(app, homes=(door,)))
    assert world.qian.post(f"/task-claims/{held['id']}/doors").status_code == 200
    dismissed(owner, "qian")
    for path, sent in (("doors", {}), ("doors/1/phone", {"purpose": "deliver"})):
        answer = world.qian.post(f"/task-claims/{held['id']}/{path}", sent)
        assert (answer.status_code, answer.json["code"]) == (403, "no_post")


# --- Told later -------------------------------------------------------------------------------------------------


def test_who_was_sent_to_rest_takes_nothing_up_again_by_telling_it_later(world, app, owner, door):
    volunteer = t.helper(app, "qian")
    held, at = t.claimed(world, "qian", t.task(app, homes=(door,))), clock.now().isoformat()
    run_out(app, owner, held)
    assert world.li.post(f"/volunteers/{volunteer}/stand-down", {"reason": "tired"}).status_code == 204
    assert tells_of_the_start(world, held, at) == "conflict"
    assert world.qian.post(f"/task-claims/{held['id']}/doors").json["code"] == "not_begun"
    assert not g.sound(app)


def test_who_has_left_takes_nothing_up_again(world, app, owner, door):
    volunteer = t.helper(app, "qian")
    held, at = t.claimed(world, "qian", t.task(app, homes=(door,))), clock.now().isoformat()
    run_out(app, owner, held)
    assert world.qian.post(f"/volunteers/{volunteer}/leave", {"revision": 1}).status_code == 204
    assert tells_of_the_start(world, held, at) == "conflict"
    assert not g.sound(app)


def test_what_was_begun_after_the_lease_was_not_begun_in_time(world, app, owner, door):
    t.helper(app, "qian")
    held = t.claimed(world, "qian", t.task(app, homes=(door,), lease_minutes=30))
    long_ago = ", ".join(f"{name} = {name} - interval '5 hours'" for name in ("claimed_at", "starts_at", "ends_at"))
    owner.execute(f"UPDATE task_claim SET {long_ago} WHERE id = %s", [held["id"]])
    run_out(app, owner, held)
    assert tells_of_the_start(world, held, clock.now().isoformat()) == "conflict"
    assert t.status(world, held) == "lease_expired"


# --- Two people -------------------------------------------------------------------------------------------------


def test_the_code_of_ones_own_task_does_not_verify_it(world, app):
    t.helper(app, "liu", role="building_head")
    task_id = t.task(app)
    held = t.begun(world, "liu", task_id)
    code = t.show(world, task_id, "liu")["code"]
    assert t.done(world, "liu", held, "done", how="code", code=code)["status"] == "done"
    assert t.act(world, "liu", held, "verify").json["code"] == "separate_hands"


def test_nobody_signs_both_sides_of_a_hand_over(world, app):
    t.helper(app, "liu", role="building_head")
    taker = t.helper(app, "qian")
    held = t.begun(world, "liu", t.task(app))
    assert "hand_over" in held["allowed_actions"]
    offered = g.ok(t.act(world, "liu", held, "hand-over", to_volunteer_id=taker, custody=["一箱药"]), 201)
    path, yes = f"/hand-overs/{offered['id']}/answer", {"accept": True, "pieces": 1}
    assert world.liu.post(path, yes).status_code == 403
    g.ok(world.qian.post(path, yes))


def test_how_somebody_is_today_is_told_to_no_fellow_volunteer(world, app):
    t.helper(app, "qian")
    unwell, sent_to_rest = t.helper(app, "tang", well=False), t.helper(app, "yang")
    assert world.li.post(f"/volunteers/{sent_to_rest}/stand-down", {"reason": "tired"}).status_code == 204
    held = t.claimed(world, "qian", t.task(app))
    told = [t.act(world, "qian", held, "hand-over", to_volunteer_id=one, custody=[]) for one in (unwell, sent_to_rest)]
    assert {(answer.status_code, answer.json["code"]) for answer in told} == {(409, "cannot_take_over")}


# --- At the same moment -----------------------------------------------------------------------------------------


def test_handed_over_within_a_home_that_is_affected_at_this_moment(world, app, owner):
    """A couple: he gives her his task while both stand down. Neither act waits for the other in a circle."""
    home = g.home(app, "701", who="qian")
    t.helper(app, "qian", household_id=uuid.UUID(home))
    taker = t.helper(app, "tang", household_id=uuid.UUID(home))
    held = t.claimed(world, "qian", t.task(app))
    offered = g.ok(t.act(world, "qian", held, "hand-over", to_volunteer_id=taker, custody=[]), 201)

    def affected():
        with app.app_context(), unit_of_work():
            household_affected(uuid.UUID(home))

    url = app.config["MIGRATION_DATABASE_URL"].replace("+psycopg", "")
    answer, _ = in_turn(
        url,
        "SELECT FROM task_claim WHERE id = %s FOR UPDATE",
        [held["id"]],
        lambda: world.tang.post(f"/hand-overs/{offered['id']}/answer", {"accept": True, "pieces": 0}),
        affected,
    )
    assert answer.status_code == 200, answer.text
    live = "SELECT count(*) FROM task_claim WHERE lease_until IS NOT NULL"
    assert owner.execute(live).fetchone()[0] == 0 and not g.sound(app)


# --- Time -------------------------------------------------------------------------------------------------------


def test_a_task_of_the_year_9999_does_not_close_the_list_of_whoever_takes_it(world, app):
    t.helper(app, "qian")
    far = {"starts_at": "9999-12-31T23:00:00Z", "ends_at": "9999-12-31T23:59:00Z", "minutes": 60}
    answer = world.feng.post("/tasks", {"place_code": BUILDING, "kind": "carry", "title": "送菜", **far})
    assert (answer.status_code, answer.json["code"]) == (422, "too_far_ahead")
