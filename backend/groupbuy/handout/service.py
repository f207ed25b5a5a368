"""The verbs of handing out: numbers, calling in batches, collecting, bringing to the door, what becomes of the rest."""

import hmac
import uuid
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select

from backend.core import audit
from backend.core.auth import Actor
from backend.core.clock import SHANGHAI
from backend.core.crypto import keyring
from backend.core.errors import Conflict, DomainError, NotFound
from backend.core.money import yuan
from backend.core.permissions import Permission as P
from backend.core.transaction import database_now
from backend.core.workflow import Move, advance, advance_all, lock, refuse_stale
from backend.extensions import db
from backend.groupbuy.campaigns import find, organised
from backend.groupbuy.claims.recalls import handed_before, refuse_recalled
from backend.groupbuy.handout.calling import (
    Door,
    Waiting,
    after_skip,
    kept_for,
    may_call_from,
    may_skip_from,
    next_batch,
    next_waking,
    pickup_numbers,
)
from backend.groupbuy.handout.models import Pickup
from backend.groupbuy.models import Campaign, CampaignStatus, Order, OrderStatus
from backend.groupbuy.money import Price, reprice
from backend.groupbuy.orders import hold
from backend.groupbuy.pricing import largest_remainder
from backend.groupbuy.workflow import CAMPAIGN, HAD, ORDER, campaigns_of
from backend.payments import service as payments
from backend.places.models import Household

BUILDING_DIGITS = 20
TRIES = 5
STANDING = frozenset({OrderStatus.READY, OrderStatus.NOT_COLLECTED})
# What other packages do once orders are ready (deliveries to make): called with the campaign's id, in its transaction.
on_hand_out: list[Callable[[uuid.UUID], None]] = []


# --- Who hands out ----------------------------------------------------------------------------------------------


def at_point(actor: Actor, campaign_id: uuid.UUID) -> Campaign:
    """The campaign, for its organiser and deputy and for whoever hands out at its place; else 404."""
    campaign = find(campaign_id)
    if not _hands_out(actor, campaign):
        raise NotFound("团购")
    return campaign


def _hands_out(actor: Actor, campaign: Campaign) -> bool:
    return actor.may(P.HANDOUT, campaign.place_code) or campaign.id in campaigns_of([campaign], actor)


def _order(actor: Actor, order_id: uuid.UUID, revision: int, lock: Callable[[Order], Any] = lock) -> Order:
    """An order that the actor may hand out, locked; else 404. A helper of one building hands out that building's."""
    order = db.session.get(Order, order_id)
    if order is None or not (_hands_out(actor, order.campaign) or actor.may(P.HANDOUT, order.place_code)):
        raise NotFound("订单")
    lock(order)
    refuse_stale(order, revision)
    return order


def _here(actor: Actor, order: Order) -> Actor:
    """Whoever hands out a campaign hands out each order of it, also those of a neighbouring place that has joined."""
    posts = [(role, order.place_code) for role in actor.roles_at(order.campaign.place_code)]
    return replace(actor, posts=(*actor.posts, *posts))


# --- Numbers ----------------------------------------------------------------------------------------------------


def hand_out(actor: Actor, campaign_id: uuid.UUID, revision: int) -> Campaign:
    """The goods are sorted: every order that was allocated something is ready, and has its number (or its place on the
    door list). Called again after a further part has come, for the orders that part serves."""
    campaign = organised(actor, campaign_id)
    advance(CAMPAIGN, campaign, "hand_out", actor, revision=revision)
    orders = select(Order).where(Order.campaign_id == campaign.id)
    _give_numbers(campaign, [order for order, _ in advance_all(ORDER, orders, "get_ready", actor)])
    for react in on_hand_out:
        react(campaign.id)
    return campaign


def _give_numbers(campaign: Campaign, orders: Sequence[Order]) -> None:
    homes = {home.id: home for home in db.session.scalars(_homes_of(orders))}
    doors = [_door(order, homes[order.household_id]) for order in orders if order.delivery == "pickup"]
    last = db.session.scalar(select(func.max(Pickup.number)).where(Pickup.campaign_id == campaign.id)) or 0
    numbers = dict(pickup_numbers(doors, first=last + 1))
    db.session.add_all(
        Pickup(order_id=o.id, campaign_id=campaign.id, number=numbers.get(o.id), waits=o.id in numbers) for o in orders
    )
    db.session.flush()


