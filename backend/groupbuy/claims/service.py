"""The verbs of a claim: something was damaged, missing, wrong or spoiled.

Household and organiser settle it between them; where they cannot, the community decides. Every act locks the order
first and the claim after it, so that two claims of one order are decided one after the other, each against what the
line still costs.
"""

import uuid
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, or_, select, tuple_

from backend.core import audit
from backend.core.auth import HOUSE, Actor
from backend.core.errors import Conflict, DomainError, Forbidden, NotFound
from backend.core.models import within
from backend.core.money import yuan
from backend.core.permissions import Permission as P
from backend.core.photos import Photo
from backend.core.transaction import database_now
from backend.core.workflow import Move, advance, advance_all
from backend.extensions import db
from backend.groupbuy.arrivals.shortfall import Served, served
from backend.groupbuy.claims import photos as claim_photos
from backend.groupbuy.claims.models import REFUNDING, UNDECIDED, Claim, ClaimStatus
from backend.groupbuy.claims.workflow import CLAIM, HOUSEHOLD, ORGANISER_ANSWERS, parties
from backend.groupbuy.models import Campaign, Order, OrderLine, OrderStatus
from backend.groupbuy.money import Price, reprice
from backend.groupbuy.orders import find as order_in_sight
from backend.groupbuy.orders import hold as hold_order
from backend.groupbuy.workflow import ORDER, led, orders_of
from backend.people.households import acted_for, consents_to, homes_of

IN_VAIN = frozenset({ClaimStatus.REFUSED, ClaimStatus.WITHDRAWN})


# --- Finding ----------------------------------------------------------------------------------------------------


def visible(actor: Actor) -> Any:
    """A select of the claims the actor has a part in, as the household or on its behalf, as the organiser, as the
    community."""
    return (
        select(Claim)
        .join(Campaign, Campaign.id == Claim.campaign_id)
        .where(
            or_(
                Claim.household_id.in_(acted_for(actor)),
                Claim.claimed_by == actor.id,
                led(actor),
                within(Campaign.place_code, actor.scope(P.CAMPAIGN_APPROVE)),
                within(Claim.place_code, actor.scope(P.ORDER_FOR_OTHERS)),
            )
        )
    )


def find(actor: Actor, claim_id: uuid.UUID) -> Claim:
    """The claim, or 404 for one that is missing or a stranger's."""
    claim = db.session.scalars(visible(actor).where(Claim.id == claim_id)).one_or_none()
    if claim is None:
        raise NotFound("异议")
    return claim


def of_order(actor: Actor, order_id: uuid.UUID) -> Any:
    return visible(actor).where(Claim.order_id == order_in_sight(actor, order_id).id)


def of_campaign(actor: Actor, campaign_id: uuid.UUID) -> Any:
    return visible(actor).where(Claim.campaign_id == campaign_id)


# --- Filing -----------------------------------------------------------------------------------------------------


def file(
    actor: Actor,
    order_id: uuid.UUID,
    item_id: uuid.UUID,
    kind: str,
    text: str,
    quantity: int | None = None,
    grams: int | None = None,
    photo_ids: Sequence[uuid.UUID] = (),
    consent: str | None = None,
) -> Claim:
    """Says what was wrong with so much of a line, within 24 hours of having it, by the database's clock. Never of more
    than the household got, whoever else of it claims at the same moment."""
    order = order_in_sight(actor, order_id)
    basis = basis_of(actor, order, consent)

    def had_so_much(order: Order, move: Move) -> None:
        _refuse_too_much(_served(order, item_id), quantity, grams)

    on_behalf_of = order.household_id if basis else None
    hold_order(order)
    advance(ORDER, order, "dispute", actor, check=had_so_much, on_behalf_of=on_behalf_of)
    claim = Claim(
        order_id=order.id,
        item_id=item_id,
        campaign_id=order.campaign_id,
        household_id=order.household_id,
        place_code=order.place_code,
        kind=kind,
        quantity=quantity,
        grams=grams,
        claimed_by=actor.id,
        consent_kind=basis,
        answer_by=database_now() + ORGANISER_ANSWERS,
        text=text,
    )
    _begin(actor, claim, on_behalf_of)
    claim_photos.attach(order.id, claim.id, photo_ids)
    return claim


def add_photo(actor: Actor, order_id: uuid.UUID, data: bytes) -> Photo:
    """A photo for a claim to come, by whoever may file it."""
    order = order_in_sight(actor, order_id)
    if order.id not in orders_of([order], actor):
        actor.require(P.ORDER_FOR_OTHERS, order.place_code)
    _refuse_too_late(order)
    return claim_photos.for_order(actor, order, data)


