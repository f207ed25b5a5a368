"""The verbs of an order: place it for oneself or for another, pay for it, cancel it, find it again."""

import uuid
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import orjson
from sqlalchemy import func, or_, select, text

from backend.core.auth import HOUSE, Actor
from backend.core.context import request_id
from backend.core.errors import Conflict, DomainError, NotFound
from backend.core.idempotency import Key
from backend.core.models import new_id, within
from backend.core.permissions import GRANTS, Role
from backend.core.permissions import Permission as P
from backend.core.statement import ask
from backend.core.transaction import alone, hot_row_last, rows
from backend.core.workflow import Move, advance, advance_all, lock
from backend.extensions import db
from backend.groupbuy.models import Campaign, CampaignStatus, Order, OrderLine, OrderStatus, Terms
from backend.groupbuy.money import Price, reprice
from backend.groupbuy.workflow import ORDER, acting_for, led
from backend.payments import service as payments

PLACE = "SELECT place_order(%s)::text"
PLACE_ONCE = "SELECT place_order_once(%s, %s, %s, %s, %s)::text"
GIVE_BACK = "SELECT give_back(%s, %s)"
SELL = "SELECT sell(%s)"
SELLING = frozenset({CampaignStatus.PUBLISHED, CampaignStatus.OPEN})
OVER = frozenset({OrderStatus.CANCELLED, OrderStatus.EXPIRED, OrderStatus.REFUNDED, OrderStatus.COMPLETED})
# The roles whose holders may; place_order() looks up who holds them, and where.
ROLES = {
    name: [role for role in Role if permission in GRANTS[role]]
    for name, permission in (
        ("placing", P.ORDER_PLACE),
        ("ordering_for_others", P.ORDER_FOR_OTHERS),
        ("sponsoring", P.ORDER_SPONSOR),
    )
}
# What place_order() refuses: the status, and what to say.
REFUSALS: dict[str, tuple[int, str]] = {
    "unknown_user": (401, "该账号不存在或已停用，请联系社区。"),
    "forbidden": (403, "您没有这项权限，请联系上级或社区书记。"),
    "campaign_missing": (404, "没有找到这个团购，请刷新后重试。"),
    "not_open": (409, "这个团购现在不接受下单，请看公布的开始和截单时间。"),
    "household_missing": (404, "没有找到这一户，或者不在这个团购的范围内。请联系网格员登记。"),
    "which_household": (422, "您登记在不止一户，请选择为哪一户下单。"),
    "consent_needed": (422, "为别人下单要说明对方怎样同意的：语音、书面或当面。"),
    "no_door_delivery": (422, "这个团购不送货上门，请选择自提。"),
    "item_missing": (422, "有商品不属于这个团购，请刷新后重新选择。"),
    "no_pay_on_delivery": (422, "这个团购不能货到付款，请选择先付款。"),
    "no_sponsoring": (403, "由社区资助的订单只能由社区工作者下单，请联系社区。"),
    "sponsoring_oneself": (403, "不能用社区的钱为自己家或自己代办的人家下单，请由另一位社区工作者办理。"),
    "fund_empty": (409, payments.FUND_EMPTY),
    "over_cap": (422, "每户最多 {cap} {label}{name}，您家已订 {have} {label}。请减少数量后重试。"),
    "sold_out": (409, "{name}只剩 {left} {label}，请减少数量，或者登记候补。"),
}


class Wish(NamedTuple):
    """What is to be ordered. `household_id` None: the actor's own home, if there is just one; `consent`: how another
    household has agreed."""

    campaign_id: uuid.UUID
    lines: Sequence[dict[str, Any]]
    terms: str = Terms.PREPAID
    delivery: str = "pickup"
    household_id: uuid.UUID | None = None
    consent: str | None = None

    def written_out(self, actor_id: uuid.UUID) -> str:
        """The argument of place_order(): one line an item, in the order of the items' ids."""
        lines = sorted(self.lines, key=lambda line: line["item_id"])
        items = [line["item_id"] for line in lines]
        if len(set(items)) < len(items):
            raise DomainError("item_twice", "同一种商品出现了两次，请合并数量后重试。")
        wish = {
            **{name: new_id() for name in ("order", "ledger", "audit")},
            "campaign": self.campaign_id,
            "household": self.household_id,
            "items": _array(items),
            "quantities": _array(line["quantity"] for line in lines),
            "substitutions": _array(line["substitution"] for line in lines),
            "terms": self.terms,
            "delivery": self.delivery,
            "actor": actor_id,
            "consent": self.consent,
            "request": request_id(),
            **ROLES,
        }
        return orjson.dumps(wish).decode()


