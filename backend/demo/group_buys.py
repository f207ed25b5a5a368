"""The demo's group buys, each taken to where it stands by the verbs of those whose task it is."""

import uuid
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select, update

from backend.core import clock
from backend.core.errors import Conflict, DomainError
from backend.core.transaction import database_now, unit_of_work
from backend.core.workflow import lock
from backend.demo.people import COMMUNITY, HOMES, actor
from backend.extensions import db
from backend.groupbuy import campaigns, orders
from backend.groupbuy.arrivals import service as arrivals
from backend.groupbuy.claims.completion import complete
from backend.groupbuy.handout import service as handout
from backend.groupbuy.handout.calling import is_quiet
from backend.groupbuy.models import Campaign, CampaignStatus, Order
from backend.groupbuy.schemas import NewCampaignSchema
from backend.groupbuy.settlement import service as settlement
from backend.groupbuy.workflow import CLAIM_WITHIN
from backend.integrations.payments import ConsolePayments
from backend.payments import service as payments
from backend.places.models import Household

COMPOUND = f"{COMMUNITY}-001"
HEAD, GRID, RESIDENT, ORGANISER, SECRETARY = "刘大爷", "王秀英", "张敏", "胡桂芳", "李国强"

PORK = {"name": "冻猪肉", "share_label": "斤", "cost_fen": 1150, "freight_fen": 70, "organiser_fen": 30,
        "subsidy_fen": 250, "total": 600, "cap": 5, "perishable": True}  # fmt: skip
RICE = {"name": "大米", "share_label": "袋", "cost_fen": 3900, "freight_fen": 200, "organiser_fen": 100,
        "subsidy_fen": 1200, "total": 120, "cap": 1}  # fmt: skip
EGGS = {"name": "三十枚鸡蛋", "share_label": "板", "cost_fen": 2180, "freight_fen": 120, "organiser_fen": 100,
        "total": 24, "cap": 2, "case_size": 6}  # fmt: skip
GREENS = {"name": "十斤蔬菜包", "share_label": "份", "cost_fen": 2600, "freight_fen": 300, "organiser_fen": 100,
          "total": 60, "cap": 3, "perishable": True}  # fmt: skip
DONATION_FEN = 200_000
BROUGHT = 19  # of the 24 portions of greens that were ordered

# Its households order at the organiser's door or through the building head: (how many shares, terms, delivery).
EGG_ORDERS = ((2, "on_delivery", "pickup"),) * 9 + ((2, "prepaid", "pickup"), (2, "on_delivery", "door"))
GREEN_ORDERS = (
    (3, "prepaid", "pickup"), (2, "prepaid", "pickup"), (1, "prepaid", "door"), (3, "prepaid", "pickup"),
    (2, "on_delivery", "pickup"), (2, "prepaid", "pickup"), (1, "prepaid", "pickup"), (3, "prepaid", "pickup"),
    (2, "prepaid", "door"), (1, "on_delivery", "pickup"), (2, "prepaid", "pickup"),
)  # fmt: skip
PORK_ORDERS = ((5, "on_delivery", "pickup"), (3, "prepaid", "pickup"), (2, "on_delivery", "door"))

UNDER_WAY = {
    CampaignStatus.DRAFT,
    CampaignStatus.PUBLISHED,
    CampaignStatus.OPEN,
    CampaignStatus.ARRIVED,
    CampaignStatus.HANDING_OUT,
}


def load(say: Callable[[str], Any]) -> None:
    """Whichever of the four is not under way is opened (again): one that has ended makes room for the next. Should a
    visitor have taken somebody's post away, what they would have done is left out, and the demo still starts."""
    stories = {"平价冻猪肉": _pork, "鸡蛋接龙": _eggs, "蔬菜包": _greens, "惠民大米": _rice}
    under_way = select(Campaign.title).where(Campaign.title.in_(stories), Campaign.status.in_(UNDER_WAY))
    missing = stories.keys() - set(db.session.scalars(under_way))
    if missing:
        say("  loading group buys: one to approve, two open, one handed out …")
    for title, story in stories.items():
        if title in missing:
            try:
                story(title)
            except DomainError as refused:
                say(f"  left out {title}: {refused.detail}")


