"""Rule packs: which one decides, and what a malformed file is told."""

from datetime import date
from fractions import Fraction
from pathlib import Path

import pytest

from backend.certification import packs
from backend.certification.packs import PACKS, PackError, load, pack_by, pack_for, read

OURS = Path(packs.__file__).parent / "packs"
EXAMPLES = Path(__file__).parent / "packs"
DONGXIHU, WUCHANG = "420112", "420106"

MINIMAL = """
id = "x"
version = "1"
title = "t"
source = "s"
valid_from = 2020-03-01
applies_to = ["compound"]
applicants = ["grid_worker"]
notice_hours = 72
review_hours = 24
return_days = 7
[measures]
open_gates = { label = "门", unit = "个" }
[[criteria]]
id = "closed_management"
item = "closed_management"
standard = "controls_in_place"
title = "t"
need = "n"
fix = "f"
kind = "daily"
measure = "open_gates"
at_most = 1
days = 14
"""


def write(folder: Path, text: str, name: str = "x.toml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_dongxihu_is_one_click_for_compounds_with_text_a_and_list_a():
    pack = pack_for(DONGXIHU, date(2020, 3, 1))
    assert (pack.id, pack.version, pack.applies_to) == (
        "dongxihu",
        "2020.1",
        ("compound",),
    )
    assert pack.applicants == ("grid_worker", "community_secretary")
    assert (pack.notice_hours, pack.review_hours, pack.return_days) == (72, 24, 7)
    required = {c.item for c in pack.criteria if c.required and c.standard == "controls_in_place"}
    assert required == {
        "closed_management", "screening", "disinfection", "supply_assurance", "stability", "publicity",
    }  # fmt: skip


def test_the_default_pack_has_text_b_and_list_b():
    pack = pack_for(WUCHANG, date(2020, 3, 5))
    assert (pack.id, pack.district) == ("default", None)
    assert {c.item for c in pack.criteria if c.standard == "controls_in_place"} == {
        "publicity", "closed_management", "screening", "disinfection", "supply_assurance", "mobilisation",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("district", "on", "id"),
    [
        (DONGXIHU, date(2020, 2, 29), "default"),
        (DONGXIHU, date(2020, 3, 1), "dongxihu"),
        (DONGXIHU, date(2021, 1, 1), "dongxihu"),
        (WUCHANG, date(2020, 3, 1), "default"),
    ],
)
def test_the_districts_own_pack_decides_while_it_is_valid_else_the_default(district, on, id):
    assert pack_for(district, on).id == id


def test_an_application_finds_the_very_version_it_was_filed_under():
    assert pack_by("dongxihu", "2020.1").district == DONGXIHU
    with pytest.raises(LookupError, match="never be removed"):
        pack_by("dongxihu", "1999.1")


def test_no_pack_and_no_default_is_an_error_not_a_free_pass():
    with pytest.raises(LookupError, match="no default pack"):
        pack_for(DONGXIHU, date(2019, 1, 1))


def test_the_files_say_that_unpublished_thresholds_are_illustrative():
    for path in OURS.glob("*.toml"):
        assert "ILLUSTRATIVE" in path.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", [*OURS.glob("*.toml"), *EXAMPLES.glob("*.toml")], ids=lambda path: path.stem)
def test_every_pack_reads_and_counts_its_window(path):
    pack = read(path)
    assert pack.window_days == max((getattr(c, "days", 0) for c in pack.criteria if hasattr(c, "measure")), default=0)


def test_a_share_is_read_exactly(tmp_path):
    text = MINIMAL.replace("at_most = 1", 'at_least = 0.95\nof = "open_gates"')
    assert read(write(tmp_path, text)).criteria[0].at_least == Fraction(19, 20)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('id = "x"', "", "x.toml.id: missing"),
        ('id = "x"', "id = 5", "x.toml.id: must be str, not int"),
        ('id = "x"', 'id = "x"\nnotice_days = 3', "x.toml.notice_days: unknown key"),
        ("notice_hours = 72", "notice_hours = true", "x.toml.notice_hours: must be int, not bool"),
        ("notice_hours = 72", "notice_hours = 0", "x.toml.notice_hours: must be at least 1"),
        ("2020-03-01", '"2020-03-01"', "x.toml.valid_from: must be date, not str"),
        ("2020-03-01", "2020-03-01T00:00:00", "x.toml.valid_from: must be date, not datetime"),
        ("2020-03-01", "2020-03-01\nvalid_until = 2020-02-01", "x.toml.valid_until: before"),
        ('["compound"]', '"compound"', "x.toml.applies_to: must be a list"),
        ('["compound"]', "[1]", r"x.toml.applies_to\[0\]: must be str"),
        ('kind = "daily"', 'kind = "dayly"', r"criteria\[0\].kind: 'dayly' is none of"),
        ('kind = "daily"', "", r"criteria\[0\].kind: None is none of"),
        ("at_most = 1", "", r"criteria\[0\].at_least: give exactly one"),
        ("at_most = 1", "at_most = 1\nat_least = 1", r"criteria\[0\].at_least: give exactly one"),
        ("at_most = 1", "at_most = -1", r"criteria\[0\].at_least: a bound is not negative"),
        ("at_most = 1", "at_most = nan", r"criteria\[0\].at_most: must be a number"),
        ("at_most = 1", 'at_least = 95\nof = "open_gates"', r"criteria\[0\].at_least: a share"),
        ("days = 14", "days = 0", r"criteria\[0\].days: must be at least 1"),
        ("days = 14", "days = 14\nmin_days = 15", r"criteria\[0\].min_days: must be between"),
        ("days = 14", 'days = 14\nmin_days = 1\naggregate = "latest"', r"min_days: means nothing"),
        ("days = 14", 'days = 14\naggregate = "mean"', r"criteria\[0\].aggregate: 'mean' is none of"),
        ("days = 14", "days = 14\npoints = 0", r"criteria\[0\].points: must be at least 1"),
        ("days = 14", "days = 14\nshare = 1", r"criteria\[0\].share: unknown key"),
        ('measure = "open_gates"', 'measure = "gates"', "x.toml.measures: 'gates' is used by"),
        ('id = "closed_management"', 'id = "gate"', r"criteria\[0\].id: 'gate' must start with its item"),
        ('"controls_in_place"', '"in_place"', r"criteria\[0\].standard: 'in_place' is none of"),
        ('label = "门", ', "", "x.toml.measures.open_gates.label: missing"),
        ("[measures]", "pass_score = 90\n[measures]", "x.toml.pass_score: all points together"),
        ("[measures]", "progress = 3\n[measures]", "x.toml.progress: must be a table"),
        ("[measures]", "measures = 3\n[other]", "x.toml.(measures: must be a table|other: unknown key)"),
        ("[measures]", "[measures", "x.toml: "),
    ],
)
def test_a_malformed_pack_is_refused_naming_file_and_key(tmp_path, old, new, message):
    assert old in MINIMAL
    with pytest.raises(PackError, match=message):
        read(write(tmp_path, MINIMAL.replace(old, new, 1)))


