"""Who goes where: each request once, no trip too large, only where it is sold, the same in whatever order one asks."""

import uuid
from datetime import UTC, date, datetime, time, timedelta
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.medicine.goods import rules as goods
from backend.medicine.trips import rules
from backend.medicine.trips.rules import Shop, Wanted

TODAY = date(2020, 3, 5)
DISEASES = [None, "糖尿病", "高血压", "肿瘤"]


def ident(number):
    return uuid.UUID(int=number)


wanted = st.builds(
    Wanted,
    st.uuids(),
    st.sampled_from(["420112004007-001-001", "420112004007-001-002", "420112004007-002-001"]),
    st.dates(TODAY, TODAY + timedelta(days=3)),
    st.sampled_from(DISEASES),
    st.booleans(),
    st.frozensets(st.sampled_from([b"a", b"b", b"c"]), min_size=1),
)
shops = st.builds(
    Shop,
    st.uuids(),
    st.frozensets(st.sampled_from(DISEASES[1:])),
    st.booleans(),
    st.sampled_from([time(18), time(21)]),
    st.none() | st.integers(0, 90),
    st.frozensets(st.sampled_from([b"a", b"b", b"c"]), max_size=1),
)


@given(st.lists(wanted, unique_by=lambda one: one.id), st.lists(shops, unique_by=lambda one: one.id), st.integers(1, 5))
def test_each_request_once_and_only_where_it_is_sold(requests, pharmacies, capacity):
    made = rules.plan(requests, pharmacies, TODAY, capacity)
    by_shop, by_id = {shop.id: shop for shop in pharmacies}, {one.id: one for one in requests}
    placed = [request_id for group in made.groups for request_id in group.request_ids]
    assert sorted([*placed, *[request_id for request_id, _ in made.unplaced]]) == sorted(by_id)
    for group in made.groups:
        assert 0 < len(group.request_ids) <= capacity
        shop, some = by_shop[group.shop_id], [by_id[request_id] for request_id in group.request_ids]
        assert all(one.disease is None or one.disease in shop.diseases for one in some)
        assert all(shop.cold or not one.cold for one in some)
        assert not any(one.medicines & shop.lacks for one in some)
        assert group.same_day == any(one.cold or one.needed_on <= TODAY for one in some)


@given(
    st.lists(wanted, unique_by=lambda one: one.id),
    st.lists(shops, unique_by=lambda one: one.id),
    st.randoms(use_true_random=False),
)
def test_the_order_of_asking_does_not_matter(requests, pharmacies, chance):
    before = rules.plan(requests, pharmacies, TODAY)
    chance.shuffle(requests)
    chance.shuffle(pharmacies)
    assert rules.plan(requests, pharmacies, TODAY) == before


def shop(number, diseases=(), cold=True, queue=None, lacks=()):
    return Shop(ident(number), frozenset(diseases), cold, time(20), queue, frozenset(lacks))


def want(number, disease=None, cold=False, days=2, place="420112004007-001-001", medicine=b"a"):
    return Wanted(ident(number), place, TODAY + timedelta(days=days), disease, cold, frozenset([medicine]))


def test_one_queue_serves_who_must_go_there_and_who_may():
    designated, quick = shop(1, ["糖尿病"], queue=60), shop(2, queue=5)
    made = rules.plan([want(1, "糖尿病"), want(2), want(3)], [designated, quick], TODAY)
    assert [(group.shop_id, len(group.request_ids)) for group in made.groups] == [(designated.id, 3)]


def test_the_urgent_and_the_cold_are_on_the_first_trip():
    made = rules.plan([want(n, cold=n == 4, days=3) for n in range(1, 5)], [shop(1)], TODAY, capacity=2)
    assert ident(4) in made.groups[0].request_ids and made.groups[0].same_day and not made.groups[1].same_day


@pytest.mark.parametrize(
    ("one", "pharmacies", "why"),
    [
        (want(1), [], rules.NONE_OPEN),
        (want(1, "肿瘤"), [shop(1, ["糖尿病"])], rules.NO_DESIGNATED),
        (want(1, cold=True), [shop(1, cold=False)], rules.NO_COLD),
        (want(1), [shop(1, lacks=[b"a"])], rules.NOWHERE_IN_STOCK),
    ],
)
def test_why_somebody_goes_nowhere(one, pharmacies, why):
    assert rules.plan([one], pharmacies, TODAY).unplaced == [(one.id, why)]


# --- Where refused goods may go ---------------------------------------------------------------------------------

NOW = datetime(2020, 3, 5, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("cold", "sealed", "days_old", "days_good", "ways"),
    [
        (False, True, 0, 400, {"float", "pharmacy", "neighbour"}),
        (False, False, 0, 400, {"float", "pharmacy"}),
        (False, True, 0, 29, {"float", "pharmacy"}),
        (False, True, 0, 30, {"float", "pharmacy", "neighbour"}),
        (False, True, 8, 400, {"float", "neighbour"}),
        (True, False, 0, 400, {"float"}),
    ],
)
def test_where_refused_goods_may_go(cold, sealed, days_old, days_good, ways):
    line = SimpleNamespace(cold=cold, sealed_otc=sealed)
    bought = NOW - timedelta(days=days_old)
    had = SimpleNamespace(expires_on=TODAY + timedelta(days=days_good), bought_at=bought, cold_until=None)
    assert goods.ways(line, had, NOW, TODAY) == ways


def test_the_time_a_cold_bag_has_left():
    until = NOW + goods.COLD_LIMIT
    assert goods.seconds_left(until, NOW) == 7200 and not goods.too_warm(until, until)
    assert goods.seconds_left(until, until + timedelta(seconds=1)) == 0
    assert goods.too_warm(until, until + timedelta(seconds=1))
    assert goods.seconds_left(None, NOW) is None and not goods.too_warm(None, NOW)
