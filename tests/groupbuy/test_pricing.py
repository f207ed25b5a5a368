"""To the fen and to the share: splitting, weighed goods, a shortfall in money, cases, the minimum."""

from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.groupbuy.pricing import (
    CaseFill,
    Missing,
    case_fill,
    largest_remainder,
    shortfall_refunds,
    threshold_met,
    weighed_difference,
    weighed_price,
    who_could_fill,
)

PORK_JIN = (1000, 500)  # 10 yuan a jin of 500 g


# --- Splitting --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("total", "weights", "parts"),
    [
        (100, [1, 1, 1], [34, 33, 33]),  # equal remainders: the first
        (10, [6, 6, 2], [4, 4, 2]),
        (1, [1, 2, 1], [0, 1, 0]),
        (7, [0, 5, 0], [0, 7, 0]),
        (0, [0, 0], [0, 0]),
        (0, [], []),
        (2**70 + 1, [1, 1], [2**69 + 1, 2**69]),  # no float on the way
    ],
)
def test_largest_remainder(total, weights, parts):
    assert largest_remainder(total, weights) == parts


@pytest.mark.parametrize(("total", "weights"), [(-1, [1]), (1, []), (1, [0, 0]), (1, [2, -1])])
def test_what_cannot_be_split_is_refused(total, weights):
    with pytest.raises(ValueError):
        largest_remainder(total, weights)


@given(st.integers(0, 10**9), st.lists(st.integers(0, 10**6), min_size=1).filter(any))
def test_parts_add_up_within_one_of_the_exact_share_and_a_larger_weight_never_gets_less(total, weights):
    parts, whole = largest_remainder(total, weights), sum(weights)
    assert sum(parts) == total
    assert all(abs(part - Fraction(total * w, whole)) < 1 for part, w in zip(parts, weights, strict=True))
    by_weight = [part for _, part in sorted(zip(weights, parts, strict=True))]
    assert by_weight == sorted(by_weight)


@given(st.lists(st.integers(0, 1000), min_size=1).filter(any), st.data())
def test_no_part_exceeds_its_weight_as_long_as_there_is_no_more_than_all_of_them(weights, data):
    parts = largest_remainder(data.draw(st.integers(0, sum(weights))), weights)
    assert all(part <= weight for part, weight in zip(parts, weights, strict=True))


# --- Weighed goods ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("price_fen", "grams_per_share", "grams", "fen"),
    [
        (*PORK_JIN, 1500, 3000),
        (*PORK_JIN, 1437, 2874),
        (1590, 500, 1437, 4570),  # 4569.66
        (1, 2, 1, 1),  # half a fen goes up
        (1, 2, 3, 2),
        (1, 3, 1, 0),  # a third goes down
        (2, 3, 1, 1),  # two thirds go up
        (*PORK_JIN, 0, 0),
    ],
)
def test_weighed_goods_cost_what_the_scale_says(price_fen, grams_per_share, grams, fen):
    assert weighed_price(price_fen, grams_per_share, grams) == fen


@given(st.integers(1, 10**6), st.sampled_from([1, 8, 50, 100, 500, 625, 2500]), st.integers(0, 10**5))
def test_a_weighed_price_is_the_exact_fraction_rounded_half_up_once(price_fen, grams_per_share, grams):
    exact = Decimal(price_fen) * grams / grams_per_share  # these divide exactly in decimal
    assert weighed_price(price_fen, grams_per_share, grams) == exact.quantize(Decimal(1), ROUND_HALF_UP)


@given(st.integers(1, 10**6), st.integers(1, 5000), st.integers(0, 100))
def test_exactly_what_was_ordered_costs_exactly_the_price(price_fen, grams_per_share, quantity):
    assert weighed_price(price_fen, grams_per_share, quantity * grams_per_share) == price_fen * quantity


