"""What a day leaves over must not stay over: requests with nothing to buy, lists nobody sealed, text nobody needs,
boxes that were too few; and what may be said of goods in one's own hands."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import psycopg
import pytest

from backend.core import clock, invariants
from backend.core.transaction import unit_of_work
from backend.extensions import db
from backend.medicine.goods.models import Purchase
from backend.medicine.requests import erasure
from tests.cast import MACHIDUN
from tests.factories import groupbuy as g
from tests.factories import medicine as m
from tests.factories import tasks as t
from tests.factories import trips as trip
from tests.factories.groupbuy import ok
from tests.factories.races import at_once, everyday_or

SEALED = {**m.PLASTERS, "name": "布洛芬缓释胶囊", "ceiling_fen": 5000}


def write_off(world, app, request, who="li", loss="broken"):
    (goods,) = trip.purchases(app, request)
    return world.hand(who).post(f"/medicine-goods/{goods.id}/write-offs", {"revision": goods.revision, "loss": loss})


def ask(world, made, line, fen=9000):
    sent = {"line_id": line["id"], "kind": "price", "fen": fen}
    return ok(world.qian.post(f"/medicine-trips/{made['id']}/questions", sent), 201)


def erase(app):
    with app.app_context(), unit_of_work():
        erasure.erase()


# --- Nothing is left to buy -------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["leave", "abort"])
def test_what_broke_at_the_counter_is_asked_for_once(world, app, home, qian, shop, how):
    """The box fell down in the pharmacy: one request takes its place, and the first is not planned again beside it."""
    request = m.checked(world, "he", SEALED)
    made = trip.at_the_counter(world, "qian", shop, request)
    trip.bought(world, "qian", made, request, 1000)
    ok(write_off(world, app, request))
    trip.photographed(world, "qian", made)
    ok(trip.step(world, "qian", made, how, reason="other"))
    assert m.show(world, request)["status"] == "cancelled"
    planned = ok(world.li.post("/medicine-plans", {"place_code": MACHIDUN}), 201)
    assert [one["count"] for one in planned["trips"]] == [1]
    assert not g.sound(app)


def test_what_nobody_wants_any_more_does_not_wait_for_the_next_trip(world, app, home, qian, shop):
    request = m.checked(world, "he", {"ceiling_fen": 3000})
    made = trip.at_the_counter(world, "qian", shop, request)
    asked = ask(world, made, request["lines"][0])
    ok(world.he.post(f"/medicine-questions/{asked['id']}/answer", {"accept": False}))
    ok(trip.step(world, "qian", made, "abort", reason="vehicle"))
    assert m.show(world, request)["status"] == "cancelled"
    assert not g.sound(app)


def test_a_sum_is_not_corrected_once_the_goods_are_lost(world, app, home, qian, shop):
    request = m.checked(world, "he", SEALED)
    made = trip.at_the_counter(world, "qian", shop, request)
    (goods,) = trip.bought(world, "qian", made, request, 1000)
    ok(write_off(world, app, request))
    sent = {"revision": goods["revision"] + 1, "fen": 2000}
    answer = world.qian.patch(f"/medicine-purchases/{goods['id']}", sent)
    assert (answer.status_code, answer.json["code"]) == (409, "not_now")
    assert not g.sound(app)


def test_nobody_writes_off_what_they_have_bought_themselves(world, app, home, shop):
    t.helper(app, "chen")
    request = m.checked(world, "he", SEALED, by="wang")
    made = trip.at_the_counter(world, "chen", shop, request)
    trip.bought(world, "chen", made, request, 1000)
    assert write_off(world, app, request, "chen", "lost").json["code"] == "not_by_oneself"
    ok(write_off(world, app, request, "li", "lost"))


def test_a_list_nobody_sealed_gives_its_requests_back_in_the_evening(world, app, home, shop):
    request, later = m.checked(world, "he"), m.checked(world, "he")
    made = trip.opened(world, shop, request)
    tomorrow = {"place_code": MACHIDUN, "pharmacy_id": shop["id"], "day": str(clock.today() + timedelta(days=1))}
    other = ok(trip.add(world, ok(world.li.post("/medicine-trips", tomorrow), 201), later))
    trip.tick(app, "end_the_day")
    assert (trip.show(world, made)["status"], m.show(world, request)["status"]) == ("cancelled", "checked")
    assert (trip.show(world, other)["status"], m.show(world, later)["status"]) == ("open", "planned")
    assert not g.sound(app)


def test_why_a_trip_was_broken_off_is_chosen_and_not_typed(world, app, home, qian, shop):
    """The record is for good: words could name a medicine."""
    made = trip.at_the_counter(world, "qian", shop, m.checked(world, "he"))
    typed = trip.step(world, "qian", made, "abort", reason="胰岛素买不到")
    assert typed.status_code == 422 and "胰岛素" not in typed.text
    assert ok(trip.step(world, "qian", made, "abort", reason="pharmacy_closed"))["status"] == "aborted"


# --- Fewer than wanted ------------------------------------------------------------------------------------------


def test_one_box_of_two_is_no_supply_for_two(world, app, home, qian, shop):
    """The rest is asked for on the next trip, at what is left of the ceiling; the course counts what was brought."""
    request = m.checked(world, "he")
    made = trip.at_the_counter(world, "qian", shop, request)
    ok(trip.buy(world, "qian", made, request["lines"][0], 2500, quantity=1), 201)
    made = trip.back(world, "qian", made)
    ok(trip.hand_over(world, "li", request, 2500))
    (rest,) = [one for one in ok(world.he.get("/medicine-requests"))["items"] if one["id"] != request["id"]]
    (line,) = rest["lines"]
    assert (rest["status"], line["quantity"], line["ceiling_fen"]) == ("checked", 1, 3500)
    assert line["days_left"] == m.PILLS["days_left"] + m.PILLS["days_each"]
    (course,) = ok(world.he.get("/medicine-courses"))["items"]
    assert course["days_left"] == m.PILLS["days_left"] + m.PILLS["days_each"]
    assert not g.sound(app)


# --- Text that nobody needs -------------------------------------------------------------------------------------


def test_who_has_not_paid_keeps_no_name_for_ever(world, app, home, qian, shop, owner):
    """Delivered and owed for: what is written in it goes all the same, the batch of the box with it."""
    request = m.checked(world, "he", SEALED)
    made = trip.at_the_counter(world, "qian", shop, request)
    trip.bought(world, "qian", made, request, 1000)
    trip.back(world, "qian", made)
    ok(trip.hand_over(world, "li", request))
    told = m.show(world, request)
    assert (told["status"], told["erase_on"]) == ("delivered", str(clock.today() + timedelta(days=30)))
    with app.app_context():
        assert db.session.get_one(Purchase, trip.purchases(app, request)[0].id).batch == "B1"
    assert "B1" not in str(owner.execute("SELECT medicine_purchase::text FROM medicine_purchase").fetchall())
    owner.execute("UPDATE medicine_request SET erase_on = current_date")
    erase(app)
    assert m.clear(world, "he", request).status_code == 410
    assert owner.execute("SELECT count(*) FROM medicine_purchase WHERE batch_cipher IS NOT NULL").fetchone() == (0,)
    paid = {"method": "cash", "amount_fen": 1000, "receipt": "后来付"}
    ok(world.li.post(f"/medicine-requests/{request['id']}/receipts", paid), 201)
    assert m.show(world, request)["status"] == "settled"
    assert not g.sound(app)


def test_the_rest_of_an_old_request_has_days_of_its_own(world, app, home, qian, shop, owner):
    request = m.checked(world, "he", {}, {**m.PILLS, "name": "维生素C片"})
    owner.execute("UPDATE medicine_request SET erase_on = current_date + 1")
    made = trip.at_the_counter(world, "qian", shop, request)
    ok(trip.buy(world, "qian", made, request["lines"][0], 1000), 201)
    ok(trip.step(world, "qian", made, "leave"))
    (rest,) = [one for one in ok(world.he.get("/medicine-requests"))["items"] if one["id"] != request["id"]]
    assert rest["erase_on"] == str(clock.today() + timedelta(days=90))


def test_a_receipts_photo_has_a_last_day_from_the_first(world, app, home, qian, shop, owner):
    made = trip.at_the_counter(world, "qian", shop, m.checked(world, "he"))
    trip.photographed(world, "qian", made)
    end = "SELECT erase_on - current_date FROM photo WHERE subject_type = 'medicine_trip'"
    assert 29 <= owner.execute(end).fetchone()[0] <= 31
    owner.execute("UPDATE photo SET erase_on = NULL WHERE subject_type = 'medicine_trip'")
    with app.app_context():
        assert invariants.counts()["invariant_17_batches_and_receipts_erased_on_time"] == 1


# --- Places and hours -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", ["4201", "420112", "420112004", "420112004007-001", "420112004999"])
def test_a_trip_is_a_communitys(world, shop, place):
    for path, more in (("/medicine-plans", {}), ("/medicine-trips", {"pharmacy_id": shop["id"]})):
        assert world.li.post(path, {"place_code": place, **more}).status_code in (403, 404, 422)


@pytest.mark.parametrize("place", ["4201", "420112", "420112004007-001", "420112004007-099"])
def test_a_pharmacy_is_of_a_community_or_a_subdistrict(world, place):
    sent = {"place_code": place, "name": "别处药店", **trip.SHOP}
    assert world.li.post("/pharmacies", sent).json["code"] == "wrong_place"


def test_a_pharmacy_closes_after_it_opens_and_from_its_day_on(world, shop):
    path = f"/pharmacies/{shop['id']}"
    wrong = world.li.patch(path, {"revision": 1, "opens_at": "18:00", "closes_at": "09:00"})
    assert wrong.json["code"] == "wrong_hours"
    soon = str(clock.today() + timedelta(days=3))
    ok(world.li.patch(path, {"revision": 1, "closed_on": soon}))
    assert [one["id"] for one in ok(world.li.get("/pharmacies"))["items"]] == [shop["id"]]


# --- At the same moment -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("rounds", everyday_or(60, 3))
def test_an_answer_while_the_volunteer_leaves_holds_up_nobody(world, app, home, shop, rounds):
    for n in range(rounds):
        t.helper(app, who := f"离开{n}")
        request = m.checked(world, "he", {"ceiling_fen": 3000})
        made = trip.at_the_counter(world, who, shop, request)
        sent = {"line_id": request["lines"][0]["id"], "kind": "price", "fen": 9000}
        asked = ok(world.hand(who).post(f"/medicine-trips/{made['id']}/questions", sent), 201)
        left, answered = at_once(
            lambda: trip.step(world, who, made, "leave"),  # noqa: B023
            lambda: world.he.post(f"/medicine-questions/{asked['id']}/answer", {"accept": False}),  # noqa: B023
        )
        assert left.status_code == 200 and answered.status_code in (200, 409)
        ended = {200: "cancelled", 409: "unavailable"}[answered.status_code]
        assert m.show(world, request)["status"] == ended
    assert not g.sound(app)


def test_leaving_waits_for_a_request_before_it_holds_its_lines(world, app, home, qian, shop):
    """Whoever holds a request (a household that answers) gets its lines as well: else both would wait for ever."""
    request = m.checked(world, "he")
    made = trip.at_the_counter(world, "qian", shop, request)
    url = app.config["MIGRATION_DATABASE_URL"].replace("postgresql+psycopg://", "postgresql://")
    hold = "SELECT 1 FROM medicine_request WHERE id = %s FOR UPDATE"
    line = "SELECT 1 FROM medicine_line WHERE request_id = %s FOR UPDATE NOWAIT"

    with psycopg.connect(url) as household, ThreadPoolExecutor(1) as pool:
        household.execute(hold, [request["id"]])
        leaving = pool.submit(trip.step, world, "qian", made, "leave")
        threading.Event().wait(0.5)
        assert not leaving.done(), "it did not wait for the request"
        household.execute(line, [request["id"]])
        household.commit()
        assert leaving.result(10).status_code == 200


# --- Refused goods ----------------------------------------------------------------------------------------------


def test_goods_are_offered_for_the_line_that_still_wants_them(world, app, home, neighbours, qian, shop):
    """Of two lines one was declined at a counter: the offer is for the other, and comes to its door."""
    first = m.checked(world, "he", SEALED)
    second = m.checked(world, "wang", {"ceiling_fen": 100}, SEALED, household_id=neighbours, consent="voice")
    made = trip.at_the_counter(world, "qian", shop, first, second)
    trip.bought(world, "qian", made, first, 1000)
    asked = ask(world, made, second["lines"][0])
    said = {"accept": False, "consent": "voice"}
    ok(world.wang.post(f"/medicine-questions/{asked['id']}/answer", said))
    trip.back(world, "qian", made)
    ok(trip.refuse(world, "he", first, "no_longer_needed"))
    (kept,) = trip.goods(world)
    assert "batch" not in kept
    (found,) = ok(world.li.get(f"/medicine-goods/{kept['id']}/candidates"))["items"]
    wish = {"revision": kept["revision"], "request_id": found["request_id"]}
    made = ok(world.li.post(f"/medicine-goods/{kept['id']}/offers", wish), 201)
    ok(world.wang.post(f"/medicine-offers/{made['id']}/answer", {"revision": 1, "accept": True, "consent": "voice"}))
    assert m.show(world, second)["status"] == "delivering"
    assert not g.sound(app)


def test_who_wants_more_than_the_goods_is_offered_none(world, app, home, neighbours, qian, shop):
    first = m.checked(world, "he", SEALED)
    m.checked(world, "wang", SEALED, SEALED, household_id=neighbours, consent="voice")
    made = trip.at_the_counter(world, "qian", shop, first)
    trip.bought(world, "qian", made, first, 1000)
    trip.back(world, "qian", made)
    ok(trip.refuse(world, "he", first, "no_longer_needed"))
    (kept,) = trip.goods(world)
    assert ok(world.li.get(f"/medicine-goods/{kept['id']}/candidates"))["items"] == []
