"""`flask places import`: the real register of Wuhan, loaded whole or not at all, and twice the same as once."""

from collections import Counter
from pathlib import Path

import pytest

from backend.places import service

REGISTER = Path(service.__file__).parent / "data" / "wuhan_divisions.csv"
HEAD = "code,name,kind,parent_code\n"
CITY = "4201,武汉市,city,\n"
DISTRICT = "420112,东西湖区,district,4201\n"


@pytest.fixture
def bare(world, owner):
    """No place at all."""
    owner.execute("TRUNCATE place CASCADE")
    return world


@pytest.fixture
def load(bare, app, tmp_path):
    def run(content):
        path = tmp_path / "register.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return app.test_cli_runner().invoke(args=["places", "import", str(path)])

    return run


def places(owner):
    return dict(owner.execute("SELECT code, name FROM place").fetchall())


def test_the_real_register_loads_once_and_a_second_time_changes_nothing(load, owner):
    first = load(REGISTER.read_bytes())
    assert (first.exit_code, first.output) == (0, "added 3702, changed 0, unchanged 0\n")
    second = load(REGISTER.read_bytes())
    assert (second.exit_code, second.output) == (0, "added 0, changed 0, unchanged 3702\n")
    levels = Counter(len(code) for code in places(owner))
    assert levels == {4: 1, 6: 13, 9: 193, 12: 3495}, "the counts of the data's README"
    kinds = dict(owner.execute("SELECT kind, count(*) FROM place GROUP BY kind").fetchall())
    assert kinds == Counter(line.split(",")[2] for line in REGISTER.read_text("utf-8-sig").splitlines()[1:])
    assert places(owner)["420112004007"].startswith("马池墩社区")


def test_a_changed_name_is_told_and_households_stay(load, owner):
    load(HEAD + CITY + DISTRICT)
    owner.execute("UPDATE place SET households = 5")
    told = load(HEAD + CITY + "420112,东西湖新区,district,4201\n")
    assert told.output == "added 0, changed 1, unchanged 1\n"
    assert places(owner)["420112"] == "东西湖新区"
    assert owner.execute("SELECT min(households) FROM place").fetchone() == (5,)


HARMLESS = {
    "byte order mark": "\ufeff" + HEAD + CITY + DISTRICT,
    "CRLF": (HEAD + CITY + DISTRICT).replace("\n", "\r\n"),
    "a child before its parent": HEAD + DISTRICT + CITY,
    "empty lines": HEAD + CITY + "\n" + DISTRICT + "\n\n",
}


def test_what_programs_do_to_a_file_is_no_fault(load, owner):
    for name, content in HARMLESS.items():
        assert load(content).output == "added 2, changed 0, unchanged 0\n", name
        assert places(owner) == {"4201": "武汉市", "420112": "东西湖区"}, name
        owner.execute("TRUNCATE place CASCADE")


FAULTY = {
    "wrong columns": ("name,code\n武汉市,4201\n", 1),
    "no columns": ("", 1),
    "unknown parent": (HEAD + CITY + "420199001,某街道,subdistrict,420199\n", 3),
    "no parent": (HEAD + CITY + "420112,东西湖区,district,\n", 3),
    "a city with a parent": (HEAD + CITY + "4202,黄石市,city,4201\n", 3),
    "twice": (HEAD + CITY + DISTRICT + DISTRICT, 4),
    "letters in the code": (HEAD + CITY + "42O112,东西湖区,district,4201\n", 3),
    "digits of another script": (HEAD + CITY + "４２０１１２,东西湖区,district,4201\n", 3),
    "a code of five digits": (HEAD + CITY + "42011,东西湖区,district,4201\n", 3),
    "a code elsewhere": (HEAD + CITY + "430112,东西湖区,district,4201\n", 3),
    "its own parent": (HEAD + CITY + "420112,东西湖区,district,420112\n", 3),
    "empty name": (HEAD + CITY + "420112,  ,district,4201\n", 3),
    "a name of 81 letters": (HEAD + CITY + f"420112,{'区' * 81},district,4201\n", 3),
    "NUL in a name": (HEAD + CITY + "420112,东西\0湖区,district,4201\n", 3),
    "unknown kind": (HEAD + CITY + "420112,东西湖区,duchy,4201\n", 3),
    "a compound, which is added by hand": (HEAD + CITY + "420112,马池苑,compound,4201\n", 3),
    "a community of six digits": (HEAD + CITY + "420112,东西湖区,community,4201\n", 3),
    "a district of nine": (HEAD + CITY + DISTRICT + "420112004,将军路街道,district,420112\n", 4),
    "`other` of six": (HEAD + CITY + "420112,东西湖区,other,4201\n", 3),
    "a subdistrict of twelve": (HEAD + CITY + DISTRICT + "420112004007,马池墩,subdistrict,420112\n", 4),
    "a cell too few": (HEAD + CITY + "420112,东西湖区,district\n", 3),
    "a cell too many": (HEAD + CITY + "420112,东西湖区,district,4201,x\n", 3),
    "after an empty line": (HEAD + CITY + "\n" + "420112,,district,4201\n", 4),
    "not UTF-8": ((HEAD + CITY).encode("gb18030"), 1),
    "a quote that never ends": (HEAD + CITY + '420112,"东西湖区,district,4201\n' + DISTRICT, 3),
}


def test_a_bad_row_is_named_by_its_line_and_nothing_is_half_loaded(load, owner):
    for name, (content, line) in FAULTY.items():
        told = load(content)
        assert told.exit_code == 1 and f"line {line}: " in told.output, (name, told.output, told.exception)
        assert "nothing was loaded" in told.output, name
        assert places(owner) == {}, name
    assert owner.execute("SELECT count(*) FROM audit_event").fetchone() == (0,)


def test_every_bad_row_is_named_at_once(load):
    told = load(HEAD + CITY + "420112,,district,4201\n" + "42011,x,district,4201\n" + "420113,x,duchy,4201\n")
    assert [line.split(":")[0] for line in told.output.splitlines()[:3]] == ["line 3", "line 4", "line 5"]
    assert "3 bad lines" in told.output


def test_the_import_is_audited_as_the_houses_own_act(load, owner):
    load(HEAD + CITY)
    found = owner.execute("SELECT subject_type, action, actor_id, details FROM audit_event").fetchall()
    assert found == [("place", "import_register", None, {"added": 1, "changed": 0})]
