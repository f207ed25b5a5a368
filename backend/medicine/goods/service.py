"""Refused goods are the community's: what lies there, and its way to a pharmacy, to another household, or to an end."""

import uuid
from collections.abc import Sequence
from typing import Any

from sqlalchemy import exists, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import aliased, joinedload

from backend.core import audit, clock
from backend.core.auth import HOUSE, Actor
from backend.core.errors import Conflict, Forbidden, NotFound
from backend.core.models import new_id, within
from backend.core.permissions import Permission as P
from backend.core.transaction import database_now
from backend.core.workflow import advance, advance_all, allowed_actions, lock, refuse_stale
from backend.extensions import db
from backend.medicine.goods import rules, stock
from backend.medicine.goods.models import GoodsStatus, Loss, Offer, OfferStatus, Purchase
from backend.medicine.goods.workflow import OFFER
from backend.medicine.money import payable
from backend.medicine.requests import access
from backend.medicine.requests.access import basis_of
from backend.medicine.requests.models import MedicineLine, MedicineQuestion, MedicineRequest
from backend.medicine.trips import leftovers, planning, service
from backend.medicine.trips.models import MedicineTrip, TripRequest, TripStatus
from backend.medicine.workflow import LINE, REQUEST
from backend.people.households import acted_for

CANDIDATES = 5
OPEN_OFFERS = (OfferStatus.OFFERED.value, OfferStatus.ACCEPTED.value)


def kept_at(actor: Actor, place_code: str) -> Any:
    """A select of what lies at the community."""
    actor.require(P.MEDICINE_PLAN, place_code)
    here = select(Purchase).where(within(Purchase.place_code, [place_code]), Purchase.status == GoodsStatus.KEPT.value)
    return here.options(joinedload(Purchase.line))


def find(actor: Actor, purchase_id: uuid.UUID, revision: int | None = None) -> Purchase:
    """Goods in the care of a planner, held when they are about to change."""
    goods = db.session.get(Purchase, purchase_id)
    if goods is None or not actor.may(P.MEDICINE_PLAN, goods.place_code):
        raise NotFound("药品")
    if revision is not None:
        lock(db.session.get_one(MedicineRequest, goods.request_id))
        lock(goods)
        refuse_stale(goods, revision)
    return goods


def _require(goods: Purchase, way: rules.Way) -> None:
    if goods.status != GoodsStatus.KEPT:
        raise Conflict("not_now", "这份药已经不在社区，请刷新查看。", status_now=goods.status)
    if way not in ways_of(goods):
        said = "退给药店" if way == rules.Way.PHARMACY else "转给别的住户"
        raise Conflict(
            "no_such_way", f"这份药不能{said}：冷藏、拆封、处方、临近过期或超过退货期的药只能留在社区登记处理。"
        )


def ways_of(goods: Purchase) -> set[rules.Way]:
    return ways([goods])[goods.id]


def ways(page: Sequence[Purchase]) -> dict[uuid.UUID, set[rules.Way]]:
    """Where each of some goods may go."""
    now = database_now()
    today = clock.day_of(now)
    return {each.id: rules.ways(each.line, each, now, today) for each in page}


def give_back(actor: Actor, purchase_id: uuid.UUID, revision: int, back_fen: int, receipt: str) -> Purchase:
    """The pharmacy has taken it back, and its refund lies in the community's float, against its receipt."""
    goods = find(actor, purchase_id, revision)
    _refuse_who_bought(actor, goods)
    _require(goods, rules.Way.PHARMACY)
    _refuse_offered(goods)
    if back_fen > goods.fen:
        raise Conflict("more_than_paid", "药店退的钱不会多于买的钱，请核对后重填。", most_fen=goods.fen)
    stock.given_back(actor, goods, back_fen, receipt)
    _close(goods, "return_to_pharmacy", actor)
    return goods


