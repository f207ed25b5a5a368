"""What a person is told, and what waits for their answer: asked of every package in one statement.

Nothing is sent and nothing is stored for it: each package names, once, how to find in its own tables what has happened
to a user and their homes, and `statement()` joins them all. Each part begins at a home or at the user, goes by an index
and stops at a page, so that the answer costs the same in a large city as in a small one.
"""

from collections.abc import Mapping
from typing import NamedTuple

from backend.core.permissions import Permission

DAYS = 90  # what is older is history, and stands where it happened
COLUMNS = "kind, id, at, title, detail, subject_type, subject_id::text, household_id, waits"


class Offer(NamedTuple):
    """`kinds`: each with the words a person reads; others that `select` finds are left out. It gives COLUMNS, and may
    use %(user)s, %(homes)s (ids of the households the user lives in or acts for), %(around)s (codes of the places
    these lie in), %(since)s, and the places at which the user holds a permission, by the name that `scopes` gives it.
    `waits`: it is for this person to do something. A subject is an id, or a place's code. There is no personal data in
    title and detail, and no medicine by its name."""

    kinds: Mapping[str, str]
    select: str
    scopes: Mapping[str, Permission] = {}


OFFERS: list[Offer] = []


def register(offer: Offer) -> None:
    """Adds what a package has to tell; twice the same is once."""
    if offer not in OFFERS:
        OFFERS.append(offer)


def labels() -> dict[str, str]:
    return {kind: label for offer in OFFERS for kind, label in offer.kinds.items()}


def scopes() -> dict[str, Permission]:
    return {name: permission for offer in OFFERS for name, permission in offer.scopes.items()}


def statement() -> str:
    """A page of it, newest first, after (before_at, before_kind, before_id); with `waiting`, only what waits."""
    return f"{_joined('waits OR NOT %(waiting)s')}\nORDER BY at DESC, kind DESC, id DESC LIMIT %(limit)s"


def counts() -> str:
    """How many have come after `seen`, and how many wait, also behind newer news: no more than `limit` each."""
    of = "(SELECT least(count(*), %(limit)s) FROM ({}) told)"
    return f"SELECT {of.format(_joined('at > %(seen)s'))}, {of.format(_joined('waits'))}"


def _joined(wanted: str) -> str:
    return "\nUNION ALL\n".join(
        f"(SELECT {COLUMNS} FROM ({offer.select}) told WHERE kind IN ({_listed(offer.kinds)})"
        " AND at > %(since)s AND (at, kind, id) < (%(before_at)s, %(before_kind)s, %(before_id)s)"
        f" AND ({wanted}) ORDER BY at DESC, kind DESC, id DESC LIMIT %(limit)s)"
        for offer in OFFERS
    )


def _listed(kinds: Mapping[str, str]) -> str:
    return ", ".join(f"'{kind}'" for kind in kinds)


# --- Words for the packages' selects ----------------------------------------------------------------------------

KIND = "e.subject_type || '.' || e.action"  # of an audit event `e`


def still(row: str) -> str:
    """Whether `row` is where the audit event `e` has brought it: nothing has happened since."""
    later = "SELECT FROM audit_event n WHERE n.subject_id = e.subject_id AND n.at > e.at AND n.new IS NOT NULL"
    return f"({row}.status = e.new AND NOT EXISTS ({later}))"


def yuan(fen: str) -> str:
    return f"'¥' || to_char({fen} / 100.0, 'FM999999990.00')"


def when(at: str) -> str:
    return f"""to_char({at} AT TIME ZONE 'Asia/Shanghai', 'FMMM"月"FMDD"日" HH24:MI')"""


def words(value: str, labels: Mapping[str, str]) -> str:
    """What each word of a column means."""
    return f"CASE {value} " + " ".join(f"WHEN '{word}' THEN '{label}'" for word, label in labels.items()) + " END"
