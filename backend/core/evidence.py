"""How certification asks every package for evidence, in one query.

Certification decides about a unit from facts that other packages own: case
events, daily records, the status of the buildings below. It may not import
them (nor they certification), and one query per package would make the
pre-check of a compound slower with every package that is added. So each
package registers ONE select, and `statement()` joins them with UNION ALL.

A select has the columns (kind text, id uuid, day date, values jsonb) and may
use these psycopg parameters:

    %(code)s   place code; everything below the place has a code that starts with it
    %(below)s  code || '~', so `code >= %(code)s AND code < %(below)s` is the subtree
    %(since)s  first day of the window, inclusive (Asia/Shanghai date)
    %(until)s  last day of the window, inclusive: the day the question is asked for

A select of facts that count for ever (case events) leaves %(since)s out.
"""

from datetime import date
from typing import Any, NamedTuple

# A daily record may be entered or corrected for today and for this many days
# back. The package that stores the records refuses older ones, and the rules
# promise "can still be mended today" by it: one number, so they cannot differ.
LATE_ENTRY_DAYS = 3


class Record(NamedTuple):
    """One fact about a unit: what kind, which row, which day, which values."""

    kind: str
    id: str
    day: date
    values: dict[str, Any]


SOURCES: list[str] = []


def register(select_sql: str) -> None:
    """Add a package's select; twice the same is once.

    ValueError when it is not bound to the place asked about: such a select
    would hand the whole city's facts to one compound.
    """
    for name in ("%(code)s", "%(below)s"):
        if name not in select_sql:
            raise ValueError(
                f"this evidence select does not use {name}, so it is not bound to a place: {select_sql}"
            )
    if select_sql not in SOURCES:
        SOURCES.append(select_sql)


def statement() -> str:
    """All registered selects as one statement; RuntimeError when there are none."""
    if not SOURCES:
        raise RuntimeError(
            "no package has registered evidence: call evidence.register() when the package is loaded"
        )
    return "\nUNION ALL\n".join(f"({select})" for select in SOURCES)
