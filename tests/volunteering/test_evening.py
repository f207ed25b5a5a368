"""Who carries what this evening, on values alone: what may be, what it takes, the search against first come, against
its bound, and against every plan there is."""

import itertools
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.volunteering.planning import wording
from backend.volunteering.planning.evening import (
    FULL,
    NO_ENTRY,
    NO_POST,
    NOBODY,
    TOO_HEAVY,
    TOO_HIGH,
    TOO_LONG,
    Carrier,
    Instance,
    Plan,
    Stairwell,
    barred,
    carry_minutes,
    finish,
    first_come,
    loads,
    minutes,
    refusals,
    route,
    unevenness,
    why_left,
    worth,
)
from backend.volunteering.planning.solver import solve
from bench.evening import ABOVE_BOUND, SECONDS, evening
from tests.cast import BUILDING, MACHIDUN, READY, SECOND, UNIT

PERSON, PLACE = UUID(int=1), UUID(int=2)


def carrier(number=1, **values):
    given = {"minutes": 120, "week": 0, "base": UNIT, "enters": [MACHIDUN]}
    return Carrier(id=UUID(int=number), **{**given, **values})


def stairwell(number=100, **values):
    given = {"place": UNIT, "packs": 10, "grams": 50_000, "heaviest": 5_000, "floor": 5}
    return Stairwell(id=UUID(int=number), **{**given, **values})


# --- What may be, and what it takes -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "what", "bar"),
    [
        ({}, {}, None),
        ({"enters": [READY]}, {}, None),
        ({"enters": [SECOND]}, {}, NO_ENTRY),
        ({}, {"role": "transporter"}, NO_POST),
        ({"posts": frozenset({("transporter", SECOND)})}, {"role": "transporter"}, NO_POST),
        ({"posts": frozenset({("transporter", MACHIDUN)})}, {"role": "transporter"}, None),
        ({"max_floor": 5}, {}, None),
        ({"max_floor": 4}, {}, TOO_HIGH),
        ({"carry_grams": 5_000}, {}, None),
        ({"carry_grams": 4_999}, {}, TOO_HEAVY),
        ({"minutes": 19}, {}, TOO_LONG),
        ({"minutes": 60}, {"minutes": 61}, TOO_LONG),
    ],
)
def test_who_may_carry_what(who, what, bar):
    assert barred(carrier(**who), stairwell(**what)) == bar


@pytest.mark.parametrize(
    ("who", "what", "takes"),
    [
        # 50 kg by 15: four trips of 60 s and four floors of 25 s, ten doors of 45 s, one minute there.
        ({}, {}, 20),
        ({"base": BUILDING}, {}, 20),
        ({"base": f"{READY}-009"}, {}, 23),  # another building of the compound: three minutes more
        ({"base": SECOND}, {}, 27),
        ({"base": MACHIDUN}, {}, 27),  # sets out from no compound
        ({"carry_grams": 10_000}, {}, 22),  # five trips
        ({}, {"floor": 1}, 13),
        ({}, {"floor": 7}, 21),  # with a lift
        ({}, {"floor": 30}, 21),
        ({}, {"minutes": 45}, 45),  # what the rest guard reckons with is the least
    ],
)
def test_what_a_stairwell_takes(who, what, takes):
    assert minutes(carrier(**who), stairwell(**what)) == takes


def test_what_it_is_reckoned_at_before_anyone_is_named_leaves_out_the_way():
    assert carry_minutes(10, 50_000, 5) == 19
    assert carry_minutes(1, 0, 1) == 2


def test_urgent_first_then_near_before_far():
    far, near = stairwell(1, place=f"{SECOND}-001-001"), stairwell(2, place=f"{READY}-002-001")
    home, urgent = stairwell(3), stairwell(4, place=f"{SECOND}-002-001", urgency=5)
    instance = Instance([carrier(9, minutes=480, free_at=10)], [far, near, home, urgent])
    plan = Plan({one.id: UUID(int=9) for one in instance.stairwells})
    legs = route(instance, plan, UUID(int=9))
    assert [leg.stairwell.int for leg in legs] == [4, 3, 2, 1]
    assert legs[0].starts == 10 and [leg.ends for leg in legs[:-1]] == [leg.starts for leg in legs[1:]]
    assert finish(instance, plan) == legs[-1].ends


def test_first_come_takes_the_list_from_the_top():
    """Two who are free: the first two stairwells; whoever is through first takes the third."""
    instance = Instance(
        [carrier(1), carrier(2)], [stairwell(11, packs=20), stairwell(12), stairwell(13), stairwell(14, place=SECOND)]
    )
    plan = first_come(instance)
    assert {one.int: who.int for one, who in plan.given.items()} == {11: 1, 12: 2, 13: 2, 14: 1}


