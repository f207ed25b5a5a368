"""What is shown while orders are handed out: the queue, a household's own number and code, the helpers' list."""

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import contains_eager, selectinload

from backend.core.auth import Actor
from backend.core.errors import NotFound
from backend.core.money import yuan
from backend.core.transaction import database_now
from backend.extensions import db
from backend.groupbuy.arrivals.views import substitutes_of
from backend.groupbuy.campaigns import find
from backend.groupbuy.claims.recalls import recalled_items
from backend.groupbuy.handout.calling import REQUEUED_AT_MOST, called_at, may_call_from
from backend.groupbuy.handout.models import Pickup
from backend.groupbuy.handout.service import STANDING, at_point, kept_until, owed, pace, pickup_code, waking
from backend.groupbuy.models import Campaign, CampaignItem, Order, OrderLine, OrderStatus
from backend.groupbuy.orders import mine
from backend.groupbuy.workflow import acting_for
from backend.places.models import Household
from backend.places.service import names

# --- The queue --------------------------------------------------------------------------------------------------


def queue(actor: Actor, campaign_id: uuid.UUID) -> dict[str, Any]:
    """Who is being called, and how long it takes until it is one's own turn. Of others there is nothing but numbers."""
    campaign = find(campaign_id)
    numbered = select(
        Pickup.order_id, Pickup.number, Pickup.waits, Pickup.skips, Pickup.not_before, Pickup.batch, Pickup.called_at,
        Order.status, acting_for(actor).label("own"),
    ).join(Order, Order.id == Pickup.order_id)  # fmt: skip
    found = db.session.execute(numbered.where(Pickup.campaign_id == campaign.id, Pickup.number.is_not(None))).all()
    batch = max((row.batch or 0 for row in found), default=0)
    undone = [row for row in found if row.status == OrderStatus.READY]
    ahead = _ahead([row for row in undone if row.waits], batch + 1)
    next_call = _next_call(campaign, found, present=len(undone) - len(ahead))
    return {
        "now_serving": sorted(row.number for row in undone if not row.waits),
        "waiting": len(ahead),
        "next_call_at": next_call if ahead else None,
        "mine": [
            {
                "order_id": row.order_id,
                "number": row.number,
                "state": _state(row.status, row.number, row.waits),
                "ahead": ahead.get(row.number),
                "expected_at": called_at(ahead[row.number], next_call, campaign.batch_size, pace(campaign))
                if row.number in ahead
                else None,
            }
            for row in sorted(found, key=lambda row: row.number)
            if row.own
        ],
    }


def _ahead(waiting: Sequence[Any], batch: int) -> dict[int, int]:
    """How many are called before each number, as calling.next_batch takes them."""
    order = sorted((row.not_before > batch, row.number) for row in waiting)
    return {number: place for place, (_, number) in enumerate(order)}


def _next_call(campaign: Campaign, numbered: Sequence[Any], present: int) -> datetime:
    """From when service.call_next lets the next batch be called, as things are now."""
    now, last_call = database_now(), max((row.called_at for row in numbered if row.called_at), default=None)
    return waking(campaign, may_call_from(now, last_call, pace(campaign), present))


def _state(status: str, number: int | None, waits: bool) -> str:
    if status != OrderStatus.READY:
        return "missed" if status == OrderStatus.NOT_COLLECTED else "done"
    if number is None:
        return "door"
    return "waiting" if waits else "called"


# --- One's own --------------------------------------------------------------------------------------------------


def own_pickup(actor: Actor, order_id: uuid.UUID) -> dict[str, Any]:
    """The number, the code, and what to do now: for the household alone (and whom it has asked); 404 for the rest."""
    loaded = selectinload(Order.lines).joinedload(OrderLine.item), selectinload(Order.campaign)
    order = db.session.scalars(mine(actor).where(Order.id == order_id).options(*loaded)).one_or_none()
    pickup = db.session.get(Pickup, order_id) if order else None
    if order is None or pickup is None:
        raise NotFound("取货号")
    debt = owed([order])[order.id]
    state = _state(order.status, pickup.number, pickup.waits)
    until = kept_until(order, pickup.missed_at) if pickup.missed_at and state == "missed" else None
    return {
        "order_id": order.id,
        "number": pickup.number,
        "state": state,
        "code": pickup_code(order.id) if order.status in STANDING else None,
        "skips": pickup.skips,
        "pickup_place": order.campaign.pickup_place,
        "owed_fen": debt,
        "kept_until": until,
        "advice": _advice(state, pickup, order.campaign) + (OWED.format(yuan=yuan(debt)) if debt else ""),
        "lines": goods_of([order.id])[order.id],
    }


