"""The waiting list: first in, first served.

Shares that come free while a line waits are kept for it, so that nobody who comes later snatches them (see
0008_queue.sql). Before the cut-off the clock offers them to the head of the line as an order to be paid in the usual
term; unpaid, it expires, and the next is offered them. One who waits for three may get one first, and stays at the
head for the rest. After the cut-off the line takes over what others give up, see passing_on.py. It ends when the goods
are there or the campaign is over.
"""

import uuid
from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, or_, select

from backend.core import audit
from backend.core.auth import HOUSE, Actor
from backend.core.errors import Conflict, DomainError, NotFound
from backend.core.jobs import each_alone, job
from backend.core.models import within
from backend.core.permissions import Permission as P
from backend.core.transaction import hot_row_last, rows, savepoint, unit_of_work
from backend.core.workflow import Move, Step, Workflow, advance, advance_all
from backend.extensions import db
from backend.groupbuy import campaigns, orders
from backend.groupbuy.changes.models import Waiting, WaitingStatus
from backend.groupbuy.models import Campaign, CampaignItem, CampaignPlace, CampaignStatus
from backend.people.households import acted_for, consents_to, homes_of
from backend.places.models import Household

W, C = WaitingStatus, CampaignStatus
WAITED_FOR = frozenset({C.OPEN, C.CUT_OFF, C.ORDERED, C.IN_TRANSIT})
ROUND = 500  # campaigns looked at in one round
JOIN_LINE = "SELECT join_line(%s, %s, %s)"
LEAVE_LINE = "SELECT leave_line(%s, %s, %s)"
# The campaign and the household's count before the item, as everywhere: its own order may be on its way.
HOLD = """
WITH held AS (SELECT id FROM campaign WHERE id = %s FOR KEY SHARE)
INSERT INTO household_share AS s (household_id, item_id, quantity) SELECT %s, %s, 0 FROM held
ON CONFLICT (household_id, item_id) DO UPDATE SET quantity = s.quantity"""
NOT_NOW = "not_open"  # the cut-off came between: the entry stays for what is given up later


def entries_of(entries: Sequence[Waiting], actor: Actor) -> set[uuid.UUID]:
    mine = set(db.session.scalars(acted_for(actor)))
    return {entry.id for entry in entries if entry.household_id in mine}


def _serve(entry: Waiting, move: Move) -> None:
    entry.served += move.data["quantity"]
    entry.order_id = move.data["order_id"]


WAITING = Workflow(
    name="waiting",
    visible=P.PLACE_READ,
    place_of=lambda entry: entry.place_code,
    owned=entries_of,
    steps=(
        Step("leave", {W.WAITING}, W.LEFT, "退出候补", P.ORDER_FOR_OTHERS, owner=True),
        Step("serve_part", {W.WAITING}, W.WAITING, "候补到一部分", effect=_serve),
        Step("serve", {W.WAITING}, W.SERVED, "候补到", effect=_serve),
        Step("end", {W.WAITING}, W.ENDED, "候补结束"),
    ),
)


# --- Joining and leaving ----------------------------------------------------------------------------------------


def join(
    actor: Actor,
    campaign_id: uuid.UUID,
    item_id: uuid.UUID,
    quantity: int,
    delivery: str = "pickup",
    household_id: uuid.UUID | None = None,
    consent: str | None = None,
) -> Waiting:
    """A household waits for an item that is sold out; once for each item. For oneself or on behalf, as an order."""
    campaign = campaigns.find(campaign_id)
    item = next((item for item in campaign.items if item.id == item_id), None)
    if item is None:
        raise refusal("item_missing")
    if campaign.status not in WAITED_FOR:
        raise Conflict("not_waited_for", "这个团购现在不能候补：还没开始，或者货已经到了。")
    if delivery == "door" and not campaign.allows_door:
        raise refusal("no_door_delivery")
    if quantity > item.cap:
        raise refusal("over_cap", name=item.name, label=item.share_label, cap=item.cap, have=0)
    home, basis = acting(actor, campaign_id, household_id, consent)
    entry = _queued(actor, campaign, item, home, quantity=quantity, delivery=delivery, consent_kind=basis)
    selling = campaign.status == C.OPEN
    hot_row_last(JOIN_LINE, (item_id, quantity, selling), _refuse_unless_sold_out)
    return entry


