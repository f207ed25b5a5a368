"""The rules of a request as tables: what is cold, how soon it is needed, when it runs out, what matches."""

from datetime import date
from typing import NamedTuple

import pytest

from backend.config import load
from backend.core.crypto import keyring
from backend.medicine.requests import rules

TODAY = date(2020, 3, 5)


class Line(NamedTuple):
    cold: bool = False
    days_left: int | None = None


@pytest.fixture(autouse=True)
def keys():
    values = load()
    keyring.load(values["DATA_KEYS"], values["BLIND_INDEX_KEY"])


@pytest.mark.parametrize(
    ("said", "name", "cold"),
    [
        (False, "甘精胰岛素注射液", True), (False, "Insulin glargine", True), (False, "司美格鲁肽", True),
        (True, "某滴眼液", True), (False, "阿司匹林肠溶片", False),
    ],
)  # fmt: skip
def test_cold_by_its_name_or_because_somebody_said_so(said, name, cold):
    assert rules.is_cold(said, name) is cold


@pytest.mark.parametrize(
    ("lines", "on"),
    [
        ([Line()], 8), ([Line(days_left=0)], 5), ([Line(days_left=1)], 5), ([Line(days_left=3)], 7),
        ([Line(days_left=90)], 8), ([Line(days_left=90), Line(days_left=2)], 6), ([Line(cold=True, days_left=90)], 5),
    ],
)  # fmt: skip
def test_needed_the_day_before_the_first_runs_out_and_today_what_stays_cold(lines, on):
    assert rules.needed_on(lines, TODAY) == date(2020, 3, on)


@pytest.mark.parametrize(
    ("delivered", "asked", "left", "quantity", "each", "until"),
    [
        (date(2020, 3, 5), date(2020, 3, 5), None, 1, 7, date(2020, 3, 12)),
        (date(2020, 3, 5), date(2020, 3, 5), 6, 2, 28, date(2020, 5, 6)),  # what is left first
        (date(2020, 3, 9), date(2020, 3, 5), 2, 1, 7, date(2020, 3, 16)),  # two days without, not made up for
    ],
)
def test_it_runs_out_when_what_was_left_and_what_was_brought_is_used(delivered, asked, left, quantity, each, until):
    assert rules.runs_out_on(delivered, asked, left, quantity, each) == until
    assert rules.days_left(until, until) == 0 == rules.days_left(until, date(2021, 1, 1))


def test_the_same_medicine_is_matched_however_it_is_spaced_and_another_is_not():
    same = rules.index_of("苯磺酸氨氯地平片", "Pfizer", "5mg × 28片")
    assert same == rules.index_of(" 苯磺酸 氨氯地平片", "PFIZER", "5mg×28片")
    others = [
        ("苯磺酸氨氯地平片", "Pfizer", "5mg×7片"),
        ("苯磺酸氨氯地平片", None, "Pfizer5mg×28片"),
        ("阿司匹林", None, None),
    ]
    assert same not in [rules.index_of(*other) for other in others]


@pytest.mark.parametrize(
    ("lines", "prescription", "said"),
    [([Line()], False, "药品1种"), ([Line(), Line(cold=True)], True, "药品2种，需冷藏，凭处方")],
)
def test_what_an_officer_reads_without_looking(lines, prescription, said):
    assert rules.category(lines, prescription) == said