OWED = "还有 {yuan} 元没有付，领取时请付给团长。"
ADVICE = {
    "waiting": "叫到 {number} 号时请到{place}领取，不用提前排队。不方便下楼，可以把取货码告诉邻居，请邻居代领。",
    "called": "正在叫 {number} 号，请现在到{place}领取。来不了，可以请邻居凭取货码代领。",
    "door": "会送到您家门口，请留意敲门。不在家时，货会保留，可以请邻居凭取货码代领。",
    "missed": "没有等到您，货还替您留着。请把取货码告诉邻居请他代领，或请楼栋长、志愿者送上门。",
    "done": "已经领取，谢谢。",
}
SKIPPED = f"叫过 {{skips}} 次没有等到您，隔一批会再叫；一共叫 {REQUEUED_AT_MOST + 1} 次。"


def _advice(state: str, pickup: Pickup, campaign: Campaign) -> str:
    words = {"number": pickup.number, "place": campaign.pickup_place, "skips": pickup.skips}
    skipped = SKIPPED if state == "waiting" and pickup.skips else ""
    return (skipped + ADVICE[state]).format(**words)


# --- The helpers' list ------------------------------------------------------------------------------------------


def at_the_point(actor: Actor, campaign_id: uuid.UUID, number: int | None, called: bool | None) -> Any:
    """A select of a campaign's ready orders, for those who hand out: all, one number's, or those called now."""
    campaign = at_point(actor, campaign_id)
    query = select(Order).join(Pickup, Pickup.order_id == Order.id).where(Order.campaign_id == campaign.id)
    if number is not None:
        query = query.where(Pickup.number == number)
    if called is not None:
        standing = Pickup.batch.is_not(None) & ~Pickup.waits & (Order.status == OrderStatus.READY)
        query = query.where(standing if called else ~standing)
    return query


def called(pickups: Sequence[Pickup]) -> dict[str, Any]:
    """A batch just called, by number."""
    numbers = {pickup.order_id: pickup.number for pickup in pickups}
    orders = handed(list(db.session.scalars(select(Order).where(Order.id.in_(numbers)))))
    return {"numbers": sorted(numbers.values()), "orders": sorted(orders, key=lambda order: order["number"])}


def handed(page: Sequence[Order]) -> list[dict[str, Any]]:
    """Orders as whoever hands them out sees them: the door, what is in it, what is owed. No names, no phones."""
    ids, homes = [order.id for order in page], doors_of(page)
    pickups = {p.order_id: p for p in db.session.scalars(select(Pickup).where(Pickup.order_id.in_(ids)))}
    goods, debts = goods_of(ids), owed(page)
    where = stairwells([home.place_code for home in homes.values()])
    return [
        {
            **_standing(order, pickups[order.id]),
            "stairwell": where[homes[order.household_id].place_code],
            "floor": homes[order.household_id].floor,
            "room": homes[order.household_id].room,
            "owed_fen": debts[order.id],
            "lines": goods[order.id],
        }
        for order in page
    ]


def _standing(order: Order, pickup: Pickup) -> dict[str, Any]:
    return {
        "order_id": order.id,
        "number": pickup.number,
        "state": _state(order.status, pickup.number, pickup.waits),
        "skips": pickup.skips,
        "status": order.status,
        "status_label": OrderStatus(order.status).label,
        "revision": order.revision,
        "delivery": order.delivery,
    }


def doors_of(orders: Sequence[Order]) -> dict[uuid.UUID, Household]:
    query = select(Household).where(Household.id.in_({order.household_id for order in orders}))
    return {home.id: home for home in db.session.scalars(query)}


class Goods(NamedTuple):
    """What an order gets of one product, or of a substitute. `grams`: what the scales said, if it was weighed."""

    name: str
    share_label: str
    allocated: int
    grams: int | None = None


def goods_of(order_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, list[Goods]]:
    """What goes into each order's bag, substitutes last; nothing that was recalled."""
    recalled = recalled_items(order_ids)
    found: dict[uuid.UUID, list[Goods]] = {order_id: [] for order_id in order_ids}
    lines = select(OrderLine).where(OrderLine.order_id.in_(order_ids), OrderLine.allocated > 0)
    for line in db.session.scalars(
        lines.join(OrderLine.item).options(contains_eager(OrderLine.item)).order_by(CampaignItem.position)
    ):
        if line.item_id not in recalled[line.order_id]:
            found[line.order_id].append(Goods(line.item.name, line.item.share_label, line.allocated or 0, line.grams))
    for order_id, given in substitutes_of(order_ids).items():
        found[order_id] += [Goods(f"{name}（换货）", "份", shares) for name, shares in given]
    return found


COMPOUND_DIGITS = 16


def stairwells(place_codes: Sequence[str]) -> dict[str, str]:
    """What people call a stairwell: 1栋1单元, with the compound before it where there is more than one."""
    chains = {code: [code[:n] for n in (16, 20, 24) if n <= len(code)] or [code] for code in place_codes}
    known = names([part for chain in chains.values() for part in chain])
    several = len({code[:COMPOUND_DIGITS] for code in place_codes}) > 1
    return {
        code: "".join(known.get(part, part) for part in (chain if several or len(chain) == 1 else chain[1:]))
        for code, chain in chains.items()
    }
