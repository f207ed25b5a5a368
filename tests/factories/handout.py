"""Campaigns whose goods have come and been shared out, ready to be handed out."""

import uuid
from datetime import timedelta
from typing import Any

from backend.core import clock
from backend.core.transaction import unit_of_work
from backend.extensions import db
from backend.groupbuy import campaigns
from backend.groupbuy.models import Campaign
from backend.people.models import HouseholdMember
from backend.places.models import Household, Place
from tests.cast import READY, Cast
from tests.factories import arrivals
from tests.factories import groupbuy as g


def stairwell(app: Any, building: int, unit: int) -> str:
    """Building and unit of the compound, with their names; the unit's code."""
    code = f"{READY}-{building:03d}"
    with app.app_context(), unit_of_work():
        for place, name, kind, parent in (
            (code, f"{building}栋", "building", READY),
            (f"{code}-{unit:03d}", f"{unit}单元", "unit", code),
        ):
            if db.session.get(Place, place) is None:
                db.session.add(Place(code=place, name=name, kind=kind, parent_code=parent, households=0))
                db.session.flush()
    return f"{code}-{unit:03d}"


def door(app: Any, place: str, room: str, floor: int | None = None, name: str = "王小明") -> str:
    """A household that somebody orders for. Its id."""
    with app.app_context(), unit_of_work():
        home = Household(place_code=place, room=room, floor=floor, member_count=2)
        db.session.add(home)
        db.session.flush()
        db.session.add(HouseholdMember(household_id=home.id, is_head=True, name=name, phone="13812345678"))
        return str(home.id)


def for_home(cast: Cast, campaign: dict[str, Any], home: str, *quantities: int, **more: Any) -> dict[str, Any]:
    """Ordered on a household's behalf, paid on delivery unless said otherwise."""
    how = {"household_id": home, "consent": "voice", "terms": "sponsored", **more}
    return g.ordered(cast, "li", campaign, *quantities, **how)


def has_come(app: Any, cast: Cast, campaign: dict[str, Any], *quantities: int, last: bool = True) -> dict[str, Any]:
    """The books are closed, and the truck has brought so many shares of each item (none said: all that was ordered),
    and whoever is to be called may be, whatever the hour."""
    with app.app_context(), unit_of_work():
        row = db.session.get_one(Campaign, uuid.UUID(campaign["id"]))
        campaigns.cut_off(row)
    with app.app_context(), unit_of_work():
        row = db.session.get_one(Campaign, uuid.UUID(campaign["id"]))
        campaigns.close_books(row)
        wanted = [item.sold for item in row.items]
    g.step(cast, "hu", g.ok(cast.hu.get(f"/campaigns/{campaign['id']}")), "order")
    return truck(app, cast, campaign, *quantities or wanted, last=last)


def truck(app: Any, cast: Cast, campaign: dict[str, Any], *quantities: int, last: bool = True) -> dict[str, Any]:
    g.ok(arrivals.truck(cast, campaign, *quantities, last=last))
    with app.app_context(), unit_of_work():
        row = db.session.get_one(Campaign, uuid.UUID(campaign["id"]))
        row.hand_out_from, row.quiet_consent_until = None, clock.now() + timedelta(days=1)
    return arrivals.fresh(cast, campaign)


def handing_out(app: Any, cast: Cast, campaign: dict[str, Any]) -> dict[str, Any]:
    """Come, and the numbers are given."""
    return g.step(cast, "hu", has_come(app, cast, campaign), "hand_out")


def minutes_pass(owner: Any, campaign: dict[str, Any], minutes: int) -> None:
    """Since the last call, by the database's clock."""
    earlier = "UPDATE pickup SET called_at = called_at - make_interval(mins => %s) WHERE campaign_id = %s"
    owner.execute(earlier, [minutes, campaign["id"]])


def listed(cast: Cast, campaign: dict[str, Any], who: str = "qian", **query: Any) -> list[dict[str, Any]]:
    """All orders as the helpers see them, by number."""
    found: list[dict[str, Any]] = []
    after: dict[str, Any] = {}
    while True:
        page = g.ok(cast.hand(who).get(f"/campaigns/{campaign['id']}/handout", limit=100, **query, **after))
        found += page["items"]
        if page["next"] is None:
            return sorted(found, key=lambda order: order["number"] or 0)
        after = {"after": page["next"]}


def act(cast: Cast, who: str, order: dict[str, Any], action: str, **more: Any) -> Any:
    body = {"revision": order["revision"], **more}
    return cast.hand(who).post(f"/orders/{order.get('order_id') or order['id']}/{action}", body)