def _queued(actor: Actor, campaign: Campaign, item: CampaignItem, home: Household, **asked: Any) -> Waiting:
    live = (Waiting.item_id == item.id) & (Waiting.household_id == home.id) & (Waiting.status == W.WAITING)
    if db.session.scalar(select(Waiting.id).where(live)):
        raise Conflict("already_waiting", "您家已经在候补这种商品，不用再登记；想改数量请先退出候补。")
    entry = Waiting(
        campaign_id=campaign.id,
        item_id=item.id,
        household_id=home.id,
        place_code=home.place_code,
        queued_by=actor.id,
        **asked,
    )
    db.session.add(entry)
    behalf = home.id if asked["consent_kind"] else None
    audit.record("waiting", "join", actor, entry, new=W.WAITING, place_code=home.place_code, on_behalf_of=behalf)
    db.session.flush()
    return entry


def acting(
    actor: Actor, campaign_id: uuid.UUID, household_id: uuid.UUID | None, consent: str | None
) -> tuple[Household, str | None]:
    """The household that the actor acts for, and on what basis (None: their own): the rule of place_order()."""
    served = select(CampaignPlace).where(
        CampaignPlace.campaign_id == campaign_id, func.starts_with(Household.place_code, CampaignPlace.place_code)
    )
    wanted = Household.id == household_id if household_id else Household.id.in_(homes_of(actor))
    found = list(db.session.scalars(select(Household).where(wanted, served.exists()).limit(2)))
    if len(found) != 1:
        raise refusal("which_household" if found else "household_missing")
    return found[0], _basis(actor, found[0], consent)


def _basis(actor: Actor, home: Household, consent: str | None) -> str | None:
    if home.id in set(db.session.scalars(homes_of(actor))):
        return None
    if home.id in set(db.session.scalars(consents_to(actor))):
        return "standing"
    if not actor.may(P.ORDER_FOR_OTHERS, home.place_code):
        raise refusal("household_missing")  # a stranger's answers as a missing one
    if consent is None:
        raise refusal("consent_needed")
    return consent


def refusal(code: str, **more: Any) -> DomainError:
    """In the words in which an order is refused."""
    status, detail = orders.REFUSALS[code]
    return DomainError(code, detail.format(**more), status=status, **more)


def _refuse_unless_sold_out(answer: list[Any]) -> None:
    if not answer[0][0]:
        raise Conflict("not_sold_out", "还有货，可以直接下单，不用候补。")


def leave(actor: Actor, entry_id: uuid.UUID, revision: int) -> Waiting:
    """Out of the line; those behind move up."""
    entry = db.session.scalars(visible(actor).where(Waiting.id == entry_id)).one_or_none()
    if entry is None:
        raise NotFound("候补")
    advance(WAITING, entry, "leave", actor, revision=revision)
    shorten([entry])
    return entry


def shorten(entries: Sequence[Waiting]) -> None:
    """These wait no longer for what they have not been offered."""
    for entry in sorted(entries, key=lambda entry: entry.item_id):
        unqueue(entry.item_id, entry.remaining)


def unqueue(item_id: uuid.UUID, shares: int) -> None:
    hot_row_last(LEAVE_LINE, (item_id, shares, 0), lambda _: None)


def visible(actor: Actor) -> Any:
    """A select of the entries of the homes the actor acts for, of the campaigns they organise, and of those whose
    orders a post lets them read."""
    own = or_(Waiting.household_id.in_(acted_for(actor)), Waiting.campaign_id.in_(orders.led_by(actor)))
    return select(Waiting).where(or_(own, within(Waiting.place_code, actor.scope(P.ORDER_READ))))


def of_campaign(actor: Actor, campaign_id: uuid.UUID) -> Any:
    return visible(actor).where(Waiting.campaign_id == campaign_id)


