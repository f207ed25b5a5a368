"""Paid in the last minute: an order does not lapse while its money is on its way, nor is a payment begun too late."""

import time
from datetime import timedelta

import pytest

from backend.core.transaction import unit_of_work
from backend.extensions import db
from backend.groupbuy import campaigns, deadlines
from backend.groupbuy.models import Campaign
from backend.integrations.payments import ConsolePayments
from backend.payments.service import AWAITED
from tests.factories import arrivals as a
from tests.factories import groupbuy as g
from tests.factories import payments as p
from tests.factories.races import in_turn


@pytest.fixture
def order(world, app):
    g.home(app, who="he")
    order = g.ordered(world, "he", g.opened(world), 2)
    yield order
    assert not g.sound(app)


def term_ends(owner, order, seconds):
    """So many seconds from now; before it, where negative."""
    due = "UPDATE group_order SET pay_by = clock_timestamp() + make_interval(secs => %s) WHERE id = %s"
    owner.execute(due, [seconds, order["id"]])


def begun(owner, seconds):
    """So many seconds ago."""
    owner.execute("UPDATE payment SET created_at = clock_timestamp() - make_interval(secs => %s)", [seconds])


def begin(world, order):
    return world.he.post(f"/orders/{order['id']}/payments", {"method": "wechat"})


def a_round(app):
    with app.app_context():
        deadlines.expire()


def status(owner, order):
    return owner.execute("SELECT status FROM group_order WHERE id = %s", [order["id"]]).fetchone()[0]


def test_money_on_its_way_is_waited_for(world, app, owner, order):
    payment = g.ok(begin(world, order), 201)
    g.ok(world.he.post(f"/payments/{payment['id']}/prepay"))
    term_ends(owner, order, -1)
    a_round(app)
    assert status(owner, order) == "awaiting_payment"
    with app.app_context():
        ConsolePayments().pay(payment["number"])
    p.poll(app, owner)  # nobody asks but the clock
    assert status(owner, order) == "paid"
    a_round(app)
    assert status(owner, order) == "paid"
    assert owner.execute("SELECT count(*) FROM refund").fetchone() == (0,)


def test_but_not_for_long(world, app, owner, order):
    """Two minutes, stated: the shares are wanted by others."""
    assert timedelta(minutes=2) == AWAITED
    g.ok(begin(world, order), 201)
    term_ends(owner, order, -1)
    begun(owner, 115)
    a_round(app)
    assert status(owner, order) == "awaiting_payment"
    begun(owner, 121)
    a_round(app)
    assert status(owner, order) == "expired"


def test_the_books_of_a_campaign_wait_as_well(world, app, owner, order):
    campaign = {"id": order["campaign_id"]}
    g.ok(begin(world, order), 201)
    owner.execute("UPDATE campaign SET opens_at = opens_at - interval '1 day', cut_off_at = now() - interval '1 hour'")
    term_ends(owner, order, -1)

    with app.app_context(), unit_of_work():
        campaigns.cut_off(db.session.get_one(Campaign, campaign["id"]))

    def round_behind():
        with app.app_context():
            deadlines.overdue()
        return a.fresh(world, campaign)["status"], status(owner, order)

    assert round_behind() == ("cut_off", "awaiting_payment")
    begun(owner, 121)
    assert round_behind() == ("failed", "expired")


def test_a_payment_is_not_begun_when_the_term_is_over(world, owner, order):
    term_ends(owner, order, 0)
    refused = begin(world, order)
    assert (refused.status_code, refused.json["code"]) == (409, "pay_time_over")
    assert "重新下单" in refused.json["detail"]
    assert owner.execute("SELECT count(*) FROM payment").fetchone() == (0,)


def test_in_the_last_minute_a_payment_begun_long_ago_gives_way_to_a_new_one(world, app, owner, order):
    """The order would wait for the new one's answer, not for the old one's."""
    old = g.ok(begin(world, order), 201)
    begun(owner, 600)
    assert g.ok(begin(world, order), 201)["id"] == old["id"], "there is time enough"
    term_ends(owner, order, 30)
    late = world.he.post(f"/payments/{old['id']}/prepay")
    assert (late.status_code, late.json["code"]) == (409, "pay_time_over")
    new = g.ok(begin(world, order), 201)
    assert new["id"] != old["id"]
    assert g.ok(begin(world, order), 201)["id"] == new["id"], "a double tap is one payment"
    g.ok(world.he.post(f"/payments/{new['id']}/prepay"))
    term_ends(owner, order, -1)
    a_round(app)
    assert status(owner, order) == "awaiting_payment"
    owner.execute("UPDATE payment SET created_at = created_at - interval '70 seconds'")
    late = world.he.post(f"/payments/{new['id']}/prepay")
    assert (late.status_code, late.json["code"]) == (409, "pay_time_over")


def test_a_payment_begun_while_the_clock_waits_for_the_order(world, app, owner, order):
    """Both stand before the order's row, the payment first: the round sees it when it has the row."""
    url = app.config["MIGRATION_DATABASE_URL"].replace("+psycopg", "")
    term_ends(owner, order, 0.7)

    def expire():
        time.sleep(0.9)
        a_round(app)

    held = "SELECT FROM group_order WHERE id = %s FOR UPDATE"
    answer, _ = in_turn(url, held, [order["id"]], lambda: begin(world, order), expire)
    assert (answer.status_code, status(owner, order)) == (201, "awaiting_payment")
