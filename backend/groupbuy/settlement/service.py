"""Settlement: every fen of a campaign has its place, and everyone can see where.

What the households and the subsidy paid is what the supplier, the freight and the organiser's share cost; what is over
belongs to the community's fund. A campaign is settled only when its own account and the cash in everybody's hands are
zero, nothing is on its way, and nobody can claim any more.
"""

import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import func, select

from backend.core import audit
from backend.core.auth import Actor
from backend.core.errors import Conflict, DomainError, Forbidden
from backend.core.money import yuan
from backend.core.permissions import Permission as P
from backend.core.workflow import Move, advance, lock
from backend.extensions import db
from backend.groupbuy import campaigns
from backend.groupbuy.models import Campaign, CampaignStatus, Order, OrderLine, OrderStatus
from backend.groupbuy.money import COMMUNITY_DIGITS, DISTRICT_DIGITS
from backend.groupbuy.settlement.models import Payout, Settlement
from backend.groupbuy.workflow import CAMPAIGN, CLAIM_WITHIN
from backend.payments import service as payments
from backend.people.service import user_names

# What other packages do once a campaign is settled, or all of it recalled (deliveries to call off): called with its id,
# in its transaction.
on_end: list[Callable[[uuid.UUID], None]] = []
C, S = CampaignStatus, OrderStatus
# Also of one that was called off or recalled after the supplier was paid: somebody's money is still out.
WHILE_PAYING = frozenset({C.ORDERED, C.IN_TRANSIT, C.ARRIVED, C.HANDING_OUT, C.CANCELLED, C.RECALLED})
HANDED_OUT = frozenset({S.COLLECTED, S.DELIVERED, S.COMPLETED})
NOTHING_LEFT = frozenset({S.CANCELLED, S.EXPIRED, S.REFUNDED})
WHAT = {"supplier": "货款", "freight": "运费", "share": "团长报酬"}


# --- Money out, money in ----------------------------------------------------------------------------------------


def _open_book(actor: Actor, campaign_id: uuid.UUID) -> Campaign:
    """The campaign, held until the end of the transaction, while its money moves."""
    campaign = campaigns.organised(actor, campaign_id)
    lock(campaign)
    if campaign.status not in WHILE_PAYING:
        raise Conflict("not_now", "向供货商下单以后、结算以前，才能登记收支。")
    return campaign


def _community_of(campaign: Campaign) -> str:
    return campaign.place_code[:COMMUNITY_DIGITS]


def pay_out(
    actor: Actor, campaign_id: uuid.UUID, what: str, amount_fen: int, from_account: str, receipt: str
) -> Payout:
    """The supplier or the freight is paid: by the organiser or deputy out of their own hands, by the community out of
    its cash box or the merchant account. The organiser's share too, by the community, where no cash of the campaign is
    in the organiser's hands to keep it from."""
    campaign = _open_book(actor, campaign_id)
    if what == "share":
        _refuse_more_than_earned(actor, campaign, amount_fen, from_account)
    owner = _purse(actor, campaign, from_account)
    paid = payments.pay_out(actor, campaign.id, from_account, owner, amount_fen, what, receipt)
    payout = Payout(
        transaction_id=paid,
        campaign_id=campaign.id,
        what=what,
        account=from_account,
        amount_fen=amount_fen,
        receipt=receipt,
    )
    db.session.add(payout)
    db.session.flush()
    return payout


def _refuse_more_than_earned(actor: Actor, campaign: Campaign, amount_fen: int, from_account: str) -> None:
    _require_other_hand(actor, campaign, campaign.organiser_id)
    if from_account == payments.Account.ORGANISER:
        raise DomainError("wrong_account", "团长报酬由社区付，或者结算时从手里的现金扣除，不用登记支出。")
    if amount_fen > (left := _share(campaign)):
        raise DomainError(
            "more_than_earned", f"按发放的数量，还没付的报酬是 {yuan(left)} 元，请核对后重填。", left_fen=left
        )


