"""A shortfall under each policy: the named cases, what holds whatever comes, and what each person is told."""

import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.groupbuy.arrivals.allocation import AWAITED, NOT_CHARGED, VULNERABLE, Claim, Policy, allocate, explain
from backend.places.models import FLAGS

START = datetime(2020, 3, 5, 1, 0, tzinfo=UTC)
FIRST_COME, PRO_RATA, ONE_EACH, VULNERABLE_FIRST = Policy
QUEUES = [FIRST_COME, ONE_EACH, VULNERABLE_FIRST]


def claim(n: int, asked: int, minute: int | None = None, household: int | None = None, vulnerable=False, seq=0):
    """Line n, placed in minute n unless told otherwise, by a household of its own unless told otherwise."""
    at = START + timedelta(minutes=n if minute is None else minute)
    return Claim(UUID(int=n), UUID(int=1000 + (n if household is None else household)), asked, at, seq, vulnerable)


def shared(policy, available, claims, already=None) -> list[int]:
    """What each claim gets, in the order of the claims."""
    got = allocate(policy, available, claims, already)
    assert set(got) == {c.line_id for c in claims}
    return [got[c.line_id] for c in claims]


# --- Named cases ------------------------------------------------------------------------------------------------

FOUR = [claim(1, 5), claim(2, 3), claim(3, 1), claim(4, 3, vulnerable=True)]  # 12 asked


@pytest.mark.parametrize(
    ("available", "first_come", "pro_rata", "one_each", "vulnerable"),
    [
        (0, [0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]),
        (1, [1, 0, 0, 0], [1, 0, 0, 0], [1, 0, 0, 0], [0, 0, 0, 1]),
        (3, [3, 0, 0, 0], [1, 1, 0, 1], [1, 1, 1, 0], [0, 0, 0, 3]),
        (5, [5, 0, 0, 0], [2, 1, 1, 1], [2, 1, 1, 1], [2, 0, 0, 3]),
        (9, [5, 3, 1, 0], [4, 2, 1, 2], [5, 2, 1, 1], [5, 1, 0, 3]),
        (12, [5, 3, 1, 3], [5, 3, 1, 3], [5, 3, 1, 3], [5, 3, 1, 3]),
        (99, [5, 3, 1, 3], [5, 3, 1, 3], [5, 3, 1, 3], [5, 3, 1, 3]),
    ],
)
def test_four_orders_under_each_policy(available, first_come, pro_rata, one_each, vulnerable):
    assert shared(FIRST_COME, available, FOUR) == first_come
    assert shared(PRO_RATA, available, FOUR) == pro_rata
    assert shared(ONE_EACH, available, FOUR) == one_each
    assert shared(VULNERABLE_FIRST, available, FOUR) == vulnerable


PORK = [claim(n, 3, vulnerable=n > 185) for n in range(1, 201)]  # 600 jin, a cap of 3, the last 15 vulnerable


@pytest.mark.parametrize(
    ("policy", "households"),
    [
        (FIRST_COME, {3: 180, 0: 20}),
        (PRO_RATA, {3: 140, 2: 60}),
        (ONE_EACH, {3: 170, 1: 30}),
        (VULNERABLE_FIRST, {3: 180, 0: 20}),
    ],
)
def test_600_jin_of_pork_ordered_and_60_jin_short(policy, households):
    got = shared(policy, 540, PORK)
    assert Counter(got) == households
    assert sum((3 - shares) * 1000 for shares in got) == 60_000  # 60 jin at 10 yuan, whatever the policy
    enough = got[:165] + got[185:] if policy is VULNERABLE_FIRST else got[: households[3]]
    assert set(enough) == {3}


def test_a_tie_in_time_goes_by_seq_and_then_by_line():
    claims = [claim(1, 1, minute=0, seq=2), claim(2, 1, minute=0, seq=1), claim(3, 1, minute=0, seq=1)]
    for policy in Policy:
        assert shared(policy, 1, claims) == [0, 1, 0]
        assert shared(policy, 2, claims) == [0, 1, 1]


def test_one_each_is_for_the_household_and_not_for_the_line():
    claims = [claim(1, 2, household=7), claim(2, 2, household=7), claim(3, 2, household=8)]
    assert shared(ONE_EACH, 2, claims) == [1, 0, 1]
    assert shared(ONE_EACH, 4, claims) == [2, 1, 1]


