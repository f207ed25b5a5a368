"""How certification asks every package for evidence about a unit over a window, in one statement.

Certification decides from facts that other packages own: case events, daily records. It does not import them,
and one query per package would make the pre-check of a compound slower with every package that is added. So each
package names, once, the table its facts are in and the columns that matter; `statement()` joins them all, and
every fact comes back in the same shape. Counts travel as int[] and words as text[]: built as JSON the same rows
cost PostgreSQL several times as much.
"""

from collections.abc import Iterable
from datetime import date
from functools import cache
from typing import Any, NamedTuple

# A daily record may be entered or corrected for today and for this many days back. The package that stores the
# records refuses older ones, and the rules promise "can still be mended today" by it: one number, so they cannot
# differ.
LATE_ENTRY_DAYS = 3


class Record(NamedTuple):
    """One fact about a unit: what kind, which row, which day, which values."""

    kind: str
    id: str
    day: date
    values: dict[str, Any]


class Source(NamedTuple):
    """Where a package keeps one kind of fact: which column is the date it counts from, and which the place's code;
    `windowed`: only the days of the window matter, otherwise all history does. Rows without a day are no facts."""

    kind: str
    table: str
    day: str
    counts: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    windowed: bool = False
    place: str = "place_code"

    def select(self) -> str:
        """Bound to the place and everything below it, whose codes start with its own."""
        within = f"{self.place} >= %(code)s AND {self.place} < %(below)s"
        window = f" AND {self.day} BETWEEN %(since)s AND %(until)s" if self.windowed else f" AND {self.day} IS NOT NULL"
        counts, words = (
            f"ARRAY[{', '.join(self.counts)}]::int[]",
            f"ARRAY[{', '.join(f'{w}::text' for w in self.words)}]",
        )
        return (
            f"SELECT '{self.kind}' AS kind, id, {self.day} AS day, {counts} AS counts, {words}::text[] AS words"
            f" FROM {self.table} WHERE {within}{window}"
        )


SOURCES: dict[str, Source] = {}


def register(source: Source) -> None:
    """Adds a package's facts; twice the same is once."""
    SOURCES[source.kind] = source


def statement() -> str:
    """All registered facts of one place: parameters code, below (code || '~'), since, until (dates, inclusive)."""
    return _joined(tuple(SOURCES.values()))


@cache
def _joined(sources: tuple[Source, ...]) -> str:
    return "\nUNION ALL\n".join(source.select() for source in sources)


def records(rows: Iterable[Any]) -> list[Record]:
    """The statement's rows as facts with named values."""
    names = {kind: source.counts + source.words for kind, source in SOURCES.items()}
    return [
        Record(kind, row_id, day, dict(zip(names[kind], counts + words, strict=True)))
        for kind, row_id, day, counts, words in rows
    ]
