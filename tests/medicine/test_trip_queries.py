"""What the lists and pages of trips cost: as many statements for many as for one."""

from tests.cast import MACHIDUN
from tests.core.test_queries import counted  # noqa: F401 the fixture
from tests.factories import medicine as m
from tests.factories import tasks as t
from tests.factories import trips as trip
from tests.factories.groupbuy import ok

MANY, MOST = 6, 14
SEALED = {**m.PLASTERS, "ceiling_fen": 5000}


def brought(cast, app, shop, n):
    """One trip with n bags, back and unpacked."""
    who = f"志愿者{n}"
    t.helper(app, who)
    requests = [m.checked(cast, "he", SEALED) for _ in range(n)]
    made = trip.at_the_counter(cast, who, shop, *requests)
    for request in requests:
        trip.bought(cast, who, made, request, 1000)
    return trip.back(cast, who, made), requests


def lists(cast, app, n, shop):
    for at in range(n):
        trip.pharmacy(cast, f"药店{n}-{at}")
        trip.opened(cast, shop)
    made, requests = brought(cast, app, shop, n)
    for request in requests:
        ok(trip.refuse(cast, "li", request))
    for goods in trip.goods(cast)[:n]:
        away = trip.door(app, f"Q{n}-{goods['id'][-6:]}")
        wish = m.checked(cast, "wang", SEALED, household_id=away, consent="voice")
        sent = {"revision": goods["revision"], "request_id": wish["id"]}
        ok(cast.li.post(f"/medicine-goods/{goods['id']}/offers", sent), 201)
    return made


PAGES = {
    "trips": lambda made: ("/medicine-trips", {"limit": 100}),
    "one trip": lambda made: (f"/medicine-trips/{made['id']}", {}),
    "pharmacies": lambda made: ("/pharmacies", {"limit": 100}),
    "goods": lambda made: ("/medicine-goods", {"limit": 100, "place": MACHIDUN}),
    "offers": lambda made: ("/medicine-offers", {"limit": 100}),
    "balances": lambda made: ("/medicine-balances", {"place": MACHIDUN}),
}


def test_many_cost_no_more_statements_than_one(world, app, home, counted):  # noqa: F811
    shop, costs = trip.pharmacy(world), {name: [] for name in PAGES}
    for n in (1, MANY):
        made = lists(world, app, n, shop)
        for name, page in PAGES.items():
            path, query = page(made)
            shown = ok(world.li.get(path, **query))  # once to warm the connections
            assert name == "balances" or len(shown.get("items", shown.get("packages", ()))) >= n, name
            counted.clear()
            ok(world.li.get(path, **query))
            costs[name].append(len(counted))
    assert all(one == many <= MOST for one, many in costs.values()), costs


def test_the_list_at_the_counter_costs_the_same(world, app, home, counted):  # noqa: F811
    shop, costs = trip.pharmacy(world), []
    for n in (1, MANY):
        t.helper(app, f"志愿者{n}")
        made = trip.at_the_counter(world, f"志愿者{n}", shop, *[m.checked(world, "he") for _ in range(n)])
        counted.clear()
        ok(world.hand(f"志愿者{n}").post(f"/medicine-trips/{made['id']}/reveal", {"purpose": "buy"}))
        costs.append(len(counted))
    assert costs[0] == costs[1], costs
