"""The rule engine: the dates the domain gives, every kind of criterion, and that `earliest` is right."""

import json
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.certification.packs import KINDS, PACKS, Measure, Pack, pack_by, read
from backend.certification.rules import Cause, Verdict, evaluate
from backend.core import evidence
from backend.core.evidence import LATE_ENTRY_DAYS, Record

EXAMPLES = Path(__file__).parent / "packs"
DONGXIHU, DEFAULT = pack_by("dongxihu", "2020.1"), pack_by("default", "2020.1")
TODAY = date(2020, 3, 20)
GOOD = {
    "entrances": 3, "open_gates": 1, "gate_inspections": 4, "households": 500, "households_reached": 490,
    "disinfection_rounds": 2, "disinfected_area": 9000, "supply_requests": 30, "supply_met": 29,
    "publicity_actions": 2, "disputes_open": 0, "disputes_handled": 1, "roles_held": 7, "roles_needed": 8,
}  # fmt: skip


def ago(days: int) -> date:
    return TODAY - timedelta(days)


def event(day, category="confirmed", outcome=None, outcome_on=None) -> Record:
    values = {"category": category, "outcome": outcome, "outcome_on": outcome_on and outcome_on.isoformat()}
    return Record("case_event", f"{category}-{day}", day, {**values, "reported_on": day.isoformat()})


def daily(day: date, **changed) -> Record:
    return Record("daily_record", f"d-{day}", day, {**GOOD, **changed})


def fortnight(as_of: date = TODAY, without=(), **changed) -> list[Record]:
    """Fourteen good days before as_of; `changed` maps a measure to {days ago: value}."""
    return [
        daily(as_of - timedelta(n), **{m: at[n] for m, at in changed.items() if n in at})
        for n in range(1, 15)
        if n not in without
    ]


def result(verdict: Verdict, id: str):
    return next(r for r in verdict.criteria if r.id == id)


def pack(*criteria: dict, **more) -> Pack:
    """A pack of just these criteria, each a dict with its kind."""
    head = {"id": "x", "item": "x", "standard": "controls_in_place", "title": "t", "need": "n", "fix": "f"}
    built = [KINDS[c["kind"]](**{**head, **{k: v for k, v in c.items() if k != "kind"}}) for c in criteria]
    measures = {m: Measure(label=m, unit="个") for m in ("a", "b")}
    return Pack(
        id="p", version="1", title="t", source="s", valid_from=date(2020, 1, 1), applies_to=("compound",),
        applicants=("grid_worker",), notice_hours=1, review_hours=1, return_days=1, criteria=tuple(built),
        measures=measures, **more,
    )  # fmt: skip


NEW_CONFIRMED = {"kind": "no_event", "categories": ("confirmed",), "days": 14}


# ---- the streak and the fourteen days ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "streak", "met"), [("2020-02-28", 8, False), ("2020-03-04", 13, False), ("2020-03-05", 14, True)]
)
def test_tanhualin_day_8_on_28_february_qualifies_first_on_5_march(day, streak, met):
    verdict = evaluate(pack(NEW_CONFIRMED), [event(date(2020, 2, 20))], date.fromisoformat(day))
    assert (verdict.streak_days, verdict.met, verdict.last_event_on) == (streak, met, date(2020, 2, 20))
    assert verdict.earliest_on == max(date(2020, 3, 5), date.fromisoformat(day))


def test_no_event_on_record_has_no_streak_and_qualifies():
    verdict = evaluate(pack(NEW_CONFIRMED), [], TODAY)
    assert (verdict.met, verdict.streak_days, verdict.last_event_on) == (True, None, None)
    assert "没有确诊病例的记录" in verdict.criteria[0].why


def test_an_event_of_today_starts_the_count_and_one_of_tomorrow_has_not_happened():
    assert evaluate(pack(NEW_CONFIRMED), [event(TODAY)], TODAY).earliest_on == TODAY + timedelta(14)
    assert evaluate(pack(NEW_CONFIRMED), [event(TODAY + timedelta(1))], TODAY).met