def _pork(title: str) -> None:
    """Subsidised pork for the whole community, ¥10 a jin, open for three days; a donation from which the community may
    sponsor those who cannot pay."""
    with unit_of_work():
        campaign = _opened(title, COMMUNITY, PORK, "中百仓储", minimum_shares=100, allows_on_delivery=True)
    with unit_of_work():
        receipt = f"捐-{campaign.hex[-8:]}"
        settlement.receive(actor(SECRETARY), campaign, payments.Account.FUND, DONATION_FEN, receipt)
    _orders(campaign, PORK_ORDERS)


def _eggs(title: str) -> None:
    """Nearly sold out: 22 of 24."""
    with unit_of_work():
        campaign = _opened(title, COMPOUND, EGGS, "武商量贩", policy="first_come", allows_on_delivery=True)
    _orders(campaign, EGG_ORDERS)


def _greens(title: str) -> None:
    """Fewer came than were ordered; the numbers are being called."""
    with unit_of_work():
        campaign = _opened(title, COMPOUND, GREENS, "慈惠街蔬菜基地", allows_on_delivery=True, batch_size=4, at_once=6)
    placed = _orders(campaign, GREEN_ORDERS)
    with unit_of_work():
        own = _order(actor(RESIDENT), campaign, 2, "prepaid", "pickup")
    pay_online(RESIDENT, own)
    with unit_of_work():
        skip_ahead(campaign)
        _arrived(campaign)
    with unit_of_work():
        _handed_out(campaign, placed)


def _rice(title: str) -> None:
    """A draft that waits for the community's approval of its subsidy."""
    with unit_of_work():
        _draft(title, COMMUNITY, RICE, "中粮东西湖粮库", policy="vulnerable_first")


def _draft(title: str, place: str, item: dict[str, Any], supplier: str, **more: Any) -> Campaign:
    """What the organiser's phone would send."""
    asked = {
        "title": title, "place_code": place, "supplier": supplier, "policy": "one_each_first", "items": [item],
        "opens_at": _evening(-1).isoformat(), "cut_off_at": _evening(3).isoformat(), "pickup_place": "马池苑西门岗亭",
    }  # fmt: skip
    values: dict[str, Any] = NewCampaignSchema().load({**asked, **more})
    items, place_code = values.pop("items"), values.pop("place_code")
    return campaigns.draft(actor(ORGANISER), place_code, values, items)


def _evening(days: int) -> datetime:
    """Eight in the evening, so many days from today."""
    return clock.now().astimezone(clock.SHANGHAI).replace(hour=20, minute=0, second=0, microsecond=0) + timedelta(days)


def _opened(title: str, place: str, item: dict[str, Any], supplier: str, **more: Any) -> uuid.UUID:
    campaign = _draft(title, place, item, supplier, **more)
    if any(item.subsidy_fen for item in campaign.items):
        campaigns.act(actor(SECRETARY), campaign.id, "approve", campaign.revision)
    return campaigns.publish(actor(ORGANISER), campaign.id, campaign.revision).id


# --- Orders -----------------------------------------------------------------------------------------------------


def _orders(campaign: uuid.UUID, wanted: Sequence[tuple[int, str, str]]) -> list[uuid.UUID]:
    """The grid worker takes them down for as many doors of the first buildings; whoever pays first has paid cash."""
    grid, placed = actor(GRID), []
    with unit_of_work():
        for household, (quantity, terms, delivery) in zip(_doors(len(wanted)), wanted, strict=True):
            placed.append(_order(grid, campaign, quantity, terms, delivery, household, "voice"))
        for number, (order, (_, terms, _)) in enumerate(zip(placed, wanted, strict=True), start=1):
            if terms == "prepaid":
                _pay_cash(order, f"{str(campaign)[-4:]}-{number:03d}")
    return placed


