"""Something else for what did not come: only with the consent that each line gave, or gives when asked."""

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert, select, update

from backend.core import audit, jobs
from backend.core.auth import HOUSE, Actor
from backend.core.errors import Conflict, DomainError, Forbidden, NotFound
from backend.core.jobs import job
from backend.core.permissions import Permission as P
from backend.core.transaction import database_now
from backend.core.workflow import advance, lock
from backend.extensions import db
from backend.groupbuy import campaigns, orders
from backend.groupbuy.arrivals.allocation import Policy, allocate
from backend.groupbuy.arrivals.models import Substitute, SubstituteAnswer
from backend.groupbuy.arrivals.shortfall import Ask, asks, hold, served, settle
from backend.groupbuy.models import Campaign, CampaignItem, Order, OrderStatus
from backend.groupbuy.workflow import CAMPAIGN, orders_of

LONGEST_WAIT = timedelta(hours=48)


# --- Offering ---------------------------------------------------------------------------------------------------


def offer(actor: Actor, campaign_id: uuid.UUID, **offered: Any) -> Campaign:
    """A substitute for an item that is short, while more may still come: after the last truck what is missing has been
    given back. It is given at once, by the campaign's policy, to the lines that accept one; those that wish to be
    asked are asked; those that refuse are refunded."""
    campaign = campaigns.organised(actor, campaign_id)
    advance(CAMPAIGN, campaign, "substitute", actor)
    hold(campaign)
    put(actor, campaign, **offered)
    settle(campaign, actor)
    return campaign


def put(
    actor: Actor,
    campaign: Campaign,
    item_id: uuid.UUID,
    name: str,
    price_fen: int,
    quantity: int,
    answer_by: datetime,
) -> Substitute:
    """The substitute itself, with the campaign and its waiting orders held."""
    item = _fitting(campaign, item_id, price_fen, answer_by)
    short = [line for line in asks(campaign)[item.id] if line.missing]
    if not short:
        raise Conflict("not_short", f"{item.name}没有缺货，不需要换货。")
    values = {"name": name, "price_fen": price_fen, "quantity": quantity, "answer_by": answer_by}
    substitute = Substitute(campaign_id=campaign.id, item_id=item.id, remaining=quantity, **values)
    db.session.add(substitute)
    db.session.flush()
    _give_and_ask(campaign, substitute, short)
    details = {"substitute_id": str(substitute.id), "item_id": str(item.id)}
    audit.record("campaign", "offer_substitute", actor, campaign, place_code=campaign.place_code, details=details)
    db.session.flush()
    return substitute


def _fitting(campaign: Campaign, item_id: uuid.UUID, price_fen: int, answer_by: datetime) -> CampaignItem:
    item = db.session.get(CampaignItem, item_id)
    if item is None or item.campaign_id != campaign.id:
        raise NotFound("商品")
    now = database_now()
    wrong = (
        (price_fen > item.price_fen, "price_fen", "换的商品不能比原来的贵。"),
        (item.subsidy_fen > 0, "item_id", "补贴只批给原来的商品，不能换成别的。"),
        (not now < answer_by <= now + LONGEST_WAIT, "answer_by", "答复期限要在 48 小时以内。"),
    )
    for is_wrong, field, detail in wrong:
        if is_wrong:
            raise DomainError("invalid", detail, errors=[{"field": f"/{field}", "detail": detail}])
    return item


def _give_and_ask(campaign: Campaign, substitute: Substitute, short: Sequence[Ask]) -> None:
    """To those who accept, by the policy; what is left then is offered to those who wish to be asked."""
    accepting = [line for line in short if line.substitution == "accept"]
    claims = [line.claim()._replace(asked=line.missing) for line in accepting]
    shares = allocate(Policy(campaign.policy), substitute.quantity, claims)
    substitute.remaining -= sum(shares.values())
    rows: list[dict[str, Any]] = [
        _row(substitute, line, "accept", shares[line.order_id]) for line in accepting if shares[line.order_id]
    ]
    if substitute.remaining:
        rows += [_row(substitute, line, None, 0) for line in short if line.substitution == "ask"]
        jobs.defer("groupbuy.lapse_questions", at=substitute.answer_by, substitute_id=substitute.id)
    if rows:
        db.session.execute(insert(SubstituteAnswer), rows)