# --- What nobody has, and why -------------------------------------------------------------------------------------


def test_why_nobody_has_it_is_told_in_counts():
    low, small = carrier(1, max_floor=3), carrier(2, max_floor=3, enters=[MACHIDUN])
    elsewhere = carrier(3, enters=[SECOND])
    high = stairwell(floor=6)
    assert why_left(Instance([low, small, elsewhere], [high]), high) == "2 人上不到这么高，1 人不能进这栋楼。"
    assert why_left(Instance([], [high]), high) == NOBODY
    assert why_left(Instance([low, carrier(4)], [high]), high) == FULL


def test_an_evening_too_short_for_all_carries_as_many_packs_as_it_can():
    """First come spends the hour on the small one at the top of the list; the plan takes the two that fit together."""
    one, two, three = stairwell(1, packs=20, minutes=40), stairwell(2, packs=18, minutes=30), stairwell(3, minutes=30)
    instance = Instance([carrier(9, minutes=60)], [one, two, three])
    plan, greedy, bound = solve(instance)
    assert set(greedy.given) == {one.id}
    assert set(plan.given) == {two.id, three.id}
    assert bound == finish(instance, plan) == 60


@pytest.mark.parametrize(
    ("who", "what"), [([], [stairwell()]), ([carrier()], []), ([carrier(max_floor=1)], [stairwell()])]
)
def test_an_evening_without_a_pair_is_an_empty_plan(who, what):
    assert solve(Instance(who, what)) == (Plan(), Plan(), 0)


# --- The search ---------------------------------------------------------------------------------------------------


@st.composite
def evenings(draw, carriers=5, stairwells=8):
    places = [f"{compound}-00{building}-001" for compound in (READY, SECOND) for building in (1, 2)]
    roles = st.sampled_from([None, None, "transporter"])
    who = [
        carrier(
            number,
            minutes=draw(st.integers(5, 150)),
            week=draw(st.integers(0, 600)),
            base=draw(st.sampled_from([*places, MACHIDUN])),
            enters=draw(st.sampled_from([[MACHIDUN], [READY], [SECOND], [places[0], places[2]]])),
            posts=frozenset({("transporter", draw(st.sampled_from([MACHIDUN, READY])))} if draw(st.booleans()) else ()),
            free_at=draw(st.sampled_from([0, 0, 0, 20])),
            max_floor=draw(st.sampled_from([None, None, 3, 6])),
            carry_grams=draw(st.sampled_from([None, 4_000, 20_000])),
        )
        for number in range(1, draw(st.integers(0, carriers)) + 1)
    ]
    what = []
    for number in range(100, 100 + draw(st.integers(0, stairwells))):
        packs, each = draw(st.integers(1, 20)), draw(st.sampled_from([500, 5_000]))
        floor, place = draw(st.sampled_from([1, 3, 5, 11])), draw(st.sampled_from(places))
        urgency = draw(st.sampled_from([1, 1, 5]))
        one = stairwell(
            number, place=place, packs=packs, grams=packs * each, heaviest=each, floor=floor, urgency=urgency
        )
        what.append(one._replace(role=draw(roles), minutes=draw(st.sampled_from([1, 30]))))
    return Instance(who, what)


@given(evenings())
@settings(deadline=None, max_examples=60)
def test_a_plan_can_be_and_is_never_worse_than_first_come_nor_better_than_the_bound(instance):
    plan, greedy, bound = solve(instance)
    for one in (plan, greedy):
        assert not list(refusals(instance, one))
        assert finish(instance, one) <= max((who.free_at + who.minutes for who in instance.carriers), default=0)
    assert worth(instance, plan) <= worth(instance, greedy)
    assert bound <= finish(instance, plan)
    # Every stairwell is once in the plan or named with its reason; each has its own time in one evening.
    legs = [leg for who in instance.carriers for leg in route(instance, plan, who.id)]
    left = [one for one in instance.stairwells if one.id not in plan.given]
    assert sorted([leg.stairwell for leg in legs] + [one.id for one in left]) == [one.id for one in instance.stairwells]
    assert all(why_left(instance, one).endswith("。") for one in left)
    assert max((leg.ends for leg in legs), default=0) == finish(instance, plan)


def every_plan(instance):
    """What every plan that can be is worth."""
    ids = [None, *(who.id for who in instance.carriers)]
    for choice in itertools.product(ids, repeat=len(instance.stairwells)):
        pairs = zip(instance.stairwells, choice, strict=True)
        plan = Plan({one.id: who for one, who in pairs if who})
        if not list(refusals(instance, plan)):
            yield worth(instance, plan)


