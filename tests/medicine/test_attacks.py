"""What was tried on medicine, its trips and its money: each was a hole once."""

import pytest

from tests.factories import groupbuy as g
from tests.factories import medicine as m
from tests.factories import tasks as t
from tests.factories import trips as trip
from tests.factories.groupbuy import ok
from tests.volunteering.test_attacks import dismissed

PLASTERS = {**m.PLASTERS, "ceiling_fen": 9000}
WHY = "vehicle"


@pytest.fixture
def shop(world, app, home):
    t.helper(app, "qian")
    return trip.pharmacy(world)


@pytest.fixture
def request_(world, home):
    return m.checked(world, "he", PLASTERS)


def written_off(world, goods, loss="broken"):
    return ok(world.li.post(f"/medicine-goods/{goods['id']}/write-offs", {"revision": goods["revision"], "loss": loss}))


# --- The money --------------------------------------------------------------------------------------------------


def test_the_sum_of_what_was_lost_is_not_mended_any_more(world, app, shop, request_):
    made = trip.at_the_counter(world, "qian", shop, request_)
    (goods,) = trip.bought(world, "qian", made, request_, 3000)
    lost = written_off(world, goods)
    answer = world.qian.patch(f"/medicine-purchases/{goods['id']}", {"revision": lost["revision"], "fen": 1})
    assert (answer.status_code, answer.json["code"]) == (409, "not_now")
    assert trip.show(world, made, "qian")["own_fen"] == -3000 and not g.sound(app)


def test_who_asks_at_the_counter_does_not_answer_for_the_household(world, app, shop, neighbours):
    """A building head buys: she may act for the neighbours, and not agree with herself on what they pay."""
    t.helper(app, "liu", role="building_head")
    wanted = m.checked(world, "wang", PLASTERS, household_id=neighbours, consent="voice")
    made = trip.at_the_counter(world, "liu", shop, wanted)
    asks = {"line_id": wanted["lines"][0]["id"], "kind": "price", "fen": 9_000_00}
    question = ok(world.liu.post(f"/medicine-trips/{made['id']}/questions", asks), 201)
    yes = {"accept": True, "consent": "voice"}
    answer = world.liu.post(f"/medicine-questions/{question['id']}/answer", yes)
    assert (answer.status_code, answer.json["code"]) == (403, "separate_hands")
    ok(world.wang.post(f"/medicine-questions/{question['id']}/answer", yes))


# --- What ends --------------------------------------------------------------------------------------------------


def test_refused_on_the_way_and_broken_off_it_is_settled_all_the_same(world, app, shop, request_):
    """Or what the household has told of itself would never be erased."""
    made = trip.at_the_counter(world, "qian", shop, request_)
    trip.bought(world, "qian", made, request_, 3000)
    trip.photographed(world, "qian", made)
    ok(trip.step(world, "qian", made, "leave"))
    ok(trip.refuse(world, "he", request_))
    ok(trip.step(world, "qian", made, "abort", reason=WHY))
    (goods,) = trip.goods(world)
    back = {"revision": goods["revision"], "back_fen": 3000, "receipt": trip.receipt()}
    ok(world.li.post(f"/medicine-goods/{goods['id']}/returns", back))
    assert m.show(world, request_)["status"] == "settled"
    trip.even(world, made)
    ok(trip.reconcile(world, made))
    assert not g.sound(app)


@pytest.mark.parametrize("ends", ["leave", "abort"])
def test_what_broke_at_the_counter_leaves_no_request_behind(world, app, shop, request_, ends):
    """The copy of it is bought on another trip; the first has nothing left to buy and is over."""
    made = trip.at_the_counter(world, "qian", shop, request_)
    (goods,) = trip.bought(world, "qian", made, request_, 3000)
    written_off(world, goods)
    ok(trip.step(world, "qian", made, ends, **({"reason": WHY} if ends == "abort" else {})))
    assert m.show(world, request_)["status"] == "cancelled"
    waiting = [one for one in ok(world.li.get("/medicine-requests"))["items"] if one["status"] != "cancelled"]
    assert [line["status"] for one in waiting for line in one["lines"]] == ["wanted"]
    assert not g.sound(app)


