"""A spreadsheet of households in one go: every error by row and column before anything is written."""

import csv
import io
import re
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from backend.core import audit
from backend.core.auth import Actor
from backend.core.errors import DomainError
from backend.core.permissions import Permission
from backend.extensions import db
from backend.people.households import change_member, set_phone
from backend.people.models import HouseholdMember
from backend.places.models import FLAGS, Household, Place
from backend.places.service import count_households, level_of, lock, next_below, place_named

LARGEST = 5000
COLUMNS = {
    "楼栋": "building",
    "单元": "unit",
    "房号": "room",
    "楼层": "floor",
    "户主": "head",
    "电话": "phone",
    "人数": "member_count",
    "独居": "lives_alone",
    "无智能手机": "no_smartphone",
    "困难户": "hardship",
    "医护家属": "medical_family",
    "慢性病": "chronic_illness",
}
CHINESE = {name: heading for heading, name in COLUMNS.items()}
REQUIRED = ("building", "unit", "room", "head")
YES, NO = {"是", "y", "yes", "1", "true", "√"}, {"", "否", "n", "no", "0", "false"}
PHONE = re.compile(r"1[3-9]\d{9}|0\d{2,3}-?\d{7,8}", re.ASCII)


@dataclass
class ImportReport:
    """Counts of households."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    buildings_added: int = 0
    units_added: int = 0


def import_households(actor: Actor, compound_code: str, sheet: bytes) -> ImportReport:
    """Loads a CSV (UTF-8 or GB18030, headings as in COLUMNS) below a compound, making the buildings and units it
    names. A household is known by its door: the same sheet twice changes nothing, and what a sheet has no column
    for stays as it is (an empty cell of a column that is there empties). 422 with every faulty cell."""
    actor.require(Permission.HOUSEHOLD_EDIT, compound_code, visible=Permission.PLACE_READ)
    place_named(compound_code)
    if level_of(compound_code) != "compound":
        raise DomainError("wrong_kind_of_place", "住户表只能导入到小区。")
    rows = _parsed(_lines(sheet))
    lock(compound_code)
    report = ImportReport()
    units = _units(compound_code, rows, report)
    _write(rows, units, report)
    db.session.flush()
    count_households(compound_code)
    audit.record("household", "import", actor, place_code=compound_code, details=vars(report))
    return report


def _lines(sheet: bytes) -> list[tuple[int, dict[str, str]]]:
    """The rows that are not empty, each with its number in the sheet."""
    try:
        words = sheet.decode("utf-8-sig")
    except UnicodeDecodeError:
        words = sheet.decode("gb18030", errors="replace")  # what Excel in China saves; a wrong cell shows as �
    if "\0" in words:
        raise DomainError("not_a_spreadsheet", "这不是 CSV 表格，请在 Excel 里另存为 CSV 后再上传。")
    reader = csv.reader(io.StringIO(words), strict=True)
    try:
        table = [(number, row) for number, row in enumerate(reader, 1) if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise DomainError("not_a_spreadsheet", "表格格式有误，请在 Excel 里另存为 CSV 后再上传。") from error
    return _with_headings(table)


def _with_headings(table: list[tuple[int, list[str]]]) -> list[tuple[int, dict[str, str]]]:
    headings = [COLUMNS.get(cell.strip(), cell.strip()) for cell in table[0][1]] if table else []
    if len(headings) > len(COLUMNS):
        _refuse([_fault(1, "", f"最多 {len(COLUMNS)} 列，请删去多余的列。")])
    faults = [_fault(1, name, "没有这一列。") for name in headings if name not in CHINESE]
    faults += [_fault(1, name, "缺少这一列。") for name in REQUIRED if name not in headings]
    faults += [_fault(1, name, "这一列出现了两次。") for name in set(headings) if headings.count(name) > 1]
    if len(table) < 2:
        faults.append(_fault(1, "", "表格是空的。"))
    if len(table) - 1 > LARGEST:
        faults.append(_fault(table[LARGEST + 1][0], "", f"一次最多导入 {LARGEST} 户，请分开上传。"))
    _refuse(faults)
    faults = [_fault(n, "", "这一行的格数与表头不一致。") for n, row in table if len(row) != len(headings)]
    _refuse(faults)
    return [(n, dict(zip(headings, (cell.strip() for cell in row), strict=True))) for n, row in table[1:]]


def _parsed(lines: list[tuple[int, dict[str, str]]]) -> list[dict[str, Any]]:
    """The rows as values; refuses with every fault at once."""
    faults: list[dict[str, Any]] = []
    doors: dict[tuple[str, str, str], int] = {}
    rows = []
    for number, line in lines:
        faults += list(_faults(number, line))
        door = (line["building"], line["unit"], line["room"])
        if door in doors:
            faults.append(_fault(number, "room", f"与第 {doors[door]} 行是同一户。"))
        doors.setdefault(door, number)
        rows.append(line)
    _refuse(faults)
    return [_values(line) for line in rows]


def _faults(number: int, line: dict[str, str]) -> Iterator[dict[str, Any]]:
    limits = {"building": 40, "unit": 40, "room": 20, "head": 20}
    for name, longest in limits.items():
        if not line[name]:
            yield _fault(number, name, "不能为空。")
        elif len(line[name]) > longest or "\ufffd" in line[name] or not line[name].isprintable():
            yield _fault(number, name, f"最多 {longest} 个字，且不能有特殊字符。")
    if line.get("phone") and not PHONE.fullmatch(line["phone"]):
        yield _fault(number, "phone", "电话号码不对，应为 11 位手机号或带区号的座机。")
    for name, low, high in (("floor", -5, 120), ("member_count", 0, 50)):
        if line.get(name) and not (_whole(line[name]) and low <= int(line[name]) <= high):
            yield _fault(number, name, f"应为 {low} 到 {high} 的整数。")
    for name in FLAGS:
        if line.get(name, "").lower() not in YES | NO:
            yield _fault(number, name, "请填“是”或“否”。")


def _whole(words: str) -> bool:
    return words.isascii() and words.removeprefix("-").isdigit() and len(words) <= 4


def _values(line: dict[str, str]) -> dict[str, Any]:
    """What the row says of the columns the sheet has: of the others nothing at all."""
    meaning: dict[str, Callable[[str], Any]] = {
        **dict.fromkeys(FLAGS, lambda cell: cell.lower() in YES),
        "floor": lambda cell: int(cell) if cell else None,
        "member_count": lambda cell: int(cell) if cell else 1,
        "phone": lambda cell: cell or None,
    }
    return {name: meaning.get(name, str)(cell) for name, cell in line.items()}


def _fault(row: int, column: str, detail: str) -> dict[str, Any]:
    return {"row": row, "column": CHINESE.get(column, column), "field": f"/{row}/{column}", "detail": detail}


def _refuse(faults: list[dict[str, Any]]) -> None:
    if faults:
        detail = f"表格里有 {len(faults)} 处问题，都改好后再上传；现在什么都没有导入。"
        raise DomainError("spreadsheet_faulty", detail, errors=faults)


def _units(compound_code: str, rows: list[dict[str, Any]], report: ImportReport) -> dict[tuple[str, str], str]:
    """The code of each (building, unit) named in the sheet; makes those that are not there yet."""
    below = select(Place).where(Place.code > compound_code, Place.code < compound_code + "~")
    children: dict[str, dict[str, Place]] = {}
    for place in db.session.scalars(below):
        children.setdefault(place.parent_code or "", {})[place.name] = place
    codes = {}
    for building_name, unit_name in dict.fromkeys((row["building"], row["unit"]) for row in rows):
        building, new_building = _child(children, compound_code, "building", building_name)
        unit, new_unit = _child(children, building.code, "unit", unit_name)
        report.buildings_added += new_building
        report.units_added += new_unit
        codes[building_name, unit_name] = unit.code
    db.session.flush()
    return codes


def _child(children: dict[str, dict[str, Place]], parent: str, kind: str, name: str) -> tuple[Place, bool]:
    siblings = children.setdefault(parent, {})
    if name in siblings:
        return siblings[name], False
    siblings[name] = next_below(parent, kind, name, {place.code for place in siblings.values()})
    db.session.add(siblings[name])
    return siblings[name], True


def _write(rows: list[dict[str, Any]], units: dict[tuple[str, str], str], report: ImportReport) -> None:
    there = select(Household).where(Household.place_code.in_(set(units.values())))
    known = {(h.place_code, h.room): h for h in db.session.scalars(there)}
    heads = _heads([household.id for household in known.values()])
    new_heads = []
    for row in rows:
        code = units[row["building"], row["unit"]]
        household = known.get((code, row["room"]))
        if household is None:
            new_heads.append(_add(row, code))
            report.added += 1
        elif _change(row, household, heads.get(household.id)):
            report.changed += 1
        else:
            report.unchanged += 1
    db.session.flush()  # the doors before the people behind them: nothing else tells the session that order
    db.session.add_all(new_heads)


def _heads(household_ids: list[uuid.UUID]) -> dict[uuid.UUID, HouseholdMember]:
    query = select(HouseholdMember).where(
        HouseholdMember.household_id.in_(household_ids),
        HouseholdMember.is_head,
        HouseholdMember.left_at.is_(None),
    )
    return {head.household_id: head for head in db.session.scalars(query)}


def _columns(row: dict[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in ("floor", "member_count", *FLAGS) if name in row}


def _add(row: dict[str, Any], code: str) -> HouseholdMember:
    """A household; returns its head, not added yet."""
    household = Household(place_code=code, room=row["room"], **_columns(row))
    head = HouseholdMember(household_id=household.id, is_head=True, name=row["head"])
    set_phone(head, row.get("phone"))
    db.session.add(household)
    return head


def _change(row: dict[str, Any], household: Household, head: HouseholdMember | None) -> bool:
    changed = {name: value for name, value in _columns(row).items() if getattr(household, name) != value}
    for name, value in changed.items():
        setattr(household, name, value)
    if head is None:
        head = HouseholdMember(household_id=household.id, is_head=True, name=row["head"])
        db.session.add(head)
        changed["head"] = row["head"]
    told = {"name": row["head"]} | ({"phone": row["phone"]} if "phone" in row else {})
    if change_member(head, told):
        changed["head"] = row["head"]
    household.revision += bool(changed)
    return bool(changed)
