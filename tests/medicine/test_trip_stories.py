"""Days as they were: the refusal that would have cost a volunteer two hundred yuan, insulin, a car that broke down, and
sixty patients at twelve pharmacies."""

from backend.payments import service as payments
from tests.cast import MACHIDUN
from tests.factories import groupbuy as g
from tests.factories import medicine as m
from tests.factories import tasks as t
from tests.factories import trips as trip
from tests.factories.groupbuy import ok

DEAR = {**m.PILLS, "name": "阿司匹林肠溶片", "quantity": 1, "ceiling_fen": 30000}
SEALED = {**m.PLASTERS, "name": "布洛芬缓释胶囊", "ceiling_fen": 30000}


def prescription(world, request):
    """chen carries it; the request goes on."""
    return ok(m.sign(world, "he", m.taken(world, "chen", request, "prescription"), "sign-over"))


def in_hands(app):
    with app.app_context():
        return payments.trial_balance()["volunteer"]


def float_of(app):
    with app.app_context():
        return payments.balance("community_float", MACHIDUN)


def test_a_refusal_of_more_than_two_hundred_yuan_costs_the_volunteer_nothing(world, app, home, qian, shop):
    """太贵了: 236.80 yuan of medicine, paid out of her own pocket, and nobody wants it at the door."""
    request = m.checked(world, "he", DEAR)
    made = trip.at_the_counter(world, "qian", shop, request)
    trip.bought(world, "qian", made, request, 23680)
    made = trip.back(world, "qian", made)
    assert trip.show(world, made, "qian")["own_fen"] == -23680
    ok(trip.refuse(world, "li", request, "too_dear"))
    (kept,) = trip.goods(world)
    assert (kept["fen"], kept["refusal_label"]) == (23680, "太贵")
    refused = trip.reconcile(world, made)
    assert [each["code"] for each in refused.json["missing"]] == ["advanced"]
    assert "236.80 元" in refused.json["detail"]
    trip.even(world, made)
    assert in_hands(app) == 0 and float_of(app) == -23680
    assert ok(trip.reconcile(world, made))["status"] == "reconciled"
    # Next day the pharmacy takes it back, and the float has its money again.
    back = {"revision": kept["revision"], "back_fen": 23680, "receipt": "退货-1"}
    assert ok(world.li.post(f"/medicine-goods/{kept['id']}/returns", back))["status"] == "returned"
    assert float_of(app) == 0 and m.show(world, request)["status"] == "settled"
    assert not g.sound(app)


def test_insulin_is_the_very_one_on_the_same_day_and_cold(world, app, home, qian):
    trip.pharmacy(world, "普通药店", cold=False)
    cold_shop = trip.pharmacy(world, "冷藏药店", diseases=["糖尿病"])
    held = m.checked(world, "he", m.INSULIN, disease="糖尿病")
    paper = prescription(world, held)
    request = m.show(world, held)
    planned = ok(world.li.post("/medicine-plans", {"place_code": MACHIDUN}), 201)
    assert [one["pharmacy_id"] for one in planned["trips"]] == [cold_shop["id"]]
    made = ok(trip.step(world, "li", planned["trips"][0], "seal"))
    trip.set_out(world, "qian", made)
    ok(trip.step(world, "qian", made, "arrive"))
    line = request["lines"][0]
    other = {"line_id": line["id"], "kind": "substitute", "fen": 9000, "name": "别的胰岛素"}
    assert world.qian.post(f"/medicine-trips/{made['id']}/questions", other).json["code"] == "no_substitute"
    had = ok(trip.buy(world, "qian", made, line, 17000), 201)
    assert had["cold_until"] is not None
    made = trip.back(world, "qian", made)
    (bag,) = trip.show(world, made)["packages"]
    assert bag["cold"] and 7000 < bag["cold_seconds_left"] <= 7200
    assert ok(trip.hand_over(world, "li", request, 17000))["handed_over"]
    assert m.show(world, request)["status"] == "delivered"  # the prescription is still with chen
    ok(m.sign(world, "he", ok(m.sign(world, "chen", paper, "give-back")), "sign-back"))
    assert m.show(world, request)["status"] == "settled"
    trip.even(world, made)
    ok(trip.reconcile(world, made))
    assert not g.sound(app)


def test_insulin_that_grew_warm_is_not_handed_over_and_bought_again(world, app, home, qian, shop, owner):
    held = m.checked(world, "he", m.INSULIN)
    prescription(world, held)
    request = m.show(world, held)
    made = trip.at_the_counter(world, "qian", shop, request)
    trip.bought(world, "qian", made, request, 17000)
    made = trip.back(world, "qian", made)
    owner.execute(
        "UPDATE medicine_purchase SET bought_at = bought_at - interval '3 hours', "
        "cold_until = cold_until - interval '3 hours'"
    )
    assert trip.show(world, made)["packages"][0]["cold_seconds_left"] == 0
    told = ok(trip.hand_over(world, "li", request))
    assert (told["handed_over"], told["warm"], told["owed_fen"]) == (False, 1, 0)
    again = [one for one in ok(world.he.get("/medicine-requests"))["items"] if one["id"] != request["id"]]
    assert [(one["status"], one["lines"][0]["cold"]) for one in again] == [("checked", True)]
    with app.app_context():
        assert payments.balance("fund", MACHIDUN) == 17000  # the community's fund bears it
    trip.even(world, made)
    ok(trip.reconcile(world, made))
    assert in_hands(app) == 0 and not g.sound(app)


