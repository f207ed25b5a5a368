"""A medicine day lives through whatever may happen to it, beside a model in plain Python that says what everybody ought
to hold: a volunteer, three homes, a float. The ledger and every invariant are checked after each step; in the end every
volunteer's balance is zero."""

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

from backend.payments import service as payments
from tests.factories import groupbuy as g
from tests.factories import medicine as m
from tests.factories import tasks as t
from tests.factories import trips as trip
from tests.factories.groupbuy import ok
from tests.factories.races import everyday_or

rooms = count(1)
SEALED = {**m.PLASTERS, "name": "布洛芬缓释胶囊", "ceiling_fen": 5000}


class Day(RuleBasedStateMachine):
    def __init__(self, world, app, owner, shop):
        super().__init__()
        self.world, self.app, self.owner, self.shop = world, app, owner, shop
        self.who = f"志愿者{next(rooms)}"
        t.helper(app, self.who)
        homes = [trip.door(app, f"D{next(rooms)}") for _ in range(3)]
        self.bags = [
            SimpleNamespace(
                request=m.checked(world, "wang", SEALED, household_id=home, consent="voice"), state="listed", fen=0
            )
            for home in homes
        ]
        self.cash = self.li = 0  # in the volunteer's hands, and in those of who hands out
        self.float = self.now_in("community_float")
        self.kept = self.fund = self.owed = 0

    def now_in(self, account):
        with self.app.app_context():
            return payments.trial_balance()[account]

    @initialize()
    def set_out(self):
        self.before = {name: self.now_in(name) for name in ("medicine_stock", "fund", "household", "volunteer")}
        self.trip = trip.at_the_counter(self.world, self.who, self.shop, *[bag.request for bag in self.bags])
        self.phase, self.aborted = "shopping", False

    def of(self, *states):
        return [bag for bag in self.bags if bag.state in states]

    # --- what people do ---

    @precondition(lambda self: self.phase != "over")
    @rule(fen=st.sampled_from([100, 2500, 9000]))
    def advance(self, fen):
        ok(trip.advance(self.world, self.trip, fen), 201)
        self.cash += fen
        self.float -= fen

    @precondition(lambda self: self.phase == "shopping" and self.of("listed"))
    @rule(fen=st.sampled_from([0, 1200, 5000, 5001]), data=st.data())
    def buy(self, fen, data):
        bag = data.draw(st.sampled_from(self.of("listed")))
        answer = trip.buy(self.world, self.who, self.trip, bag.request["lines"][0], fen)
        if fen > SEALED["ceiling_fen"]:
            assert answer.json["code"] == "above_ceiling"
            return
        ok(answer, 201)
        bag.state, bag.fen = "bought", fen
        self.cash -= fen

    @precondition(lambda self: self.phase == "shopping" and self.of("listed"))
    @rule(data=st.data())
    def miss(self, data):
        bag = data.draw(st.sampled_from(self.of("listed")))
        sent = {"line_id": bag.request["lines"][0]["id"], "reason": "out_of_stock"}
        ok(self.world.hand(self.who).post(f"/medicine-trips/{self.trip['id']}/misses", sent), 201)
        bag.state = "missed"

    @precondition(lambda self: self.phase == "shopping")
    @rule(how=st.sampled_from(["leave", "abort"]))
    def turn_back(self, how):
        trip.photographed(self.world, self.who, self.trip)
        ok(trip.step(self.world, self.who, self.trip, how, reason="called_away"))
        status = {"leave": "unavailable", "abort": "checked"}[how]
        for bag in self.of("listed", "missed"):
            assert m.show(self.world, bag.request)["status"] == status
            bag.state = "waiting"
        if self.of("bought") or how == "leave":
            ok(trip.step(self.world, self.who, self.trip, "hand_out"))
            trip.unpacked(self.world, self.trip)
        self.phase = "doors"

    @precondition(lambda self: self.phase == "doors" and self.of("bought"))
    @rule(pays=st.booleans(), data=st.data())
    def hand_over(self, pays, data):
        bag = data.draw(st.sampled_from(self.of("bought")))
        paid = bag.fen if pays else 0
        assert ok(trip.hand_over(self.world, "li", bag.request, paid))["owed_fen"] == bag.fen
        bag.state = "had"
        self.owed += bag.fen - paid
        self.li += paid

    @precondition(lambda self: self.phase == "doors" and self.of("bought"))
    @rule(why=st.sampled_from(["too_dear", "no_longer_needed", "not_home"]), data=st.data())
    def refuse(self, why, data):
        bag = data.draw(st.sampled_from(self.of("bought")))
        ok(trip.refuse(self.world, "li", bag.request, why))
        assert trip.hand_over(self.world, "li", bag.request).status_code == 409
        bag.state = "refused"
        self.kept += bag.fen

    @precondition(lambda self: self.phase == "doors" and self.of("bought"))
    @rule(data=st.data())
    def drop(self, data):
        bag = data.draw(st.sampled_from(self.of("bought")))
        self.write_off(bag, "broken")
        bag.state = "broken"

    @precondition(lambda self: self.of("refused"))
    @rule(back=st.booleans(), data=st.data())
    def decide(self, back, data):
        """What was refused goes back to the pharmacy, or nobody will have it."""
        bag = data.draw(st.sampled_from(self.of("refused")))
        self.kept -= bag.fen
        if back:
            goods = trip.purchases(self.app, bag.request)[0]
            sent = {"revision": goods.revision, "back_fen": bag.fen, "receipt": trip.receipt()}
            ok(self.world.li.post(f"/medicine-goods/{goods.id}/returns", sent))
            self.float += bag.fen
        else:
            self.write_off(bag, "unwanted")
        bag.state = "decided"

    def write_off(self, bag, loss):
        goods = trip.purchases(self.app, bag.request)[0]
        sent = {"revision": goods.revision, "loss": loss}
        ok(self.world.chen.post(f"/medicine-goods/{goods.id}/write-offs", sent))
        self.fund += bag.fen

    @precondition(lambda self: self.phase == "doors")
    @rule()
    def evening(self):
        """Refused while anything is open, and says what; closed when all is even."""
        answer = trip.reconcile(self.world, self.trip)
        missing = {one["code"] for one in answer.json.get("missing", ())}
        expected = {
            *(["packages_left"] if self.of("bought") else []),
            *(["cash_in_hand"] if self.cash > 0 or self.li else []),
            *(["advanced"] if self.cash < 0 else []),
        }
        assert missing == expected, answer.text
        if not expected:
            assert ok(answer)["status"] == "reconciled"
            self.phase = "over"

    @precondition(lambda self: self.phase == "doors")
    @rule()
    def settle_cash(self):
        trip.even(self.world, self.trip)
        self.float += self.cash + self.li
        self.cash = self.li = 0

    @rule()
    def look(self):
        """At any time anybody who keeps the money sees who holds what."""
        mine = {one["name"]: one["fen"] for one in trip.held(self.world) if one["trip_id"] == self.trip["id"]}
        assert mine == {name: fen for name, fen in ((self.who, self.cash), ("li", self.li)) if fen}

    # --- what must be so ---

    @invariant()
    def the_books_are_in_order(self):
        if not hasattr(self, "trip"):
            return
        assert not g.sound(self.app)
        with self.app.app_context():
            held = payments.trial_balance()
        assert sum(held.values()) == 0
        moved = {name: held[name] - was for name, was in self.before.items()}
        on_the_way = sum(bag.fen for bag in self.of("bought"))
        assert held["community_float"] == self.float
        assert moved == {
            "medicine_stock": on_the_way + self.kept,
            "fund": self.fund,
            "household": self.owed,
            "volunteer": self.cash + self.li,
        }

    def teardown(self):
        """However the day went, its evening comes: everything is decided, and everybody's hands are empty."""
        if not hasattr(self, "trip"):
            return
        if self.phase == "shopping":
            self.turn_back("abort")
        for bag in self.of("bought"):
            ok(trip.refuse(self.world, "li", bag.request, "not_home"))
            self.kept += bag.fen
            bag.state = "refused"
        if self.phase == "doors":
            self.settle_cash()
            self.evening()
        assert self.phase == "over" and self.now_in("volunteer") == 0
        self.the_books_are_in_order()
        assert all(one["trip_id"] != self.trip["id"] for one in trip.held(self.world))


@pytest.mark.parametrize("days", everyday_or(60, 5))
def test_a_medicine_day_ends_with_empty_hands(world, app, owner, days):
    shop = trip.pharmacy(world)
    run_state_machine_as_test(
        lambda: Day(world, app, owner, shop),
        settings=settings(
            max_examples=days, stateful_step_count=12, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