def write_off(actor: Actor, purchase_id: uuid.UUID, revision: int, loss: Loss) -> Purchase:
    """Broken, lost, or of no use to anyone: the fund bears it. Also what breaks on the way to a door."""
    goods = find(actor, purchase_id, revision)
    _refuse_who_bought(actor, goods)
    _refuse_offered(goods)
    on_the_way = goods.status == GoodsStatus.IN_HAND
    stock.lost(actor, [goods], loss)
    if on_the_way:
        _bring_again(actor, goods)
    payable.close_if_done([goods.request_id])
    return goods


def _refuse_who_bought(actor: Actor, goods: Purchase) -> None:
    """Whoever keeps the community's money says what became of goods, and never of those in their own hands."""
    actor.require(P.PAYMENT_READ, goods.place_code)
    if goods.bought_by == actor.id:
        raise Forbidden("not_by_oneself", "自己买的药，要由社区另一位工作人员登记去向。")


def _bring_again(actor: Actor, goods: Purchase) -> None:
    """The household still needs it; where nothing else of its request is on the way, that request is over."""
    request = db.session.get_one(MedicineRequest, goods.request_id)
    line = db.session.get_one(MedicineLine, goods.line_id)
    advance_all(LINE, select(MedicineLine).where(MedicineLine.id == line.id), "refuse", actor)
    leftovers.ask_again(actor, request, [line])
    left = exists().where(Purchase.request_id == request.id, Purchase.status == GoodsStatus.IN_HAND.value)
    advance_all(REQUEST, select(MedicineRequest).where(MedicineRequest.id == request.id, ~left), "refuse", actor)


def _refuse_offered(goods: Purchase) -> None:
    offered = select(Offer.id).where(Offer.purchase_id == goods.id, Offer.status == OfferStatus.OFFERED.value)
    if db.session.scalar(offered):
        raise Conflict("offered", "这份药正在征求另一户的意见，请等答复或先收回。")


def _close(goods: Purchase, action: str, actor: Actor) -> None:
    """The refusing household's request ends with its last goods."""
    kept = exists().where(Purchase.request_id == goods.request_id, Purchase.status == GoodsStatus.KEPT.value)
    db.session.flush()
    of_it = select(MedicineRequest).where(MedicineRequest.id == goods.request_id, ~kept)
    advance_all(REQUEST, of_it, action, actor)
    payable.close_if_done([goods.request_id])


# --- To another household ---------------------------------------------------------------------------------------


def candidates(actor: Actor, purchase_id: uuid.UUID) -> list[MedicineRequest]:
    """Open requests for the very same and nothing else, as much of it, at no more than they would pay; the most urgent
    first. Nobody reads a name for it: the blind indexes are compared."""
    goods = find(actor, purchase_id)
    if goods.status != GoodsStatus.KEPT or rules.Way.NEIGHBOUR not in ways_of(goods):
        return []
    query = _matching(goods).order_by(MedicineRequest.needed_on, MedicineRequest.id).limit(CANDIDATES)
    return list(db.session.scalars(query))


def _matching(goods: Purchase) -> Any:
    """A select of requests of which this is all that is still to be had, each with the line it is."""
    here = within(MedicineRequest.place_code, [stock.community_of(goods)])
    other = aliased(MedicineLine)
    more = exists().where(
        other.request_id == MedicineRequest.id, other.status.in_(planning.TO_BUY), other.id != MedicineLine.id
    )
    asked = exists().where(Offer.request_id == MedicineRequest.id, Offer.purchase_id == goods.id)
    busy = exists().where(Offer.request_id == MedicineRequest.id, Offer.status.in_(OPEN_OFFERS))
    refuser = select(MedicineRequest.household_id).where(MedicineRequest.id == goods.request_id).scalar_subquery()
    return (
        select(MedicineRequest, MedicineLine)
        .join(MedicineLine, MedicineLine.request_id == MedicineRequest.id)
        .where(
            here,
            MedicineRequest.status.in_(planning.PLANNABLE),
            MedicineRequest.household_id != refuser,
            MedicineLine.status.in_(planning.TO_BUY),
            MedicineLine.name_index == _index(goods),
            MedicineLine.quantity == goods.quantity,
            MedicineLine.ceiling_fen >= goods.fen,
            MedicineLine.sealed_otc,
        )
        .where(~more, ~asked, ~busy)
    )


