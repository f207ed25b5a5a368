"""At the door: the right person, what they pay, what they refuse, what came too late; and nobody else's business."""

import pytest

from backend.payments import service as payments
from tests.factories import groupbuy as g
from tests.factories import medicine as m
from tests.factories import tasks as t
from tests.factories import trips as trip
from tests.factories.groupbuy import ok

INSULIN = {**m.INSULIN, "prescription": False}


@pytest.fixture
def brought(world, app, shop):
    """What qian has brought back for some requests, packed and ready; the trip."""
    t.helper(app, "qian")

    def bring(*requests, fen=3000):
        made = trip.at_the_counter(world, "qian", shop, *requests)
        for request in requests:
            trip.bought(world, "qian", made, request, fen)
        return trip.back(world, "qian", made)

    return bring


def carrier(world, app, made):
    """feng takes the round of the first building."""
    t.helper(app, "feng")
    return t.begun(world, "feng", trip.task_of(app, trip.rounds(app, made)[0]))


def test_the_volunteer_of_the_round_brings_it_and_takes_the_cash(world, app, home, brought):
    request = m.checked(world, "he")
    made = brought(request)
    assert trip.hand_over(world, "qian", request).status_code == 404  # another's round
    claim = carrier(world, app, made)
    assert t.act(world, "feng", claim, "done", how="building_head").status_code == 409  # a door is left
    told = ok(trip.hand_over(world, "feng", request, 3000))
    assert told["handed_over"] and m.show(world, request)["status"] == "settled"
    held = {one["name"]: one["fen"] for one in ok(world.li.get("/medicine-balances", place=trip.MACHIDUN))["items"]}
    assert held == {"feng": 3000, "qian": -3000}
    trip.even(world, made)
    ok(trip.reconcile(world, made))
    assert not g.sound(app)


def test_five_wrong_answers_and_somebody_must_come(world, app, home, brought):
    request = m.checked(world, "he")
    made = brought(request)
    carrier(world, app, made)
    for left in (4, 3, 2, 1, 0):
        assert ok(trip.hand_over(world, "feng", request, said="x"))["tries_left"] == left
    assert trip.hand_over(world, "feng", request).json["code"] == "too_many_tries"
    assert trip.hand_over(world, "feng", request, by="in_person").json["code"] == "not_your_word"
    assert ok(trip.hand_over(world, "li", request, by="in_person"))["handed_over"]
    assert not g.sound(app)


def test_the_household_alone_sees_its_code(world, app, home, brought):
    request = m.checked(world, "he")
    brought(request)
    code = ok(world.he.post(f"/medicine-requests/{request['id']}/code"))["code"]
    assert len(code) == 4 and ok(trip.hand_over(world, "li", request, said=code))["handed_over"]
    assert world.li.post(f"/medicine-requests/{request['id']}/code").status_code == 403
    assert world.tang.post(f"/medicine-requests/{request['id']}/code").status_code == 404


def test_the_end_of_the_phone_will_do(world, app, brought):
    away = trip.door(app, "301", "13812345678")
    request = m.checked(world, "wang", household_id=away, consent="voice")
    brought(request)
    assert not ok(trip.hand_over(world, "li", request, by="phone", said="5679"))["handed_over"]
    assert ok(trip.hand_over(world, "li", request, by="phone", said="5678"))["handed_over"]


def test_one_of_two_is_refused_and_the_other_paid_for(world, app, home, brought):
    request = m.checked(world, "he", {}, {**m.PILLS, "name": "阿托伐他汀钙片"})
    made = brought(request, fen=2500)
    refused = {"refused": [request["lines"][0]["id"]]}
    assert trip.hand_over(world, "li", request, **refused).json["code"] == "reason_required"
    told = ok(trip.hand_over(world, "li", request, 2500, **refused, refusal="wrong"))
    assert (told["handed_over"], told["refused"], told["owed_fen"]) == (True, 1, 2500)
    assert [one["refusal"] for one in trip.goods(world)] == ["wrong"]
    assert m.show(world, request)["status"] == "delivered"  # until somebody has decided on the refused box
    (kept,) = trip.goods(world)
    lost = {"revision": kept["revision"], "loss": "unwanted"}
    ok(world.li.post(f"/medicine-goods/{kept['id']}/write-offs", lost))
    assert m.show(world, request)["status"] == "settled"
    trip.even(world, made)
    ok(trip.reconcile(world, made))
    assert not g.sound(app)


