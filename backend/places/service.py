"""The verbs of places: find, list, add below a compound, load the register."""

import csv
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import func, select, update

from backend.core import audit
from backend.core.auth import HOUSE, Actor
from backend.core.errors import Conflict, DomainError, NotFound
from backend.core.permissions import Permission
from backend.extensions import db
from backend.places.models import Household, Place, PlaceKind

# A code tells its level by its length. Kind and level differ in the register alone: a township stands at the level of
# a subdistrict, and `other` (a development zone, a scenic area) at that of a subdistrict or of a community.
LEVELS = {4: "city", 6: "district", 9: "subdistrict", 12: "community", 16: "compound", 20: "building", 24: "unit"}
LEVEL_WORDS = dict(zip(LEVELS.values(), ("市", "区", "街道", "社区（村）", "小区", "楼栋", "单元"), strict=True))
COMPOUND_DIGITS = 16
KIND_BY_DIGITS = {digits: PlaceKind(level) for digits, level in LEVELS.items() if digits >= COMPOUND_DIGITS}
# What may be added by hand below which level. The register's own levels come from the register alone.
ABOVE = {PlaceKind.COMPOUND: "community", PlaceKind.BUILDING: "compound", PlaceKind.UNIT: "building"}
REGISTER_KINDS = {
    4: {PlaceKind.CITY},
    6: {PlaceKind.DISTRICT},
    9: {PlaceKind.SUBDISTRICT, PlaceKind.TOWNSHIP, PlaceKind.OTHER},
    12: {PlaceKind.COMMUNITY, PlaceKind.VILLAGE, PlaceKind.OTHER},
}
REGISTER_COLUMNS = ["code", "name", "kind", "parent_code"]
NAME_LONGEST = 80


def level_of(code: str) -> str:
    """The level of a place: what decides which roles are held there and what may be added below it."""
    return LEVELS[len(code)]


def place_named(code: str) -> Place:
    """The place; the register is public, so a missing one is simply not found."""
    place = db.session.get(Place, code)
    if place is None:
        raise NotFound("地点")
    return place


def children(code: str) -> list[Place]:
    place_named(code)
    return list(db.session.scalars(select(Place).where(Place.parent_code == code).order_by(Place.code)))


def search(words: str, kind: str | None, limit: int) -> list[Place]:
    """Places whose name contains the words, in the order of the register; down to the compounds, unless a `kind` is
    asked for: every compound has its 1栋."""
    asked = Place.kind == kind if kind else Place.kind.not_in([PlaceKind.BUILDING, PlaceKind.UNIT])
    query = select(Place).where(Place.name.contains(words, autoescape=True), asked)
    return list(db.session.scalars(query.order_by(Place.code).limit(limit)))


def ancestors(code: str) -> list[Place]:
    """From the city down to the place itself."""
    codes = [code[:n] for n in (4, 6, 9, 12, 16, 20, 24) if n <= len(code)]
    return list(db.session.scalars(select(Place).where(Place.code.in_(codes)).order_by(Place.code)))


def add(actor: Actor, parent_code: str, kind: str, name: str) -> Place:
    """A compound below a community, a building below a compound, a unit below a building. The parent's row is
    locked, so that two who add at once get two numbers; the same name twice below one parent is refused (409)."""
    actor.require(Permission.PLACE_EDIT, parent_code, visible=Permission.PLACE_READ)
    if lock(parent_code) is None:
        raise NotFound("地点")
    above = ABOVE[PlaceKind(kind)]
    if level_of(parent_code) != above:
        detail = f"{LEVEL_WORDS[kind]}要加在{LEVEL_WORDS[above]}下面，请先选好所在的{LEVEL_WORDS[above]}再添加。"
        raise DomainError("wrong_parent", detail)
    below = list(db.session.scalars(select(Place).where(Place.parent_code == parent_code)))
    if any(place.name == name for place in below):
        raise Conflict("name_taken", "这里已经有同名的地点。")
    place = next_below(parent_code, kind, name, {p.code for p in below})
    db.session.add(place)
    audit.record("place", "add", actor, place_code=place.code, details={"kind": kind})
    db.session.flush()
    return place


def lock(code: str) -> Place | None:
    """The place, its row locked. FOR NO KEY UPDATE: a code never changes, and whoever records something about the
    place (a foreign key's KEY SHARE) need not wait."""
    return db.session.scalars(select(Place).where(Place.code == code).with_for_update(key_share=True)).one_or_none()