def _array(values: Iterable[Any]) -> str:
    """An array as PostgreSQL writes it; for values without commas, quotes and braces."""
    return "{" + ",".join(map(str, values)) + "}"


def place(actor_id: uuid.UUID, key: Key, wish: Wish) -> str:
    """Places an order for the actor's own home, or for a household that consents, once a key. The answer is JSON, as
    the database wrote it.

    All is decided in the statement that writes: what the actor's posts allow at this moment, open and in time by the
    database's clock, the household of the register in a place served, the server's prices, the cap per household, and
    last, as the rows that everyone wants, the shares. Refused as a whole or placed as a whole.
    """
    return ask(alone, PLACE_ONCE, (*key, wish.written_out(actor_id)), REFUSALS)


def place_within(actor_id: uuid.UUID, wish: Wish) -> dict[str, Any]:
    """The same as a part of the caller's transaction, which a refusal leaves unusable: put a savepoint around it."""
    return orjson.loads(ask(rows, PLACE, (wish.written_out(actor_id),), REFUSALS))


# --- Finding ----------------------------------------------------------------------------------------------------


def visible(actor: Actor) -> Any:
    """A select of the orders the actor may know of: of the homes they act for, of the campaigns they organise, and at
    the places where a post lets them read."""
    in_charge = within(Order.place_code, actor.scope(P.ORDER_READ))
    return select(Order).where(or_(acting_for(actor), Order.campaign_id.in_(led_by(actor)), in_charge))


def led_by(actor: Actor) -> Any:
    """A select of the ids of the campaigns the actor organises. Another organiser of the place sees none of it."""
    return select(Campaign.id).where(led(actor))


def find(actor: Actor, order_id: uuid.UUID, *loaded: Any) -> Order:
    """The order, or 404 for one that is missing or a stranger's; with what is to be `loaded` besides."""
    order = db.session.scalars(visible(actor).where(Order.id == order_id).options(*loaded)).one_or_none()
    if order is None:
        raise NotFound("订单")
    return order


def mine(actor: Actor) -> Any:
    """A select of the orders of the homes the actor acts for."""
    return select(Order).where(acting_for(actor))


def of_household(actor: Actor, household_id: uuid.UUID) -> Any:
    """Of one household, as far as the actor may know of them: none of one out of sight, as of one that is not there."""
    return visible(actor).where(Order.household_id == household_id)


def of_campaign(actor: Actor, campaign_id: uuid.UUID) -> Any:
    return visible(actor).where(Order.campaign_id == campaign_id)


# --- Cancelling -------------------------------------------------------------------------------------------------


def cancel(actor: Actor, order_id: uuid.UUID, revision: int) -> Order:
    """Before the cut-off anyone cancels freely, and whatever was paid goes back to whoever paid. After it, a request
    (see changes/)."""
    order = find(actor, order_id)
    hold(order)
    if order.status not in OVER and order.campaign.status not in SELLING:
        raise _too_late()
    event = advance(ORDER, order, "cancel", actor, revision=revision, check=_before_cut_off)
    undo([(order, event.old or "")], actor, "cancelled")
    return order


def hold(order: Order) -> None:
    """The campaign's row before the order's, as everywhere: to write an order twice in one transaction is to ask for
    its campaign too (the foreign key is then checked again), and whoever ends the campaign holds that."""
    campaign = select(Campaign.id).where(Campaign.id == order.campaign_id)
    db.session.execute(campaign.with_for_update(read=True, key_share=True))
    lock(order)


def _before_cut_off(order: Order, move: Move) -> None:
    if move.now >= order.campaign.cut_off_at:
        raise _too_late()


def _too_late() -> Conflict:
    return Conflict("after_cut_off", "已经截单，不能直接取消。可以申请转给邻居，或向社区申请退出。")


