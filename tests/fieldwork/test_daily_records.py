"""Daily records: entered with few taps, all or none, for today and three days back, and nothing that cannot be."""

from datetime import timedelta

import pytest

from backend.core import clock
from backend.fieldwork.models import DERIVED, ENTERED
from tests.cast import BUILDING, ELSEWHERE, MACHIDUN, READY, SECOND
from tests.factories.households import rows, send, sheet
from tests.factories.races import at_once

FULL = {
    "entrances": 3, "open_gates": 1, "gate_inspections": 4, "households_reached": 690, "disinfection_rounds": 2,
    "disinfected_area": 12_000, "supply_requests": 40, "supply_met": 38, "publicity_actions": 3, "disputes_open": 1,
    "disputes_handled": 2,
}  # fmt: skip
assert set(FULL) == set(ENTERED)


def day(days_ago=0):
    return (clock.today() - timedelta(days=days_ago)).isoformat()


def enter(hand, *entries):
    return hand.post("/daily-records", {"entries": list(entries)})


def entry(place=READY, days_ago=0, **measures):
    return {"place_code": place, "day": day(days_ago), **measures}


def same(hand, place=READY, days_ago=0):
    return hand.post("/daily-records/same-as-before", {"place_code": place, "day": day(days_ago)})


def stored(owner, place=READY, days_ago=0):
    query = f"SELECT {', '.join(ENTERED)} FROM daily_record WHERE place_code = %s AND day = %s"
    found = owner.execute(query, [place, day(days_ago)]).fetchone()
    return found and dict(zip(ENTERED, found, strict=True))


@pytest.fixture
def fresh(world, owner):
    """No record yet."""
    owner.execute("TRUNCATE daily_record CASCADE")
    return world


def test_a_day_is_entered_and_audited(fresh, owner):
    answer = enter(fresh.wang, entry(**FULL))
    assert answer.status_code == 200, answer.text
    (shown,) = answer.json["items"]
    assert {name: shown[name] for name in ENTERED} == FULL == stored(owner)
    assert shown["revision"] == 1
    audited = owner.execute(
        "SELECT subject_id::text, place_code, details FROM audit_event WHERE action = 'enter'"
    ).fetchall()
    assert audited == [(shown["id"], READY, {"day": day(), **FULL})]


def test_the_system_fills_in_what_it_knows(fresh, owner):
    send(fresh, sheet(rows(100)))
    (shown,) = enter(fresh.wang, entry(households_reached=100)).json["items"]
    # Three buildings; posts held: liu heads one of them, feng coordinates, qian transports.
    assert {name: shown[name] for name in DERIVED} == {"households": 100, "roles_held": 3, "roles_needed": 3 + 7}
    for name in (*DERIVED, "recorded_by", "id", "revision", "changed_at"):
        refused = enter(fresh.wang, entry(**{name: 1}))
        assert refused.status_code == 422 and refused.json["errors"][0]["field"].endswith(f"/{name}"), name


def test_adding_to_a_sheet_keeps_the_rest(fresh, owner):
    enter(fresh.wang, entry(**FULL))
    (shown,) = enter(fresh.chen, entry(disputes_open=0, publicity_actions=5)).json["items"]
    assert shown["revision"] == 2
    assert stored(owner) == {**FULL, "disputes_open": 0, "publicity_actions": 5}
    assert owner.execute("SELECT count(*) FROM daily_record").fetchone() == (1,)


def test_a_round_of_many_compounds_is_written_whole_or_not_at_all(fresh, owner):
    round_ = [entry(place, n, entrances=2) for place in (READY, SECOND) for n in range(4)]
    assert len(enter(fresh.wang, *round_).json["items"]) == 8
    before = owner.execute("SELECT sum(revision), count(*) FROM daily_record").fetchone()
    for wrong, status in (
        (entry(ELSEWHERE), 404), (entry(BUILDING), 422), (entry(days_ago=4), 422), (entry(days_ago=-1), 422),
        (entry(households_reached=701), 422), (entry(entrances=-1), 422), (entry(f"{MACHIDUN}-777"), 422),
    ):  # fmt: skip
        assert enter(fresh.wang, *round_, wrong).status_code == status, wrong
    assert enter(fresh.wang).status_code == 422 == enter(fresh.wang, *[entry(entrances=1)] * 101).status_code
    assert owner.execute("SELECT sum(revision), count(*) FROM daily_record").fetchone() == before
    assert owner.execute("SELECT count(*) FROM audit_event WHERE action = 'enter'").fetchone() == (8,)