def _row(substitute: Substitute, line: Ask, answer: str | None, shares: int) -> dict[str, Any]:
    key = {"substitute_id": substitute.id, "order_id": line.order_id, "item_id": line.item_id}
    return {**key, "answer": answer, "given": shares}


# --- Answering --------------------------------------------------------------------------------------------------


def answer(actor: Actor, order_id: uuid.UUID, substitute_id: uuid.UUID, accept: bool) -> Order:
    """Yes or no, by the household or on its behalf. A yes is given as much as is left; then the order need not wait."""
    order = orders.find(actor, order_id)
    lock(order.campaign)
    now = lock(order)
    own = bool(orders_of([order], actor))
    if not own and not actor.may(P.ORDER_FOR_OTHERS, order.place_code):
        raise Forbidden("not_yours_to_answer", "换不换货由这一户自己决定，也可以请楼栋长或网格员代为答复。")
    substitute, question = _open(order, substitute_id, now)
    shares = min(_missing(order, question.item_id), substitute.remaining) if accept else 0
    substitute.remaining -= shares
    question.answer, question.given = "accept" if accept else "refuse", shares
    question.answered_by, question.answered_at = actor.id, now
    details = {"substitute_id": str(substitute_id), "accept": accept, "given": shares}
    behalf = None if own else order.household_id
    place = order.place_code
    audit.record("order", "answer", actor, order, place_code=place, on_behalf_of=behalf, details=details)
    settle(order.campaign, actor, only=order.id)
    return order


def _open(order: Order, substitute_id: uuid.UUID, now: datetime) -> tuple[Substitute, SubstituteAnswer]:
    """The question, with its answer still open and wanted."""
    key = {"substitute_id": substitute_id, "order_id": order.id}
    question = db.session.get(SubstituteAnswer, key, populate_existing=True)
    if question is None:
        raise NotFound("换货询问")
    if question.answer is not None or order.status != OrderStatus.LOCKED:
        raise Conflict("answered", "这个问题已经答复过了，请刷新查看结果。", answer=question.answer)
    substitute = db.session.get_one(Substitute, substitute_id, populate_existing=True)
    if substitute.answer_by <= now:
        raise Conflict("too_late", "答复期限已过，没分到的按不换处理，差额会退给您。")
    return substitute, question


def _missing(order: Order, item_id: uuid.UUID) -> int:
    return next(line.missing for line in served(order.campaign, [order.id]) if line.row.item_id == item_id)


@job("groupbuy.lapse_questions")
def lapse_questions(substitute_id: str) -> None:
    """Nobody is given something else without a word: no answer by the deadline is a no."""
    substitute = db.session.get_one(Substitute, uuid.UUID(substitute_id))
    campaign = db.session.get_one(Campaign, substitute.campaign_id)
    now = lock(campaign)
    if substitute.answer_by > now:
        return
    unanswered = (SubstituteAnswer.substitute_id == substitute.id) & SubstituteAnswer.answer.is_(None)
    hold(campaign)
    db.session.execute(update(SubstituteAnswer).where(unanswered).values(answer="lapsed", answered_at=now))
    settle(campaign, HOUSE)


def instead(order_ids: Sequence[uuid.UUID]) -> list[Any]:
    """What orders were offered instead of what they ordered, with the answers: one statement for a page of them."""
    query = select(SubstituteAnswer, Substitute).join(Substitute, Substitute.id == SubstituteAnswer.substitute_id)
    return list(db.session.execute(query.where(SubstituteAnswer.order_id.in_(order_ids)).order_by(Substitute.id)))