def _refuse_too_late(order: Order) -> None:
    step = ORDER.step(order.status, "dispute")
    if step is None or step.guard is None:
        raise Conflict("not_now", "领取或送到以后才能提出，请收到货后再上传照片。", status_now=order.status)
    step.guard(order, database_now())


def _begin(actor: Actor, claim: Claim, on_behalf_of: uuid.UUID | None) -> None:
    db.session.add(claim)
    db.session.flush()
    said: dict[str, Any] = {"lane": HOUSEHOLD, "place_code": claim.place_code, "on_behalf_of": on_behalf_of}
    audit.record("claim", "file", actor, claim, new=claim.status, details={"order": str(claim.order_id)}, **said)
    db.session.flush()


def basis_of(actor: Actor, order: Order, consent: str | None) -> str | None:
    """By what right the actor speaks for the household: None for its own, `standing`, or the consent given now."""
    if order.household_id in set(db.session.scalars(homes_of(actor))):
        return None
    if order.household_id in set(db.session.scalars(consents_to(actor))):
        return "standing"
    actor.require(P.ORDER_FOR_OTHERS, order.place_code, visible=P.PLACE_READ)
    if consent is None:
        raise DomainError("consent_needed", "替别人提出要说明对方怎样同意的：语音、书面或当面。")
    return consent


def line_of(order_id: uuid.UUID, item_id: uuid.UUID) -> OrderLine:
    """The line as it stands now. The caller holds the order."""
    line = db.session.get(OrderLine, (order_id, item_id), populate_existing=True)
    if line is None:
        raise NotFound("商品")
    return line


def _served(order: Order, item_id: uuid.UUID) -> Served:
    found = [line for line in served(order.campaign, [order.id]) if line.row.item_id == item_id]
    if not found:
        raise NotFound("商品")
    return found[0]


def _refuse_too_much(line: Served, quantity: int | None, grams: int | None) -> None:
    row, weighed = line.row, line.row.grams is not None
    asked, measured = (grams, Claim.grams) if weighed else (quantity, Claim.quantity)
    unit = "克" if weighed else row.item.share_label
    if asked is None:
        raise DomainError("wrong_measure", f"这项商品请按{unit}填写有问题的数量。")
    if row.fen == 0:
        raise Conflict("nothing_left", "这项商品没有收钱，或者已经全部退款，不需要再提出。")
    had = row.grams if row.grams is not None else (row.allocated or 0) + line.substituted
    query = select(func.sum(measured)).where(
        Claim.order_id == row.order_id, Claim.item_id == row.item_id, Claim.status.not_in(IN_VAIN)
    )
    left = had - (db.session.scalar(query) or 0)
    if asked > left:
        detail = f"您家收到 {had} {unit}，还可以提出 {left} {unit}。请减少数量后重试。"
        raise DomainError("more_than_received", detail, left=left)


# --- Deciding ---------------------------------------------------------------------------------------------------


def act(
    actor: Actor,
    claim_id: uuid.UUID,
    action: str,
    revision: int,
    reason: str | None = None,
    amount_fen: int | None = None,
) -> Claim:
    """Any step a person takes on a claim. `amount_fen`: what goes back, for `accept` and `offer`."""
    claim = find(actor, claim_id)
    hold_order(claim.order)
    step = CLAIM.step(claim.status, action)
    on_behalf = HOUSEHOLD if step and step.lane == HOUSEHOLD and not _lives_there(actor, claim) else None

    def allowed(claim: Claim, move: Move) -> None:
        _refuse_other_parties(claim, action, actor)
        if amount_fen is not None:
            _refuse_senseless(line_of(claim.order_id, claim.item_id), amount_fen)

    data = {"amount_fen": amount_fen, "on_behalf_of": claim.household_id if on_behalf else None}
    advance(CLAIM, claim, action, actor, revision=revision, reason=reason, check=allowed, **data)
    conclude(actor, [claim], [claim.order])
    return claim


def _lives_there(actor: Actor, claim: Claim) -> bool:
    return claim.household_id in set(db.session.scalars(homes_of(actor)))


def _refuse_other_parties(claim: Claim, action: str, actor: Actor) -> None:
    step = CLAIM.step(claim.status, action)
    if step and step.lane not in parties([claim], actor)[claim.id]:
        detail = "这一步不能由您办理：自家提出的由别人答复，团长经手的由社区裁定。请交给另一位团长或社区。"
        raise Forbidden("not_your_part", detail)


def own_part(line: OrderLine) -> int:
    """What the household pays of a line, or the fund in its stead."""
    return line.fen - line.subsidised_fen


