"""Numbers along the stairs, batches within the limit, skipped numbers, quiet hours."""

import random
from collections import Counter
from datetime import UTC, datetime, time, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.core.clock import SHANGHAI
from backend.groupbuy.handout.calling import (
    REQUEUED_AT_MOST,
    Door,
    Waiting,
    after_skip,
    called_at,
    hand_out_from,
    is_quiet,
    may_call_from,
    next_batch,
    next_waking,
    pickup_numbers,
)

COMPOUND = "420112001001-001"


def door(n: int, building: int, unit: int, floor: int | None, room: str) -> Door:
    code = f"{COMPOUND}-{building:03d}"
    return Door(UUID(int=n), code, f"{code}-{unit:03d}", floor, room)


def numbers(*doors: Door, first: int = 1) -> list[int]:
    """The doors by their n, in the order of their pick-up numbers."""
    got = pickup_numbers(doors, first)
    assert [number for _, number in got] == list(range(first, first + len(doors)))
    return [order_id.int for order_id, _ in got]


# --- Numbers ----------------------------------------------------------------------------------------------------


def test_numbers_go_by_building_unit_floor_and_room():
    doors = [
        door(8, 10, 1, 1, "101"),
        door(7, 2, 2, 1, "101"),
        door(6, 2, 1, 12, "1201"),
        door(5, 2, 1, 2, "210"),
        door(4, 2, 1, 2, "203"),
        door(3, 2, 1, 2, "22"),
        door(2, 2, 1, 1, "102"),
        door(1, 2, 1, -1, "101"),
    ]
    assert numbers(*doors) == [1, 2, 3, 4, 5, 6, 7, 8]


def test_rooms_compare_as_people_count_them():
    rooms = ["2", "10", "10A", "10B", "101", "A2", "A10", "西2", "西10"]
    doors = [door(n, 1, 1, 3, room) for n, room in enumerate(rooms)]
    assert numbers(*reversed(doors)) == list(range(len(rooms)))


def test_a_door_without_a_floor_comes_after_those_of_its_unit_and_before_the_next_unit():
    assert numbers(door(1, 1, 1, None, "3"), door(2, 1, 1, 9, "901"), door(3, 1, 2, 1, "101")) == [2, 1, 3]


def test_those_who_get_ready_later_go_on_where_the_numbers_ended():
    assert numbers(door(2, 1, 1, 1, "102"), door(1, 1, 1, 1, "101"), first=194) == [1, 2]


@given(st.lists(st.tuples(st.integers(1, 12), st.integers(1, 3), st.none() | st.integers(-1, 33), st.text(max_size=6))))
def test_every_order_has_one_number_whatever_the_reading_order(rows):
    doors = [door(n, *row) for n, row in enumerate(rows)]
    assert sorted(numbers(*doors)) == list(range(len(rows)))
    assert pickup_numbers(reversed(doors)) == pickup_numbers(doors)


# --- Batches ----------------------------------------------------------------------------------------------------


def waiting(*numbers: int) -> list[Waiting]:
    return [Waiting(number) for number in numbers]


@pytest.mark.parametrize(
    ("batch_size", "at_once", "present", "called"),
    [
        (3, 10, 0, [1, 2, 3]),
        (3, 10, 7, [1, 2, 3]),
        (3, 10, 8, [1, 2]),
        (3, 10, 10, []),
        (3, 10, 12, []),  # the limit was lowered meanwhile
        (9, 4, 0, [1, 2, 3, 4]),
        (9, 99, 0, [1, 2, 3, 4, 5]),
    ],
)
def test_a_batch_is_never_more_than_fit_at_the_point(batch_size, at_once, present, called):
    assert next_batch(waiting(5, 4, 3, 2, 1), 1, batch_size, at_once, present) == called


@pytest.mark.parametrize(
    ("called", "present", "wait"),
    [
        (None, 0, 0),  # the first batch
        (0, 3, 10),
        (0, 1, 10),
        (0, 0, 0),  # all have gone: nobody to keep apart
        (9, 1, 1),
        (10, 1, 0),
        (11, 20, 0),
    ],
)
def test_batches_keep_their_pace_while_anybody_called_still_stands_there(called, present, wait):
    now, every = here("10:00"), timedelta(minutes=10)
    last = None if called is None else now - timedelta(minutes=called)
    assert may_call_from(now, last, every, present) == now + timedelta(minutes=wait)


def test_193_packages_are_called_in_order_ten_at_a_time():
    queue, called, batch = waiting(*range(1, 194)), [], 0
    while queue:
        batch += 1
        now = next_batch(queue, batch, 10, 20, present=10 if called else 0)  # the batch before is still packing up
        called += now
        queue = [entry for entry in queue if entry.number not in now]
    assert called == list(range(1, 194))
    assert batch == 20
    start = datetime(2020, 3, 5, 1, 0, tzinfo=UTC)
    for number, at in ((1, "09:00"), (10, "09:00"), (11, "09:10"), (193, "12:10")):
        forecast = called_at(number - 1, start, 10, timedelta(minutes=10))
        assert f"{forecast.astimezone(SHANGHAI):%H:%M}" == at


