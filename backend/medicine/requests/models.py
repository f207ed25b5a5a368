"""Requests, their lines, what a household is asked about a line, papers in custody, and what is taken for long.

Names of medicines are health data: encrypted, found again only through a blind index, and erased on time. Nothing in a
plain column tells what somebody suffers from.
"""

import uuid
from datetime import date, datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    String,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from backend.core.crypto import Encrypted
from backend.core.models import Code, Labelled, Row, Timestamp, sql_list
from backend.extensions import Model
from backend.places.models import Household

CONSENT = "consent_kind IN ('voice', 'paper', 'in_person', 'standing')"


class RequestStatus(Labelled):
    SUBMITTED = "submitted", "等待核对"
    NEEDS_INFO = "needs_info", "需要补充说明"
    HELD_FOR_PRESCRIPTION = "held_for_prescription", "已核对，等处方或医保卡"
    CHECKED = "checked", "已核对，等待安排"
    PLANNED = "planned", "已安排采买"
    BUYING = "buying", "正在采买"
    SUBSTITUTE_PENDING = "substitute_pending", "等住户答复"
    BOUGHT = "bought", "已买到"
    UNAVAILABLE = "unavailable", "没有买到"
    DELIVERING = "delivering", "正在送药"
    DELIVERED = "delivered", "已送到"
    REFUSED = "refused", "住户没有收"
    RETURNED_TO_PHARMACY = "returned_to_pharmacy", "已退回药店"
    RE_OFFERED = "re_offered", "已转给需要的住户"
    SETTLED = "settled", "已结清"
    CANCELLED = "cancelled", "已取消"


class LineStatus(Labelled):
    WANTED = "wanted", "待购买"
    SUBSTITUTE_PENDING = "substitute_pending", "等住户答复"
    BOUGHT = "bought", "已买到"
    UNAVAILABLE = "unavailable", "没有买到"
    DECLINED = "declined", "住户不要了"
    REFUSED = "refused", "住户没有收"


class CustodyStatus(Labelled):
    TAKEN = "taken", "已收下，等住户签字"
    HELD = "held", "保管中"
    GIVEN_BACK = "given_back", "已交还，等住户签字"
    RETURNED = "returned", "已归还"


class Form(Labelled):
    """What the hand feels, not what it is for."""

    TABLET = "tablet", "片剂"
    CAPSULE = "capsule", "胶囊"
    GRANULE = "granule", "颗粒"
    LIQUID = "liquid", "口服液"
    DROPS = "drops", "滴剂"
    EXTERNAL = "external", "外用"
    INHALER = "inhaler", "吸入剂"
    INJECTION = "injection", "注射剂"
    DEVICE = "device", "器械耗材"
    OTHER = "other", "其他"


class QuestionKind(Labelled):
    SUBSTITUTE = "substitute", "换药"
    PRICE = "price", "超出最高价"


class Paper(Labelled):
    INSURANCE_CARD = "insurance_card", "医保卡"
    IDENTITY_CARD = "identity_card", "身份证"
    PRESCRIPTION = "prescription", "处方"


class Named:
    """Mixin. Which medicine: readable with the key alone, matched through the index of its name, maker and
    specification together (see rules.index_of)."""

    name_cipher: Mapped[bytes | None]
    maker_cipher: Mapped[bytes | None]
    specification_cipher: Mapped[bytes | None]
    name_index: Mapped[bytes | None] = mapped_column(LargeBinary(32))

    name = Encrypted()
    maker = Encrypted()
    specification = Encrypted()


class Asked(Named):
    """Mixin. How much of it, and how it may be bought. `ceiling_fen`: the most all of it may cost without asking.
    `sealed_otc`: sealed and over the counter, so that another household could take it."""

    form: Mapped[str] = mapped_column(String(10))
    quantity: Mapped[int] = mapped_column(SmallInteger)
    ceiling_fen: Mapped[int] = mapped_column(BigInteger)
    substitution: Mapped[bool]
    cold: Mapped[bool]
    prescription: Mapped[bool]
    sealed_otc: Mapped[bool]