def test_the_last_of_several_events_counts_and_all_that_block_are_named():
    verdict = evaluate(pack(NEW_CONFIRMED), [event(ago(3)), event(ago(40)), event(ago(9))], TODAY)
    assert verdict.earliest_on == ago(3) + timedelta(14)
    assert [cause.day for cause in verdict.criteria[0].records] == [ago(3), ago(9)]


def test_the_streak_counts_every_category_the_pack_names_and_no_other():
    contact = event(ago(20), "close_contact", "released", ago(15))
    assert evaluate(DONGXIHU, [contact, event(ago(2), "fever")], TODAY).streak_days == 15
    assert evaluate(DEFAULT, [contact, event(ago(2), "fever")], TODAY).streak_days == 2


# ---- text A and text B ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("category", "outcome", "outcome_on", "earliest", "certain"),
    [
        ("suspected", None, None, ago(5) + timedelta(14), True),
        ("suspected", "released", ago(1), ago(5) + timedelta(14), True),
        ("suspected", "excluded", ago(1), TODAY, True),
        ("suspected", "excluded", TODAY + timedelta(1), ago(5) + timedelta(14), True),
        ("close_contact", None, None, TODAY + timedelta(14), False),
        ("close_contact", "released", ago(2), ago(2) + timedelta(14), True),
        ("close_contact", "released", TODAY, TODAY + timedelta(14), True),
        ("close_contact", "excluded", ago(2), TODAY, True),
        ("fever", None, None, TODAY, True),
        ("asymptomatic", None, None, TODAY, True),
    ],
)
def test_text_a_no_new_case_and_no_contact_present(category, outcome, outcome_on, earliest, certain):
    verdict = evaluate(DONGXIHU, [*fortnight(), event(ago(5), category, outcome, outcome_on)], TODAY)
    assert (verdict.earliest_on, verdict.earliest_certain, verdict.met) == (
        earliest,
        certain,
        earliest == TODAY,
    )


@pytest.mark.parametrize("category", ["suspected", "fever", "close_contact"])
def test_text_b_only_an_unresolved_person_blocks_and_the_date_depends_on_them(category):
    verdict = evaluate(DEFAULT, [*fortnight(), event(ago(30), category)], TODAY)
    assert (verdict.met, verdict.earliest_on, verdict.earliest_certain) == (
        False,
        TODAY + timedelta(1),
        False,
    )
    for outcome in ("released", "excluded", "confirmed"):
        assert evaluate(DEFAULT, [*fortnight(), event(ago(3), category, outcome, TODAY)], TODAY).met


@pytest.mark.parametrize("text", [DONGXIHU, DEFAULT], ids=["A", "B"])
@pytest.mark.parametrize(("day", "counts"), [(date(2020, 3, 31), False), (date(2020, 4, 1), True)])
def test_asymptomatic_infections_count_from_1_april(text, day, counts):
    as_of = date(2020, 4, 5)
    verdict = evaluate(text, [*fortnight(as_of), event(day, "asymptomatic")], as_of)
    assert verdict.met is not counts
    assert verdict.earliest_on == (date(2020, 4, 15) if counts else as_of)


def test_dongxihu_with_everything_in_order_is_met():
    verdict = evaluate(DONGXIHU, [*fortnight(), event(date(2020, 2, 20))], TODAY)
    assert verdict.met and verdict.earliest_on == TODAY and all(r.fix == "" and not r.records for r in verdict.criteria)


def test_role_coverage_is_advice_in_dongxihu_and_asked_for_by_list_b():
    bad = fortnight(roles_held=dict.fromkeys(range(1, 15), 2))
    assert evaluate(DONGXIHU, bad, TODAY).met and not result(evaluate(DONGXIHU, bad, TODAY), "mobilisation_roles").met
    assert not evaluate(DEFAULT, bad, TODAY).met


# ---- daily controls ------------------------------------------------------------------------------------


def test_today_is_not_over_and_never_counts_against_anyone():
    assert evaluate(DONGXIHU, [*fortnight(), daily(TODAY, open_gates=9)], TODAY).met


