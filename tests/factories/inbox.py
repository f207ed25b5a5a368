"""What a person finds in their inbox."""

from typing import Any

from tests.cast import Cast
from tests.factories import groupbuy as g


def page(cast: Cast, who: str, **query: Any) -> dict[str, Any]:
    found: dict[str, Any] = g.ok(cast.hand(who).get("/me/inbox", **query))
    return found


def told(cast: Cast, who: str) -> list[tuple[str, bool]]:
    """Kinds, newest first, and whether they wait; posts aside, which everyone of the cast has."""
    items = page(cast, who, limit=100)["items"]
    return [(item["kind"], item["waits"]) for item in items if item["kind"] != "role.appoint"]


def item(cast: Cast, who: str, kind: str) -> dict[str, Any]:
    """The newest of a kind."""
    found: dict[str, Any] = next(each for each in page(cast, who, limit=100)["items"] if each["kind"] == kind)
    return found