def test_one_each_does_not_start_again_for_a_household_that_has_one_already():
    """The first line was cancelled and ordered anew; its household still holds a share of the second."""
    claims = [claim(1, 2, household=7), claim(2, 2, household=7), claim(3, 2, household=8)]
    assert shared(ONE_EACH, 1, claims, {claims[1].line_id: 1}) == [0, 1, 1]


def test_the_later_part_goes_pro_rata_by_what_is_still_missing():
    claims = [claim(1, 1), claim(2, 9)]
    first = allocate(PRO_RATA, 5, claims)
    assert list(first.values()) == [1, 4]
    assert shared(PRO_RATA, 5, claims, first) == [1, 9]


def test_a_line_of_nothing_does_not_use_up_the_first_share_of_its_household():
    claims = [claim(1, 0, household=7), claim(2, 2, household=7), claim(3, 2)]
    assert shared(ONE_EACH, 2, claims) == [0, 1, 1]


def test_more_in_one_arrival_may_be_less_for_one_line_pro_rata_and_never_in_two():
    """The Alabama paradox of largest remainders: why `already` is kept and not worked out anew."""
    claims = [claim(1, 6), claim(2, 6), claim(3, 2)]
    assert shared(PRO_RATA, 10, claims) == [4, 4, 2]
    assert shared(PRO_RATA, 11, claims) == [5, 5, 1]
    assert shared(PRO_RATA, 1, claims, allocate(PRO_RATA, 10, claims)) == [5, 4, 2]


@pytest.mark.parametrize(
    ("available", "claims", "already"),
    [
        (-1, FOUR, None),
        (1, [FOUR[0], FOUR[0]], None),
        (1, [claim(1, -1)], None),
        (1, FOUR, {UUID(int=1): 6}),
        (1, FOUR, {UUID(int=1): -1}),
        (1, FOUR, {UUID(int=99): 1}),
    ],
)
def test_what_makes_no_sense_is_refused(available, claims, already):
    for policy in Policy:
        with pytest.raises(ValueError):
            allocate(policy, available, claims, already)


# --- What holds whatever comes ----------------------------------------------------------------------------------


@st.composite
def competing(draw):
    """Some claims; a few at the same time, a few of one household, whose flags are the same on each line."""
    rows = draw(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 5), st.integers(0, 8)), max_size=12))
    flagged = draw(st.sets(st.integers(0, 8)))
    return [claim(n, asked, minute, home, home in flagged) for n, (asked, minute, home) in enumerate(rows)]


policies, amounts = st.sampled_from(Policy), st.integers(0, 40)  # up to 60 are asked for, mostly some 20


@given(policies, amounts, competing(), st.randoms(use_true_random=False))
def test_all_that_came_is_given_nobody_gets_more_than_asked_and_reading_order_decides_nothing(
    policy, available, claims, chance: random.Random
):
    got = allocate(policy, available, claims)
    assert sum(got.values()) == min(available, sum(c.asked for c in claims))
    assert all(0 <= got[c.line_id] <= c.asked for c in claims)
    assert allocate(policy, available, chance.sample(claims, len(claims))) == got


@given(st.sampled_from(QUEUES), amounts, amounts, competing())
def test_two_arrivals_come_to_what_one_would_have(policy, part, later, claims):
    first = allocate(policy, part, claims)
    assert allocate(policy, later, claims, first) == allocate(policy, part + later, claims)


@given(policies, amounts, amounts, competing())
def test_what_was_given_is_never_taken_away(policy, part, later, claims):
    first = allocate(policy, part, claims)
    final = allocate(policy, later, claims, first)
    assert all(final[line] >= shares for line, shares in first.items())
    assert sum(final.values()) == min(part + later, sum(c.asked for c in claims))


@given(amounts, amounts, competing())
def test_pro_rata_is_within_one_of_the_exact_part_and_within_two_after_two_arrivals(part, later, claims):
    asked = sum(c.asked for c in claims)
    first = allocate(PRO_RATA, part, claims)
    final = allocate(PRO_RATA, later, claims, first)
    for c in claims:
        exact = [Fraction(c.asked * min(came, asked), asked or 1) for came in (part, part + later)]
        assert abs(first[c.line_id] - exact[0]) < 1
        assert abs(final[c.line_id] - exact[1]) < 2