def _purse(actor: Actor, campaign: Campaign, account: str) -> str:
    if account == payments.Account.ORGANISER:
        campaigns.require_organiser(actor, campaign)
        return str(actor.id)
    _require_other_hand(actor, campaign, campaign.organiser_id, campaign.deputy_id)
    return payments.Method.WECHAT.value if account == payments.Account.MERCHANT else _community_of(campaign)


def remit(actor: Actor, campaign_id: uuid.UUID, organiser_id: uuid.UUID, amount_fen: int, receipt: str) -> None:
    """Cash is handed in, and taken down by the community who receives it: two people, one receipt."""
    campaign = _open_book(actor, campaign_id)
    _require_other_hand(actor, campaign, organiser_id)
    payments.remit(actor, campaign.id, organiser_id, _community_of(campaign), amount_fen, receipt)


def reimburse(
    actor: Actor, campaign_id: uuid.UUID, organiser_id: uuid.UUID, amount_fen: int, from_account: str, receipt: str
) -> None:
    """Own money that somebody advanced comes back to them, from the community."""
    campaign = _open_book(actor, campaign_id)
    _require_other_hand(actor, campaign, organiser_id)
    owner = _purse(actor, campaign, from_account)
    payments.reimburse(actor, campaign.id, organiser_id, from_account, owner, amount_fen, receipt)


def receive(actor: Actor, campaign_id: uuid.UUID, account: str, amount_fen: int, receipt: str) -> None:
    """The district's subsidy for the campaign, or a donation, has come into the community's cash box: at any time, for
    subsidies come late. Taken down by the community, and never by whoever leads the campaign."""
    campaign = campaigns.organised(actor, campaign_id)
    lock(campaign)
    _require_other_hand(actor, campaign, campaign.organiser_id, campaign.deputy_id)
    community = _community_of(campaign)
    owner = campaign.place_code[:DISTRICT_DIGITS] if account == payments.Account.SUBSIDY else community
    payments.receive(actor, campaign.id, account, owner, community, amount_fen, receipt)


def _require_other_hand(actor: Actor, campaign: Campaign, *concerned: uuid.UUID | None) -> None:
    """The community's own purse and word: not for whoever is concerned, whatever other post they hold."""
    actor.require(P.PAYMENT_READ, campaign.place_code)
    if actor.id in concerned:
        raise Forbidden("not_by_oneself", "自己经手的现金和团购，要由社区另一位工作人员登记。")


def bear_loss(actor: Actor, campaign_id: uuid.UUID, amount_fen: int, reason: str) -> None:
    """More went out than the goods brought in (spoiled, refunded, given up in hardship): the community decides that its
    fund bears it, never more than what is missing, and not by whoever paid out what is missing."""
    campaign = _open_book(actor, campaign_id)
    actor.require(P.CAMPAIGN_APPROVE, campaign.place_code)
    if actor.id in (campaign.organiser_id, campaign.deputy_id) or payments.has_booked(actor, "payout", campaign.id):
        raise Forbidden("not_by_oneself", "自己负责或经手付过款的团购，亏空要由社区另一位工作人员核定。")
    missing = payments.balance(payments.Account.CAMPAIGN, campaign.id, campaign.id) + _share(campaign)
    if amount_fen > missing:
        raise DomainError("more_than_lost", f"亏空只有 {yuan(max(missing, 0))} 元，请核对后重填。", lost_fen=missing)
    borne: list[Any] = [("fund", _community_of(campaign), amount_fen), ("campaign", campaign.id, -amount_fen)]
    payments.post("loss", campaign.id, None, actor, borne)
    details = {"amount_fen": amount_fen}
    audit.record(
        "campaign", "bear_loss", actor, campaign, place_code=campaign.place_code, details=details
    ).reason = reason
    db.session.flush()


# --- Settling ---------------------------------------------------------------------------------------------------


class Missing(NamedTuple):
    """What stands in the way, with the sum and what to do about it."""

    code: str
    detail: str
    fen: int = 0


def settle(actor: Actor, campaign_id: uuid.UUID, revision: int) -> Campaign:
    """Books the organiser's share and what is over, when that brings every account of the campaign to zero; else says
    exactly what is missing."""
    campaign = campaigns.organised(actor, campaign_id)
    advance(CAMPAIGN, campaign, "settle", actor, revision=revision, check=_come_out_even)
    for react in on_end:
        react(campaign.id)
    return campaign


