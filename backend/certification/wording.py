"""Why a criterion is green or red, in a sentence a resident understands.

Numbers and dates only: anyone may read these without signing in, so they never
name a person, a household or a record.
"""

from datetime import date, timedelta
from functools import lru_cache

from backend.certification.daily import Outlook, latest
from backend.certification.packs import (
    CATEGORIES,
    LEVELS,
    CaseCriterion,
    Daily,
    Measure,
    NoEvent,
    SubUnits,
    number,
)
from backend.core.evidence import LATE_ENTRY_DAYS

SHOWN = 3  # days spelled out in a sentence; a longer list is read by nobody


def quiet(criterion: NoEvent, last: date | None, as_of: date) -> str:
    """No event blocks; `last`: the last one that counted, if ever."""
    if last is None:
        return f"没有{_names(criterion)}的记录。"
    return f"最近一次有{_names(criterion)}是{_full(last)}，到今天已过{(as_of - last).days}天。"


def blocked(criterion: NoEvent, last: date, waiting: int, as_of: date) -> str:
    """Events block; `waiting`: how many people are present and not yet released or excluded."""
    earliest = _full(last + timedelta(criterion.days))
    if waiting:
        still = f"还有{waiting}名{_names(criterion)}没有解除"
        return f"{still}，解除后要再满{criterion.days}天，最早{earliest}达标。"
    passed = f"最近一次有{_names(criterion)}是{_full(last)}，到今天过了{(as_of - last).days}天"
    return f"{passed}，要满{criterion.days}天，最早{earliest}达标。"


def unresolved(criterion: CaseCriterion, waiting: int, earliest: date) -> str:
    """`waiting` people have no outcome yet; none: green."""
    if not waiting:
        return f"没有尚未解除或排除的{_names(criterion)}。"
    return f"还有{waiting}名{_names(criterion)}没有解除或排除，有了结果才达标，最早{_full(earliest)}。"


def parts(criterion: SubUnits, total: int, certified: int) -> str:
    """The share of the units or buildings below."""
    name = LEVELS[criterion.level]
    if not total:
        return f"还没有登记{name}。"
    return f"{total}个{name}中已有{certified}个达标，要求达到{number(criterion.share, share=True)}。"


def daily(criterion: Daily, measure: Measure, outlook: Outlook, as_of: date) -> str:
    """A control over its window, with the first few days to blame and the way out."""
    said = _SAID[criterion.aggregate](criterion, measure, outlook, as_of)
    if outlook.met:
        return f"{said}。"
    if outlook.wait == 0:
        return f"{said}。今天补录或更正后就能达标。"
    recent = outlook.red[-1] >= criterion.days - LATE_ENTRY_DAYS
    mend = f"，其中近{LATE_ENTRY_DAYS}天的请在今天补上" if recent else ""
    return f"{said}。最早{_full(as_of + timedelta(outlook.wait))}达标{mend}。"


def _days(criterion: Daily, measure: Measure, outlook: Outlook, as_of: date) -> str:
    said = f"{_window(criterion.days, as_of)}有{outlook.good}天达标，要求{criterion.days_needed}天"
    if outlook.met:
        return said
    shown = [_day(criterion, measure, outlook, at, as_of) for at in outlook.red[:SHOWN]]
    more = f"等{len(outlook.red)}天" if len(outlook.red) > SHOWN else ""
    return f"{said}：{'，'.join(shown)}{more}"


def _total(criterion: Daily, measure: Measure, outlook: Outlook, as_of: date) -> str:
    values, bases, margins = outlook.readings
    recorded = [at for at, margin in enumerate(margins) if margin is not None]
    value, base = sum([values[at] or 0 for at in recorded]), sum([bases[at] or 0 for at in recorded])
    gaps = f"，有{criterion.days - len(recorded)}天没有记录" if len(recorded) < criterion.days else ""
    said = f"{_window(criterion.days, as_of)}合计{_amount(criterion, measure, value, base)}"
    return f"{said}，要求{_bound(criterion, measure)}{gaps}"


def _last(criterion: Daily, measure: Measure, outlook: Outlook, as_of: date) -> str:
    at = latest(outlook.readings.margins)
    if outlook.readings.margins[at] is None:
        return f"{_window(criterion.days, as_of)}没有记录"
    return f"最近一次记录是{_day(criterion, measure, outlook, at, as_of)}，要求{_bound(criterion, measure)}"


_SAID = {"each_day": _days, "any_day": _days, "sum": _total, "latest": _last}


def _day(criterion: Daily, measure: Measure, outlook: Outlook, at: int, as_of: date) -> str:
    values, bases, margins = outlook.readings
    said = "没有记录" if margins[at] is None else _amount(criterion, measure, values[at], bases[at])
    return _short(as_of - timedelta(criterion.days - at)) + said


def _amount(criterion: Daily, measure: Measure, value: int | None, base: int | None) -> str:
    return f"{measure.label}{value}{'' if criterion.of is None else f'/{base}'}{measure.unit}"


def _bound(criterion: Daily, measure: Measure) -> str:
    return criterion.bound_text if criterion.of else criterion.bound_text + measure.unit


# The same few days are written for every compound of the city.
@lru_cache(maxsize=64)
def _window(days: int, as_of: date) -> str:
    return f"最近{days}天（{_short(as_of - timedelta(days))}至{_short(as_of - timedelta(1))}）"


def _names(criterion: CaseCriterion) -> str:
    return "、".join([CATEGORIES[category] for category in criterion.categories])


def _full(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


def _short(day: date) -> str:
    return f"{day.month}月{day.day}日"