def _index(goods: Purchase) -> bytes | None:
    if goods.question_id is None:
        return goods.line.name_index
    agreed = db.session.get_one(MedicineQuestion, goods.question_id)
    return agreed.name_index or goods.line.name_index


def offer(actor: Actor, purchase_id: uuid.UUID, revision: int, request_id: uuid.UUID) -> Offer:
    """Asks that household whether it would have it. It learns the medicine and the price, and not whose it was."""
    goods = find(actor, purchase_id, revision)
    _require(goods, rules.Way.NEIGHBOUR)
    found = db.session.execute(_matching(goods).where(MedicineRequest.id == request_id)).one_or_none()
    if found is None:
        raise NotFound("药品需求")
    request, line = found
    until = database_now() + rules.OFFER_WAIT
    known = {"purchase_id": goods.id, "request_id": request.id, "line_id": line.id, "place_code": request.place_code}
    made = Offer(offered_by=actor.id, answer_by=until, **known)
    db.session.add(made)
    audit.record("medicine_offer", "make", actor, made, new=OfferStatus.OFFERED.value, place_code=made.place_code)
    db.session.flush()
    return made


def offers_to(actor: Actor) -> Any:
    """A select of the offers that wait for the actor: their own home's, and those made at places in their care."""
    theirs = select(MedicineRequest.id).where(MedicineRequest.household_id.in_(acted_for(actor)))
    care = {*actor.scope(P.MEDICINE_PLAN), *actor.scope(P.MEDICINE_FOR_OTHERS)}
    concerned = Offer.request_id.in_(theirs) | within(Offer.place_code, care)
    shown = (joinedload(Offer.purchase), joinedload(Offer.request).joinedload(MedicineRequest.household))
    return select(Offer).where(concerned, Offer.status == OfferStatus.OFFERED.value).options(*shown)


def shown_offers(page: Sequence[Offer], actor: Actor) -> list[dict[str, Any]]:
    """Of the goods what one needs to decide, and nothing that leads to where they come from."""
    allowed, homes = allowed_actions(OFFER, page, actor, database_now()), set(db.session.scalars(acted_for(actor)))
    own = ("id", "request_id", "place_code", "status", "revision", "answer_by")
    return [
        {
            **{name: getattr(made, name) for name in own},
            "household_id": made.request.household_id,
            "room": made.request.household.room,
            "must_ask": made.request.household_id not in homes,
            **{name: getattr(made.purchase, name) for name in ("quantity", "fen", "expires_on")},
            "status_label": OfferStatus(made.status).label,
            "allowed_actions": allowed[made.id],
        }
        for made in page
    ]


def offer_in_sight(actor: Actor, offer_id: uuid.UUID) -> Offer:
    """For the household it is made to, those who speak for it, and planners."""
    made = db.session.get(Offer, offer_id)
    if made is None:
        raise NotFound("转让询问")
    request = db.session.get_one(MedicineRequest, made.request_id)
    if not (
        actor.may(P.MEDICINE_PLAN, made.place_code)
        or actor.may(P.MEDICINE_FOR_OTHERS, made.place_code)
        or access.is_theirs(actor, request.id)
    ):
        raise NotFound("转让询问")
    return made


def answer(actor: Actor, offer_id: uuid.UUID, revision: int, accept: bool, consent: str | None = None) -> Offer:
    """Yes or no, by the household or with its consent on its behalf. Yes makes the goods theirs, on the way to their
    door, in one act: they are offered to nobody else and bought for them no more."""
    made = offer_in_sight(actor, offer_id)
    request = db.session.get_one(MedicineRequest, made.request_id)
    basis = basis_of(actor, request.household_id, request.place_code, consent)
    behalf = request.household_id if basis else None
    goods = db.session.get_one(Purchase, made.purchase_id)
    shelf = _shelf_run(stock.community_of(goods)) if accept else None
    _hold(request, goods)
    action = "accept" if accept else "decline"
    advance(OFFER, made, action, actor, revision=revision, consent=basis, on_behalf_of=behalf)
    if shelf:
        _pass_on(actor, shelf, goods, request, db.session.get_one(MedicineLine, made.line_id))
    return made


