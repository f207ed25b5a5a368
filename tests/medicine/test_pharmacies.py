"""Pharmacies and what is seen at them: who tells, how long it counts, and what a plan makes of it."""

from tests.cast import JIANGJUNLU, MACHIDUN
from tests.factories import groupbuy as g
from tests.factories import medicine as m
from tests.factories import tasks as t
from tests.factories import trips as trip
from tests.factories.groupbuy import ok


def plan(cast):
    planned = ok(cast.li.post("/medicine-plans", {"place_code": MACHIDUN}), 201)
    return [one["pharmacy_name"] for one in planned["trips"]], [one["reason"] for one in planned["unplaced"]]


def tell(cast, shop, has, who="qian", **more):
    sent = {name: m.PILLS[name] for name in ("name", "maker", "specification")} | {"has": has, **more}
    return cast.hand(who).post(f"/pharmacies/{shop['id']}/stock-reports", sent)


def test_a_subdistricts_pharmacy_is_everybodys_there(world, shop):
    wide = trip.pharmacy(world, "街道药店", place_code=JIANGJUNLU, diseases=["糖尿病"])
    seen = [one["name"] for one in ok(world.qian.get("/pharmacies"))["items"]]
    assert sorted(seen) == sorted([shop["name"], wide["name"]])
    assert ok(world.other_grid.get("/pharmacies"))["items"] == []
    again = {"place_code": MACHIDUN, "name": shop["name"], **trip.SHOP}
    assert world.li.post("/pharmacies", again).json["code"] == "pharmacy_exists"
    assert world.other_grid.post("/pharmacies", again).status_code == 403


def test_one_that_closes_is_gone_and_a_stale_change_is_refused(world, shop):
    path = f"/pharmacies/{shop['id']}"
    assert ok(world.li.patch(path, {"revision": 1, "cold": False}))["cold"] is False
    assert world.chen.patch(path, {"revision": 1, "cold": True}).json["code"] == "stale"
    ok(world.chen.patch(path, {"revision": 2, "closed_on": "2020-03-05"}))
    assert ok(world.li.get("/pharmacies"))["items"] == []


def test_what_somebody_saw_missing_counts_for_a_day(world, app, home, shop, owner):
    m.checked(world, "he")
    ok(tell(world, shop, True), 201)
    ok(tell(world, shop, False), 201)
    (seen,) = ok(world.li.get("/pharmacies"))["items"]
    assert [one["has"] for one in seen["stock"]] == [False]  # the last word on each medicine
    assert plan(world) == ([], ["附近的药店都报告缺货，请过后再安排。"])
    owner.execute("UPDATE stock_report SET seen_at = seen_at - interval '25 hours'")
    assert plan(world) == ([shop["name"]], [])


def test_the_shorter_queue_as_long_as_it_is_news(world, app, home, shop, owner):
    other = trip.pharmacy(world, "国药大药房")
    for one, minutes in ((shop, 90), (other, 5)):
        ok(world.qian.post(f"/pharmacies/{one['id']}/queue-reports", {"minutes": minutes}), 201)
    assert {one["name"]: one["queue_minutes"] for one in ok(world.li.get("/pharmacies"))["items"]} == {
        shop["name"]: 90,
        other["name"]: 5,
    }
    m.checked(world, "he")
    assert plan(world) == ([other["name"]], [])
    owner.execute("UPDATE queue_report SET seen_at = seen_at - interval '4 hours'")
    assert {one["queue_minutes"] for one in ok(world.li.get("/pharmacies"))["items"]} == {None}


def test_out_of_stock_at_one_it_is_looked_for_at_the_next(world, app, home, shop):
    t.helper(app, "qian")
    request = m.checked(world, "he")
    made = trip.at_the_counter(world, "qian", shop, request)
    missed = {"line_id": request["lines"][0]["id"], "reason": "out_of_stock"}
    ok(world.qian.post(f"/medicine-trips/{made['id']}/misses", missed), 201)
    ok(trip.step(world, "qian", made, "leave"))
    assert m.show(world, request)["status"] == "unavailable"
    assert plan(world)[0] == []
    other = trip.pharmacy(world, "国药大药房")
    assert plan(world) == ([other["name"]], [])
    now = m.show(world, request)
    assert (now["status"], now["lines"][0]["status"]) == ("planned", "wanted")
    assert not g.sound(app)