@pytest.mark.parametrize("days_ago", range(1, 15))
@pytest.mark.parametrize("how", ["missing", "null", "too many"])
def test_a_bad_day_can_be_mended_for_three_days_and_is_then_waited_out(days_ago, how):
    records = (
        fortnight(without=(days_ago,))
        if how == "missing"
        else fortnight(open_gates={days_ago: None if how == "null" else 2})
    )
    gate = result(evaluate(DONGXIHU, records, TODAY), "closed_management_one_gate")
    mendable = days_ago <= LATE_ENTRY_DAYS
    assert (gate.met, gate.fixable_now) == (False, mendable)
    assert gate.earliest_on == (TODAY if mendable else ago(days_ago) + timedelta(15))
    kind, id = ("missing_day", None) if how == "missing" else ("daily_record", f"d-{ago(days_ago)}")
    assert gate.records == (Cause(kind, id, ago(days_ago)),)


def test_with_an_old_and_a_new_bad_day_the_old_one_is_waited_out_and_the_new_one_mended():
    gate = result(evaluate(DONGXIHU, fortnight(open_gates={2: 2, 9: 3}), TODAY), "closed_management_one_gate")
    assert (gate.earliest_on, gate.fixable_now) == (ago(9) + timedelta(15), False)
    assert gate.why == (
        "最近14天（3月6日至3月19日）有12天达标，要求14天：3月11日开放的出入口3个，3月18日开放的出入口2个。"
        "最早2020年3月26日达标，其中近3天的请在今天补上。"
    )


def test_the_share_is_exact_at_the_threshold():
    for reached, met in ((475, True), (474, False)):
        records = fortnight(households_reached=dict.fromkeys(range(1, 15), reached))
        assert result(evaluate(DONGXIHU, records, TODAY), "screening").met is met


def test_one_bad_screening_day_in_fourteen_is_allowed():
    assert result(evaluate(DONGXIHU, fortnight(households_reached={7: 0}), TODAY), "screening").met
    two = result(evaluate(DONGXIHU, fortnight(households_reached={7: 0, 10: 0}), TODAY), "screening")
    assert (two.met, two.earliest_on) == (False, ago(10) + timedelta(15))


def test_nothing_asked_for_is_nothing_unmet_but_nothing_recorded_is_not_met():
    quiet = fortnight(supply_requests=dict.fromkeys(range(1, 15), 0), supply_met=dict.fromkeys(range(1, 15), 0))
    assert result(evaluate(DONGXIHU, quiet, TODAY), "supply_assurance").met
    assert not result(evaluate(DONGXIHU, [], TODAY), "supply_assurance").met


A_SUM = {"kind": "daily", "measure": "a", "aggregate": "sum", "days": 5}
LATEST = {"kind": "daily", "measure": "a", "aggregate": "latest", "days": 5, "at_most": Fraction(0)}
ANY_DAY = {"kind": "daily", "measure": "a", "aggregate": "any_day", "days": 5, "at_least": Fraction(2)}


def rows(days: dict) -> list[Record]:
    return [Record("daily_record", str(day), day, values) for day, values in days.items()]


def judged(criterion: dict, values: list):
    """The criterion over these days, oldest first, yesterday last; None: no record."""
    days = {ago(len(values) - n): v for n, v in enumerate(values) if v is not None}
    records = rows({day: v if isinstance(v, dict) else {"a": v} for day, v in days.items()})
    return evaluate(pack(criterion), records, TODAY).criteria[0]


