"""A spreadsheet of households in one go: all of it or nothing, and every faulty cell named beforehand."""

import pytest

from tests.cast import BUILDING, ELSEWHERE, READY, UNIT
from tests.factories.households import HEADINGS, rows, send, sheet

TABLES = ("place", "household", "household_member", "idempotency_key")


def counts(owner):
    return {table: owner.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in TABLES}


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030"])
def test_seven_hundred_households_in_one_go_and_twice_the_same_is_once(world, owner, encoding):
    data = sheet(rows(700), encoding)
    first = send(world, data)
    assert first.status_code == 200, first.text
    # 18 buildings of which 1栋 is there, 70 units of which its 1单元 is there
    made = {"added": 700, "changed": 0, "unchanged": 0, "buildings_added": 17, "units_added": 69}
    assert first.json == made
    second = send(world, data)
    assert second.json == {"added": 0, "changed": 0, "unchanged": 700, "buildings_added": 0, "units_added": 0}
    assert world.public.get(f"/places/{READY}").json["households"] == 700
    shown = world.wang.get("/households", place=UNIT, limit=100).json["items"]
    assert {h["room"] for h in shown} == {f"{floor}{door:02d}" for floor in range(1, 6) for door in (1, 2)}
    first_door = next(h for h in shown if h["room"] == "101")
    assert first_door["lives_alone"] and first_door["medical_family"] and not first_door["chronic_illness"]
    assert first_door["members"][0]["name"] == "赵**" and first_door["members"][0]["phone"] == "139****0000"
    audited = owner.execute("SELECT place_code, details->>'added' FROM audit_event WHERE action = 'import' ORDER BY id")
    assert audited.fetchall() == [(READY, "700"), (READY, "0")]


def test_what_changed_is_changed_and_the_rest_stays(world):
    lines = rows(10)
    send(world, sheet(lines))
    lines[3] |= {"电话": "13700000000"}
    lines[4] |= {"户主": "新户主"}
    lines[5] |= {"困难户": "是"}
    lines[6] |= {"电话": ""}
    assert send(world, sheet(lines)).json["changed"] == 4
    shown = {h["room"]: h for h in world.wang.get("/households", place=UNIT, limit=100).json["items"]}
    assert shown["202"]["members"][0]["phone"] == "137****0000" and shown["202"]["revision"] == 2
    assert shown["301"]["members"][0]["name"] == "新**"
    assert shown["302"]["hardship"]
    assert shown["401"]["members"][0]["phone"] is None
    assert shown["101"]["revision"] == 1
    found = world.wang.post("/households/find", {"phone": "13700000000", "purpose": "verify"}).json["items"]
    assert [h["room"] for h in found] == ["202"]


def test_what_the_sheet_has_no_column_for_stays_as_it_is(world):
    full = rows(1)[0] | {"困难户": "是", "人数": 4}
    send(world, sheet([full]))
    shown = world.wang.get("/households", place=UNIT).json["items"]
    few = ["楼栋", "单元", "房号", "户主"]
    assert send(world, sheet([full], headings=few)).json["unchanged"] == 1
    assert send(world, sheet([full | {"户主": "新户主"}], headings=few)).json["changed"] == 1
    (after,) = world.wang.get("/households", place=UNIT).json["items"]
    head = shown[0]["members"][0] | {"name": "新**"}
    assert after == shown[0] | {"revision": 2, "members": [head]} and head["phone"] == "139****0000"
    assert send(world, sheet([full | {"房号": "999"}], headings=few)).json["added"] == 1
    new = next(h for h in world.wang.get("/households", place=UNIT).json["items"] if h["room"] == "999")
    assert (new["member_count"], new["floor"], new["hardship"], new["members"][0]["phone"]) == (1, None, False, None)


def test_an_import_does_not_wait_for_who_records_something_about_the_compound(world, owner):
    with owner.transaction():
        owner.execute("SELECT 1 FROM place WHERE code = %s FOR KEY SHARE", [READY])
        assert send(world, sheet(rows(1))).status_code == 200


def test_every_faulty_cell_is_named_before_anything_is_written(world, owner):
    lines = rows(12)
    lines[1] |= {"楼栋": "", "电话": "12345"}
    lines[2] |= {"户主": "名" * 21, "楼层": "三"}
    lines[3] |= {"人数": "-1", "独居": "也许"}
    lines[4] |= {"房号": lines[0]["房号"], "单元": lines[0]["单元"]}
    lines[5] |= {"人数": "2.5", "楼层": "121", "单元": "a\u200bb"}
    lines[6] |= {"电话": "139123456780"}
    before = counts(owner)
    answer = send(world, sheet(lines))
    assert (answer.status_code, answer.json["code"]) == (422, "spreadsheet_faulty")
    named = {(error["row"], error["column"]) for error in answer.json["errors"]}
    assert named == {
        (3, "楼栋"), (3, "电话"), (4, "户主"), (4, "楼层"), (5, "人数"), (5, "独居"), (6, "房号"),
        (7, "人数"), (7, "楼层"), (7, "单元"), (8, "电话"),
    }  # fmt: skip
    assert "11 处" in answer.json["detail"] and counts(owner) == before
    assert all("名名" not in error["detail"] and "12345" not in error["detail"] for error in answer.json["errors"])