def _doors(count: int) -> list[uuid.UUID]:
    """Doors scattered over buildings 1 to 4, always the same, without those of the demo's people."""
    taken = [(Household.place_code == home.unit) & (Household.room == home.room) for home in HOMES]
    query = select(Household.id).where(Household.place_code.between(f"{COMPOUND}-001", f"{COMPOUND}-004~"))
    for door in taken:
        query = query.where(~door)
    return list(db.session.scalars(query.order_by(func.md5(Household.place_code + Household.room)).limit(count)))


def _order(
    who: Any,
    campaign: uuid.UUID,
    quantity: int,
    terms: str,
    delivery: str,
    household: uuid.UUID | None = None,
    consent: str | None = None,
) -> uuid.UUID:
    items = campaigns.find(campaign).items
    lines = [{"item_id": item.id, "quantity": quantity, "substitution": "refuse"} for item in items]
    return uuid.UUID(
        orders.place_within(who.id, orders.Wish(campaign, lines, terms, delivery, household, consent))["id"]
    )


def _pay_cash(order: uuid.UUID, receipt: str) -> None:
    due = db.session.get_one(Order, order).due_fen
    payments.record_receipt(actor(ORGANISER), "order", order, "cash", due, receipt)


def pay_online(who: str, order: uuid.UUID) -> None:
    """As the phone does it: begin, go to the provider, come back and ask."""
    with unit_of_work():
        payment = payments.begin(actor(who), "order", order, "wechat")
    with unit_of_work():
        payments.prepay(actor(who), payment.id)
    ConsolePayments().pay(payment.number)
    with unit_of_work():
        payments.check(actor(who), payment.id)


# --- The truck and the hand-out ---------------------------------------------------------------------------------


def skip_ahead(campaign_id: uuid.UUID) -> Campaign:
    """The demo waits neither for the evening nor a day: what the clock does next with a campaign, done now."""
    campaign = campaigns.find(campaign_id)
    lock(campaign)
    if campaign.status == CampaignStatus.OPEN:
        _cut_off(campaign)
    elif campaign.status == CampaignStatus.HANDING_OUT:
        had = (Order.campaign_id == campaign.id) & Order.handed_out_at.is_not(None)
        db.session.execute(update(Order).where(had).values(handed_out_at=Order.handed_out_at - CLAIM_WITHIN))
        complete()
    else:
        raise Conflict("nothing_to_wait_for", "这个团购现在不用等时间，请直接办理下一步。")
    return campaign


def _cut_off(campaign: Campaign) -> None:
    """The clock's own two steps. Whoever has not paid is too late."""
    campaign.cut_off_at = database_now()
    campaigns.cut_off(campaign)
    campaigns.close_books(campaign)


def _arrived(campaign_id: uuid.UUID) -> None:
    organiser, campaign = actor(ORGANISER), campaigns.find(campaign_id)
    campaigns.act(organiser, campaign.id, "order", campaign.revision)
    campaigns.act(organiser, campaign.id, "dispatch", campaign.revision)
    if is_quiet(clock.now()):
        arrivals.consent_to_wake(actor(SECRETARY), campaign.id, "演示：夜里载入")
    counts = [{"item_id": item.id, "quantity": BROUGHT, "grams": None, "lot": "20200312-A"} for item in campaign.items]
    arrivals.arrive(organiser, campaign.id, campaign.revision, counts)
    handout.hand_out(organiser, campaign.id, campaign.revision)


def _handed_out(campaign_id: uuid.UUID, placed: Sequence[uuid.UUID]) -> None:
    """The first batch is called, and two of it have come. 张敏 is still on her way."""
    volunteer = actor("丁小军")
    called = handout.call_next(volunteer, campaign_id)
    orders = [db.session.get_one(Order, pickup.order_id) for pickup in called]
    owing = handout.owed(orders)
    for order in [order for order in orders if order.id in placed and not owing[order.id]][:2]:
        handout.collect(volunteer, order.id, order.revision)
