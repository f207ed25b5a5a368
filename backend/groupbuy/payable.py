"""An order as payments sees it: what remains to be paid, who may pay, what happens when nothing remains."""

import uuid
from datetime import datetime

from sqlalchemy import select

from backend.core.auth import HOUSE, Actor
from backend.core.transaction import hot_row_last
from backend.core.workflow import advance, lock
from backend.extensions import db
from backend.groupbuy import orders
from backend.groupbuy.changes import passing_on
from backend.groupbuy.models import Campaign, Order, OrderStatus
from backend.groupbuy.workflow import NO_MORE, ORDER, acting_for
from backend.payments import service as payments


class OrderPayable:
    def due(self, subject_id: uuid.UUID, lock: bool = False) -> payments.Due | None:
        order = self._held(subject_id) if lock else db.session.get(Order, subject_id)
        if order is None:
            return None
        campaign = db.session.get_one(Campaign, order.campaign_id)
        return payments.Due(
            book_id=campaign.id,
            household_id=order.household_id,
            place_code=order.place_code,
            remaining_fen=order.due_fen - payments.paid([order.id]).get(order.id, 0),
            open=order.status not in NO_MORE,
            collector_id=campaign.organiser_id,
            deputy_id=campaign.deputy_id,
            title=campaign.title,
            book_place=campaign.place_code,
            until=order.pay_by if order.status == OrderStatus.AWAITING_PAYMENT else None,
        )

    @staticmethod
    def _held(subject_id: uuid.UUID) -> Order | None:
        """With the order of the neighbour whose shares it takes over, if any: the campaign, then both by their ids."""
        order = db.session.get(Order, subject_id)
        if order is None:
            return None
        if order.takes_over is not None:
            for both in sorted({order.id, order.takes_over}):
                orders.hold(db.session.get_one(Order, both))
        else:
            lock(order)
        return order

    def may_pay(self, actor: Actor, subject_id: uuid.UUID) -> bool:
        return db.session.scalar(select(Order.id).where(Order.id == subject_id, acting_for(actor))) is not None

    def settled(self, subject_id: uuid.UUID, now: datetime) -> None:
        """Paid in full: what was reserved is sold. The row that everyone wants comes last."""
        order = db.session.get_one(Order, subject_id)
        paid = payments.paid([order.id]).get(order.id, 0)
        if order.status != OrderStatus.AWAITING_PAYMENT or paid < order.due_fen:
            return
        if order.takes_over:
            passing_on.take_over(order)
        else:
            advance(ORDER, order, "pay", HOUSE)
            hot_row_last(orders.SELL, ([order.id],), lambda _: None)


def book_of(campaign_id: uuid.UUID) -> payments.Book | None:
    campaign = db.session.get(Campaign, campaign_id)
    if campaign is None:
        return None
    return payments.Book(campaign.place_code, campaign.title, campaign.organiser_id, campaign.deputy_id)


payments.register("order", OrderPayable())
payments.register_book("campaign", book_of)