def test_online_after_delivery_and_never_before(world, app, home, brought, owner):
    request = m.checked(world, "he")
    brought(request)
    path = f"/medicine-requests/{request['id']}/payments"
    assert world.he.post(path, {"method": "wechat"}).json["code"] == "nothing_due"
    ok(trip.hand_over(world, "li", request))
    assert world.tang.post(path, {"method": "wechat"}).status_code == 404
    assert world.he.post(path, {"method": "wechat", "amount_fen": 3001}).json["code"] == "more_than_due"
    payment = ok(world.he.post(path, {"method": "wechat"}), 201)
    trip.paid_online(world, payment)
    assert m.show(world, request)["status"] == "settled" and not g.sound(app)


def test_the_fund_pays_for_who_cannot(world, app, home, brought):
    request = m.checked(world, "he")
    made = brought(request)
    ok(trip.hand_over(world, "li", request))
    g.donated(app)
    given = {"method": "sponsored", "amount_fen": 3000, "receipt": trip.receipt()}
    ok(world.li.post(f"/medicine-requests/{request['id']}/receipts", given), 201)
    assert m.show(world, request)["status"] == "settled"
    trip.even(world, made)
    ok(trip.reconcile(world, made))
    assert not g.sound(app)


def test_paid_the_week_after_it_goes_into_the_float_at_once(world, app, home, brought):
    request = m.checked(world, "he")
    made = brought(request)
    ok(trip.hand_over(world, "li", request))
    trip.even(world, made)
    ok(trip.reconcile(world, made))  # what a household owes keeps nobody from the evening
    cash = {"method": "cash", "amount_fen": 3000, "receipt": trip.receipt()}
    ok(world.chen.post(f"/medicine-requests/{request['id']}/receipts", cash), 201)
    with app.app_context():
        assert payments.trial_balance()["volunteer"] == 0
        assert payments.balance("community_float", trip.MACHIDUN) == 0
    assert m.show(world, request)["status"] == "settled" and not g.sound(app)


def test_a_bag_is_packed_before_it_is_carried(world, app, home, shop):
    t.helper(app, "qian")
    request = m.checked(world, "he")
    made = trip.at_the_counter(world, "qian", shop, request)
    trip.bought(world, "qian", made, request)
    ok(trip.step(world, "qian", made, "leave"))
    ok(trip.step(world, "qian", made, "hand_out"))
    assert trip.hand_over(world, "li", request).status_code == 409
    assert world.feng.post(f"/medicine-trips/{made['id']}/packages/1/unpack").status_code == 403
    (bag,) = trip.unpacked(world, made, "qian")
    assert [one["name"] for one in bag["goods"]] == [m.PILLS["name"]]
    assert ok(trip.hand_over(world, "li", request))["handed_over"]


def test_the_clock_sees_what_grew_warm(world, app, home, brought, owner):
    request = m.checked(world, "he", INSULIN, {**m.PILLS, "name": "阿托伐他汀钙片"})
    made = brought(request)
    owner.execute("UPDATE medicine_purchase SET bought_at = bought_at - interval '3 hours'")
    owner.execute("UPDATE medicine_purchase SET cold_until = cold_until - interval '3 hours'")
    trip.tick(app, "cold_chain")
    trip.tick(app, "cold_chain")  # once is enough
    assert [line["status"] for line in m.show(world, request)["lines"]] == ["refused", "bought"]
    assert ok(trip.hand_over(world, "li", request, 3000))["handed_over"]
    with app.app_context():
        assert payments.balance("fund", trip.MACHIDUN) == 3000
    trip.even(world, made)
    ok(trip.reconcile(world, made))
    assert not g.sound(app)


def test_what_breaks_on_the_stairs_is_the_funds(world, app, home, brought):
    request = m.checked(world, "he")
    made = brought(request)
    (goods,) = trip.purchases(app, request)
    lost = {"revision": goods.revision, "loss": "broken"}
    ok(world.li.post(f"/medicine-goods/{goods.id}/write-offs", lost))
    again = [one for one in ok(world.he.get("/medicine-requests"))["items"] if one["id"] != request["id"]]
    assert [one["status"] for one in again] == ["checked"]
    trip.even(world, made)
    ok(trip.reconcile(world, made))
    with app.app_context():
        assert payments.balance("fund", trip.MACHIDUN) == 3000 and payments.trial_balance()["volunteer"] == 0
    assert not g.sound(app)