def test_a_skipped_number_sits_out_one_batch_and_goes_first_in_the_next():
    skipped = after_skip(Waiting(2), batch=1)
    queue = [skipped, *waiting(4, 5, 6, 7, 8, 9)]
    assert next_batch(queue, 2, 3, 9, 0) == [4, 5, 6]
    assert next_batch([skipped, *waiting(7, 8, 9)], 3, 3, 9, 0) == [2, 7, 8]


def test_at_the_end_of_the_queue_a_skipped_number_does_not_wait_for_nobody():
    assert next_batch([after_skip(Waiting(2), 1), *waiting(4)], 2, 3, 9, 0) == [4, 2]
    assert next_batch([after_skip(Waiting(2), 1)], 2, 3, 9, 0) == [2]


def test_a_number_is_requeued_twice_and_then_not_collected():
    once = after_skip(Waiting(7), 1)
    twice = after_skip(once, 3)
    assert (once, twice) == (Waiting(7, 1, 3), Waiting(7, 2, 5))
    assert after_skip(twice, 5) is None


def hand_out(chance: random.Random, people: int, batch_size: int, at_once: int) -> tuple[list[list[int]], set[int]]:
    """A whole hand-out in which people come, are slow or do not answer, as chance has it; batches, not collected."""
    queue, present, batches, missed = {n: Waiting(n) for n in range(1, people + 1)}, {}, [], set()
    while queue or present:
        called = next_batch(queue.values(), len(batches) + 1, batch_size, at_once, len(present))
        batches += [called] if called else []
        present |= {number: queue.pop(number) for number in called}
        assert len(present) <= at_once
        gone = [number for number in present if chance.random() < 0.7]
        for entry in [present.pop(number) for number in gone]:
            if chance.random() < 0.5:
                if again := after_skip(entry, len(batches)):
                    queue[entry.number] = again
                else:
                    missed.add(entry.number)
    return batches, missed


@given(st.randoms(use_true_random=False), st.integers(0, 60), st.integers(1, 8), st.integers(1, 12))
def test_a_whole_hand_out_keeps_the_limit_and_ends_with_everyone_called_once_to_three_times(
    chance, people, batch_size, at_once
):
    batches, missed = hand_out(chance, people, batch_size, at_once)
    calls = Counter(number for batch in batches for number in batch)
    assert set(calls) == set(range(1, people + 1))
    assert all(times <= 1 + REQUEUED_AT_MOST for times in calls.values())
    assert all(calls[number] == 1 + REQUEUED_AT_MOST for number in missed)
    assert all(len(batch) <= min(batch_size, at_once) for batch in batches)
    firsts = list(calls)  # in the order in which they were called for the first time
    assert firsts == sorted(firsts)


@given(st.integers(0, 500), st.integers(1, 20), st.integers(1, 60))
def test_the_forecast_is_when_the_number_is_called_if_nobody_is_slow(ahead, batch_size, minutes):
    start, queue, batch = datetime(2020, 3, 5, tzinfo=UTC), waiting(*range(ahead + 1)), 0
    while ahead not in (called := next_batch(queue, batch + 1, batch_size, batch_size, 0)):
        batch, queue = batch + 1, queue[len(called) :]
    every = timedelta(minutes=minutes)
    assert called_at(ahead, start, batch_size, every) == start + batch * every


# --- Quiet hours ------------------------------------------------------------------------------------------------


def here(clock: str, day: int = 5) -> datetime:
    """Shanghai's clock in March 2020, as the instant in UTC that the database gives."""
    local = datetime.combine(datetime(2020, 3, day), time.fromisoformat(clock), SHANGHAI)
    return local.astimezone(UTC)


@pytest.mark.parametrize(
    ("at", "waking"),
    [
        (here("03:00"), here("07:30")),  # the lorry at three in the morning
        (here("20:59:59"), here("20:59:59")),
        (here("21:00"), here("07:30", day=6)),
        (here("23:59"), here("07:30", day=6)),
        (here("00:00"), here("07:30")),
        (here("07:29:59"), here("07:30")),
        (here("07:30"), here("07:30")),
        (here("12:00"), here("12:00")),
    ],
)
def test_at_night_the_hand_out_waits_for_the_morning(at, waking):
    assert next_waking(at) == waking
    assert is_quiet(at) is (at != waking)
    assert hand_out_from(at, agreed=False) == waking
    assert hand_out_from(at, agreed=True) == at


def test_quiet_hours_of_a_midday_rest_do_not_run_over_midnight():
    rest = (time(12, 30), time(14))
    assert [is_quiet(here(clock), *rest) for clock in ("12:29", "12:30", "13:59", "14:00", "03:00")] == [
        False, True, True, False, False,
    ]  # fmt: skip
    assert next_waking(here("13:00"), *rest) == here("14:00")


clocks = st.times().map(lambda at: at.replace(microsecond=0))


@given(st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)), clocks, clocks)
def test_waking_is_never_quiet_never_earlier_and_less_than_a_day_away(at, quiet_from, quiet_until):
    waking = next_waking(at, quiet_from, quiet_until)
    assert not is_quiet(waking, quiet_from, quiet_until)
    assert timedelta(0) <= waking - at < timedelta(days=1)
    assert (waking == at) is not is_quiet(at, quiet_from, quiet_until)