def _come_out_even(campaign: Campaign, move: Move) -> None:
    orders = _held(campaign)
    share = _share(campaign)
    if missing := [*_undone(orders, move), *_unpaid(campaign, orders), *_uneven(campaign, share)]:
        said = "还不能结算：" + "".join(f"（{n}）{each.detail}" for n, each in enumerate(missing, start=1))
        raise DomainError("not_even", said, missing=[each._asdict() for each in missing])
    surplus = -payments.balance(payments.Account.CAMPAIGN, campaign.id, campaign.id) - share
    _book(move.actor, campaign, share, surplus)


def _held(campaign: Campaign) -> Sequence[Order]:
    """All of its orders, locked, so that no amount changes while it is settled."""
    query = select(Order).where(Order.campaign_id == campaign.id).order_by(Order.id).with_for_update(of=Order)
    return db.session.scalars(query, execution_options={"populate_existing": True}).all()


def _share(campaign: Campaign) -> int:
    """What the organiser is still to earn: so much for each share handed out, less what the community has paid."""
    had = shares(campaign.id, HANDED_OUT)
    return sum(item.organiser_fen * had.get(item.id, 0) for item in campaign.items) - share_paid(campaign.id)


def share_paid(campaign_id: uuid.UUID) -> int:
    """How much of it the community has paid already."""
    paid = select(func.coalesce(func.sum(Payout.amount_fen), 0))
    return int(db.session.scalars(paid.where(Payout.campaign_id == campaign_id, Payout.what == "share")).one())


def shares(campaign_id: uuid.UUID, statuses: Any) -> dict[uuid.UUID, int]:
    """How many shares of each item went to orders in these states; not those of lines that were taken back whole."""
    got = func.sum(func.coalesce(OrderLine.allocated, OrderLine.quantity))
    query = select(OrderLine.item_id, got).join(Order, Order.id == OrderLine.order_id)
    chosen = query.where(Order.campaign_id == campaign_id, Order.status.in_(statuses), OrderLine.fen > 0)
    return {item_id: int(count) for item_id, count in db.session.execute(chosen.group_by(OrderLine.item_id))}


def _undone(orders: Sequence[Order], move: Move) -> list[Missing]:
    found = []
    undone = Counter(order.status for order in orders if order.status not in HANDED_OUT | NOTHING_LEFT)
    if undone:
        said = "、".join(f"{S(status).label} {count} 个" for status, count in sorted(undone.items()))
        found.append(Missing("orders_undone", f"还有订单没有办完：{said}。请先发放或按规则处理。"))
    fresh = [o for o in orders if o.handed_out_at and o.handed_out_at > move.now - CLAIM_WITHIN]
    if fresh:
        detail = f"{len(fresh)} 个订单领取或送到还不满 24 小时，邻居还可以提出异议，请过后再结算。"
        found.append(Missing("claims_possible", detail))
    return found


def _unpaid(campaign: Campaign, orders: Sequence[Order]) -> list[Missing]:
    out = payments.outstanding(campaign.id)
    found = []
    if out.pending_payments:
        found.append(Missing("payments_pending", f"有 {out.pending_payments} 笔付款还没有结果，请等几分钟再试。"))
    if out.open_refunds:
        found.append(Missing("refunds_open", f"有 {out.open_refunds} 笔退款还没有办完，请先办完退款。"))
    paid = payments.paid([order.id for order in orders])
    due = sum(max(order.due_fen - paid[order.id], 0) for order in orders)
    if due:
        found.append(Missing("due_unpaid", f"还有住户没有付清，共 {yuan(due)} 元，请先收齐并登记。", due))
    return found


