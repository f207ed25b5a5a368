"""What the community owns of medicine, in the ledger: bought, delivered, kept, passed on, given back, lost. Each act is
one step of the goods and one posting in the book of the trip that brought them."""

import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select

from backend.core import audit
from backend.core.auth import Actor
from backend.core.errors import Conflict
from backend.core.workflow import advance_all
from backend.extensions import db
from backend.medicine.goods.models import GoodsStatus, Loss, Purchase, Refusal
from backend.medicine.goods.workflow import PURCHASE
from backend.payments import service as payments

COMMUNITY_DIGITS = 12
Entry = tuple[str, str | uuid.UUID, int]


def now() -> datetime:
    """The database's clock, in this instant."""
    return db.session.scalars(select(func.clock_timestamp())).one()


def community_of(goods: Purchase) -> str:
    return goods.place_code[:COMMUNITY_DIGITS]


def _under_way(goods: Purchase) -> tuple[str, uuid.UUID]:
    return payments.Account.MEDICINE_STOCK.value, goods.trip_id


def _kept(goods: Purchase) -> tuple[str, str]:
    return payments.Account.MEDICINE_STOCK.value, community_of(goods)


def _where(goods: Purchase) -> tuple[str, str | uuid.UUID]:
    """The account that carries the goods now."""
    return _kept(goods) if goods.status == GoodsStatus.KEPT else _under_way(goods)


def _post(kind: str, goods: Purchase, actor: Actor, entries: Sequence[Entry]) -> None:
    """What costs nothing (all of it on insurance) moves no money."""
    if any(fen for _, _, fen in entries):
        payments.post(kind, goods.trip_id, goods.id, actor, entries)


def bought(actor: Actor, goods: Purchase) -> None:
    """Paid with the float's money in the volunteer's hands; what goes beyond it is theirs until the evening."""
    db.session.add(goods)
    details = {"trip": str(goods.trip_id), "line": str(goods.line_id), "fen": goods.fen}
    new, place = GoodsStatus.IN_HAND.value, goods.place_code
    audit.record("medicine_purchase", "buy", actor, goods, new=new, place_code=place, details=details)
    db.session.flush()
    hands = (payments.Account.VOLUNTEER.value, str(goods.bought_by), -goods.fen)
    _post("medicine_bought", goods, actor, [(*_under_way(goods), goods.fen), hands])


def corrected(actor: Actor, goods: Purchase, fen: int) -> None:
    more, goods.fen = fen - goods.fen, fen
    goods.revision += 1
    details = {"fen": fen}
    audit.record("medicine_purchase", "correct", actor, goods, place_code=goods.place_code, details=details)
    hands = (payments.Account.VOLUNTEER.value, str(goods.bought_by), -more)
    _post("medicine_bought", goods, actor, [(*_under_way(goods), more), hands])
    db.session.flush()


def _moved(actor: Actor, goods: Sequence[Purchase], action: str, **details: object) -> None:
    """One step on each, all of them or none; the caller holds what they are about."""
    ids = [each.id for each in goods]
    if len(advance_all(PURCHASE, select(Purchase).where(Purchase.id.in_(ids)), action, actor, **details)) < len(ids):
        raise Conflict("not_now", "这些药刚刚有了变动，请刷新查看最新进展。")


def delivered(actor: Actor, goods: Sequence[Purchase], household_id: uuid.UUID) -> int:
    """A household has them, and owes what they cost; the sum."""
    _moved(actor, goods, "deliver")
    for each in goods:
        owes = (payments.Account.HOUSEHOLD.value, household_id, each.fen)
        _post("medicine_delivered", each, actor, [owes, (*_under_way(each), -each.fen)])
    return sum(each.fen for each in goods)


def kept(actor: Actor, goods: Sequence[Purchase], refusal: Refusal) -> None:
    """Refused at the door: the community's from now on, and no volunteer's."""
    for each in goods:
        each.refusal = refusal.value
    _moved(actor, goods, "keep", refusal=refusal.value)
    for each in goods:
        _post("medicine_kept", each, actor, [(*_kept(each), each.fen), (*_under_way(each), -each.fen)])


def lost(actor: Actor, goods: Sequence[Purchase], loss: Loss) -> None:
    """Broken, lost, grown warm, out of date: the community's fund bears it, never who carried it."""
    carried = {each.id: _where(each) for each in goods}
    for each in goods:
        each.loss = loss.value
    _moved(actor, goods, "lose", loss=loss.value)
    for each in goods:
        fund = (payments.Account.FUND.value, community_of(each), each.fen)
        _post("medicine_lost", each, actor, [fund, (*carried[each.id], -each.fen)])


def given_back(actor: Actor, goods: Purchase, back_fen: int, receipt: str) -> None:
    """The pharmacy takes it back and pays into the float, against its receipt; what it keeps is the fund's loss."""
    goods.back_fen = back_fen
    _moved(actor, [goods], "give_back", back_fen=back_fen)
    entries = [
        (payments.Account.COMMUNITY_FLOAT.value, community_of(goods), back_fen),
        (payments.Account.FUND.value, community_of(goods), goods.fen - back_fen),
        (*_kept(goods), -goods.fen),
    ]
    if goods.fen:
        payments.post("medicine_returned", goods.trip_id, goods.id, actor, entries, receipt)


def passed_on(actor: Actor, goods: Purchase, to: Purchase) -> None:
    """Another household's from now on, on its way to that door: in the book of the run that brings it there."""
    _moved(actor, [goods], "pass_on")
    db.session.add(to)
    details = {"from": str(goods.id), "line": str(to.line_id)}
    audit.record(
        "medicine_purchase",
        "receive",
        actor,
        to,
        new=GoodsStatus.IN_HAND.value,
        place_code=to.place_code,
        details=details,
    )
    db.session.flush()
    if goods.fen:
        entries: list[Entry] = [(*_under_way(to), goods.fen), (*_kept(goods), -goods.fen)]
        payments.post("medicine_passed_on", to.trip_id, to.id, actor, entries)