def next_below(parent_code: str, kind: str, name: str, taken: set[str]) -> Place:
    """A place with the next free three-digit number below its parent."""
    number = max((int(code[-3:]) for code in taken), default=0) + 1
    if number > 999:
        raise DomainError("too_many_places", "这一级下面的地点已满 999 个。")
    return Place(code=f"{parent_code}-{number:03d}", name=name, kind=kind, parent_code=parent_code, households=0)


def count_households(compound_code: str) -> None:
    """Keeps the compound's number of households, which each daily record takes down."""
    counted = (
        select(func.count())
        .select_from(Household)
        .where(Household.place_code >= compound_code, Household.place_code < compound_code + "~")
        .scalar_subquery()
    )
    db.session.execute(update(Place).where(Place.code == compound_code).values(households=counted))


@dataclass
class RegisterReport:
    """What an import did. `refused` holds (line, reason); with any, nothing was loaded."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    refused: list[tuple[int, str]] = field(default_factory=list)


def import_register(path: Path) -> RegisterReport:
    """Loads the register of divisions (code, name, kind, parent_code). The same file twice changes nothing; one bad
    line, and nothing at all is loaded."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file, strict=True)
        try:
            if reader.fieldnames != REGISTER_COLUMNS:
                return RegisterReport(refused=[(1, f"columns must be {', '.join(REGISTER_COLUMNS)}")])
            lines = [(reader.line_num, row) for row in reader]
        except (csv.Error, UnicodeDecodeError) as error:
            return RegisterReport(refused=[(reader.line_num + 1, f"not a CSV in UTF-8: {error}")])
    known = {place.code: place for place in db.session.scalars(select(Place))}
    report = RegisterReport(refused=list(_bad_lines(lines, set(known))))
    if report.refused:
        return report
    for _, row in sorted(lines, key=lambda line: line[1]["code"]):
        _load(row, known.get(row["code"]), report)
    audit.record("place", "import_register", HOUSE, details={"added": report.added, "changed": report.changed})
    return report


def _load(row: dict[str, str], place: Place | None, report: RegisterReport) -> None:
    if place is None:
        parent = row["parent_code"] or None
        db.session.add(Place(code=row["code"], name=row["name"], kind=row["kind"], parent_code=parent, households=0))
        report.added += 1
    elif (place.name, place.kind) != (row["name"], row["kind"]):
        place.name, place.kind = row["name"], row["kind"]
        report.changed += 1
    else:
        report.unchanged += 1


def _bad_lines(lines: list[tuple[int, dict[str, str]]], known: set[str]) -> Iterable[tuple[int, str]]:
    codes = known | {row["code"] for _, row in lines if row.get("code")}
    seen: set[str] = set()
    for number, row in lines:
        if reason := _why_bad(row, codes, seen):
            yield number, reason
        seen.add(row["code"])


def _why_bad(row: dict[str, str], codes: set[str], seen: set[str]) -> str | None:
    if None in row or None in row.values():
        return "the number of columns is wrong"
    code, parent = row["code"], row["parent_code"]
    fitting = REGISTER_KINDS.get(len(code), set())
    listed = ", ".join(sorted(fitting))
    reasons = (
        (
            not (code.isascii() and code.isdigit() and len(code) in REGISTER_KINDS),
            f"code {code!r} is not 4, 6, 9 or 12 digits",
        ),
        (code in seen, f"code {code} stands twice in the file"),
        (not row["name"].strip(), "the name is empty"),
        (
            len(row["name"]) > NAME_LONGEST or not row["name"].isprintable(),
            f"the name is not {NAME_LONGEST} plain letters at most",
        ),
        (row["kind"] not in fitting, f"kind {row['kind']!r} is none of a code of {len(code)} digits: {listed}"),
        ((row["kind"] == "city") != (not parent), "a city has no parent, everything else has one"),
        (bool(parent) and parent not in codes, f"parent {parent} is not in the register"),
        (
            bool(parent) and not (code.startswith(parent) and len(code) > len(parent)),
            f"code {code} does not lie below {parent}",
        ),
    )
    return next((reason for bad, reason in reasons if bad), None)


def names(codes: Iterable[str]) -> dict[str, str]:
    return dict(db.session.execute(select(Place.code, Place.name).where(Place.code.in_(set(codes)))).all())