def test_a_row_keeps_its_number_behind_empty_rows(world):
    lines = sheet(rows(3)).decode("utf-8-sig").splitlines()
    with_gap = "\n".join([lines[0], lines[1], ",,,,,,,,,,,", "", lines[2], lines[3].replace("139", "99")])
    answer = send(world, with_gap.encode())
    assert [(e["row"], e["column"]) for e in answer.json["errors"]] == [(6, "电话")]


HEADINGLESS = {
    "nothing": b"",
    "spaces": b" \n \n",
    "headings alone": sheet([]),
    "no heading 房号": sheet(rows(2), headings=[h for h in HEADINGS if h != "房号"]),
    "a heading too many": sheet(rows(2), headings=[*HEADINGS, "身份证"]),
    "a heading twice": sheet(rows(2), headings=[*HEADINGS, "电话"]),
    "a row too short": sheet(rows(2)) + "1栋,1单元\r\n".encode(),
    "5,001 rows": sheet(rows(5001)),
}
NOT_CSV = {
    "an XLSX": b"PK\x03\x04\x14\x00\x06\x00\x08\x00\x00\x00!\x00bn\x8d",
    "NUL bytes": sheet(rows(1)) + b"\0",
    "UTF-16": sheet(rows(1), "utf-16"),
    "an endless quote": sheet(rows(1)) + '"1栋,'.encode(),
    "a cell of 200,000 letters": sheet([rows(1)[0] | {"户主": "长" * 200_000}]),
}


def test_what_is_no_such_spreadsheet_is_refused_in_words(world, owner):
    before = counts(owner)
    for name, data in HEADINGLESS.items():
        answer = send(world, data)
        assert (answer.status_code, answer.json["code"]) == (422, "spreadsheet_faulty"), name
        assert answer.json["errors"] and "什么都没有导入" in answer.json["detail"], name
    for name, data in NOT_CSV.items():
        answer = send(world, data)
        assert (answer.status_code, answer.json["code"]) == (422, "not_a_spreadsheet"), name
    assert send(world, sheet([rows(1)[0] | {"户主": "长" * 1000}])).json["errors"][0]["column"] == "户主"
    assert send(world, sheet(rows(1)), mimetype="application/vnd.ms-excel").status_code == 415
    assert send(world, b"x" * 2_097_153).status_code == 413
    assert counts(owner) == before


def test_a_wrong_character_set_shows_as_a_faulty_cell(world):
    answer = send(world, sheet(rows(2), "gb18030").replace("赵".encode("gb18030"), b"\xff\xff"))
    assert (2, "户主") in {(e["row"], e["column"]) for e in answer.json["errors"]}


def test_formulas_are_letters_and_nothing_else(world, owner):
    cell = "=HYPERLINK(1)"
    line = rows(1)[0] | {"户主": cell, "楼栋": "@SUM(A1)", "房号": "+1-1"}
    assert send(world, sheet([line])).json["added"] == 1
    (shown,) = world.wang.get("/households", place=f"{READY}-002").json["items"]
    assert shown["room"] == "+1-1" and shown["members"][0]["name"] == "=**"
    for column in ("电话", "人数", "楼层", "独居"):
        answer = send(world, sheet([line | {column: "=1+1"}]))
        assert [e["column"] for e in answer.json["errors"]] == [column]
    (cipher,) = owner.execute("SELECT name_cipher FROM household_member").fetchone()
    assert cell.encode() not in bytes(cipher)


def test_only_those_who_keep_the_compounds_households_may_send_one(world, owner):
    before = counts(owner)
    data = sheet(rows(2))
    for who, compound, status in (
        ("liu", READY, 403), ("he", READY, 403), ("zhou", READY, 403), ("zheng", READY, 403), ("nobody", READY, 403),
        ("other_grid", READY, 404), ("wang", ELSEWHERE, 404), ("wang", BUILDING, 422), ("wang", "420112004007", 422),
    ):  # fmt: skip
        assert send(world, data, who, compound).status_code == status, (who, compound)
    assert world.public.upload(f"/places/{READY}/households/import", data).status_code == 401
    assert counts(owner) == before