def close(orders: Any, action: str, cause: str) -> list[Order]:
    """Ends many orders at once (the term of payment is over, the campaign failed): the select's, as far as they stand
    where the action starts. Returns those that it ended."""
    _hold_campaigns(orders)
    ended = advance_all(ORDER, orders, action)
    undo([(order, event.old or "") for order, event in ended], HOUSE, cause)
    return [order for order, _ in ended]


def _hold_campaigns(orders: Any) -> None:
    campaigns = select(Campaign.id).where(Campaign.id.in_(orders.with_only_columns(Order.campaign_id)))
    db.session.execute(campaigns.order_by(Campaign.id).with_for_update(read=True, key_share=True))  # see hold()


def expire(orders: Any) -> None:
    """Ends the unpaid ones of a select; but for those whose payment was begun a moment ago, and may be done. That is
    asked when the orders are held: a payment is begun under their lock."""
    _hold_campaigns(orders)
    unpaid = orders.where(Order.status == OrderStatus.AWAITING_PAYMENT).order_by(Order.id)
    ids = list(db.session.scalars(unpaid.with_only_columns(Order.id).with_for_update(of=Order)))
    close(select(Order).where(Order.id.in_(ids), ~payments.awaited(Order.id)), "expire", "expired")


def settle_paid(found: Sequence[Order]) -> None:
    """Of orders that cost less now: those for which enough has been paid already are paid, and do not expire."""
    waiting = [order for order in found if order.status == OrderStatus.AWAITING_PAYMENT]
    had = payments.paid([order.id for order in waiting])
    enough = [order.id for order in waiting if had[order.id] >= order.due_fen]
    if enough:
        advance_all(ORDER, select(Order).where(Order.id.in_(enough)), "pay")
        hot_row_last(SELL, (enough,), _nothing)


def overdue() -> Any:
    """A select of orders whose term of payment is over, by the database's clock, and whose money is not on its way."""
    late = (Order.status == OrderStatus.AWAITING_PAYMENT) & (Order.pay_by <= func.now())
    return select(Order).where(late, ~payments.awaited(Order.id))


def undo(ended: Sequence[tuple[Order, str]], actor: Actor, cause: str) -> None:
    """What an order's end entails, for many in a constant number of statements: nothing is owed, what was paid goes
    back, the cap and the shares are free again. `ended` holds each order with the status it had."""
    if not ended:
        return
    reprice(actor, [Price(order, line, 0, 0) for order, line in lines_of([order for order, _ in ended])], cause)
    db.session.execute(FREE_CAP, {"orders": [order.id for order, _ in ended]})
    # A neighbour's shares that were never paid for have stayed the neighbour's.
    unpaid = [order.id for order, old in ended if old == OrderStatus.AWAITING_PAYMENT and order.takes_over is None]
    firm = [order.id for order, old in ended if old != OrderStatus.AWAITING_PAYMENT]
    hot_row_last(GIVE_BACK, (unpaid, firm), _nothing)


# Locked in the order in which place_order() takes them: a family that orders and cancels at once is in nobody's way.
def lines_of(orders: Sequence[Order]) -> list[tuple[Order, OrderLine]]:
    """The lines of many orders, each beside its order: one query."""
    by_id = {order.id: order for order in orders}
    query = select(OrderLine).where(OrderLine.order_id.in_(by_id)).order_by(OrderLine.order_id, OrderLine.item_id)
    return [(by_id[line.order_id], line) for line in db.session.scalars(query)]


FREE_CAP = text("""
WITH freed AS (
  SELECT o.household_id, l.item_id, sum(l.quantity) AS quantity
  FROM order_line l JOIN group_order o ON o.id = l.order_id WHERE o.id = ANY(:orders) GROUP BY 1, 2),
held AS (
  SELECT household_id, item_id, freed.quantity FROM household_share s JOIN freed USING (household_id, item_id)
  ORDER BY 1, 2 FOR UPDATE OF s)
UPDATE household_share s SET quantity = s.quantity - held.quantity FROM held
WHERE s.household_id = held.household_id AND s.item_id = held.item_id""")


def _nothing(answer: list[Any]) -> None:
    """These statements refuse nothing: the table's CHECKs do, and that would be our defect."""
