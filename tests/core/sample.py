"""One request of the generated tests, and who may make it."""

from collections.abc import Callable, Set
from typing import Any, NamedTuple

from backend.core.permissions import Permission
from tests.cast import MACHIDUN

Have = dict[str, Any]


class Sample(NamedTuple):
    """A request that would do something to a thing of Machidun. `needs`: the Step's own permission, where the route
    asks for less; `place`: where it must be held. Where a thing is not everybody's of a post, `acts` names those of
    the cast who may do this with it, and `sees` those who know of it and may not. `at`: which of the things the
    arguments of the route mean, where it is not the one of their own name."""

    body: dict[str, Any] | Callable[[Have], dict[str, Any]] | bytes | None = None
    query: dict[str, Any] | Callable[[Have], dict[str, Any]] | None = None
    needs: Permission | None = None
    place: str = MACHIDUN
    acts: Set[str] | None = None
    sees: Set[str] = frozenset()
    at: dict[str, str] = {}
    mimetype: str = "text/csv"

    def sent(self, have: Have) -> Any:
        return self.body(have) if callable(self.body) else self.body

    def asked(self, have: Have) -> dict[str, Any]:
        return self.query(have) if callable(self.query) else self.query or {}
