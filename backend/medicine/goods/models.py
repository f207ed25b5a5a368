"""Purchases: what was paid for, which batch, where it is now; and offers of refused goods to another household."""

import uuid
from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, Date, ForeignKey, Index, Integer, SmallInteger, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from backend.core.crypto import Encrypted
from backend.core.models import Code, Labelled, Row, Timestamp, sql_list
from backend.extensions import Model
from backend.medicine.requests.models import CONSENT, MedicineLine, MedicineRequest


class GoodsStatus(Labelled):
    IN_HAND = "in_hand", "已买到，等待送到"
    DELIVERED = "delivered", "已送到"
    KEPT = "kept", "住户没有收，归社区"
    RETURNED = "returned", "已退给药店"
    PASSED_ON = "passed_on", "已转给需要的住户"
    LOST = "lost", "损失，由互助金承担"


class Refusal(Labelled):
    TOO_DEAR = "too_dear", "太贵"
    NO_LONGER_NEEDED = "no_longer_needed", "不需要了"
    WRONG = "wrong", "药不对"
    DAMAGED = "damaged", "包装破损"
    NOT_HOME = "not_home", "家里没人"
    OTHER = "other", "其他原因"


class Loss(Labelled):
    BROKEN = "broken", "破损"
    LOST = "lost", "遗失"
    WARM = "warm", "超过冷藏时限"
    OUT_OF_DATE = "out_of_date", "过期"
    UNWANTED = "unwanted", "不能退也不能转"


class Missed(Labelled):
    """Why a line was not bought at a counter."""

    OUT_OF_STOCK = "out_of_stock", "缺货"
    TOO_DEAR = "too_dear", "超出最高价"
    NO_ANSWER = "no_answer", "住户没有及时答复"
    NOT_SOLD = "not_sold", "药店不肯卖"


class OfferStatus(Labelled):
    OFFERED = "offered", "等待住户答复"
    ACCEPTED = "accepted", "住户同意"
    DECLINED = "declined", "住户不要"
    LAPSED = "lapsed", "没有及时答复"
    WITHDRAWN = "withdrawn", "社区已收回"


class Purchase(Row, Model):
    """What was bought for one line, the community's until a household has it. `batch` leads to the medicine, hence
    sealed and erased with its name. `question_id`: what the household said
    yes to, another medicine or a price above the ceiling. `cold_until`: by then it is at the door, or not handed over.
    `passed_on_from`: it is another household's refused purchase. `refusal` and `loss` say why it was not taken, and
    what became of it."""

    __tablename__ = "medicine_purchase"
    __table_args__ = (
        CheckConstraint("quantity > 0 AND fen >= 0 AND coalesce(back_fen, 0) BETWEEN 0 AND fen", name="amounts"),
        CheckConstraint(f"refusal IN ({sql_list(Refusal)})", name="refusal"),
        CheckConstraint(f"loss IN ({sql_list(Loss)})", name="loss"),
        CheckConstraint("status <> 'lost' OR loss IS NOT NULL", name="lost_somehow"),
        CheckConstraint("status NOT IN ('kept', 'returned', 'passed_on') OR refusal IS NOT NULL", name="refused"),
        CheckConstraint("status <> 'returned' OR back_fen IS NOT NULL", name="returned_for"),
        CheckConstraint("cold_until > bought_at", name="cold_from_the_counter"),
        Index(
            "uq_medicine_purchase_line",
            "line_id",
            unique=True,
            postgresql_where=text("status IN ('in_hand', 'delivered')"),
        ),
        Index("uq_medicine_purchase_passed_on", "passed_on_from", unique=True),
        Index("ix_medicine_purchase_trip_id", "trip_id"),
        Index("ix_medicine_purchase_request_id", "request_id"),
        Index("ix_medicine_purchase_kept", "place_code", "id", postgresql_where=text("status = 'kept'")),
        Index("ix_medicine_purchase_cold", "cold_until", postgresql_where=text("status = 'in_hand'")),
    )
    place_code: Mapped[str] = mapped_column(Code)
    trip_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("medicine_trip.id"))
    request_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("medicine_request.id"))
    line_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("medicine_line.id"))
    question_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("medicine_question.id"))
    passed_on_from: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("medicine_purchase.id"))
    bought_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("app_user.id"))
    bought_at: Mapped[datetime] = mapped_column(Timestamp)
    quantity: Mapped[int] = mapped_column(SmallInteger)
    fen: Mapped[int] = mapped_column(BigInteger)
    batch_cipher: Mapped[bytes | None]
    expires_on: Mapped[date] = mapped_column(Date)
    receipt_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("photo.id"))
    cold_until: Mapped[datetime | None] = mapped_column(Timestamp)
    status: Mapped[str] = mapped_column(String(12), default=GoodsStatus.IN_HAND.value)
    revision: Mapped[int] = mapped_column(Integer, default=1, server_default="1")
    refusal: Mapped[str | None] = mapped_column(String(20))
    loss: Mapped[str | None] = mapped_column(String(12))
    back_fen: Mapped[int | None] = mapped_column(BigInteger)

    batch = Encrypted()
    line: Mapped[MedicineLine] = relationship()


class Miss(Row, Model):
    """A line that was not bought on a trip. Out of stock, the planner sends the next trip for it elsewhere."""

    __tablename__ = "medicine_miss"
    __table_args__ = (
        CheckConstraint(f"reason IN ({sql_list(Missed)})", name="reason"),
        Index("ix_medicine_miss_trip_id", "trip_id"),
        Index("ix_medicine_miss_line_id", "line_id"),
    )
    trip_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("medicine_trip.id"))
    line_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("medicine_line.id"))
    reason: Mapped[str] = mapped_column(String(20))


class Offer(Row, Model):
    """Refused goods offered to a household that asks for the very same. Neither side learns who the other is."""

    __tablename__ = "medicine_offer"
    __table_args__ = (
        CheckConstraint(CONSENT, name="consent_kind"),
        CheckConstraint("(status = 'offered') = (answered_at IS NULL)", name="answered"),
        Index(
            "uq_medicine_offer_goods",
            "purchase_id",
            unique=True,
            postgresql_where=text("status IN ('offered', 'accepted')"),
        ),
        Index(
            "uq_medicine_offer_line", "line_id", unique=True, postgresql_where=text("status IN ('offered', 'accepted')")
        ),
        Index("ix_medicine_offer_request_id", "request_id"),
        Index("ix_medicine_offer_open", "answer_by", postgresql_where=text("status = 'offered'")),
    )
    place_code: Mapped[str] = mapped_column(Code)
    purchase_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("medicine_purchase.id"))
    request_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("medicine_request.id"))
    line_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("medicine_line.id"))
    status: Mapped[str] = mapped_column(String(12), default=OfferStatus.OFFERED.value)
    revision: Mapped[int] = mapped_column(Integer, default=1, server_default="1")
    offered_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("app_user.id"))
    answer_by: Mapped[datetime] = mapped_column(Timestamp)
    answered_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("app_user.id"))
    answered_at: Mapped[datetime | None] = mapped_column(Timestamp)
    consent_kind: Mapped[str | None] = mapped_column(String(10))

    purchase: Mapped[Purchase] = relationship()
    request: Mapped[MedicineRequest] = relationship()
