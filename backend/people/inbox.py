"""A person's inbox: what happened to them and what waits for their answer, as the packages tell it."""

from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import func, select, update

from backend.core import clock, inbox
from backend.core.auth import Actor
from backend.core.inbox import Offer, register, words
from backend.core.permissions import Role
from backend.core.transaction import rows
from backend.extensions import db
from backend.people.households import acted_for
from backend.people.models import User
from backend.places.models import Household
from backend.places.service import LEVELS

COUNTED = 99
ROLES = {role.value: role.label for role in Role}
NEAR = [digits for digits, level in LEVELS.items() if level in ("community", "compound", "building", "unit")]

register(
    Offer(
        {"role.appoint": "您有了一项职务"},
        f"""
SELECT 'role.appoint' AS kind, r.id, r.created_at AS at, {words("r.role", ROLES)} AS title,
  p.name || CASE WHEN r.ended_at IS NULL THEN '' ELSE '（已结束）' END AS detail,
  'role_assignment' AS subject_type, r.id AS subject_id, NULL::uuid AS household_id, false AS waits
FROM role_assignment r JOIN place p ON p.code = r.place_code
WHERE r.user_id = %(user)s AND r.role <> 'resident'""",
    )
)


class Mark(NamedTuple):
    """Where a page of the inbox begins: after this item."""

    at: datetime
    kind: str
    id: UUID


TOP = Mark(datetime(9999, 1, 1, tzinfo=UTC), "", UUID(int=0))


def read(actor: Actor, limit: int, after: Mark | None, waiting: bool) -> dict[str, Any]:
    """A page of what the actor is told, newest first, and how much of all of it is new to them or waits for them."""
    seen = db.session.scalar(select(User.seen_until).where(User.id == actor.id))
    asked = {**_asked(actor), **_from(after or TOP), "waiting": waiting}
    items = [_item(row) for row in rows(inbox.statement(), {**asked, "limit": limit + 1})]
    every = {**asked, **_from(TOP), "seen": seen or asked["since"], "limit": COUNTED}
    unread, waits = rows(inbox.counts(), every)[0]
    last = items[limit - 1] if len(items) > limit else None
    following = Mark(last["at"], last["kind"], last["id"]) if last else None
    return {"items": items[:limit], "next": following, "unread": unread, "waiting": waits, "seen_until": seen}


def _asked(actor: Actor) -> dict[str, Any]:
    """For whom the packages are asked: the user, the homes they live in or act for, the places around these."""
    homes = db.session.execute(
        select(Household.id, Household.place_code).where(Household.id.in_(acted_for(actor)))
    ).all()
    lived_in = [home.place_code for home in homes] + [code for role, code in actor.posts if role == Role.RESIDENT]
    return {
        "user": actor.id,
        "homes": [home.id for home in homes],
        "around": sorted({code[:digits] for code in lived_in for digits in NEAR if digits <= len(code)}),
        "since": clock.now() - timedelta(days=inbox.DAYS),
        **{name: actor.scope(permission) for name, permission in inbox.scopes().items()},
    }


def _from(mark: Mark) -> dict[str, Any]:
    return {"before_at": mark.at, "before_kind": mark.kind, "before_id": mark.id}


def _item(row: Any) -> dict[str, Any]:
    item = dict(zip(FIELDS, row, strict=True))
    return {**item, "label": inbox.labels()[item["kind"]]}


FIELDS = [column.partition("::")[0] for column in inbox.COLUMNS.split(", ")]


def mark_seen(actor: Actor, until: datetime) -> datetime:
    """What came until then is no longer new; the mark moves forward only, and not beyond now."""
    mark = func.greatest(User.seen_until, func.least(until, func.now()))
    moved = update(User).where(User.id == actor.id).values(seen_until=mark).returning(mark)
    return db.session.execute(moved).scalar_one()