def _homes_of(orders: Sequence[Order]) -> Any:
    return select(Household).where(Household.id.in_({order.household_id for order in orders}))


def _door(order: Order, home: Household) -> Door:
    return Door(order.id, home.place_code[:BUILDING_DIGITS], home.place_code, home.floor, home.room)


# --- Calling ----------------------------------------------------------------------------------------------------


def call_next(actor: Actor, campaign_id: uuid.UUID) -> list[Pickup]:
    """Calls the next batch, at the pace that was published: 409 `too_soon` with the instant, `next_call_at`, while
    anybody called stands at the point and the batch before is younger than `batch_minutes`. Whoever was called and has
    neither collected nor been skipped stands there, and there are never more than `at_once`; with nobody there the
    next may be called at once. Two who call at once call one after the other, and the second comes too soon.

    No number is called by hand. One that was skipped is called again as part of a batch, so at the same pace; whoever
    comes without being called is served, and takes nobody's room.
    """
    campaign = at_point(actor, campaign_id)
    now = lock(campaign)
    _refuse_calling(campaign, now)
    queue = {pickup.number: pickup for pickup in db.session.scalars(_in_the_queue(campaign))}
    waiting = [_entry(pickup) for pickup in queue.values() if pickup.waits]
    (last, last_call), present = _last_batch(campaign.id), len(queue) - len(waiting)
    if not waiting:
        return []
    _refuse_too_soon(campaign, now, last_call, present)
    called = [queue[n] for n in next_batch(waiting, last + 1, campaign.batch_size, campaign.at_once, present)]
    for pickup in called:
        pickup.waits, pickup.batch, pickup.called_at = False, last + 1, now
    if called:
        said = {"batch": last + 1, "numbers": [pickup.number for pickup in called]}
        audit.record("campaign", "call", actor, campaign, place_code=campaign.place_code, details=said)
    return called


def _refuse_calling(campaign: Campaign, now: datetime) -> None:
    if campaign.status != CampaignStatus.HANDING_OUT:
        raise Conflict("not_handing_out", "这个团购还没有开始发放，请团长先点“开始发放”。")
    begins = waking(campaign, now)
    if now < begins:
        detail = f"现在是休息时间，{begins.astimezone(SHANGHAI):%H:%M} 以后再叫号，别吵醒邻居。"
        raise Conflict("quiet_hours", detail, hand_out_from=begins)


def _refuse_too_soon(campaign: Campaign, now: datetime, last_call: datetime | None, present: int) -> None:
    begins = may_call_from(now, last_call, pace(campaign), present)
    if now < begins:
        when = f"{begins.astimezone(SHANGHAI):%H:%M:%S}"
        detail = f"还有 {present} 个号在场，{when} 起才能叫下一批，免得人多。在场的都领走或过号了，马上就可以叫。"
        raise Conflict("too_soon", detail, next_call_at=begins)


def pace(campaign: Campaign) -> timedelta:
    return timedelta(minutes=campaign.batch_minutes)


def waking(campaign: Campaign, at: datetime) -> datetime:
    """From `at` on, when people may be called, also where the goods came by day: at night only with the community's
    consent."""
    agreed = campaign.quiet_consent_until and at < campaign.quiet_consent_until
    return max(at if agreed else next_waking(at), campaign.hand_out_from or at)


def _in_the_queue(campaign: Campaign) -> Any:
    """A select of the numbers that wait or were called, and are not done; locked."""
    query = select(Pickup).join(Order, Order.id == Pickup.order_id)
    undone = query.where(
        Pickup.campaign_id == campaign.id, Pickup.number.is_not(None), Order.status == OrderStatus.READY
    )
    return undone.order_by(Pickup.number).with_for_update(of=Pickup).execution_options(populate_existing=True)


def _entry(pickup: Pickup) -> Waiting:
    return Waiting(pickup.number or 0, pickup.skips, pickup.not_before)


def _last_batch(campaign_id: uuid.UUID) -> tuple[int, datetime | None]:
    """Which it was, and when it was called; 0 and None before the first."""
    last = select(func.max(Pickup.batch), func.max(Pickup.called_at)).where(Pickup.campaign_id == campaign_id)
    batch, called_at = db.session.execute(last).one()
    return batch or 0, called_at


