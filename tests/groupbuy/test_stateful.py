"""One group buy lives through whatever may happen to it, beside a model in plain Python that says what ought to: its
orders, the parts in which they are paid, what goes back, what the trucks bring. The ledger is checked after each."""

from itertools import count
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from backend.core.transaction import unit_of_work
from backend.groupbuy import deadlines
from backend.payments import service as payments
from tests.factories import arrivals as a
from tests.factories import groupbuy as g
from tests.factories.payments import work_off
from tests.factories.races import everyday_or

TOTAL, CAP, PRICE, LOWER = 12, 5, 1000, 900
UNPAID, FIRM = {"awaiting_payment"}, {"paid", "on_delivery"}
CLOSED = {"cancelled", "expired", "refunded"}
rooms, receipts = count(1), count(1)


class Life(RuleBasedStateMachine):
    def __init__(self, world, owner, app, mine):
        super().__init__()
        self.world, self.owner, self.app = world, owner, app
        self.homes = [mine, *[g.home(app, f"S{next(rooms)}") for _ in range(3)]]

    @initialize(
        minimum=st.sampled_from([0, 0, 0, 4]), policy=st.sampled_from(["first_come", "one_each_first"]), data=st.data()
    )
    def opens(self, minimum, policy, data):
        self.campaign = g.opened(
            self.world,
            {"total": TOTAL, "cap": CAP, "cost_fen": PRICE - 100},
            minimum_shares=minimum,
            policy=policy,
            allows_on_delivery=True,
        )
        self.minimum, self.policy, self.phase, self.price = minimum, policy, "open", PRICE
        self.orders, self.arrived = [], 0
        for _ in range(data.draw(st.integers(0, 4))):
            self.place(data.draw(st.sampled_from(range(4))), data.draw(st.integers(1, CAP)), "prepaid")

    # --- the model ---

    def of(self, home):
        return sum(order.quantity for order in self.orders if order.home == home and order.status not in CLOSED)

    def taken(self, statuses):
        return sum(order.quantity for order in self.orders if order.status in statuses)

    def left(self):
        return TOTAL - sum(order.quantity for order in self.orders if order.status not in ("cancelled", "expired"))

    def close(self, order, status):
        """Nothing is owed any more; what was paid goes back, the last payment first."""
        order.status = status
        self.owe(order, 0)

    def owe(self, order, due):
        order.due = due
        excess = sum(part.kept for part in order.parts) - due
        for part in reversed(order.parts):
            back = max(0, min(excess, part.kept))
            part.kept, excess = part.kept - back, excess - back

    # --- what people do ---

    @precondition(lambda self: self.phase in ("open", "cut_off"))
    @rule(home=st.integers(0, 3), quantity=st.integers(1, CAP + 1), terms=st.sampled_from(["prepaid", "on_delivery"]))
    def place(self, home, quantity, terms):
        who, consent = ("he", None) if home == 0 else ("liu", "voice")
        wish = {"household_id": self.homes[home], "terms": terms, "consent": consent}
        answer = self.world.hand(who).post("/orders", g.asked(self.campaign, quantity, **wish))
        refusal = (
            (self.phase != "open" and (409, "not_open"))
            or (self.of(home) + quantity > CAP and (422, "over_cap"))
            or (quantity > self.left() and (409, "sold_out"))
        )
        assert (answer.status_code, answer.json.get("code")) == (refusal or (201, None)), answer.text
        if not refusal:
            status = "awaiting_payment" if terms == "prepaid" else "on_delivery"
            due = quantity * self.price
            self.orders.append(
                SimpleNamespace(id=answer.json["id"], home=home, who=who, quantity=quantity, terms=terms, status=status,
                                due=due, price=self.price, parts=[], allocated=None)
            )  # fmt: skip

    def unpaid(self):
        return [order for order in self.orders if order.status not in CLOSED and self.rest(order) > 0]

    def rest(self, order):
        return order.due - sum(part.kept for part in order.parts)

    @precondition(lambda self: self.unpaid())
    @rule(part=st.sampled_from([1, 2, 3]), online=st.booleans(), data=st.data())
    def pay(self, part, online, data):
        """All that remains, or a half or a third of it; online by the home, or in cash to the organiser."""
        order = data.draw(st.sampled_from(self.unpaid()))
        fen = -(-self.rest(order) // part)
        if online and order.home == 0:
            a.online(self.world, order.__dict__, fen)
            order.parts.append(SimpleNamespace(kept=fen, fen=fen))
        else:
            a.receipt(self.world, order.__dict__, fen, f"T{next(receipts)}")
            order.parts.append(SimpleNamespace(kept=fen, fen=fen))
        if order.status in UNPAID and not self.rest(order):
            order.status = "paid"

    @precondition(lambda self: self.orders)
    @rule(data=st.data())
    def cancel(self, data):
        order = data.draw(st.sampled_from(self.orders))
        revision = a.show(self.world, order.__dict__)["revision"]
        answer = self.world.hand(order.who).post(f"/orders/{order.id}/cancel", {"revision": revision})
        fine = order.status in UNPAID | FIRM and self.phase == "open"
        assert answer.status_code == (200 if fine else 409), answer.text
        if fine:
            self.close(order, "cancelled")

    @precondition(lambda self: self.phase == "open" and self.price == PRICE)
    @rule()
    def the_price_falls(self):
        item = self.campaign["items"][0]
        parts = {"cost_fen": LOWER - 100, "freight_fen": item["freight_fen"], "organiser_fen": item["organiser_fen"]}
        g.step(self.world, "hu", a.fresh(self.world, self.campaign), "lower_price", item_id=item["id"], **parts)
        self.price = LOWER
        for order in self.orders:
            if order.status in UNPAID | FIRM:
                order.price = LOWER
                self.owe(order, order.quantity * LOWER)

    # --- what happens ---

    @precondition(lambda self: any(order.status in UNPAID for order in self.orders))
    @rule(data=st.data())
    def a_term_of_payment_ends(self, data):
        order = data.draw(st.sampled_from([order for order in self.orders if order.status in UNPAID]))
        self.owner.execute("UPDATE group_order SET pay_by = now() WHERE id = %s", [order.id])
        with self.app.app_context(), unit_of_work():
            deadlines.expire()
        self.close(order, "expired")

    @precondition(lambda self: self.phase == "open" and len(self.orders) > 2)
    @rule()
    def the_cut_off_comes(self):
        self.owner.execute("UPDATE campaign SET cut_off_at = now() WHERE id = %s", [self.campaign["id"]])
        with self.app.app_context(), unit_of_work():
            deadlines.cut_off(self.campaign["id"])
        self.phase = "cut_off"

    @precondition(lambda self: self.phase == "cut_off")
    @rule()
    def the_books_close(self):
        with self.app.app_context(), unit_of_work():
            deadlines.close_books(self.campaign["id"])
        for order in [order for order in self.orders if order.status in UNPAID]:
            self.close(order, "expired")
        if self.taken(FIRM) < max(self.minimum, 1):
            self.phase = "failed"
            for order in [order for order in self.orders if order.status in FIRM]:
                self.close(order, "cancelled")
            return
        self.phase = "locked"
        for order in [order for order in self.orders if order.status in FIRM]:
            order.status = "locked"
        g.step(self.world, "hu", a.fresh(self.world, self.campaign), "order")

    @precondition(lambda self: self.phase == "locked")
    @rule(quantity=st.integers(1, TOTAL), last=st.booleans())
    def a_truck(self, quantity, last):
        g.ok(a.truck(self.world, self.campaign, quantity, last=last))
        self.arrived += quantity
        waiting = [order for order in self.orders if order.status not in CLOSED]
        given = self.shares(waiting, self.arrived)
        for order, shares in zip(waiting, given, strict=True):
            order.allocated = shares
            if order.status == "locked" and (last or shares == order.quantity):
                order.status = "allocated" if shares else "refunded"
                self.owe(order, shares * order.price)
        if last:
            self.phase = "arrived"

    def shares(self, orders, available):
        """What two trucks give is what one truck with all of it would have given."""
        got = [0] * len(orders)
        served = set()
        for n, order in enumerate(orders):
            if self.policy == "one_each_first" and available and order.home not in served:
                got[n], available = 1, available - 1
                served.add(order.home)
        for n, order in enumerate(orders):
            more = min(order.quantity - got[n], available)
            got[n], available = got[n] + more, available - more
        return got

    @precondition(lambda self: self.phase != "cut_off")  # else the books' closing, which is a job too, has a rule here
    @rule()
    def the_jobs_run_and_cash_goes_back(self):
        work_off(self.app, self.owner)
        for refund in g.ok(self.world.hu.get("/refunds", limit=100))["items"]:
            if refund["method"] == "cash" and refund["status"] == "pending":
                g.ok(self.world.hu.post(f"/refunds/{refund['id']}/hand-back", {"receipt": f"H{next(receipts)}"}))

    @rule()
    def onwards(self):
        """What ought to come next, so that lives get somewhere."""
        if self.phase == "open" and len(self.orders) > 2:
            for order in self.unpaid()[:2]:
                a.receipt(self.world, order.__dict__, self.rest(order), f"T{next(receipts)}")
                order.parts.append(SimpleNamespace(kept=self.rest(order), fen=self.rest(order)))
                order.status = "paid" if order.status in UNPAID else order.status
            self.the_cut_off_comes()
        elif self.phase == "cut_off":
            self.the_books_close()

    # --- what must hold after each of these ---

    @invariant()
    def the_orders_are_as_the_model_says(self):
        query = "SELECT id::text, status, due_fen FROM group_order WHERE campaign_id = %s"
        found = {order: (status, due) for order, status, due in self.owner.execute(query, [self.campaign["id"]])}
        assert found == {order.id: (order.status, order.due) for order in self.orders}

    @invariant()
    def the_shares_are_as_the_model_says(self):
        query = "SELECT available, reserved, sold FROM campaign_item WHERE campaign_id = %s"
        counted = self.owner.execute(query, [self.campaign["id"]]).fetchone()
        gone = self.taken({"cancelled", "expired"})
        reserved = self.taken(UNPAID)
        assert counted == (self.left(), reserved, sum(o.quantity for o in self.orders) - gone - reserved)

    @invariant()
    def everyone_has_paid_and_was_given_back_what_the_model_says(self):
        query = """SELECT subject_id::text, sum(amount_fen - refunded_fen) FROM payment WHERE status = 'succeeded'
                   AND book_id = %s GROUP BY 1"""
        found = {order: int(fen) for order, fen in self.owner.execute(query, [self.campaign["id"]])}
        kept = {order.id: sum(part.kept for part in order.parts) for order in self.orders if order.parts}
        assert found == kept

    @invariant()
    def the_ledger_adds_up(self):
        with self.app.app_context(), unit_of_work(read_only=True):
            assert sum(payments.trial_balance().values()) == 0
            worth = payments.balance("campaign", self.campaign["id"], self.campaign["id"])
        assert worth == -sum(order.due for order in self.orders)

    @invariant()
    def nothing_is_broken(self):
        assert not g.sound(self.app)


@pytest.mark.parametrize("lives", everyday_or(30, 6))
def test_a_group_buy_lives_through_whatever_may_happen(world, owner, app, lives):
    mine = g.home(app, who="he")
    run_state_machine_as_test(
        lambda: Life(world, owner, app, mine),
        settings=settings(
            max_examples=lives,
            stateful_step_count=20,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