def _hold(request: MedicineRequest, goods: Purchase) -> None:
    """Trip (by now), both households' requests, goods: in the order in which everybody takes them."""
    both = select(MedicineRequest).where(MedicineRequest.id.in_([request.id, goods.request_id]))
    held = both.order_by(MedicineRequest.id).with_for_update(of=MedicineRequest)
    db.session.scalars(held, execution_options={"populate_existing": True}).all()
    lock(goods)


def _pass_on(actor: Actor, shelf: MedicineTrip, goods: Purchase, request: MedicineRequest, line: MedicineLine) -> None:
    if request.status not in planning.PLANNABLE or goods.status != GoodsStatus.KEPT:
        raise Conflict("not_now", "这份药或这份需求刚刚有了别的安排，请刷新查看。", status_now=request.status)
    entry = TripRequest(trip_id=shelf.id, request_id=request.id, number=_next_number(shelf))
    db.session.add(entry)
    db.session.flush()
    for action in ("plan", "buy", "be_bought", "deliver"):
        advance(REQUEST, request, action, HOUSE)
    advance_all(LINE, select(MedicineLine).where(MedicineLine.id == line.id), "want_again", HOUSE)
    advance(LINE, line, "buy", HOUSE)
    names = ("quantity", "fen", "batch", "expires_on", "receipt_id", "bought_at")
    same = {name: getattr(goods, name) for name in names}
    to = Purchase(
        place_code=request.place_code,
        trip_id=shelf.id,
        request_id=request.id,
        line_id=line.id,
        passed_on_from=goods.id,
        **same,
    )
    stock.passed_on(actor, goods, to)
    _close(goods, "re_offer", HOUSE)
    service.send_out(shelf, [entry])


def _shelf_run(community: str) -> MedicineTrip:
    """What the community hands out of its own, until it is reconciled in the evening; held. Made when first needed."""
    values = {"id": new_id(), "place_code": community, "day": clock.today(), "status": TripStatus.HANDING_OUT.value}
    run = select(MedicineTrip).where(
        MedicineTrip.place_code == community,
        MedicineTrip.pharmacy_id.is_(None),
        MedicineTrip.status == TripStatus.HANDING_OUT.value,
    )
    made = db.session.scalar(
        insert(MedicineTrip)
        .values(values | {"handing_out_at": func.now()})
        .on_conflict_do_nothing()
        .returning(MedicineTrip.id)
    )
    if made:
        trip = db.session.get_one(MedicineTrip, made)
        new = TripStatus.HANDING_OUT.value
        audit.record("medicine_trip", "open_shelf", HOUSE, trip, new=new, place_code=community)
        return trip
    found = db.session.scalars(run.with_for_update(), execution_options={"populate_existing": True}).one_or_none()
    if found is None:
        raise Conflict("not_now", "社区正在对账，请稍后再试。")
    return found


def _next_number(trip: MedicineTrip) -> int:
    return (db.session.scalar(select(func.max(TripRequest.number)).where(TripRequest.trip_id == trip.id)) or 0) + 1


def lapse_offers() -> None:
    """Nobody has answered in time: the goods are free for others. For the clock."""
    late = select(Offer).where(Offer.status == OfferStatus.OFFERED.value, Offer.answer_by <= func.now())
    advance_all(OFFER, late.order_by(Offer.id).limit(200), "lapse")


def withdraw(actor: Actor, offer_id: uuid.UUID, revision: int) -> Offer:
    made = offer_in_sight(actor, offer_id)
    advance(OFFER, made, "withdraw", actor, revision=revision)
    return made
