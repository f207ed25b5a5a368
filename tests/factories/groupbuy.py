"""Campaigns and orders at every stage, taken there by the people whose task it is."""

from datetime import timedelta
from typing import Any

from backend.core import clock, invariants
from backend.core.auth import HOUSE
from backend.core.models import new_id
from backend.core.transaction import unit_of_work
from backend.extensions import db
from backend.payments import service as payments
from backend.people.models import HouseholdMember
from backend.places.models import Household
from tests.cast import MACHIDUN, UNIT, Cast
from tests.factories.world import user_id

PORK = {"name": "猪肉", "share_label": "斤", "cost_fen": 900, "freight_fen": 60, "organiser_fen": 40, "total": 600,
        "cap": 5}  # fmt: skip


def home(app: Any, room: str = "101", who: str | None = None, place: str = UNIT, **flags: Any) -> str:
    """A household of the register; `who` of the cast lives there and may order for it. Its id."""
    with app.app_context(), unit_of_work():
        household = Household(place_code=place, room=room, member_count=2, **flags)
        db.session.add(household)
        db.session.flush()
        user = user_id(who) if who else None
        db.session.add(HouseholdMember(household_id=household.id, is_head=True, name="张三丰", user_id=user))
        return str(household.id)


def body(*items: dict[str, Any], **changed: Any) -> dict[str, Any]:
    """A campaign of pork, or of other items, that is open from now on for a day."""
    now = clock.now()
    return {
        "place_code": MACHIDUN, "title": "平价猪肉", "supplier": "中百仓储", "policy": "one_each_first",
        "opens_at": (now - timedelta(minutes=1)).isoformat(), "cut_off_at": (now + timedelta(days=1)).isoformat(),
        "pickup_place": "西门岗亭", "items": [{**PORK, **item} for item in items or ({},)], **changed,
    }  # fmt: skip


def drafted(cast: Cast, *items: dict[str, Any], who: str = "hu", **changed: Any) -> dict[str, Any]:
    return ok(cast.hand(who).post("/campaigns", body(*items, **changed)), 201)


def opened(cast: Cast, *items: dict[str, Any], who: str = "hu", **changed: Any) -> dict[str, Any]:
    """Published, with the community's approval where there is a subsidy."""
    campaign = drafted(cast, *items, who=who, **changed)
    if any(item["subsidy_fen"] for item in campaign["items"]):
        campaign = step(cast, "li", campaign, "approve")
    return step(cast, who, campaign, "publish")


def step(cast: Cast, who: str, campaign: dict[str, Any], action: str, **more: Any) -> dict[str, Any]:
    path = f"/campaigns/{campaign['id']}/{action.replace('_', '-')}"
    return ok(cast.hand(who).post(path, {"revision": campaign["revision"], **more}))


def asks_to_join(cast: Cast, campaign: dict[str, Any], place_code: str, who: str = "li") -> Any:
    body = {"place_code": place_code, "households": 40, "reason": "我们凑不满一车，自己来人取"}
    return cast.hand(who).post(f"/campaigns/{campaign['id']}/join-requests", body)


def joined(cast: Cast, campaign: dict[str, Any], place_code: str, who: str = "li", host: str = "hu") -> dict[str, Any]:
    """Asked, and accepted by the organiser."""
    request = ok(asks_to_join(cast, campaign, place_code, who), 201)
    return ok(cast.hand(host).post(f"/join-requests/{request['id']}/accept", {"revision": request["revision"]}))


def asked(campaign: dict[str, Any], *quantities: int, **more: Any) -> dict[str, Any]:
    """The body of an order: so many shares of each item, in the campaign's order."""
    lines = [
        {"item_id": item["id"], "quantity": quantity}
        for item, quantity in zip(campaign["items"], quantities, strict=False)
        if quantity
    ]
    return {"campaign_id": campaign["id"], "lines": lines, **more}


def ordered(cast: Cast, who: str, campaign: dict[str, Any], *quantities: int, **more: Any) -> dict[str, Any]:
    """An order; what the community sponsors, somebody has given it."""
    if more.get("terms") == "sponsored":
        donated(cast.app)
    return ok(cast.hand(who).post("/orders", asked(campaign, *quantities, **more)), 201)


def donated(app: Any, fen: int = 1_000_000, community: str = MACHIDUN) -> None:
    """So much was given for the community's fund."""
    with app.app_context(), unit_of_work():
        given = [("community_float", community, fen), ("fund", community, -fen)]
        payments.post("grant", new_id(), None, HOUSE, given)


def ok(answer: Any, status: int = 200) -> dict[str, Any]:
    assert answer.status_code == status, f"{answer.status_code} {answer.text}"
    return answer.json


def sound(app: Any) -> dict[str, int]:
    """The invariants that do not hold; none, one hopes."""
    with app.app_context():
        return {name: count for name, count in invariants.counts().items() if count}