# --- Who needs to know now --------------------------------------------------------------------------------------


def test_handed_over_on_the_way_the_trip_is_the_others(world, app, shop, request_):
    other = t.helper(app, "yang")
    made = trip.sealed(world, shop, request_)
    held = trip.set_out(world, "qian", made)
    ok(trip.step(world, "qian", made, "arrive"))
    offered = ok(t.act(world, "qian", held, "hand-over", to_volunteer_id=other, custody=["购物袋"]), 201)
    ok(world.yang.post(f"/hand-overs/{offered['id']}/answer", {"accept": True, "pieces": 1}))
    look = {"purpose": "buy"}
    assert world.qian.post(f"/medicine-trips/{made['id']}/reveal", look).status_code in (403, 404)
    ok(world.yang.post(f"/medicine-trips/{made['id']}/reveal", look))
    trip.bought(world, "yang", made, request_, 3000)


def test_a_trip_is_not_called_off_behind_its_back(world, app, shop, request_):
    """On the board of tasks a trip and the way to the doors look like any task; cancelled there, the trip would stand
    still with the shopper's list taken away."""

    def cancelled(task_id):
        task = {"revision": t.show(world, task_id)["revision"], "reason": "今天不去了"}
        return world.feng.post(f"/tasks/{task_id}/cancel", task)

    made = trip.at_the_counter(world, "qian", shop, request_)
    answer = cancelled(trip.task_of(app, made["id"]))
    assert (answer.status_code, answer.json["code"]) == (409, "trip_goes_on")
    trip.bought(world, "qian", made, request_, 3000)
    trip.back(world, "qian", made)
    (bags,) = trip.rounds(app, made)
    answer = cancelled(trip.task_of(app, bags))
    assert (answer.status_code, answer.json["code"]) == (409, "round_goes_on")
    ok(trip.hand_over(world, "li", request_))
    assert ok(cancelled(trip.task_of(app, bags)))["status"] == "cancelled"


@pytest.mark.parametrize("action", ["leave", "abort", "hand_out"])
def test_who_had_to_stop_at_once_takes_no_step_of_the_trip(world, app, shop, request_, action):
    volunteer = t.helper(app, "yang")
    made = trip.at_the_counter(world, "yang", shop, request_)
    if action == "hand_out":
        ok(trip.step(world, "yang", made, "leave"))
    assert world.li.post(f"/volunteers/{volunteer}/stand-down", {"reason": "tired"}).status_code == 204
    more = {"reason": WHY} if action == "abort" else {}
    assert trip.step(world, "yang", made, action, **more).status_code in (403, 404)


def test_a_post_that_has_ended_ends_the_sight_of_medicine(world, app, owner, shop, request_):
    made = trip.at_the_counter(world, "qian", shop, request_)
    ok(m.clear(world, "qian", request_, "buy"))
    dismissed(owner, "qian")
    assert m.clear(world, "qian", request_, "buy").status_code in (403, 404)
    assert world.qian.post(f"/medicine-trips/{made['id']}/reveal", {"purpose": "buy"}).status_code in (403, 404)


# --- Text -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("said", [rb"\ud800", rb"\u0000", "１２３４".encode(), b""])
def test_what_is_said_at_the_door_is_wrong_and_breaks_nothing(world, app, shop, request_, said):
    made = trip.at_the_counter(world, "qian", shop, request_)
    trip.bought(world, "qian", made, request_, 3000)
    trip.back(world, "qian", made)
    path = f"/medicine-requests/{request_['id']}/hand-over"
    for by in (b"phone", b"code"):
        body = b'{"by": "%s", "said": "%s"}' % (by, said)
        answer = world.feng.upload(path, body, "application/json")
        assert answer.status_code in (200, 400, 422), answer.text
        assert answer.status_code != 200 or not answer.json["handed_over"]


def test_numbers_no_package_has(world, app, shop, request_):
    made = trip.at_the_counter(world, "qian", shop, request_)
    for number in (0, 70_000, 10**12, 10**30):
        answer = world.li.post(f"/medicine-trips/{made['id']}/packages/{number}/unpack")
        assert answer.status_code in (404, 422), answer.text