@pytest.mark.parametrize(
    ("ordered_fen", "actual_fen", "waive_fen", "difference"),
    [
        (3000, 2874, 100, 126),  # given back, all of it
        (3000, 3126, 100, -126),  # charged, all of it
        (3000, 2900, 100, 0),  # at the threshold
        (3000, 3100, 100, 0),
        (3000, 2899, 100, 101),
        (3000, 2999, 0, 1),  # nothing is waived
        (3000, 3000, 0, 0),
    ],
)
def test_a_small_difference_is_waived_and_a_larger_one_counts_in_full(ordered_fen, actual_fen, waive_fen, difference):
    assert weighed_difference(ordered_fen, actual_fen, waive_fen) == difference


# --- A shortfall in money ---------------------------------------------------------------------------------------


def missing(*rows: tuple[int, int]) -> list[Missing]:
    return [Missing(UUID(int=n), price, quantity) for n, (price, quantity) in enumerate(rows)]


def test_60_jin_short_give_600_yuan_back_and_each_the_price_of_what_is_missing():
    refunds = shortfall_refunds(missing(*[(1000, 2)] * 20, *[(1000, 1)] * 20, (1000, 0)))
    assert sum(refunds.values()) == 60_000
    assert [refunds[UUID(int=n)] for n in (0, 20, 40)] == [2000, 1000, 0]


def test_a_credit_in_fen_is_split_to_the_last_fen():
    """Three lines miss 2, 1 and 1 jin; the supplier's scale says 39.98 yuan, not 40.00."""
    refunds = shortfall_refunds(missing((1000, 2), (1000, 1), (1000, 1)), 3998)
    assert list(refunds.values()) == [1999, 1000, 999]


def test_nobody_gets_back_more_than_was_paid():
    with pytest.raises(ValueError):
        shortfall_refunds(missing((1000, 1)), 1001)


@given(st.lists(st.tuples(st.integers(1, 20_000), st.integers(0, 9))), st.data())
def test_refunds_add_up_to_the_credit_and_none_exceeds_what_its_line_misses(rows, data):
    lines = missing(*rows)
    credit = data.draw(st.integers(0, sum(price * quantity for price, quantity in rows)))
    refunds = shortfall_refunds(lines, credit)
    assert sum(refunds.values()) == credit
    assert all(0 <= refunds[line.line_id] <= line.price_fen * line.quantity for line in lines)


# --- Cases and the minimum --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ordered", "case_size", "fill"),
    [
        (31, 12, CaseFill(cases_full=2, over=7, short=5)),
        (24, 12, CaseFill(2, 0, 0)),
        (1, 12, CaseFill(0, 1, 11)),
        (0, 12, CaseFill(0, 0, 0)),
        (600, 1, CaseFill(600, 0, 0)),
    ],
)
def test_12_a_case_5_short(ordered, case_size, fill):
    assert case_fill(ordered, case_size) == fill


@given(st.integers(0, 10**6), st.integers(1, 500))
def test_filling_what_is_short_makes_full_cases(ordered, case_size):
    fill = case_fill(ordered, case_size)
    assert fill.cases_full * case_size + fill.over == ordered
    assert case_fill(ordered + fill.short, case_size).over == 0
    assert 0 <= fill.short < case_size


@pytest.mark.parametrize(
    ("short", "offers", "filling"),
    [
        (5, {"wang": 2, "li": 1, "zhao": 4, "qian": 1}, {"wang": 2, "li": 1, "zhao": 2}),
        (5, {"wang": 2, "li": 0, "zhao": 1}, {"wang": 2, "zhao": 1}),  # not enough: the case stays open
        (0, {"wang": 2}, {}),
        (5, {}, {}),
    ],
)
def test_the_neighbours_who_said_one_more_is_fine_fill_the_case_by_time(short, offers, filling):
    found = who_could_fill(short, offers)
    assert found == filling
    assert list(found) == list(filling)


@pytest.mark.parametrize(
    ("shares", "minimum", "met"), [(30, 30, True), (29, 30, False), (1, 0, True), (0, 0, False), (0, 30, False)]
)
def test_a_campaign_goes_ahead_at_its_minimum_and_never_with_nothing(shares, minimum, met):
    assert threshold_met(shares, minimum) is met
