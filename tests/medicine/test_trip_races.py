"""Two at the same moment, each on a connection of their own: one wins, the other is told, and the books are even."""

import pytest

from backend.medicine.trips.rules import CAPACITY
from backend.payments import service as payments
from tests.factories import groupbuy as g
from tests.factories import medicine as m
from tests.factories import tasks as t
from tests.factories import trips as trip
from tests.factories.groupbuy import ok
from tests.factories.races import at_once, everyday_or

SEALED = {**m.PLASTERS, "name": "布洛芬缓释胶囊", "ceiling_fen": 5000}
ROUNDS = everyday_or(60, 3)


@pytest.fixture
def shop(world, app, home):
    t.helper(app, "qian")
    return trip.pharmacy(world)


def codes(answers):
    return sorted(answer.status_code for answer in answers)


@pytest.mark.parametrize("rounds", ROUNDS)
def test_two_taps_buy_a_line_once(world, app, shop, rounds):
    for start in range(0, rounds, CAPACITY):
        names = [f"药{n}" for n in range(start, min(start + CAPACITY, rounds))]
        request = m.checked(world, "he", *[SEALED | {"name": name} for name in names])
        t.helper(app, who := f"双击{start}")
        made = trip.at_the_counter(world, who, shop, request)
        for line in request["lines"]:
            answers = at_once(*[lambda: trip.buy(world, who, made, line, 1000)] * 2)  # noqa: B023
            assert codes(answers) == [201, 409]
        assert trip.show(world, made, who)["own_fen"] == -1000 * len(names)
    assert not g.sound(app)


@pytest.mark.parametrize("rounds", ROUNDS)
def test_refused_and_handed_over_at_once_is_one_of_both(world, app, shop, rounds):
    for n in range(rounds):
        t.helper(app, f"志愿者{n}")
        request = m.checked(world, "he", SEALED)
        made = trip.at_the_counter(world, f"志愿者{n}", shop, request)
        trip.bought(world, f"志愿者{n}", made, request, 1000)
        trip.back(world, f"志愿者{n}", made)
        answers = at_once(
            lambda: trip.hand_over(world, "chen", request, 1000),  # noqa: B023
            lambda: trip.refuse(world, "he", request, "too_dear"),  # noqa: B023
        )
        assert codes(answers) == [200, 409]
        trip.even(world, made)
        ok(trip.reconcile(world, made))
    assert not g.sound(app)


def refused(world, app, shop, who, *lines):
    """Goods of each of the lines, refused and lying at the community."""
    for start in range(0, len(lines), CAPACITY):
        requests = [m.checked(world, "he", line) for line in lines[start : start + CAPACITY]]
        t.helper(app, on_the_way := f"{who}{start}")
        made = trip.at_the_counter(world, on_the_way, shop, *requests)
        for request in requests:
            trip.bought(world, on_the_way, made, request, 1000)
        trip.back(world, on_the_way, made)
        for request in requests:
            ok(trip.refuse(world, "li", request, "wrong"))
    return trip.goods(world)


def offer(world, goods, request, who):
    wish = {"revision": goods["revision"], "request_id": request["id"]}
    return world.hand(who).post(f"/medicine-goods/{goods['id']}/offers", wish)


@pytest.mark.parametrize("rounds", ROUNDS)
def test_goods_are_offered_to_one_household_at_a_time(world, app, shop, rounds):
    lines = [SEALED | {"name": f"药{n}"} for n in range(rounds)]
    for one in refused(world, app, shop, "志愿者甲", *lines):
        n = int(trip.name_of(app, one).removeprefix("药"))
        wishes = [
            m.checked(world, "wang", lines[n], household_id=trip.door(app, f"R{n}-{at}"), consent="voice")
            for at in range(2)
        ]
        answers = at_once(
            lambda: offer(world, one, wishes[0], "li"),  # noqa: B023
            lambda: offer(world, one, wishes[1], "chen"),  # noqa: B023
        )
        assert codes(answers) == [201, 409]
    assert not g.sound(app)


@pytest.mark.parametrize("rounds", ROUNDS)
def test_an_offer_is_accepted_once(world, app, shop, rounds):
    lines = [SEALED | {"name": f"药{n}"} for n in range(rounds)]
    for one in refused(world, app, shop, "志愿者乙", *lines):
        n = int(trip.name_of(app, one).removeprefix("药"))
        wish = m.checked(world, "wang", lines[n], household_id=trip.door(app, f"A{n}"), consent="voice")
        made = ok(offer(world, one, wish, "li"), 201)
        said = {"revision": made["revision"], "accept": True, "consent": "voice"}
        answers = at_once(
            *[lambda who=who: world.hand(who).post(f"/medicine-offers/{made['id']}/answer", said)  # noqa: B023
              for who in ("wang", "liu")]
        )  # fmt: skip
        assert codes(answers) == [200, 409]
    with app.app_context():
        assert payments.balance("medicine_stock", trip.MACHIDUN) == 0
    assert not g.sound(app)


@pytest.mark.parametrize("rounds", ROUNDS)
def test_nothing_gets_onto_a_list_that_is_being_sealed(world, app, shop, rounds):
    for n in range(rounds):
        made = trip.opened(world, shop, m.checked(world, "he"))
        late = m.checked(world, "wang", household_id=trip.door(app, f"S{n}"), consent="voice")
        answers = at_once(
            lambda: trip.step(world, "li", made, "seal"),  # noqa: B023
            lambda: trip.add(world, made, late, "chen"),  # noqa: B023
        )
        assert 200 in codes(answers) and set(codes(answers)) <= {200, 409}
        now = trip.show(world, made)
        on_it = late["id"] in [bag["request_id"] for bag in now["packages"]]
        assert on_it == (answers[1].status_code == 200) == (m.show(world, late)["status"] == "planned")
    assert not g.sound(app)


def test_the_database_itself_keeps_a_sealed_list(world, app, shop, owner):
    request, other = m.checked(world, "he"), m.checked(world, "he")
    made = trip.sealed(world, shop, request)
    insert = "INSERT INTO trip_request (id, trip_id, request_id, number) VALUES (gen_random_uuid(), %s, %s, 9)"
    for statement, values in (
        (insert, [made["id"], other["id"]]),
        ("DELETE FROM trip_request WHERE trip_id = %s", [made["id"]]),
        ("UPDATE trip_request SET left_at = now() WHERE trip_id = %s", [made["id"]]),
        ("UPDATE trip_request SET number = 5 WHERE trip_id = %s", [made["id"]]),
    ):
        with pytest.raises(Exception, match="is sealed"):
            owner.execute(statement, values)
