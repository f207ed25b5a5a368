"""Is this unit epidemic-free under this pack, why not, and when at the earliest?

Pure: `evaluate(pack, records, as_of)` looks at values only. Days are
Asia/Shanghai dates. `as_of` is the day the question is asked for; what is dated
after it, an event or an outcome, has not happened yet, so any past day can be
asked again.

The dates are DOMAIN.md section 3's: an event on day E blocks a window of N days
while as_of - E < N; daily controls look at the N completed days before as_of,
for today is not over and counts against nobody.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, NamedTuple

import orjson

from backend.certification import daily, wording
from backend.certification.packs import (
    CaseCriterion,
    Criterion,
    Daily,
    NoEvent,
    NoneUnresolved,
    Pack,
    SubUnits,
    Tier,
    When,
)
from backend.core.evidence import Record

MISSING_DAY = "missing_day"


# What is answered is plain dataclasses, because orjson writes those out by itself, dates and ids included.
@dataclass(slots=True)
class Cause:
    """A record that makes a criterion red, or a day without one (`missing_day`, no id)."""

    kind: str
    id: str | None
    day: date


@dataclass(slots=True)
class Result:
    """One criterion's answer.

    `fix` is empty when it is met; `fixable_now`: entering or correcting the
    last days today meets it.
    """

    id: str
    item: str
    standard: str
    title: str
    met: bool
    required: bool
    points: int | None
    need: str
    why: str
    fix: str
    earliest_on: date
    earliest_certain: bool
    fixable_now: bool
    records: tuple[Cause, ...]


@dataclass(slots=True)
class Verdict:
    """The answer for a unit. `earliest_on` holds if nothing new happens and every later day is recorded well.

    `earliest_certain` is False while it depends on a person being released or
    excluded, or on others certifying the parts below: it is then the best case.
    `needed`: ids of the red criteria that must turn green, all required ones and
    as many others as points are short. `barred_until`: after fraud, the first day
    on which the unit may apply again, whatever else is met.
    """

    pack_id: str
    pack_version: str
    as_of: date
    met: bool
    score: int | None
    pass_score: int | None
    tier: Tier | None
    streak_days: int | None
    last_event_on: date | None
    earliest_on: date
    earliest_certain: bool
    criteria: tuple[Result, ...]
    needed: tuple[str, ...]
    barred_until: date | None
    progress: dict[str, Any] | None

    @property
    def red(self) -> list[Result]:
        """What stands in the way."""
        return [result for result in self.criteria if result.id in self.needed]

    def as_dict(self) -> dict[str, Any]:
        """As it is frozen in a filing, with the id of each record."""
        plain: dict[str, Any] = orjson.loads(orjson.dumps(self))
        return plain


class Event(NamedTuple):
    """A case event that counts, as known on the day asked for; present `day` .. `until`, both inclusive."""

    id: str
    category: str
    day: date
    until: date
    unresolved: bool


class Evidence(NamedTuple):
    """The records, sorted out once: `days` is the window, oldest first, `values` what they say."""

    pack: Pack
    as_of: date
    events: list[Event]
    days: list[Record | None]
    values: list[dict[str, Any]]
    sub_units: list[Record]
    bars: list[date]


def evaluate(pack: Pack, records: Iterable[Record], as_of: date) -> Verdict:
    """Both standards for one unit on one day.

    `records`: all case events of the unit ever, the daily records of at least
    the `pack.window_days` days before as_of, and the units below where the pack
    asks for them. Kinds the pack does not know are passed over.
    """
    evidence = _sort_out(pack, records, as_of)
    results = tuple([_RULES[type(criterion)](criterion, evidence) for criterion in pack.criteria])
    score = _score(pack, results)
    last_event_on = _last_event_on(evidence)
    streak = None if last_event_on is None else (as_of - last_event_on).days
    needed = _needed(pack, results, score or 0)
    barred_until = max(evidence.bars, default=None)
    return Verdict(
        pack_id=pack.id,
        pack_version=pack.version,
        as_of=as_of,
        met=not needed and barred_until is None,
        score=score,
        pass_score=pack.pass_score,
        tier=next((tier for tier in pack.tiers if _fits(tier.when, evidence, streak)), None),
        streak_days=streak,
        last_event_on=last_event_on,
        earliest_on=max([barred_until or as_of, *[result.earliest_on for result in needed]]),
        earliest_certain=all([result.earliest_certain for result in needed]),
        criteria=results,
        barred_until=barred_until,
        needed=tuple([result.id for result in needed]),
        progress=_progress(evidence),
    )


# ---- sorting out ------------------------------------------------------------


def _sort_out(pack: Pack, records: Iterable[Record], as_of: date) -> Evidence:
    evidence = Evidence(pack, as_of, [], [None] * pack.window_days, [{}] * pack.window_days, [], [])
    for record in records:
        kind = record.kind
        if kind == "daily_record":
            age = (as_of - record.day).days
            if 1 <= age <= pack.window_days:
                _place(evidence, record, age)
        elif kind == "case_event":
            if record.day <= as_of:
                _add_event(evidence, record)
        elif kind == "sub_unit":
            evidence.sub_units.append(record)
        elif kind == "bar" and record.day > as_of:
            evidence.bars.append(record.day)
    return evidence


def _place(evidence: Evidence, record: Record, age: int) -> None:
    """Put a daily record in its place, `age` days before as_of; ValueError for a second one of the day.

    Two compounds' records would otherwise hide each other, and the good one
    could win: evaluate compounds one by one.
    """
    if evidence.days[-age] is not None:
        raise ValueError(f"two daily records for {record.day}: evaluate one compound at a time")
    evidence.days[-age], evidence.values[-age] = record, record.values


def _add_event(evidence: Evidence, record: Record) -> None:
    outcome_on = record.values.get("outcome_on")
    resolved_on = None if outcome_on is None else date.fromisoformat(outcome_on)
    if resolved_on is None or resolved_on > evidence.as_of:
        event = Event(record.id, record.values["category"], record.day, evidence.as_of, True)
    elif record.values.get("outcome") in evidence.pack.ignore_outcomes:
        return
    else:
        event = Event(record.id, record.values["category"], record.day, max(record.day, resolved_on), False)
    evidence.events.append(event)


# ---- case events ------------------------------------------------------------


def _counted(criterion: CaseCriterion, evidence: Evidence) -> list[Event]:
    since = criterion.counts_from or date.min
    return [event for event in evidence.events if event.category in criterion.categories and event.day >= since]


def _last_day(criterion: CaseCriterion, event: Event) -> date:
    """The event's last day under this criterion, from which the window counts."""
    return event.until if isinstance(criterion, NoEvent) and criterion.counts == "present" else event.day


