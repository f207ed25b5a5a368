"""Paying while the order ends, or twice: one outcome, and money on an order that is over goes back."""

import pytest

from backend.core.transaction import unit_of_work
from backend.groupbuy import deadlines
from backend.integrations.payments import ConsolePayments
from backend.payments import service as payments
from tests.factories import groupbuy as g
from tests.factories import payments as p
from tests.factories.races import at_once, everyday_or, in_turn

ORDER = "SELECT FROM group_order WHERE id = %s FOR UPDATE"
ITEMS = "SELECT FROM campaign_item WHERE campaign_id = %s FOR UPDATE"
DUE = 2000


@pytest.fixture
def shop(world, app, owner):
    """He's home, liu who lives there too, and hu's campaign; in the end every refund is done and the books agree."""
    home = g.home(app, who="he")
    owner.execute(
        "INSERT INTO household_member (id, household_id, name_cipher, user_id)"
        " SELECT gen_random_uuid(), %s, '', id FROM app_user WHERE demo_name = 'liu'",
        [home],
    )
    shop = Shop(app, world, owner)
    yield shop
    p.work_off(app, owner)
    assert owner.execute("SELECT count(*) FROM refund WHERE status <> 'succeeded'").fetchone() == (0,)
    assert not g.sound(app)
    with app.app_context():
        assert sum(payments.trial_balance().values()) == 0


class Shop:
    def __init__(self, app, cast, owner):
        self.app, self.cast, self.owner = app, cast, owner
        self.campaign = g.opened(cast)
        self.url = app.config["MIGRATION_DATABASE_URL"].replace("+psycopg", "")

    def placed(self):
        return g.ordered(self.cast, "he", self.campaign, 2)

    def paid_outside(self, order, who="he"):
        """The person has paid at the provider; nobody has told us yet. What tells us."""
        payment = g.ok(self.cast.hand(who).post(f"/orders/{order['id']}/payments", {"method": "wechat"}), 201)
        g.ok(self.cast.hand(who).post(f"/payments/{payment['id']}/prepay"))
        with self.app.app_context():
            ConsolePayments().pay(payment["number"])
        return lambda: g.ok(self.cast.hand(who).post(f"/payments/{payment['id']}/check"))

    def ending(self, order, how):
        """What ends the order; returns the code of a refusal."""
        if how == "expire":
            self.owner.execute("UPDATE group_order SET pay_by = now() - interval '1 s' WHERE id = %s", [order["id"]])
            self.owner.execute("UPDATE payment SET created_at = created_at - interval '3 minutes'")  # not a moment ago
            return self._expire
        if how == "cancel":
            return lambda: self._posted(self.cast.he, f"/orders/{order['id']}/cancel", revision=1)
        campaign = f"/campaigns/{self.campaign['id']}"
        if how == "call off":
            return lambda: self._posted(self.cast.hu, f"{campaign}/cancel", revision=self.now(), reason="没有货")
        lower = {"item_id": self.campaign["items"][0]["id"], "cost_fen": 800, "freight_fen": 60, "organiser_fen": 40}
        return lambda: self._posted(self.cast.hu, f"{campaign}/lower-price", revision=self.now(), **lower)

    def _expire(self):
        with self.app.app_context(), unit_of_work():
            deadlines.expire()

    def _posted(self, hand, path, **body):
        answer = hand.post(path, body)
        assert answer.status_code in (200, 409), answer.text
        return answer.json.get("code")

    def now(self):
        return self.owner.execute("SELECT revision FROM campaign WHERE id = %s", [self.campaign["id"]]).fetchone()[0]

    def outcome(self, order):
        """The order's status, what was booked in payments, and what of it goes back."""
        query = """
            SELECT o.status, coalesce(sum(p.amount_fen), 0)::int, coalesce(sum(p.refunded_fen), 0)::int
            FROM group_order o LEFT JOIN payment p ON p.subject_id = o.id AND p.status = 'succeeded'
            WHERE o.id = %s GROUP BY o.id"""
        return self.owner.execute(query, [order["id"]]).fetchone()