def _uneven(campaign: Campaign, share: int) -> list[Missing]:
    """What would not be zero after the share is booked: the hands, then the campaign's own account."""
    held = Counter(payments.outstanding(campaign.id).organisers)
    held[str(campaign.organiser_id)] -= share
    names = {str(user_id): name for user_id, name in user_names([uuid.UUID(owner) for owner in held]).items()}
    found = [
        _in_hand(names[owner], fen, share if owner == str(campaign.organiser_id) else 0)
        for owner, fen in held.items()
        if fen
    ]
    bought = any(item.cost_fen for item in campaign.items) and shares(campaign.id, HANDED_OUT)
    if bought and not db.session.scalar(_payouts(campaign.id, "supplier").limit(1)):
        return [*found, Missing("supplier_unpaid", "还没有登记付给供货商的货款，请先登记付款。")]
    lost = payments.balance(payments.Account.CAMPAIGN, campaign.id, campaign.id) + share
    if lost > 0:
        detail = f"支出比收入多 {yuan(lost)} 元，请核对付款；确属亏空的，请社区核定由互助金承担。"
        found.append(Missing("loss", detail, lost))
    return found


def _in_hand(name: str, fen: int, share: int) -> Missing:
    after = f"扣除报酬 {yuan(share)} 元 后，" if share else ""
    if fen > 0:
        return Missing("cash_in_hand", f"{name}{after}手里还有 {yuan(fen)} 元，请交给社区并由社区登记。", fen)
    return Missing(
        "advanced", f"{name}{after}还有 {yuan(-fen)} 元 没有拿到，请社区付给：垫付的登记报销，报酬登记支出。", fen
    )


def _book(actor: Actor, campaign: Campaign, share: int, surplus: int) -> None:
    book, fund = campaign.id, _community_of(campaign)
    if share:
        payments.post(
            "share", book, None, actor, [("campaign", book, share), ("organiser", campaign.organiser_id, -share)]
        )
    if surplus:
        payments.post("surplus", book, None, actor, [("campaign", book, surplus), ("fund", fund, -surplus)])
    earned = share + share_paid(campaign.id)
    db.session.add(Settlement(campaign_id=book, share_fen=earned, surplus_fen=surplus, settled_by=actor.id))


# --- The price sheet --------------------------------------------------------------------------------------------


def _payouts(campaign_id: uuid.UUID, what: str | None = None) -> Any:
    query = select(Payout).where(Payout.campaign_id == campaign_id).order_by(Payout.transaction_id)
    return query.where(Payout.what == what) if what else query


def price_sheet(campaign_id: uuid.UUID) -> dict[str, Any]:
    """For everyone: what each share costs and who gets it, how many were sold, and what was in fact paid out."""
    campaign = campaigns.find(campaign_id)
    gone = NOTHING_LEFT | {S.AWAITING_PAYMENT}
    sold = shares(campaign.id, [status for status in S if status not in gone])
    items = [_priced(item, sold.get(item.id, 0)) for item in campaign.items]
    settled = db.session.get(Settlement, campaign.id)
    return {
        "campaign_id": campaign.id,
        "title": campaign.title,
        "supplier": campaign.supplier,
        "status": campaign.status,
        "items": items,
        "totals": {name: sum(item["totals"][name] for item in items) for name in PARTS},
        "payouts": [shown(payout) for payout in db.session.scalars(_payouts(campaign.id))],
        "organiser_got_fen": settled.share_fen if settled else None,
        "surplus_fen": settled.surplus_fen if settled else None,
    }


PARTS = ("cost_fen", "freight_fen", "organiser_fen", "price_fen", "subsidy_fen")


def _priced(item: Any, sold: int) -> dict[str, Any]:
    parts = {name: getattr(item, name) for name in PARTS}
    totals = {name: fen * sold for name, fen in parts.items()}
    return {
        "id": item.id,
        "name": item.name,
        "share_label": item.share_label,
        **parts,
        "shares": sold,
        "totals": totals,
    }


def shown(payout: Payout) -> dict[str, Any]:
    """The receipt is told by its end: enough to compare it with the paper, not to copy it."""
    return {
        "at": payout.at,
        "what": WHAT[payout.what],
        "account": payments.Account(payout.account).label,
        "amount_fen": payout.amount_fen,
        "receipt": f"****{payout.receipt[-4:]}",
    }