@pytest.mark.parametrize(
    ("criterion", "values", "met", "wait", "red"),
    [
        (ANY_DAY, [0, 0, 2, 0, 0], True, 0, []),
        (ANY_DAY, [0, 0, 1, 0, 0], False, 0, [5, 4, 3, 2, 1]),
        ({**ANY_DAY, "min_days": 5}, [0, 2, 2, 2, 2], False, 1, [5]),
        (LATEST, [9, 9, 9, 0, None], True, 0, []),
        (LATEST, [0, 0, 0, 9, None], False, 0, [2]),
        (LATEST, [None] * 5, False, 0, [1]),
        ({**A_SUM, "at_least": Fraction(5)}, [1, 1, 1, 1, 1], True, 0, []),
        ({**A_SUM, "at_least": Fraction(5)}, [1, 1, 1, 1, 0], False, 0, [1]),
        ({**A_SUM, "at_least": Fraction(5)}, [None, 5, 5, 5, 5], False, 1, [5]),
        ({**A_SUM, "at_least": Fraction(5), "min_days": 1}, [None, 0, 0, 0, 5], True, 0, []),
        ({**A_SUM, "at_most": Fraction(5)}, [9, 1, 1, 1, 1], False, 1, [5]),
        ({**A_SUM, "at_most": Fraction(5)}, [3, 3, 3, 3, 3], False, 1, [5, 4, 3, 2, 1]),
        ({**A_SUM, "at_most": Fraction(5)}, [1, 1, 1, 1, 9], False, 0, [1]),
    ],
)
def test_aggregates(criterion, values, met, wait, red):
    got = judged(criterion, values)
    assert (got.met, got.earliest_on) == (met, TODAY + timedelta(wait))
    assert [(TODAY - cause.day).days for cause in got.records] == red


def test_a_sum_of_shares_waits_until_the_unmet_demand_has_left_the_window():
    nine_tenths = {**A_SUM, "of": "b", "at_least": Fraction(9, 10)}
    days = [{"a": 0, "b": 20}, {"a": 0, "b": 1}, *[{"a": 10, "b": 10}] * 3]
    got = judged(nine_tenths, days)
    assert (got.met, got.earliest_on, got.fixable_now) == (False, ago(5) + timedelta(6), False)


def test_two_records_of_one_day_are_an_error_because_the_good_one_could_hide_the_bad_one():
    with pytest.raises(ValueError, match="one compound at a time"):
        evaluate(DONGXIHU, [daily(ago(1)), daily(ago(1), open_gates=5)], TODAY)


def test_evidence_of_a_kind_no_criterion_asks_for_is_passed_over():
    assert evaluate(DONGXIHU, [*fortnight(), Record("water_level", "w", ago(1), {"m": 3})], TODAY).met


# ---- the earliest date is right ------------------------------------------------------------------------

numbers = st.integers(0, 6)
bounds = st.sampled_from([Fraction(0), Fraction(1, 2), Fraction(1), Fraction(9, 10), Fraction(3)])


@st.composite
def daily_criteria(draw) -> dict:
    aggregate = draw(st.sampled_from(["each_day", "any_day", "sum", "latest"]))
    days = draw(st.integers(1, 10))
    of = draw(st.sampled_from([None, "b"]))
    bound = draw(bounds.filter(lambda b: of is None or b <= 1))
    side = draw(st.sampled_from(["at_least", "at_most"]))
    min_days = None if aggregate == "latest" else draw(st.none() | st.integers(1, days))
    return {
        "kind": "daily", "measure": "a", "of": of, "aggregate": aggregate, "days": days, side: bound,
        "min_days": min_days,
    }  # fmt: skip


values = st.fixed_dictionaries({"a": st.none() | numbers, "b": st.none() | numbers})


def well(criterion: dict, was: dict) -> dict:
    """A good day's values: the bound kept, on the demand the day had if it is a day mended."""
    done, base = was.get("a") or 0, was.get("b") or 0
    if criterion["of"] and None in (was.get("a"), was.get("b")):
        done = base = 0
    enough = base if criterion["of"] else 3
    return {"a": max(done, enough) if "at_least" in criterion else 0, "b": base}