@given(amounts, competing())
def test_vulnerable_first_is_never_worse_for_the_vulnerable_and_others_wait_for_them(available, claims):
    got, plain = allocate(VULNERABLE_FIRST, available, claims), allocate(FIRST_COME, available, claims)
    assert all(got[c.line_id] >= plain[c.line_id] for c in claims if c.vulnerable)
    if any(got[c.line_id] for c in claims if not c.vulnerable):
        assert all(got[c.line_id] == c.asked for c in claims if c.vulnerable)


@given(amounts, competing(), st.data())
def test_being_flagged_never_costs_a_household_a_share(available, claims, data):
    home = data.draw(st.sampled_from([c.household_id for c in claims] or [None]))
    flagged = [c._replace(vulnerable=c.vulnerable or c.household_id == home) for c in claims]
    before, after = (allocate(VULNERABLE_FIRST, available, found) for found in (claims, flagged))
    assert all(after[c.line_id] >= before[c.line_id] for c in claims if c.household_id == home)


@given(amounts, competing())
def test_one_each_nobody_has_two_while_a_household_has_none(available, claims):
    got, homes = allocate(ONE_EACH, available, claims), Counter()
    for c in claims:
        homes[c.household_id] += got[c.line_id]
    asking = {c.household_id for c in claims if c.asked}
    if any(homes[home] == 0 for home in asking):
        assert max(homes.values(), default=0) <= 1


@given(amounts, competing())
def test_first_come_nobody_gets_anything_before_all_earlier_orders_are_full(available, claims):
    got = allocate(FIRST_COME, available, claims)
    served = [c for c in claims if got[c.line_id]]
    for c in claims:
        if got[c.line_id] < c.asked:
            assert all((s.placed_at, s.line_id) <= (c.placed_at, c.line_id) for s in served)


# --- What each person is told -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("policy", "label", "asked", "got", "said"),
    [
        (
            ONE_EACH,
            "斤",
            3,
            2,
            "您订了 3 斤猪肉，分到 2 斤：到货少了 60 斤，按公布的规则先保每户 1 斤，再按下单先后。差额原路退回。",
        ),
        (
            FIRST_COME,
            "份",
            3,
            0,
            "您订了 3 份猪肉，这次没有分到：到货少了 60 份，按公布的规则按下单先后。差额原路退回。",
        ),
        (
            PRO_RATA,
            "箱",
            3,
            2,
            "您订了 3 箱猪肉，分到 2 箱：到货少了 60 箱，按公布的规则按所订数量同比例减少。差额原路退回。",
        ),
        (
            VULNERABLE_FIRST,
            "份",
            3,
            1,
            "您订了 3 份猪肉，分到 1 份：到货少了 60 份，按公布的规则困难优先，其他各户再按下单先后。差额原路退回。",
        ),
        (VULNERABLE_FIRST, "份", 3, 3, "您订了 3 份猪肉，全部分到。"),
    ],
)
def test_everyone_reads_why_in_the_unit_they_ordered_in(policy, label, asked, got, said):
    assert explain(policy, "猪肉", label, asked, got, 60) == said


def test_who_pays_at_the_door_or_waits_for_more_is_not_promised_money_back():
    assert explain(FIRST_COME, "米", "袋", 2, 1, 4, NOT_CHARGED).endswith("。没分到的不收钱。")
    assert explain(FIRST_COME, "米", "袋", 2, 1, 4, AWAITED).endswith("。其余的等下一批到货再分。")


def test_a_policy_is_the_word_in_the_database_and_carries_its_sentence():
    assert [str(policy) for policy in Policy] == ["first_come", "pro_rata", "one_each_first", "vulnerable_first"]
    assert [policy.label for policy in Policy] == ["先到先得", "按比例", "先保每户一份", "困难优先"]
    for policy in Policy:
        assert Policy(policy.value) is policy
        assert policy.sentence.startswith("到货不够时，") and policy.sentence.count("。") == 1


def test_the_flags_served_first_are_flags_of_the_register():
    assert set(FLAGS) - set(VULNERABLE) == {"no_smartphone"}  # orders by another hand, but is not served first for it