def test_a_car_breaks_down_with_five_of_nine_bought(world, app, qian, shop):
    homes = [trip.door(app, f"{n}01", f"1380000000{n}") for n in range(1, 10)]
    requests = [m.checked(world, "wang", household_id=home, consent="voice") for home in homes]
    made = trip.at_the_counter(world, "qian", shop, *requests)
    ok(trip.advance(world, made, 20000), 201)
    for request in requests[:5]:
        trip.bought(world, "qian", made, request, 3000)
    trip.photographed(world, "qian", made)
    assert trip.step(world, "qian", made, "abort").json["code"] == "reason_required"
    made = ok(trip.step(world, "qian", made, "abort", reason="vehicle"))
    assert (made["status"], made["count"]) == ("aborted", 5)
    assert [m.show(world, one)["status"] for one in requests] == ["bought"] * 5 + ["checked"] * 4
    # The other four are on the next trip; the five are handed out from where they are.
    rest = ok(world.li.post("/medicine-plans", {"place_code": MACHIDUN}), 201)
    assert [one["count"] for one in rest["trips"]] == [4]
    made = ok(trip.step(world, "li", made, "hand_out"))
    trip.unpacked(world, made)
    for request in requests[:5]:
        ok(trip.hand_over(world, "li", request, 3000))
    assert trip.show(world, made, "qian")["own_fen"] == 5000
    assert {one["code"] for one in trip.reconcile(world, made).json["missing"]} == {"cash_in_hand"}
    trip.even(world, made)
    ok(trip.reconcile(world, made))
    assert in_hands(app) == 0 and float_of(app) == 0  # 20000 out, 5000 + 15000 back in
    assert not g.sound(app)


def test_sixty_patients_and_twelve_pharmacies_on_one_day(world, app):
    diseases = ["糖尿病", "高血压", "肿瘤", "肾病", "精神病", "肝病"]
    for n in range(12):
        trip.pharmacy(world, f"第{n + 1}药店", diseases=[diseases[n // 2]] if n % 2 else [], cold=n % 3 == 0)
    requests = []
    for n in range(60):
        disease = {"disease": diseases[n % 6]} if n % 3 == 0 else {}
        home = trip.door(app, f"{n + 100}", f"139{n:08d}")
        requests.append(m.checked(world, "wang", SEALED, household_id=home, consent="voice", **disease))
    planned = ok(world.li.post("/medicine-plans", {"place_code": MACHIDUN}), 201)
    assert sum(one["count"] for one in planned["trips"]) == 60 and not planned["unplaced"]
    by_id = {request["id"]: request for request in requests}
    refused = delivered = 0
    for n, made in enumerate(planned["trips"]):
        who = f"志愿者{n}"
        t.helper(app, who)
        made = ok(trip.step(world, "li", made, "seal"))
        trip.set_out(world, who, made)
        if n % 2:
            ok(trip.advance(world, made, 10000), 201)
        ok(trip.step(world, who, made, "arrive"))
        bags = [by_id[bag["request_id"]] for bag in trip.show(world, made)["packages"]]
        for request in bags:
            trip.bought(world, who, made, request, 1500)
        made = trip.back(world, who, made)
        for at, request in enumerate(bags):
            if at % 7 == 6:
                ok(trip.refuse(world, "li", request, "no_longer_needed"))
                refused += 1
            else:
                ok(trip.hand_over(world, "li", request, 1500 if at % 2 else 0))
                delivered += 1
        trip.even(world, made)
        ok(trip.reconcile(world, made))
        assert in_hands(app) == 0
    assert (delivered + refused, len(trip.goods(world))) == (60, refused)
    assert refused and not g.sound(app)
    with app.app_context():
        owed = payments.trial_balance()["household"]
        assert owed + payments.trial_balance()["medicine_stock"] + payments.trial_balance()["community_float"] == 0


def test_goods_refused_by_one_go_to_another_and_neither_knows(world, app, home, neighbours, qian, shop, owner):
    first = m.checked(world, "he", SEALED)
    made = trip.at_the_counter(world, "qian", shop, first)
    trip.bought(world, "qian", made, first, 2500)
    made = trip.back(world, "qian", made)
    ok(trip.refuse(world, "he", first, "no_longer_needed"))
    second = m.checked(world, "wang", SEALED, household_id=neighbours, consent="voice")
    (kept,) = trip.goods(world)
    (found,) = ok(world.li.get(f"/medicine-goods/{kept['id']}/candidates"))["items"]
    assert found["request_id"] == second["id"]
    wish = {"revision": kept["revision"], "request_id": second["id"]}
    offer = ok(world.li.post(f"/medicine-goods/{kept['id']}/offers", wish), 201)
    assert offer["fen"] == 2500 and first["id"] not in str(offer) and home not in str(offer)
    said = {"revision": offer["revision"], "accept": True, "consent": "voice"}
    ok(world.wang.post(f"/medicine-offers/{offer['id']}/answer", said))
    assert m.show(world, second)["status"] == "delivering" and m.show(world, first)["status"] == "settled"
    (shelf,) = [one for one in ok(world.li.get("/medicine-trips"))["items"] if one["pharmacy_id"] is None]
    trip.unpacked(world, shelf)
    assert ok(trip.hand_over(world, "li", second, 2500))["owed_fen"] == 2500
    for one in (made, shelf):
        trip.even(world, one)
        ok(trip.reconcile(world, one))
    assert in_hands(app) == 0 and float_of(app) == 0
    looks = owner.execute("SELECT details::text FROM audit_event WHERE subject_id = %s", [second["id"]]).fetchall()
    assert not any(first["id"] in look[0] or home in look[0] for look in looks)
    assert not g.sound(app)
