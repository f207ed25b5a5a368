"""Rule packs: each district's two standards as versioned data (packs/*.toml).

The dataclasses below ARE the schema of the files: a key that is no field is
refused, a field without a default must be given, a value must have the field's
type. Whatever is wrong is said at import with file and key, because a typo that
surfaced as "not met" would be paid for by a compound.
"""

import tomllib
from collections.abc import Callable, Iterable
from dataclasses import MISSING, dataclass, field, fields, is_dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import combinations
from pathlib import Path
from types import UnionType
from typing import Any, Literal, get_args, get_origin, get_type_hints

CATEGORIES = {
    "confirmed": "确诊病例",
    "suspected": "疑似病例",
    "fever": "发热病人",
    "close_contact": "密切接触者",
    "asymptomatic": "无症状感染者",
}
LEVELS = {"unit": "单元", "building": "楼栋"}

Category = Literal["confirmed", "suspected", "fever", "close_contact", "asymptomatic"]
Level = Literal["unit", "building"]


class PackError(ValueError):
    """A pack that must not be used; the message names file and key."""


def _refuse(bad: bool, message: str) -> None:
    if bad:
        raise ValueError(message)


def _derive(frozen: Any, **values: Any) -> None:
    """Set fields worked out from the others: once here, and not for each of the city's compounds."""
    for name, value in values.items():
        object.__setattr__(frozen, name, value)