@given(daily_criteria(), st.lists(st.none() | values, min_size=12, max_size=12))
def test_earliest_of_a_daily_control_is_the_first_day_it_can_be_met(criterion, before):
    """Mended for the last three days and every later day recorded well: met on that day, on none before."""
    the_pack, found = pack(criterion), {ago(n + 1): v for n, v in enumerate(before) if v is not None}
    got = evaluate(the_pack, rows(found), TODAY).criteria[0]
    mended = {ago(n): well(criterion, found.get(ago(n), {})) for n in range(-12, LATE_ENTRY_DAYS + 1)}
    day = TODAY
    while not (got.met or evaluate(the_pack, rows({**found, **mended}), day).met):
        day += timedelta(1)
    assert got.earliest_on == day
    assert got.fixable_now == (not got.met and day == TODAY)
    assert bool(got.records) is not got.met


events = st.builds(
    lambda category, age, length, outcome: event(
        ago(age), category, outcome, None if outcome is None else ago(max(age - length, 0))
    ),
    st.sampled_from(["confirmed", "suspected", "close_contact", "fever"]),
    st.integers(0, 40),
    st.integers(0, 20),
    st.sampled_from([None, "released", "excluded", "confirmed"]),
)


@given(st.lists(events, max_size=4))
def test_earliest_of_text_a_is_the_first_day_on_which_nothing_blocks(history):
    """Persons still waited for are taken as released today, the best case."""
    zero = [c for c in DONGXIHU.criteria if c.standard == "zero_occurrence"]
    got = [r for r in evaluate(DONGXIHU, history, TODAY).criteria if r.standard == "zero_occurrence"]
    best = [e if e.values["outcome"] else event(e.day, e.values["category"], "released", TODAY) for e in history]
    day = TODAY
    while not all(r.met for r in evaluate(DONGXIHU, best, day).criteria[: len(zero)]):
        day += timedelta(1)
    assert max(r.earliest_on for r in got) == day


@given(st.lists(events, max_size=4))
def test_text_a_is_met_exactly_when_the_streak_reaches_14(history):
    verdict = evaluate(DONGXIHU, history, TODAY)
    met = all(r.met for r in verdict.criteria if r.standard == "zero_occurrence")
    assert met == (verdict.streak_days is None or verdict.streak_days >= 14)


# ---- score sheet, tiers, progress: other districts are data --------------------------------------------

SHEET, TIERS, PROGRESSIVE = (read(EXAMPLES / f"{name}.toml") for name in ("score_sheet", "tiers", "progressive"))


@pytest.mark.parametrize(
    ("changed", "score", "met", "earliest"),
    [
        ({}, 100, True, TODAY),
        ({"publicity_actions": dict.fromkeys(range(1, 8), 0)}, 95, True, TODAY),
        ({"disinfection_rounds": {6: 0}}, 90, True, TODAY),
        (
            {"disinfection_rounds": {6: 0}, "publicity_actions": dict.fromkeys(range(1, 8), 0)},
            85,
            False,
            TODAY,
        ),
        ({"households_reached": {8: 0}}, 65, False, ago(8) + timedelta(15)),
        ({"open_gates": {5: 2}, "disinfection_rounds": {6: 0}}, 70, False, ago(5) + timedelta(15)),
    ],
)
def test_a_score_sheet_passes_at_90_and_waits_only_for_the_points_it_needs(changed, score, met, earliest):
    verdict = evaluate(SHEET, fortnight(**changed), TODAY)
    assert (verdict.score, verdict.pass_score, verdict.met, verdict.earliest_on) == (score, 90, met, earliest)


def test_on_a_score_sheet_screening_weighs_most_and_a_case_blocks_whatever_the_points():
    assert max(SHEET.criteria, key=lambda c: c.points).id == "screening"
    verdict = evaluate(SHEET, [*fortnight(), event(ago(2))], TODAY)
    assert (verdict.score, verdict.met, verdict.earliest_on) == (80, False, ago(2) + timedelta(14))


@pytest.mark.parametrize(
    ("history", "tier", "direct"),
    [
        ([], "leader", True),
        ([event(ago(60), "suspected", "excluded", ago(58))], "leader", True),
        ([event(ago(60), "fever", "released", ago(58))], "fast", False),
        ([event(ago(3))], "chaser", False),
    ],
)
def test_tiers_a_leader_never_had_any_of_the_four_categories_and_applies_directly(history, tier, direct):
    assert evaluate(TIERS, history, TODAY).as_dict()["tier"]["id"] == tier
    assert evaluate(TIERS, history, TODAY).tier.direct is direct