@given(evenings(carriers=3, stairwells=5))
@settings(deadline=None, max_examples=40)
def test_no_plan_at_all_ends_before_the_bound(instance):
    plan, _, bound = solve(instance)
    mine, all_ = worth(instance, plan), list(every_plan(instance))
    assert bound <= min(each.finish for each in all_ if each.left <= mine.left)
    assert min(all_).left <= mine.left


def test_on_small_evenings_it_finds_the_best_there_is():
    """Twenty evenings of three carriers and five stairwells: nobody who tries every plan finds a better one."""
    for seed in range(20, 40):
        instance = evening(seed, packs=60, stairwells=5, volunteers=3)
        plan, _, bound = solve(instance)
        best = min(every_plan(instance))
        assert worth(instance, plan)[:2] == best[:2], seed
        assert bound == best.finish, seed


@pytest.mark.parametrize("seed", [0, 1])
def test_seven_hundred_packs_in_time_and_close_to_the_bound(seed):
    """The bars of the issue; `make bench` times it and prints more evenings. Here the machine may be busy with other
    tests, so the net is wider."""
    instance = evening(seed)
    plan, greedy, bound = solve(instance, seconds=4 * SECONDS)
    assert len(plan.given) == len(instance.stairwells) and not list(refusals(instance, plan))
    assert finish(instance, plan) <= (1 + ABOVE_BOUND) * bound
    assert finish(instance, plan) < finish(instance, greedy)
    assert unevenness(instance, plan) < unevenness(instance, greedy)


def test_the_same_evening_gives_the_same_plan():
    assert solve(evening(3), seconds=60) == solve(evening(3), seconds=60)


def test_out_of_time_it_is_still_no_worse_than_first_come():
    """What remains is the list with the hardest first: better than the list as it stands, and proven to be nothing."""
    instance = evening(0)
    plan, greedy, bound = solve(instance, seconds=0)
    assert worth(instance, plan) < worth(instance, greedy) and bound == 0
    assert not list(refusals(instance, plan))


def test_of_two_equal_evenings_it_spares_who_has_given_most_this_week():
    tired, fresh = carrier(1, week=600), carrier(2, week=0)
    instance = Instance(
        [tired, fresh], [stairwell(11, minutes=40), stairwell(12, minutes=30), stairwell(13, minutes=30)]
    )
    plan, greedy, _ = solve(instance)
    assert loads(instance, greedy) == {tired.id: 40, fresh.id: 60}
    assert loads(instance, plan) == {tired.id: 40, fresh.id: 60}
    other = Instance([fresh, tired], instance.stairwells)
    assert loads(other, first_come(other)) == {fresh.id: 40, tired.id: 60}
    assert loads(other, solve(other).plan) == {fresh.id: 60, tired.id: 40}


# --- In words -----------------------------------------------------------------------------------------------------


def test_a_volunteer_reads_why_just_these():
    near = [stairwell(at, place=f"{READY}-00{at}-001", floor=5, packs=4) for at in (1, 2, 3)]
    far = [stairwell(9, place=f"{SECOND}-001-001")]
    assert wording.to_volunteer(UNIT, near, near + far, 38) == (
        "分给您：离您最近的三个单元，都在五楼以下，共 12 份，约40分钟。"
    )
    assert wording.to_volunteer(UNIT, near[1:2], near + far, 80) == (
        "分给您：一个单元，都在您的小区，都在五楼以下，共 4 份，约1 小时20分钟。"
    )
    assert wording.to_volunteer(UNIT, far, near + far, 60) == "分给您：一个单元，都在五楼以下，共 10 份，约1 小时。"


@pytest.mark.parametrize(
    ("count", "words"), [(1, "一"), (2, "二"), (10, "十"), (12, "十二"), (20, "二十"), (33, "三十三")]
)
def test_numbers_as_one_says_them(count, words):
    assert wording.number(count) == words
    assert wording.counted(2) == "两"


def test_the_coordinator_reads_what_the_plan_is_worth():
    assert wording.to_coordinator(79, 110, 78, 0, 0) == (
        "按这个计划，79 分钟全部送完，最快也要 78 分钟；不排计划、先到先领要 110 分钟。"
    )
    assert wording.to_coordinator(78, 60, 78, 5, 20) == (
        "按这个计划，78 分钟还差 5 份送不了，其余送完，不可能更早；不排计划、先到先领要 60 分钟，还有 20 份没人送。"
    )