def _no_event(criterion: NoEvent, evidence: Evidence) -> Result:
    counted = _counted(criterion, evidence)
    last = max([_last_day(criterion, event) for event in counted], default=None)
    if last is None or (evidence.as_of - last).days >= criterion.days:
        return _met(criterion, evidence, wording.quiet(criterion, last, evidence.as_of))
    free_from = evidence.as_of - timedelta(criterion.days)
    blocking = [event for event in counted if _last_day(criterion, event) > free_from]
    waiting = sum([event.unresolved for event in blocking]) if criterion.counts == "present" else 0
    why = wording.blocked(criterion, last, waiting, evidence.as_of)
    return _red(criterion, why, last + timedelta(criterion.days), _events(blocking), certain=not waiting)


def _none_unresolved(criterion: NoneUnresolved, evidence: Evidence) -> Result:
    waiting = [event for event in _counted(criterion, evidence) if event.unresolved]
    earliest = evidence.as_of + timedelta(1)
    why = wording.unresolved(criterion, len(waiting), earliest)
    if not waiting:
        return _met(criterion, evidence, why)
    return _red(criterion, why, earliest, _events(waiting), certain=False)


def _last_event_on(evidence: Evidence) -> date | None:
    """The streak's first day: the last event of all that the pack's case criteria count."""
    return max(
        [_last_day(c, event) for c in evidence.pack.case_criteria for event in _counted(c, evidence)],
        default=None,
    )


def _events(events: list[Event]) -> tuple[Cause, ...]:
    return tuple([Cause("case_event", event.id, event.day) for event in events])


# ---- daily records ----------------------------------------------------------


def _daily(criterion: Daily, evidence: Evidence) -> Result:
    outlook, why = _judged(criterion, evidence)
    if outlook.met:
        return _met(criterion, evidence, why)
    days = evidence.days[-criterion.days :]
    causes = tuple([_cause(days[at], evidence.as_of - timedelta(len(days) - at)) for at in outlook.red])
    earliest = evidence.as_of + timedelta(outlook.wait)
    return _red(criterion, why, earliest, causes, fixable=outlook.wait == 0)