def _refuse_senseless(line: OrderLine, amount_fen: int) -> None:
    most = own_part(line)
    if amount_fen > most:
        raise DomainError("more_than_the_line", f"最多退 {yuan(most)} 元，即这项商品现在的金额。", most_fen=most)
    if amount_fen == 0 < most:
        raise DomainError("nothing_to_refund", "退款金额要大于零；不同意请选择“不同意”并写明原因。")


def conclude(actor: Actor, claims: Sequence[Claim], held: Sequence[Order]) -> None:
    """What follows from claims that have just moved: money back for those granted, photos that will be erased, and
    orders whose last claim is decided. A constant number of statements; the caller holds the orders (`held`)."""
    decided = [claim for claim in claims if claim.status not in UNDECIDED]
    if not decided:
        return
    _pay_back(actor, [claim for claim in decided if claim.status in REFUNDING], {order.id: order for order in held})
    claim_photos.erase_later([claim.id for claim in decided])
    _resolve({claim.order_id for claim in decided})


def _pay_back(actor: Actor, claims: Sequence[Claim], orders: dict[uuid.UUID, Order]) -> None:
    lines = lines_of(claims)
    back: dict[tuple[uuid.UUID, uuid.UUID], int] = defaultdict(int)
    for claim in claims:
        line = lines[claim.order_id, claim.item_id]
        # An offer may have been overtaken by another claim on the same line.
        claim.refund_fen = min(claim.refund_fen or 0, own_part(line) - back[line.order_id, line.item_id])
        back[line.order_id, line.item_id] += claim.refund_fen
    reprice(actor, [_lowered(orders[key[0]], lines[key], fen) for key, fen in back.items()], "claim")


def lines_of(claims: Sequence[Claim]) -> dict[tuple[uuid.UUID, uuid.UUID], OrderLine]:
    keys = {(claim.order_id, claim.item_id) for claim in claims}
    query = select(OrderLine).where(tuple_(OrderLine.order_id, OrderLine.item_id).in_(keys))
    found = db.session.scalars(query, execution_options={"populate_existing": True}) if keys else ()
    return {(line.order_id, line.item_id): line for line in found}


def _lowered(order: Order, line: OrderLine, back: int) -> Price:
    """The subsidy falls with the household's own part: nobody subsidises what was not had. Rounded down."""
    own = own_part(line)
    subsidised = line.subsidised_fen * (own - back) // own if own else line.subsidised_fen
    return Price(order, line, own - back + subsidised, subsidised)


def _resolve(order_ids: set[uuid.UUID]) -> None:
    """An order leaves `disputed` with the last of its claims: completed, or refunded where nothing is left to pay."""
    db.session.flush()
    open_ones = select(Claim.id).where(Claim.order_id == Order.id, Claim.status.in_(UNDECIDED))
    over = select(Order).where(Order.id.in_(order_ids), Order.status == OrderStatus.DISPUTED.value, ~open_ones.exists())
    advance_all(ORDER, over.where(Order.total_fen == 0), "refund")
    advance_all(ORDER, over, "resolve")


# --- Silence ----------------------------------------------------------------------------------------------------

AT_ONCE = 200


def take_silence_for_an_answer(campaign_id: uuid.UUID) -> None:
    """An organiser who has not answered in time: the claim goes to the community. A household that has not: it gets
    what it was offered, or the organiser's no stands."""
    late = select(Claim).where(Claim.campaign_id == campaign_id, Claim.answer_by <= func.now())
    due = {claim.id: claim.order_id for claim in db.session.scalars(late.order_by(Claim.answer_by).limit(AT_ONCE))}
    if not due:
        return
    held = hold(set(due.values()))
    of_these = late.where(Claim.id.in_(due))
    advance_all(CLAIM, of_these, "pass_on")
    conclude(HOUSE, [claim for claim, _ in advance_all(CLAIM, of_these, "let_stand")], held)


def hold(order_ids: set[uuid.UUID]) -> list[Order]:
    """Locks orders in the order of their ids, and reads them anew. Their campaigns' rows first, as everywhere."""
    campaigns = select(Campaign.id).where(Campaign.id.in_(select(Order.campaign_id).where(Order.id.in_(order_ids))))
    db.session.execute(campaigns.order_by(Campaign.id).with_for_update(read=True, key_share=True))
    held = select(Order).where(Order.id.in_(order_ids)).order_by(Order.id).with_for_update(of=Order)
    return list(db.session.scalars(held, execution_options={"populate_existing": True}))


def cover(order_items: Sequence[tuple[uuid.UUID, uuid.UUID]]) -> None:
    """Their goods are recalled and refunded in full: open claims on them have nothing left to decide."""
    keys = tuple_(Claim.order_id, Claim.item_id).in_(order_items)
    conclude(HOUSE, [claim for claim, _ in advance_all(CLAIM, select(Claim).where(keys), "cover")], ())