class MedicineRequest(Row, Model):
    """What one household needs, for one of its members. `needed_on` says how urgent it is. `question` is what the
    checker wants to know; it stands here and not as a reason in the audit trail, because it must be erasable.
    `cards_out`: papers that are not back and signed for; nothing is settled before. `erase_on`: the last day of the
    health text, which its end brings nearer."""

    __tablename__ = "medicine_request"
    __table_args__ = (
        CheckConstraint(f"status IN ({sql_list(RequestStatus)})", name="status"),
        CheckConstraint("purpose = 'medicine_supply'", name="purpose"),
        CheckConstraint(CONSENT, name="consent_kind"),
        CheckConstraint("checked_by <> made_by", name="second_person"),
        CheckConstraint(
            "status IN ('submitted', 'needs_info', 'cancelled') OR checked_by IS NOT NULL", name="checked_by_someone"
        ),
        CheckConstraint(
            "status IN ('submitted', 'needs_info', 'held_for_prescription', 'cancelled')"
            " OR ((prescription_in OR NOT prescription) AND (card_in OR NOT insurance_card))",
            name="papers_first",
        ),
        CheckConstraint("cards_out >= 0 AND (status <> 'settled' OR cards_out = 0)", name="settled_holds_no_card"),
        CheckConstraint(
            "erased_on IS NULL OR (status IN ('delivered', 'refused', 'returned_to_pharmacy', 're_offered', 'settled',"
            " 'cancelled') AND num_nonnulls(member_id, disease_cipher, note_cipher, question_cipher) = 0)",
            name="erased",
        ),
        Index("ix_medicine_request_household_id", "household_id", "id"),
        Index("ix_medicine_request_place_code", "place_code", "id"),
        Index("ix_medicine_request_made_by", "made_by"),
        Index("ix_medicine_request_erase_on", "erase_on", postgresql_where=text("erased_on IS NULL")),
    )
    household_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("household.id"))
    place_code: Mapped[str] = mapped_column(Code)
    member_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("household_member.id"))
    status: Mapped[str] = mapped_column(String(24), default=RequestStatus.SUBMITTED.value)
    revision: Mapped[int] = mapped_column(Integer, default=1, server_default="1")
    made_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("app_user.id"))
    consent_kind: Mapped[str | None] = mapped_column(String(10))
    checked_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("app_user.id"))
    needed_on: Mapped[date] = mapped_column(Date)
    prescription: Mapped[bool]
    insurance_card: Mapped[bool]
    prescription_in: Mapped[bool] = mapped_column(default=False, server_default="false")
    card_in: Mapped[bool] = mapped_column(default=False, server_default="false")
    cards_out: Mapped[int] = mapped_column(SmallInteger, default=0, server_default="0")
    disease_cipher: Mapped[bytes | None]
    note_cipher: Mapped[bytes | None]
    question_cipher: Mapped[bytes | None]
    purpose: Mapped[str] = mapped_column(String(20), default="medicine_supply", server_default="medicine_supply")
    erase_on: Mapped[date] = mapped_column(Date)
    erased_on: Mapped[date | None] = mapped_column(Date)

    disease = Encrypted()
    note = Encrypted()
    question = Encrypted()
    household: Mapped[Household] = relationship()
    lines: Mapped[list["MedicineLine"]] = relationship(order_by="MedicineLine.position", back_populates="request")


class MedicineLine(Asked, Row, Model):
    """One medicine. An answer may raise its ceiling. `days_left`: of what the patient still has on the day of asking;
    `days_each`: how long one of the quantity lasts, for what is taken for long."""

    __tablename__ = "medicine_line"
    __table_args__ = (
        CheckConstraint(f"status IN ({sql_list(LineStatus)})", name="status"),
        CheckConstraint("quantity > 0 AND ceiling_fen > 0", name="amounts"),
        CheckConstraint("days_left >= 0 AND days_each > 0", name="days"),
        CheckConstraint("NOT (cold AND substitution)", name="cold_is_not_substituted"),
        CheckConstraint("NOT (sealed_otc AND (cold OR prescription))", name="sealed_over_the_counter"),
        CheckConstraint(
            "(erased_on IS NULL AND num_nonnulls(name_cipher, name_index) = 2) OR (erased_on IS NOT NULL"
            " AND num_nonnulls(name_cipher, maker_cipher, specification_cipher, name_index) = 0)",
            name="erased",
        ),
        Index("uq_medicine_line_position", "request_id", "position", unique=True),
        Index("ix_medicine_line_name_index", "name_index", postgresql_where=text("name_index IS NOT NULL")),
    )
    request_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("medicine_request.id"))
    place_code: Mapped[str] = mapped_column(Code)
    position: Mapped[int] = mapped_column(SmallInteger)
    status: Mapped[str] = mapped_column(String(24), default=LineStatus.WANTED.value)
    revision: Mapped[int] = mapped_column(Integer, default=1, server_default="1")
    days_left: Mapped[int | None] = mapped_column(SmallInteger)
    days_each: Mapped[int | None] = mapped_column(SmallInteger)
    erased_on: Mapped[date | None] = mapped_column(Date)

    request: Mapped[MedicineRequest] = relationship(back_populates="lines")