def part(level, name, certified):
    return Record(
        "sub_unit",
        f"id-{name}",
        TODAY,
        {"level": level, "name": name, "code": f"c-{name}", "certified": certified},
    )


def test_sub_units_show_a_map_of_what_is_missing():
    parts = [part("building", "1栋", 1), part("building", "3栋", 0), part("unit", "1栋1单元", 1)]
    verdict = evaluate(PROGRESSIVE, parts, TODAY)
    assert verdict.progress == {
        "unit": {"total": 1, "certified": 1, "missing": []},
        "building": {"total": 2, "certified": 1, "missing": [{"code": "c-3栋", "name": "3栋"}]},
    }
    assert (verdict.met, verdict.earliest_on, verdict.earliest_certain) == (
        False,
        TODAY + timedelta(1),
        False,
    )
    buildings = result(verdict, "mobilisation_buildings")
    assert buildings.why == "2个楼栋中已有1个达标，要求达到100%。"
    assert buildings.records == (Cause("sub_unit", "id-3栋", TODAY),)


@pytest.mark.parametrize(("certified", "met"), [(10, True), (9, True), (8, False)])
def test_the_share_of_units_is_exact(certified, met):
    units = [part("unit", str(n), n < certified) for n in range(10)]
    assert result(evaluate(PROGRESSIVE, units, TODAY), "mobilisation_units").met is met


def test_a_compound_whose_buildings_are_not_registered_is_not_ready():
    verdict = evaluate(PROGRESSIVE, [], TODAY)
    assert not verdict.met and result(verdict, "mobilisation_units").why == "还没有登记单元。"


# ---- what leaves the engine ----------------------------------------------------------------------------

RED = [*fortnight(without=(2, 9), open_gates={4: 2}), event(ago(5)), event(ago(4), "close_contact")]


@pytest.mark.parametrize("the_pack", [*PACKS, SHEET, TIERS, PROGRESSIVE], ids=lambda p: p.id)
def test_the_verdict_is_plain_json(the_pack):
    plain = evaluate(the_pack, [*RED, part("unit", "1", 0)], TODAY).as_dict()
    assert json.loads(json.dumps(plain)) == plain
    assert (plain["pack_id"], plain["as_of"]) == (the_pack.id, "2020-03-20")


@pytest.mark.parametrize("the_pack", PACKS, ids=lambda p: p.id)
@pytest.mark.parametrize("records", [[], RED, fortnight()], ids=["nothing", "red", "green"])
def test_every_answer_is_a_whole_sentence_and_every_red_one_says_what_to_do(the_pack, records):
    for r in evaluate(the_pack, records, TODAY).criteria:
        assert r.why.endswith("。") and "None" not in r.why and (r.met or r.fix)


# ---- one query, however many packages ------------------------------------------------------------------


def test_evidence_of_all_packages_is_one_statement_bound_to_the_place(monkeypatch):
    monkeypatch.setattr(evidence, "SOURCES", {})
    evidence.register(evidence.Source("round", "round_table", day="day", counts=("bottles",), windowed=True))
    evidence.register(evidence.Source("visit", "visit_table", day="at", words=("who", "why")))
    evidence.register(evidence.Source("visit", "visit_table", day="at", words=("who", "why")))
    asked = evidence.statement().split("\nUNION ALL\n")
    assert len(asked) == 2
    assert all("place_code >= %(code)s AND place_code < %(below)s" in select for select in asked)
    assert "day BETWEEN %(since)s AND %(until)s" in asked[0] and "BETWEEN" not in asked[1]
    rows = [("round", "r", TODAY, [4], []), ("visit", "v", TODAY, [], ["wang", None])]
    assert [record.values for record in evidence.records(rows)] == [{"bottles": 4}, {"who": "wang", "why": None}]
