"""A leaver's shares go, one after the other, to the neighbours of the waiting list who have paid for them.

A share that is taken over never passes through the campaign's stock: it stays the leaver's until the taker has paid,
and the leaver gets the money back in the same transaction.
"""

import uuid
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select, text

from backend.core import audit
from backend.core.auth import HOUSE
from backend.core.jobs import each_alone, job
from backend.core.models import new_id
from backend.core.transaction import database_now, unit_of_work
from backend.core.workflow import advance, advance_all, lock
from backend.extensions import db
from backend.groupbuy import orders
from backend.groupbuy.changes import waiting
from backend.groupbuy.changes.models import ChangeKind, ChangeRequest, ChangeStatus, Waiting
from backend.groupbuy.changes.workflow import CHANGE
from backend.groupbuy.models import Campaign, Order, OrderLine, OrderStatus, Terms
from backend.groupbuy.money import DISTRICT_DIGITS, Price, reprice
from backend.groupbuy.workflow import ORDER
from backend.payments import service as payments

K, R, S = ChangeKind, ChangeStatus, OrderStatus

# A household's count of an item grows within the cap, or not at all; and shrinks.
TAKE_CAP = text("""
INSERT INTO household_share AS s (household_id, item_id, quantity)
SELECT :household, id, :quantity FROM campaign_item WHERE id = :item AND cap >= :quantity
ON CONFLICT (household_id, item_id) DO UPDATE SET quantity = s.quantity + EXCLUDED.quantity
WHERE s.quantity + EXCLUDED.quantity <= (SELECT cap FROM campaign_item WHERE id = :item) RETURNING quantity""")
LESS_CAP = text("""
UPDATE household_share SET quantity = quantity - :quantity WHERE household_id = :household AND item_id = :item""")


def promised(order: Order) -> dict[uuid.UUID, int]:
    """How many of the order's shares neighbours are about to pay for, by item."""
    taken = select(OrderLine.item_id, func.sum(OrderLine.quantity)).join(Order, Order.id == OrderLine.order_id)
    paying = (Order.takes_over == order.id) & (Order.status == S.AWAITING_PAYMENT)
    return {item: int(shares) for item, shares in db.session.execute(taken.where(paying).group_by(OrderLine.item_id))}


def pass_on(change: ChangeRequest, order: Order) -> None:
    """Offers the shares that nobody is paying for yet to whoever waits for them, the first first; as long as nothing
    has come."""
    if _goods_there(order):
        return
    taken = promised(order)
    for line in order.lines:
        left = line.quantity - taken.get(line.item_id, 0)
        for entry in waiting.line(line.item_id) if left else []:
            if entry.household_id != order.household_id and left:
                left -= _offer(order, line, entry, min(left, entry.remaining))


def _goods_there(order: Order) -> bool:
    """Some of it may have been given to the leaver, also where more trucks are to come. The caller holds the order, and
    with it the campaign: nothing is given out meanwhile."""
    return db.session.scalar(select(Campaign.arrived_at).where(Campaign.id == order.campaign_id)) is not None


def _offer(leaver: Order, line: OrderLine, entry: Waiting, quantity: int) -> int:
    """An order of the neighbour's, at the price of the leaver's, to be paid within the usual term. How many shares of
    the leaver's it takes over once paid: 0 for one who is at the cap meanwhile, and gives way."""
    wanted = {"household": entry.household_id, "item": entry.item_id, "quantity": quantity}
    if db.session.execute(TAKE_CAP, wanted).first() is None:
        waiting.end(entry, "over_cap")
        return 0
    taker = _place(leaver, line, entry, quantity)
    waiting.served(entry, quantity, taker.id)
    waiting.unqueue(entry.item_id, quantity)
    if taker.due_fen == 0:
        take_over(taker)
    return quantity


def _place(leaver: Order, line: OrderLine, entry: Waiting, quantity: int) -> Order:
    fen, subsidy = quantity * line.price_fen, quantity * line.subsidy_fen
    taker = Order(
        id=new_id(),
        campaign_id=leaver.campaign_id,
        household_id=entry.household_id,
        place_code=entry.place_code,
        status=S.AWAITING_PAYMENT.value,
        terms=Terms.PREPAID.value,
        delivery=entry.delivery,
        placed_by=entry.queued_by,
        consent_kind=entry.consent_kind,
        total_fen=fen,
        subsidy_fen=subsidy,
        sponsored_fen=0,
        due_fen=fen - subsidy,
        pay_by=database_now() + timedelta(minutes=leaver.campaign.pay_minutes),
        takes_over=leaver.id,
    )
    db.session.add(taker)
    audit.record("order", "place", HOUSE, taker, new=S.AWAITING_PAYMENT, place_code=taker.place_code)
    db.session.flush()
    db.session.add(_line(taker, line, quantity))
    payments.post("order_placed", taker.campaign_id, taker.id, HOUSE, _placed(leaver, taker))
    db.session.flush()
    return taker