# What ends the order (or makes it cheaper); the outcome when the payment comes first, with what the end is then told;
# the outcome when it comes second.
IN_TURN = [
    ("expire", ("paid", DUE, 0), None, ("expired", DUE, DUE)),
    ("cancel", ("paid", DUE, 0), "stale", ("cancelled", DUE, DUE)),
    ("call off", ("cancelled", DUE, DUE), None, ("cancelled", DUE, DUE)),
    ("lower price", ("paid", DUE, 200), None, ("paid", DUE, 200)),
]


@pytest.mark.parametrize("how, paid_first, told, paid_late", IN_TURN, ids=[row[0] for row in IN_TURN])
def test_both_stand_before_the_order_in_turn(how, paid_first, told, paid_late, shop):
    order = shop.placed()
    pay, end = shop.paid_outside(order), shop.ending(order, how)
    assert in_turn(shop.url, ORDER, [order["id"]], pay, end)[1] == told
    assert shop.outcome(order) == paid_first
    shop.campaign = g.opened(shop.cast)
    order = shop.placed()
    pay, end = shop.paid_outside(order), shop.ending(order, how)
    assert in_turn(shop.url, ORDER, [order["id"]], end, pay)[0] is None
    assert shop.outcome(order) == paid_late


def test_both_want_the_order_and_then_its_shares(shop):
    """Whoever changes a campaign comes to the shares after the orders, as a payment does: no deadlock."""
    for how in ("expire", "cancel", "call off", "lower price"):
        order = shop.placed()
        pay, end = shop.paid_outside(order), shop.ending(order, how)
        in_turn(shop.url, ITEMS, [shop.campaign["id"]], end, pay)
        status, booked, back = shop.outcome(order)
        assert booked == DUE and back == {"paid": 200 if how == "lower price" else 0}.get(status, DUE)
        shop.campaign = g.opened(shop.cast)


@pytest.mark.parametrize("how", ["expire", "cancel", "call off", "lower price"])
@pytest.mark.parametrize("rounds", everyday_or(50, everyday=4))
def test_paying_races_the_end(how, rounds, shop):
    ends = {"expire": {"paid", "expired"}, "cancel": {"paid", "cancelled"}, "call off": {"cancelled"}}
    for _ in range(rounds):
        order = shop.placed()
        at_once(shop.paid_outside(order), shop.ending(order, how))
        status, booked, back = shop.outcome(order)
        assert status in ends.get(how, {"paid"})
        assert booked == DUE and back == {"paid": 200 if how == "lower price" else 0}.get(status, DUE)
        shop.campaign = g.opened(shop.cast)


@pytest.mark.parametrize("rounds", everyday_or(50, everyday=4))
def test_eight_hear_of_one_payment_and_it_is_booked_once(rounds, shop):
    for _ in range(rounds):
        order = shop.placed()
        check = shop.paid_outside(order)
        assert {answer["status"] for answer in at_once(*[check] * 8)} == {"succeeded"}
        assert shop.outcome(order) == ("paid", DUE, 0)
        booked = (
            "SELECT count(*) FROM ledger_transaction t JOIN payment p ON p.id = t.subject_id WHERE p.subject_id = %s"
        )
        assert shop.owner.execute(booked, [order["id"]]).fetchone() == (1,)
        shop._posted(shop.cast.he, f"/orders/{order['id']}/cancel", revision=2)


@pytest.mark.parametrize("rounds", everyday_or(50, everyday=4))
def test_two_of_a_family_pay_for_the_same_order_and_one_gets_it_back(rounds, shop):
    for _ in range(rounds):
        order = shop.placed()
        checks = [shop.paid_outside(order, who) for who in ("he", "liu")]
        at_once(*checks)
        assert shop.outcome(order) == ("paid", 2 * DUE, DUE)
        shop._posted(shop.cast.he, f"/orders/{order['id']}/cancel", revision=2)
        assert shop.outcome(order) == ("cancelled", 2 * DUE, 2 * DUE)