class MedicineQuestion(Named, Row, Model):
    """What a household is asked before money is spent: another medicine in place of a line's, or a price above its
    ceiling. `fen`: what the whole line would cost. One open question a line."""

    __tablename__ = "medicine_question"
    __table_args__ = (
        CheckConstraint(f"kind IN ({sql_list(QuestionKind)})", name="kind"),
        CheckConstraint("fen > 0", name="fen"),
        CheckConstraint(CONSENT, name="consent_kind"),
        CheckConstraint("num_nulls(accepted, answered_at) IN (0, 2)", name="answered"),
        CheckConstraint(
            "CASE WHEN kind = 'substitute' AND erased_on IS NULL THEN num_nonnulls(name_cipher, name_index) = 2"
            " ELSE num_nonnulls(name_cipher, maker_cipher, specification_cipher, name_index) = 0 END",
            name="erased",
        ),
        Index("uq_medicine_question_open", "line_id", unique=True, postgresql_where=text("accepted IS NULL")),
        Index("ix_medicine_question_line_id", "line_id"),
    )
    line_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("medicine_line.id"))
    kind: Mapped[str] = mapped_column(String(10))
    fen: Mapped[int] = mapped_column(BigInteger)
    asked_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("app_user.id"))
    accepted: Mapped[bool | None]
    answered_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("app_user.id"))
    answered_at: Mapped[datetime | None] = mapped_column(Timestamp)
    consent_kind: Mapped[str | None] = mapped_column(String(10))
    erased_on: Mapped[date | None] = mapped_column(Date)

    line: Mapped[MedicineLine] = relationship()


class CustodyReceipt(Row, Model):
    """A card or a prescription that somebody carries for a household: the fact alone, nothing of what is written on it.
    Both sides sign, and never one person for both."""

    __tablename__ = "custody_receipt"
    __table_args__ = (
        CheckConstraint(f"status IN ({sql_list(CustodyStatus)})", name="status"),
        CheckConstraint(f"what IN ({sql_list(Paper)})", name="what"),
        CheckConstraint("handed_by <> handed_to AND returned_to <> handed_to", name="two_people_sign"),
        CheckConstraint("status <> 'held' OR handed_by IS NOT NULL", name="handed_over_signed"),
        CheckConstraint("(status = 'returned') = (num_nonnulls(returned_to, returned_at) = 2)", name="return_signed"),
        Index("ix_custody_receipt_request_id", "request_id"),
        Index("ix_custody_receipt_handed_to", "handed_to", postgresql_where=text("status <> 'returned'")),
        Index(
            "uq_custody_receipt_out", "request_id", "what", unique=True, postgresql_where=text("status <> 'returned'")
        ),
    )
    request_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("medicine_request.id"))
    place_code: Mapped[str] = mapped_column(Code)
    what: Mapped[str] = mapped_column(String(16))
    status: Mapped[str] = mapped_column(String(10), default=CustodyStatus.TAKEN.value)
    revision: Mapped[int] = mapped_column(Integer, default=1, server_default="1")
    handed_to: Mapped[uuid.UUID] = mapped_column(ForeignKey("app_user.id"))
    handed_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("app_user.id"))
    handed_consent: Mapped[str | None] = mapped_column(String(10))
    returned_to: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("app_user.id"))
    returned_consent: Mapped[str | None] = mapped_column(String(10))
    returned_at: Mapped[datetime | None] = mapped_column(Timestamp)

    request: Mapped[MedicineRequest] = relationship()


class MedicineCourse(Asked, Row, Model):
    """A medicine that somebody takes for long, from its last delivery: what is asked for again, and when it runs out.
    Deleted when the household ends it, or some time after it ran out."""

    __tablename__ = "medicine_course"
    __table_args__ = (
        CheckConstraint("purpose = 'continuity'", name="purpose"),
        CheckConstraint("quantity > 0 AND ceiling_fen > 0 AND days_each > 0", name="amounts"),
        CheckConstraint("num_nonnulls(name_cipher, name_index) = 2", name="named"),
        Index("uq_medicine_course_name", "household_id", "name_index", unique=True),
        Index("ix_medicine_course_place_code", "place_code", "runs_out_on"),
        Index("ix_medicine_course_erase_on", "erase_on"),
    )
    household_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("household.id"))
    place_code: Mapped[str] = mapped_column(Code)
    member_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("household_member.id"))
    days_each: Mapped[int] = mapped_column(SmallInteger)
    runs_out_on: Mapped[date] = mapped_column(Date)
    purpose: Mapped[str] = mapped_column(String(20), default="continuity", server_default="continuity")
    erase_on: Mapped[date] = mapped_column(Date)

    household: Mapped[Household] = relationship()