def ahead(page: Sequence[Waiting]) -> dict[uuid.UUID, int]:
    """How many shares those before them wait for: one query for a page."""
    before, own = select(Waiting).subquery(), Waiting
    waits = (before.c.item_id == own.item_id) & (before.c.status == W.WAITING) & (before.c.id < own.id)
    shares = func.sum(before.c.quantity - before.c.served)
    query = select(own.id, shares).join(before, waits).where(own.id.in_([entry.id for entry in page])).group_by(own.id)
    return {entry_id: int(count) for entry_id, count in db.session.execute(query)}


# --- The clock --------------------------------------------------------------------------------------------------


@job("groupbuy.serve_waiting", every="* * * * *", edge=False)
def serve() -> None:
    """Offers what is kept for the lines, line by line; ends the lines of campaigns whose goods are there."""
    each_alone(_serve_line, _kept())
    each_alone(_end_over, _over())


def _kept() -> Any:
    selling = (Campaign.status == C.OPEN) & (Campaign.cut_off_at > func.now())
    items = select(CampaignItem.id).join(Campaign, Campaign.id == CampaignItem.campaign_id)
    return items.where(selling, CampaignItem.kept > 0).order_by(CampaignItem.id)


def _serve_line(item_id: uuid.UUID) -> None:
    """One order a transaction: what it takes is locked no longer than that."""
    while _served_one(item_id):
        pass


def _served_one(item_id: uuid.UUID) -> bool:
    """The head of one line. False: nobody waits, or nothing is kept, or the cut-off has come."""
    with unit_of_work():
        entry = next(iter(line(item_id, 1)), None)
        item = db.session.get_one(CampaignItem, item_id, populate_existing=True)
        if entry is None or not item.kept:
            return False
        return _offered(entry, min(entry.remaining, item.kept))


def line(item_id: uuid.UUID, limit: int | None = None) -> list[Waiting]:
    """Who waits for an item, the first first, locked."""
    waits = select(Waiting).where(Waiting.item_id == item_id, Waiting.status == W.WAITING)
    locked = waits.order_by(Waiting.id).limit(limit).with_for_update(of=Waiting)
    return list(db.session.scalars(locked, execution_options={"populate_existing": True}))


def _offered(entry: Waiting, quantity: int) -> bool:
    """An order in the name of who queued, as they could have placed it. Whoever cannot have it any more (the cap, the
    move out) gives way to the next."""
    wanted = {"item_id": entry.item_id, "quantity": quantity, "substitution": "refuse"}
    consent = None if entry.consent_kind == "standing" else entry.consent_kind  # whether it stands is asked anew
    wish = orders.Wish(entry.campaign_id, [wanted], "prepaid", entry.delivery, entry.household_id, consent)
    try:
        with savepoint():
            rows(HOLD, (entry.campaign_id, entry.household_id, entry.item_id))
            rows(LEAVE_LINE, (entry.item_id, quantity, quantity))
            placed = orders.place_within(entry.queued_by, wish)
    except DomainError as refused:
        if refused.code == NOT_NOW:
            return False
        end(entry, refused.code)
        return True
    served(entry, quantity, placed["id"])
    return True


def served(entry: Waiting, quantity: int, order_id: Any) -> None:
    """So many of those waited for are offered, as this order."""
    action = "serve" if quantity == entry.remaining else "serve_part"
    details = {"order": str(order_id), "quantity": quantity}
    advance(WAITING, entry, action, HOUSE, quantity=quantity, order_id=uuid.UUID(str(order_id)), details=details)


def end(entry: Waiting, why: str) -> None:
    advance(WAITING, entry, "end", HOUSE, details={"why": why})
    shorten([entry])


def _over() -> Any:
    """The campaigns whose goods are there, or which are over: nobody gives a share up any more."""
    waits = select(Waiting.campaign_id).join(Campaign, Campaign.id == Waiting.campaign_id)
    over = waits.where(Waiting.status == W.WAITING, Campaign.status.not_in(WAITED_FOR))
    return over.distinct().limit(ROUND)


def _end_over(campaign_id: uuid.UUID) -> None:
    ended = advance_all(WAITING, select(Waiting).where(Waiting.campaign_id == campaign_id), "end", why="over")
    shorten([entry for entry, _ in ended])