def number(value: Fraction, share: bool) -> str:
    """As people write it: 3, 0.5, or 95% for a share."""
    return f"{float(value * 100):g}%" if share else f"{float(value):g}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Criterion:
    """What every criterion has: where it belongs and what it tells people.

    `required = false` never blocks: without points it is advice only.
    """

    id: str
    item: str
    standard: Literal["zero_occurrence", "controls_in_place"]
    title: str
    need: str
    fix: str
    points: int | None = None
    required: bool = True

    def __post_init__(self) -> None:
        _refuse(not self.id.startswith(self.item), f"id: {self.id!r} must start with its item {self.item!r}")
        _refuse(self.points is not None and self.points < 1, "points: must be at least 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseCriterion(Criterion):
    """Case events of these categories, effective on `counts_from` or later."""

    categories: tuple[Category, ...]
    counts_from: date | None = None

    def __post_init__(self) -> None:
        Criterion.__post_init__(self)
        _refuse(not self.categories, "categories: name at least one")


@dataclass(frozen=True, slots=True, kw_only=True)
class NoEvent(CaseCriterion):
    """No event for `days` days.

    `new` looks at the effective day only; `present` at each day until the
    outcome, inclusive.
    """

    days: int
    counts: Literal["new", "present"] = "new"

    def __post_init__(self) -> None:
        CaseCriterion.__post_init__(self)
        _refuse(self.days < 1, "days: must be at least 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class NoneUnresolved(CaseCriterion):
    """Nobody of these categories still waits for an outcome."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Daily(Criterion):
    """A bound on a measure of the daily records over the last `days` completed days.

    aggregate each_day: at least `min_days` days (default all) keep the bound;
    any_day: the same, default 1; sum: the total keeps it, and `min_days` days
    (default all) are recorded; latest: the latest recorded day keeps it.
    With `of` the bound is a share (0 to 1) of that measure, else a number in
    the measure's unit. A day with 0 of 0 keeps every bound.
    """

    measure: str
    days: int
    aggregate: Literal["each_day", "any_day", "sum", "latest"] = "each_day"
    at_least: Fraction | None = None
    at_most: Fraction | None = None
    of: str | None = None
    min_days: int | None = None
    # Derived. A day keeps the bound when value * slope >= base * floor: whole
    # numbers, exact, and the same comparison for both sides of a bound.
    slope: int = field(init=False)
    floor: int = field(init=False)
    days_needed: int = field(init=False)
    bound_text: str = field(init=False)

    def __post_init__(self) -> None:
        Criterion.__post_init__(self)
        bounds = [bound for bound in (self.at_least, self.at_most) if bound is not None]
        _refuse(len(bounds) != 1, "at_least: give exactly one of at_least, at_most")
        bound, sign = bounds[0], 1 if self.at_most is None else -1
        default_days = self.days if self.aggregate in ("each_day", "sum") else 1
        _derive(
            self,
            slope=sign * bound.denominator,
            floor=sign * bound.numerator,
            days_needed=default_days if self.min_days is None else self.min_days,
            bound_text=("不少于" if sign > 0 else "不超过") + number(bound, share=self.of is not None),
        )
        _refuse(bound < 0, "at_least: a bound is not negative")
        _refuse(self.of is not None and bound > 1, "at_least: a share of another measure is between 0 and 1")
        _refuse(self.days < 1, "days: must be at least 1")
        _refuse(self.aggregate == "latest" and self.min_days is not None, "min_days: means nothing with latest")
        _refuse(not 1 <= self.days_needed <= self.days, "min_days: must be between 1 and days")


@dataclass(frozen=True, slots=True, kw_only=True)
class SubUnits(Criterion):
    """A share (0 to 1) of the units or buildings below is certified; a place without any does not meet it."""

    level: Level
    share: Fraction

    def __post_init__(self) -> None:
        Criterion.__post_init__(self)
        _refuse(not 0 < self.share <= 1, "share: must be above 0 and at most 1")


KINDS: dict[str, type[Criterion]] = {
    "no_event": NoEvent,
    "none_unresolved": NoneUnresolved,
    "daily": Daily,
    "sub_units": SubUnits,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """How a measure of the daily records is called, and counted, in a sentence."""

    label: str
    unit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class When:
    """All conditions given must hold; none given: always."""

    never_had: tuple[Category, ...] = ()
    min_streak_days: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """A group of units: the first tier whose condition holds.

    `direct`: it applies without going through its parts first.
    """

    id: str
    title: str
    direct: bool
    when: When = When()


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Show how far the units and buildings below are, and which are missing."""

    levels: tuple[Level, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pack:
    """One version of one district's rules (no district: for all that have none of their own).

    Valid on `valid_from` .. `valid_until`, both inclusive; notice and review
    (of each level) in hours, the time to mend a returned application in days.
    An event whose outcome is in `ignore_outcomes` never happened. A new event of a category in `ends` ends a live
    application or certificate, one in `holds` holds it until the person has an outcome.
    """

    id: str
    version: str
    title: str
    source: str
    valid_from: date
    applies_to: tuple[str, ...]
    applicants: tuple[str, ...]
    notice_hours: int
    review_hours: int
    return_days: int
    criteria: tuple[Criterion, ...]
    district: str | None = None
    valid_until: date | None = None
    retroactive: bool = False
    ignore_outcomes: tuple[Literal["released", "excluded", "confirmed"], ...] = ()
    ends: tuple[Category, ...] = ("confirmed",)
    holds: tuple[Category, ...] = ("suspected", "fever", "close_contact", "asymptomatic")
    measures: dict[str, Measure] = field(default_factory=dict)
    pass_score: int | None = None
    tiers: tuple[Tier, ...] = ()
    progress: Progress | None = None
    # Derived.
    window_days: int = field(init=False)
    case_criteria: tuple[CaseCriterion, ...] = field(init=False)
    case_days: int = field(init=False)
    top_score: int | None = field(init=False)

    def __post_init__(self) -> None:
        points = [c.points for c in self.criteria if c.points is not None]
        _derive(
            self,
            window_days=max((c.days for c in self.criteria if isinstance(c, Daily)), default=0),
            case_criteria=tuple(c for c in self.criteria if isinstance(c, CaseCriterion)),
            case_days=max((c.days for c in self.criteria if isinstance(c, NoEvent)), default=0),
            top_score=sum(points) if points else None,
        )
        _check(self)

    def valid_on(self, day: date) -> bool:
        """Whether the pack is in force on that day."""
        return self.valid_from <= day and (self.valid_until is None or day <= self.valid_until)


def _check(pack: Pack) -> None:
    _refuse(not pack.criteria, "criteria: a pack without criteria would certify everybody")
    for name in ("criteria", "tiers"):
        ids = [part.id for part in getattr(pack, name)]
        _refuse(len(ids) != len(set(ids)), f"{name}: two have the same id")
    for key in ("notice_hours", "review_hours", "return_days"):
        _refuse(getattr(pack, key) < 1, f"{key}: must be at least 1")
    _refuse(pack.valid_until is not None and pack.valid_until < pack.valid_from, "valid_until: before valid_from")
    _refuse((pack.pass_score or 0) > (pack.top_score or 0), "pass_score: all points together do not reach it")
    shown = pack.progress.levels if pack.progress else ()
    for part in (c for c in pack.criteria if isinstance(c, SubUnits) and c.level not in shown):
        raise ValueError(f"progress: {part.id!r} judges each {part.level}, so show which are missing")
    for criterion in (c for c in pack.criteria if isinstance(c, Daily)):
        for measure in {criterion.measure, criterion.of} - {None} - pack.measures.keys():
            raise ValueError(f"measures: {measure!r} is used by {criterion.id!r} but not declared")


def _table(cls: type, value: Any, where: str) -> Any:
    """Build `cls` from a TOML table, or say which key is wrong."""
    if not isinstance(value, dict):
        raise PackError(f"{where}: must be a table")
    known = {f.name: f for f in fields(cls) if f.init}
    for key in value.keys() - known.keys():
        raise PackError(f"{where}.{key}: unknown key")
    for name, f in known.items():
        if name not in value and f.default is MISSING and f.default_factory is MISSING:
            raise PackError(f"{where}.{name}: missing")
    hints = get_type_hints(cls)
    given = {key: _value(hints[key], item, f"{where}.{key}") for key, item in value.items()}
    try:
        return cls(**given)
    except ValueError as error:
        raise PackError(f"{where}.{error}") from None


def _criterion(value: Any, where: str) -> Any:
    kind = value.get("kind") if isinstance(value, dict) else None
    if kind not in KINDS:
        raise PackError(f"{where}.kind: {kind!r} is none of {', '.join(KINDS)}")
    return _table(KINDS[kind], {key: item for key, item in value.items() if key != "kind"}, where)


def _list(hint: Any, value: Any, where: str) -> tuple[Any, ...]:
    if not isinstance(value, list):
        raise PackError(f"{where}: must be a list")
    return tuple(_value(get_args(hint)[0], item, f"{where}[{at}]") for at, item in enumerate(value))


def _mapping(hint: Any, value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise PackError(f"{where}: must be a table")
    return {key: _value(get_args(hint)[1], item, f"{where}.{key}") for key, item in value.items()}


def _choice(hint: Any, value: Any, where: str) -> Any:
    if value not in get_args(hint):
        raise PackError(f"{where}: {value!r} is none of {', '.join(get_args(hint))}")
    return value


def _fraction(value: Any, where: str) -> Fraction:
    if type(value) not in (int, Decimal) or not Decimal(value).is_finite():
        raise PackError(f"{where}: must be a number")
    return Fraction(value)


_BY_ORIGIN: dict[Any, Callable[[Any, Any, str], Any]] = {
    tuple: _list,
    dict: _mapping,
    Literal: _choice,
    UnionType: lambda hint, value, where: _value(get_args(hint)[0], value, where),
}


def _value(hint: Any, value: Any, where: str) -> Any:
    """The value as the field's type wants it; types must agree exactly, so that true is no number."""
    if get_origin(hint) in _BY_ORIGIN:
        return _BY_ORIGIN[get_origin(hint)](hint, value, where)
    if hint is Fraction:
        return _fraction(value, where)
    if hint is Criterion:
        return _criterion(value, where)
    if is_dataclass(hint):
        return _table(hint, value, where)  # type: ignore[arg-type]
    if type(value) is not hint:
        raise PackError(f"{where}: must be {hint.__name__}, not {type(value).__name__}")
    return value


def read(path: Path) -> Pack:
    """One pack from its file; fractions are read exactly (0.95 is 19/20)."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    except ValueError as error:
        raise PackError(f"{path.name}: {error}") from None
    pack: Pack = _table(Pack, table, path.name)
    return pack


def load(folder: Path) -> tuple[Pack, ...]:
    """All packs of a folder; at most one per district (and one default) is valid on any day."""
    packs = tuple(read(path) for path in sorted(folder.glob("*.toml")))
    for one, other in combinations(packs, 2):
        if (one.id, one.version) == (other.id, other.version):
            raise PackError(f"{other.id} {other.version}: two files have this id and version")
        later = max(one.valid_from, other.valid_from)
        if one.district == other.district and one.valid_on(later) and other.valid_on(later):
            raise PackError(
                f"{one.id} {one.version} and {other.id} {other.version}: both valid on {later} "
                f"for {one.district or 'the districts without a pack'}; give the older one a valid_until"
            )
    return packs


PACKS = load(Path(__file__).parent / "packs")


def pack_for(district_code: str, on: date, packs: Iterable[Pack] = PACKS) -> Pack:
    """The district's pack valid on that day, else the default one; LookupError when there is neither."""
    valid = {pack.district: pack for pack in packs if pack.valid_on(on)}
    pack = valid.get(district_code) or valid.get(None)
    if pack is None:
        raise LookupError(f"no rule pack for district {district_code} on {on}, and no default pack")
    return pack


def pack_by(id: str, version: str, packs: Iterable[Pack] = PACKS) -> Pack:
    """The very pack an application was submitted under; LookupError when its file is gone."""
    for pack in packs:
        if (pack.id, pack.version) == (id, version):
            return pack
    raise LookupError(f"no rule pack {id} {version}: the file of a pack in use must never be removed")