# A day's figures are alike in most compounds, so what they come to is worked out once a day for each different
# fortnight of them. No record is named here, hence nothing of one compound can show up in another's answer.
_JUDGED: dict[tuple[Any, ...], tuple[Daily, daily.Outlook, str]] = {}
_JUDGED_AT_MOST = 4096


def _judged(criterion: Daily, evidence: Evidence) -> tuple[daily.Outlook, str]:
    days, measure, of = evidence.values[-criterion.days :], criterion.measure, criterion.of
    figures = tuple([(day.get(measure), day.get(of)) for day in days] if of else [day.get(measure) for day in days])
    key = (id(criterion), evidence.as_of, figures)
    known = _JUDGED.get(key)
    if known is None:
        outlook = daily.look(criterion, days)
        why = wording.daily(criterion, evidence.pack.measures[measure], outlook, evidence.as_of)
        if len(_JUDGED) >= _JUDGED_AT_MOST:
            _JUDGED.clear()
        known = _JUDGED[key] = (criterion, outlook, why)  # holds the criterion, so that its id stays its own
    return known[1], known[2]


def _cause(record: Record | None, day: date) -> Cause:
    return Cause(MISSING_DAY, None, day) if record is None else Cause(record.kind, record.id, day)


# ---- parts below ------------------------------------------------------------


def _sub_units(criterion: SubUnits, evidence: Evidence) -> Result:
    parts = [part for part in evidence.sub_units if part.values["level"] == criterion.level]
    missing = [part for part in parts if not part.values["certified"]]
    certified = len(parts) - len(missing)
    why = wording.parts(criterion, len(parts), certified)
    if parts and certified >= criterion.share * len(parts):
        return _met(criterion, evidence, why)
    causes = tuple([Cause(part.kind, part.id, part.day) for part in missing])
    return _red(criterion, why, evidence.as_of + timedelta(1), causes, certain=False)


def _progress(evidence: Evidence) -> dict[str, Any] | None:
    """Per level how many there are, how many are certified, and which are missing."""
    if evidence.pack.progress is None:
        return None
    return {level: _level(level, evidence.sub_units) for level in evidence.pack.progress.levels}


def _level(level: str, sub_units: list[Record]) -> dict[str, Any]:
    parts = [part.values for part in sub_units if part.values["level"] == level]
    missing = [{"code": part["code"], "name": part["name"]} for part in parts if not part["certified"]]
    return {"total": len(parts), "certified": len(parts) - len(missing), "missing": missing}


# ---- the whole --------------------------------------------------------------


def _score(pack: Pack, results: Sequence[Result]) -> int | None:
    return None if pack.top_score is None else sum([result.points or 0 for result in results if result.met])


def _needed(pack: Pack, results: Sequence[Result], score: int) -> list[Result]:
    """The red results that must turn green: all required, and others, soonest first, as points are short."""
    needed = [result for result in results if result.required and not result.met]
    score += sum([result.points or 0 for result in needed])
    optional = [result for result in results if result.points and not result.required and not result.met]
    for result in sorted(optional, key=lambda r: (r.earliest_on, not r.earliest_certain)):
        if score >= (pack.pass_score or 0):
            break
        score += result.points or 0
        needed.append(result)
    return needed


def _fits(when: When, evidence: Evidence, streak: int | None) -> bool:
    if any(event.category in when.never_had for event in evidence.events):
        return False
    return when.min_streak_days is None or streak is None or streak >= when.min_streak_days


def _met(c: Criterion, evidence: Evidence, why: str) -> Result:
    return Result(
        c.id, c.item, c.standard, c.title, True, c.required, c.points, c.need, why, "",
        evidence.as_of, True, False, (),
    )  # fmt: skip


def _red(
    c: Criterion,
    why: str,
    earliest: date,
    causes: tuple[Cause, ...],
    certain: bool = True,
    fixable: bool = False,
) -> Result:
    return Result(
        c.id, c.item, c.standard, c.title, False, c.required, c.points, c.need, why, c.fix,
        earliest, certain, fixable, causes,
    )  # fmt: skip


_RULES: dict[type[Criterion], Callable[[Any, Evidence], Result]] = {
    NoEvent: _no_event,
    NoneUnresolved: _none_unresolved,
    Daily: _daily,
    SubUnits: _sub_units,
}