def test_same_as_before_is_one_tap(fresh, owner):
    nothing = same(fresh.wang)
    assert (nothing.status_code, nothing.json["code"]) == (422, "nothing_to_copy")
    enter(fresh.wang, entry(days_ago=3, **FULL))
    copied = same(fresh.wang, days_ago=1)
    assert copied.status_code == 200 and stored(owner, days_ago=1) == FULL
    assert copied.json["households"] == 700 and copied.json["roles_held"] == 3, "what the system knows is taken anew"
    assert same(fresh.wang, place=BUILDING).status_code == 422
    assert same(fresh.wang, days_ago=-1).status_code == 422
    assert same(fresh.other_grid).status_code == 404 and same(fresh.he).status_code == 403


def test_late_entry_reaches_three_days_back_and_never_into_the_future(fresh):
    assert [enter(fresh.wang, entry(days_ago=n, entrances=1)).status_code for n in (0, 3)] == [200, 200]
    closed = enter(fresh.wang, entry(days_ago=4, entrances=1))
    assert (closed.status_code, closed.json["code"], closed.json["errors"][0]["field"]) == (422, "day_closed", "/day")
    future = enter(fresh.wang, entry(days_ago=-1, entrances=1))
    assert (future.status_code, future.json["code"], future.json["errors"][0]["field"]) == (
        422,
        "in_the_future",
        "/day",
    )


def test_more_than_there_are_is_refused_naming_the_field(fresh, owner):
    for measures, field in (
        ({"households_reached": 701}, "/households_reached"),
        ({"entrances": 1, "open_gates": 2}, "/open_gates"),
        ({"supply_requests": 3, "supply_met": 4}, "/supply_met"),
    ):
        refused = enter(fresh.wang, entry(SECOND, entrances=1), entry(**measures))
        assert (refused.status_code, refused.json["code"]) == (422, "more_than_there_are"), refused.text
        assert refused.json["errors"][0]["field"] == field and "马池苑" in refused.json["detail"]
    assert "700" in enter(fresh.wang, entry(households_reached=701)).json["detail"]
    enter(fresh.wang, entry(entrances=2, open_gates=2))
    against_the_sheet = enter(fresh.wang, entry(entrances=1))
    assert (against_the_sheet.status_code, against_the_sheet.json["errors"][0]["field"]) == (422, "/open_gates")
    assert stored(owner, SECOND) is None


def test_numbers_that_are_none(fresh, owner):
    for wrong in (-1, 1.5, "3", True, 30_001, 10**15, None, [], {}):
        refused = enter(fresh.wang, entry(disinfection_rounds=wrong))
        assert refused.status_code == 422 and refused.json["errors"][0]["field"].endswith("disinfection_rounds"), wrong
    assert enter(fresh.wang, entry(disinfected_area=1_000_001)).status_code == 422
    assert stored(owner) is None


def test_who_may_enter_and_who_may_read(world):
    sheet_ = entry(entrances=3)
    for who, status in (
        ("wang", 200), ("li", 200), ("chen", 200), ("zhao", 403), ("zhou", 403), ("zheng", 403), ("liu", 403),
        ("he", 403), ("feng", 403), ("qian", 403), ("nobody", 403), ("other_grid", 404),
        ("other_secretary", 404), ("other_district", 403),
    ):  # fmt: skip
        assert enter(world.hand(who), sheet_).status_code == status, who
    assert enter(world.public, sheet_).status_code == 401
    for who, status in (
        ("wang", 200), ("feng", 200), ("zhao", 200), ("zhou", 200), ("zheng", 200), ("liu", 403), ("he", 403),
        ("other_grid", 403), ("nobody", 403),
    ):  # fmt: skip
        assert world.hand(who).get("/daily-records", place=READY).status_code == status, who
    listed = world.wang.get("/daily-records", place=READY, days=3).json["items"]
    assert [record["day"] for record in listed] == [day(0), day(1), day(2)], "newest first"


def test_two_who_add_to_one_sheet_at_once_lose_nothing(fresh, owner):
    at_once(
        lambda: enter(fresh.wang, entry(entrances=3, open_gates=1)),
        lambda: enter(fresh.li, entry(publicity_actions=4)),
        lambda: enter(fresh.chen, entry(disputes_open=0)),
    )
    kept = {name: value for name, value in stored(owner).items() if value is not None}
    assert kept == {"entrances": 3, "open_gates": 1, "publicity_actions": 4, "disputes_open": 0}
    assert owner.execute("SELECT revision FROM daily_record").fetchone() == (3,)