def criterion(kind: str, rest: str) -> str:
    head = MINIMAL[: MINIMAL.index("kind = ")]
    return f'{head}kind = "{kind}"\n{rest}\n'


@pytest.mark.parametrize(
    ("kind", "rest", "message"),
    [
        ("no_event", "categories = []\ndays = 14", "categories: name at least one"),
        ("no_event", 'categories = ["cold"]\ndays = 14', r"categories\[0\]: 'cold' is none of"),
        ("no_event", 'categories = ["fever"]\ndays = 0', "days: must be at least 1"),
        ("sub_units", 'level = "unit"\nshare = 0', "share: must be above 0"),
        ("sub_units", 'level = "unit"\nshare = 1', "progress: 'closed_management' judges each unit"),
        ("sub_units", 'level = "street"\nshare = 1', "level: 'street' is none of"),
    ],
)
def test_a_malformed_criterion_is_refused(tmp_path, kind, rest, message):
    with pytest.raises(PackError, match=message):
        read(write(tmp_path, criterion(kind, rest)))


def test_two_criteria_with_one_id_are_refused(tmp_path):
    again = MINIMAL[MINIMAL.index("[[criteria]]") :]
    with pytest.raises(PackError, match="criteria: two have the same id"):
        read(write(tmp_path, MINIMAL + again))


def test_a_pack_without_criteria_would_certify_everybody(tmp_path):
    with pytest.raises(PackError, match="criteria: a pack without criteria"):
        read(write(tmp_path, MINIMAL.replace("[measures]", "criteria = []\n[measures]").split("[[criteria]]")[0]))


def versions(folder: Path, first: str, second: str) -> None:
    write(folder, MINIMAL.replace("[measures]", f"{first}\n[measures]"), "a.toml")
    text = MINIMAL.replace('version = "1"', 'version = "2"').replace("2020-03-01", "2020-04-01")
    write(folder, text.replace("[measures]", f"{second}\n[measures]"), "b.toml")


def test_at_most_one_pack_per_district_per_day(tmp_path):
    versions(tmp_path, 'district = "420112"', 'district = "420112"')
    with pytest.raises(PackError, match="both valid on 2020-04-01 for 420112; give the older one a valid_until"):
        load(tmp_path)


def test_the_last_valid_day_is_inclusive(tmp_path):
    versions(tmp_path, 'district = "420112"\nvalid_until = 2020-04-01', 'district = "420112"')
    with pytest.raises(PackError, match="both valid on 2020-04-01"):
        load(tmp_path)


def test_a_new_version_takes_over_on_its_first_day(tmp_path):
    versions(tmp_path, 'district = "420112"\nvalid_until = 2020-03-31', 'district = "420112"')
    both = load(tmp_path)
    assert pack_for(DONGXIHU, date(2020, 3, 31), both).version == "1"
    assert pack_for(DONGXIHU, date(2020, 4, 1), both).version == "2"
    assert pack_by("x", "1", both).valid_until == date(2020, 3, 31)


def test_two_default_packs_on_one_day_are_refused(tmp_path):
    versions(tmp_path, "", "")
    with pytest.raises(PackError, match="districts without a pack"):
        load(tmp_path)


def test_two_files_with_one_id_and_version_are_refused(tmp_path):
    write(tmp_path, MINIMAL, "a.toml")
    write(tmp_path, MINIMAL.replace("2020-03-01", "2021-03-01"), "b.toml")
    with pytest.raises(PackError, match="two files have this id and version"):
        load(tmp_path)


def test_packs_are_frozen():
    with pytest.raises(AttributeError):
        PACKS[0].version = "2"
