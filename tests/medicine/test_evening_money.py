"""The float and the hands it passes through: who gives it out, who takes it down, and nobody holds it overnight."""

import pytest

from backend.core import invariants
from backend.payments import service as payments
from tests.cast import MACHIDUN
from tests.factories import groupbuy as g
from tests.factories import medicine as m
from tests.factories import tasks as t
from tests.factories import trips as trip
from tests.factories.groupbuy import ok


@pytest.fixture
def made(world, app, home, shop):
    """qian at the counter for he's home."""
    t.helper(app, "qian")
    return trip.at_the_counter(world, "qian", shop, m.checked(world, "he"))


def user(app, made):
    return str(trip.row(app, made).volunteer_id)


def test_cash_is_given_by_the_community_and_never_to_oneself(world, app, made):
    assert trip.advance(world, made, 5000, "feng").status_code == 403
    assert trip.advance(world, made, 5000, "qian").status_code == 403
    assert trip.advance(world, made, 0).status_code == 422
    ok(trip.advance(world, made, 5000), 201)
    assert trip.cash(world, made, "remittances", user(app, made), 5001).json["code"] == "more_than_held"
    assert trip.cash(world, made, "reimbursements", user(app, made), 1).json["code"] == "more_than_advanced"
    ok(trip.cash(world, made, "remittances", user(app, made), 5000), 201)
    assert not g.sound(app)


def test_who_went_does_not_take_down_the_cash(world, app, home, shop):
    t.helper(app, "chen")
    going = trip.at_the_counter(world, "chen", shop, m.checked(world, "he", by="wang"))
    assert trip.advance(world, going, 100, "chen").json["code"] == "not_by_oneself"
    ok(trip.advance(world, going, 100), 201)


def test_a_receipt_counts_once(world, app, made):
    sent = {"amount_fen": 100, "receipt": "一张"}
    path = f"/medicine-trips/{made['id']}/advances"
    ok(world.li.post(path, sent), 201)
    assert world.chen.post(path, sent).json["code"] == "receipt_used"


def test_the_evening_closes_what_is_even_and_tells_of_the_rest(world, app, made, owner):
    trip.tick(app, "end_the_day")
    assert trip.show(world, made)["status"] == "at_pharmacy"  # still out: it is told, and nothing is forced
    ok(trip.step(world, "qian", made, "abort", reason="pharmacy_closed"))
    ok(trip.advance(world, made, 4000), 201)
    trip.tick(app, "end_the_day")
    told = owner.execute("SELECT details FROM audit_event WHERE action = 'not_even' ORDER BY at DESC LIMIT 1")
    assert told.fetchone()[0] == {"missing": ["cash_in_hand"], "fen": 4000}
    assert [one["fen"] for one in ok(world.li.get("/medicine-balances", place=MACHIDUN))["items"]] == [4000]
    trip.even(world, made)
    trip.tick(app, "end_the_day")
    assert trip.show(world, made)["status"] == "reconciled"
    assert trip.advance(world, made, 100).status_code == 409
    assert not g.sound(app)


def test_nobody_set_out_and_the_requests_wait_again(world, app, home, shop):
    request = m.checked(world, "he")
    sealed = trip.sealed(world, shop, request)
    trip.tick(app, "end_the_day")
    assert (trip.show(world, sealed)["status"], m.show(world, request)["status"]) == ("cancelled", "checked")
    assert not g.sound(app)


def test_money_held_overnight_breaks_an_invariant_and_gets_no_more(world, app, made, owner):
    ok(trip.advance(world, made, 5000), 201)
    owner.execute("ALTER TABLE ledger_transaction DISABLE TRIGGER USER")
    owner.execute("UPDATE ledger_transaction SET created_at = created_at - interval '1 day'")
    owner.execute("ALTER TABLE ledger_transaction ENABLE TRIGGER USER")
    with app.app_context():
        assert invariants.counts()["invariant_07_nobody_holds_money_overnight"] == 1
    assert trip.advance(world, made, 100).json["code"] == "settle_first"
    trip.even(world, made)
    with app.app_context():
        assert invariants.counts()["invariant_07_nobody_holds_money_overnight"] == 0


def test_no_evening_without_the_receipts(world, app, made):
    bag = trip.show(world, made)["packages"][0]
    request = m.show(world, {"id": bag["request_id"]})
    trip.bought(world, "qian", made, request)
    ok(trip.step(world, "qian", made, "leave"))
    ok(trip.step(world, "qian", made, "hand_out"))
    trip.unpacked(world, made)
    ok(trip.hand_over(world, "li", request, 3000))
    trip.even(world, made)
    assert [one["code"] for one in trip.reconcile(world, made).json["missing"]] == ["receipts_missing"]
    photo = trip.photographed(world, "qian", made)
    ok(trip.reconcile(world, made))
    seen = world.li.post(f"/medicine-receipts/{photo['id']}/look", {"purpose": "verify"})
    assert seen.status_code == 200 and seen.data[:2] == b"\xff\xd8"
    assert world.tang.post(f"/medicine-receipts/{photo['id']}/look", {"purpose": "verify"}).status_code in (403, 404)


def test_the_statement_of_a_trip_adds_up(world, app, made):
    request = m.show(world, {"id": trip.show(world, made)["packages"][0]["request_id"]})
    ok(trip.advance(world, made, 5000), 201)
    trip.bought(world, "qian", made, request)
    trip.back(world, "qian", made)
    ok(trip.refuse(world, "li", request))
    trip.even(world, made)
    read = ok(world.li.get(f"/medicine-trips/{made['id']}/statement"))
    labels = {line["label"] for line in read["items"]}
    assert {"社区预付给志愿者", "买药", "拒收，归社区", "上交社区"} <= labels
    assert sum(line["amount_fen"] for line in read["items"]) == 0
    assert "叶开泰药店" in read["title"] and m.PILLS["name"] not in str(read)
    sheet = world.li.get(f"/medicine-trips/{made['id']}/statement", format="csv")
    assert sheet.status_code == 200 and "志愿者备用金" in sheet.data.decode("utf-8-sig")
    with app.app_context():
        assert sum(payments.trial_balance().values()) == 0
    assert world.feng.get(f"/medicine-trips/{made['id']}/statement").status_code == 403