def _line(taker: Order, line: OrderLine, quantity: int) -> OrderLine:
    return OrderLine(
        order_id=taker.id,
        item_id=line.item_id,
        quantity=quantity,
        price_fen=line.price_fen,
        subsidy_fen=line.subsidy_fen,
        fen=taker.total_fen,
        subsidised_fen=taker.subsidy_fen,
        substitution="refuse",
    )


def _placed(leaver: Order, taker: Order) -> list[tuple[str, Any, int]]:
    entries: list[tuple[str, Any, int]] = [
        ("household", taker.household_id, taker.due_fen),
        ("campaign", taker.campaign_id, -taker.total_fen),
    ]
    if taker.subsidy_fen:
        entries.append(("subsidy", leaver.campaign.place_code[:DISTRICT_DIGITS], taker.subsidy_fen))
    return entries


def take_over(taker: Order) -> None:
    """The taker has paid: the shares are theirs, and the leaver is released of them and refunded. Both rows are locked
    by the caller. Too late (the goods came first): the taker gets the money back."""
    assert taker.takes_over
    leaver = db.session.get_one(Order, taker.takes_over)
    if leaver.status != S.LOCKED or _goods_there(leaver):
        advance(ORDER, taker, "expire", HOUSE)
        orders.undo([(taker, S.AWAITING_PAYMENT)], HOUSE, "taken_too_late")
        return
    advance(ORDER, taker, "pay", HOUSE)
    advance(ORDER, taker, "lock", HOUSE)
    for line in taker.lines:
        _shed(leaver, line.item_id, line.quantity, taker)


def _shed(leaver: Order, item_id: uuid.UUID, quantity: int, taker: Order) -> None:
    line = next(line for line in leaver.lines if line.item_id == item_id)
    rest = line.quantity - quantity
    reprice(HOUSE, [Price(leaver, line, rest * line.price_fen, rest * line.subsidy_fen)], "taken_over")
    db.session.execute(LESS_CAP, {"household": leaver.household_id, "item": item_id, "quantity": quantity})
    details = {"item": str(item_id), "quantity": quantity, "taker": str(taker.id)}
    audit.record("order", "shed", HOUSE, leaver, place_code=leaver.place_code, details=details)
    if rest:
        line.quantity = rest
    elif len(leaver.lines) > 1:
        leaver.lines.remove(line)
        db.session.delete(line)
    else:
        _let_go(leaver)
    leaver.revision += 1
    db.session.flush()


def _let_go(leaver: Order) -> None:
    """Nothing of it is left."""
    advance(ORDER, leaver, "release", HOUSE)
    asked = (ChangeRequest.order_id == leaver.id) & (ChangeRequest.status == R.OPEN)
    for change in db.session.scalars(select(ChangeRequest).where(asked)):
        advance(CHANGE, change, "pass_on", HOUSE)


@job("groupbuy.pass_on", every="* * * * *", edge=False)
def pass_on_all() -> None:
    """Requests whose order is locked no longer lapse; the other leavers' shares are offered to who has joined the line
    since, first asked, first served."""
    with unit_of_work():
        moved_on = select(Order.id).where(Order.status != S.LOCKED)
        advance_all(CHANGE, select(ChangeRequest).where(ChangeRequest.order_id.in_(moved_on)), "lapse")
    leaving = select(ChangeRequest.id).where(ChangeRequest.status == R.OPEN, ChangeRequest.kind == K.LEAVE)
    each_alone(_try_again, leaving.order_by(ChangeRequest.id))


def _try_again(change_id: uuid.UUID) -> None:
    change = db.session.get_one(ChangeRequest, change_id)
    order = db.session.get_one(Order, change.order_id)
    orders.hold(order)
    lock(change)
    if change.status == R.OPEN and order.status == S.LOCKED:
        pass_on(change, order)