def skip(actor: Actor, order_id: uuid.UUID, revision: int) -> Order:
    """Nobody answers to a number that was called: it sits out one batch and is called again, twice at most. After that
    it is not collected, and a neighbour may come for it or somebody brings it."""
    order = _order(actor, order_id, revision)
    pickup = _pickup(order)
    if order.status != OrderStatus.READY or pickup.number is None or pickup.waits:
        raise Conflict("not_called", "这个号现在没有在叫，请刷新后再操作。")
    _refuse_just_called(order.campaign, pickup)
    again = after_skip(_entry(pickup), _last_batch(order.campaign_id)[0])
    if again is None:
        return _missed(actor, order, pickup)
    pickup.waits, pickup.skips, pickup.not_before = True, again.skips, again.not_before
    said = {"number": pickup.number, "skips": again.skips}
    audit.record("order", "skip", actor, order, place_code=order.place_code, details=said)
    return order


def _refuse_just_called(campaign: Campaign, pickup: Pickup) -> None:
    assert pickup.called_at
    begins = may_skip_from(pickup.called_at, pace(campaign))
    if database_now() < begins:
        when = f"{begins.astimezone(SHANGHAI):%H:%M:%S}"
        detail = f"{pickup.number} 号刚刚叫到，请等住户下楼。{when} 以后还没有人来，再点“过号”。"
        raise Conflict("just_called", detail, skip_from=begins)


def miss(actor: Actor, order_id: uuid.UUID, revision: int) -> Order:
    """Nobody opens the door. An order with a number is skipped instead."""
    order = _order(actor, order_id, revision)
    pickup = _pickup(order)
    if pickup.number is not None:
        raise Conflict("has_number", "这份订单是叫号领取的，没有人来请点“过号”。")
    return _missed(actor, order, pickup)


def _missed(actor: Actor, order: Order, pickup: Pickup) -> Order:
    advance(ORDER, order, "miss", _here(actor, order))
    pickup.missed_at = database_now()
    return order


def _pickup(order: Order) -> Pickup:
    locked = select(Pickup).where(Pickup.order_id == order.id).with_for_update()
    found = db.session.scalars(locked, execution_options={"populate_existing": True}).one_or_none()
    if found is None:
        raise Conflict("not_ready", "这份订单还不能领取，请等团长开始发放。", status_now=order.status)
    return found


# --- Collecting -------------------------------------------------------------------------------------------------


def pickup_code(order_id: uuid.UUID) -> str:
    """Six digits that the household may hand to whoever collects for it. Worth nothing once the order is collected."""
    digest = keyring.blind_index(str(order_id), "group_order.pickup_code")
    return f"{int.from_bytes(digest[:8]) % 10**6:06d}"


def collect(
    actor: Actor, order_id: uuid.UUID, revision: int, how: str = "self", code: str | None = None
) -> Order | DomainError:
    """The goods go to someone of the household (`self`), to a neighbour with its code (`proxy`), or to one whom the
    helper has asked the household about (`verified`). Nothing is handed over that is still owed for.

    A wrong code is returned, not raised: it must be remembered. After five only `verified` remains. A number that was
    not called is not turned away: whoever carries a code for three neighbours comes once.
    """
    order = _order(actor, order_id, revision)
    if how == "proxy" and (refused := _wrong_code(_pickup(order), code or "")):
        return refused
    advance(ORDER, order, "collect", _here(actor, order), check=may_go, details={"how": how})
    return order


def _wrong_code(pickup: Pickup, code: str) -> DomainError | None:
    if pickup.tries >= TRIES:
        detail = "取货码已经输错 5 次，不能再试。请打电话问过这一户，再按“已核实”登记。"
        raise Conflict("code_locked", detail)
    if hmac.compare_digest(code, pickup_code(pickup.order_id)):
        return None
    pickup.tries += 1
    left = TRIES - pickup.tries
    return DomainError("wrong_code", f"取货码不对，请再核对一次（还可以试 {left} 次）。", left=left)


def deliver(actor: Actor, order_id: uuid.UUID, revision: int, left_with: str = "household") -> Order:
    """Brought to the door, or left with a neighbour where the household said so. The same rule for money."""
    order = _order(actor, order_id, revision)
    said = {"left_with": left_with}
    advance(ORDER, order, "deliver", _here(actor, order), check=may_go, details=said)
    return order


def owed(orders: Sequence[Order]) -> dict[uuid.UUID, int]:
    """What each still owes, in fen."""
    paid = payments.paid([order.id for order in orders])
    return {order.id: max(0, order.due_fen - paid[order.id]) for order in orders}


def may_go(order: Order, move: Move) -> None:
    """Paid for, and not all of it recalled."""
    refuse_recalled(order)
    if fen := owed([order])[order.id]:
        detail = f"还差 {yuan(fen)} 元没有付。请先收款并登记，再把货交给住户。"
        raise Conflict("owed", detail, owed_fen=fen)


def handed(actor: Actor, campaign_id: uuid.UUID, order_ids: Sequence[uuid.UUID], at: datetime) -> list[dict[str, Any]]:
    """A paper list ticked off while there was no network: each order moves once, and each that was sent is answered
    for. What is owed for is not taken down as handed out before the money is."""
    campaign = at_point(actor, campaign_id)
    if at > database_now():
        raise DomainError("in_the_future", "发放时间还没有到，请核对纸上的时间。")
    of_these = select(Order).where(Order.campaign_id == campaign.id, Order.id.in_(order_ids))
    locked = of_these.order_by(Order.id).with_for_update(of=Order).execution_options(populate_existing=True)
    orders = {order.id: order for order in db.session.scalars(locked)}
    debts = owed(list(orders.values()))
    outcomes = {order_id: _outcome(orders.get(order_id), debts) for order_id in order_ids}
    done = [order_id for order_id, outcome in outcomes.items() if outcome == "done"]
    for delivery, action in (("pickup", "collect"), ("door", "deliver")):
        ticked = of_these.where(Order.id.in_(done), Order.delivery == delivery)
        advance_all(ORDER, ticked, action, actor, how="paper", at=at.isoformat())
    handed_before(done, at)
    return [
        {"order_id": order_id, "outcome": outcome, "owed_fen": debts.get(order_id, 0)}
        for order_id, outcome in outcomes.items()
    ]


def _outcome(order: Order | None, debts: dict[uuid.UUID, int]) -> str:
    if order is None:
        return "unknown"
    if order.status in HAD:
        return "already"
    if order.status not in STANDING:
        return "not_ready"
    return "owed" if debts[order.id] else "done"


# --- What nobody came for ---------------------------------------------------------------------------------------


def kept_until(order: Order, missed_at: datetime) -> datetime:
    """The stated rule (calling.keeping_sentence): shorter where food that spoils is in the bag."""
    return missed_at + kept_for(any(line.allocated and line.item.perishable for line in order.lines))


def give_up(actor: Actor, order_id: uuid.UUID, revision: int, reason: str | None) -> Order:
    """Kept as long as was promised, and nobody came: the goods go to others. What was paid is not given back (the
    food was bought for this household); what was to be paid on delivery is not asked for any more."""
    order = _order(actor, order_id, revision, lock=hold)  # it may be written twice
    missed_at = _pickup(order).missed_at

    def kept(order: Order, move: Move) -> None:
        until = kept_until(order, missed_at or move.now)
        if move.now < until:
            when = until.astimezone(SHANGHAI)
            detail = f"按公布的规则要保留到 {when:%m月%d日 %H:%M}。请先打电话，或请邻居代领、送上门。"
            raise Conflict("still_kept", detail, kept_until=until)

    advance(ORDER, order, "give_up", _here(actor, order), reason=reason, check=kept)
    if debt := owed([order])[order.id]:
        _forgive(actor, order, debt)
    return order


def _forgive(actor: Actor, order: Order, debt: int) -> None:
    """Takes what is still owed off the lines, in proportion to what the household was to pay for each; what of it was
    paid stays paid, and the subsidy falls with its line."""
    own = [line.fen - line.subsidised_fen for line in order.lines]
    prices = []
    for line, part, less in zip(order.lines, own, largest_remainder(debt, own), strict=True):
        subsidised = line.subsidised_fen * (part - less) // part if part else line.subsidised_fen
        prices.append(Price(order, line, part - less + subsidised, subsidised))
    reprice(actor, prices, "not_collected")
