"""Campaigns with what they offer, the households' orders, the cap's counters."""

import uuid
from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Integer, SmallInteger, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from backend.core.models import Code, Labelled, Row, Timestamp, sql_list
from backend.extensions import Model
from backend.groupbuy.arrivals.allocation import Policy


class CampaignStatus(Labelled):
    DRAFT = "draft", "草稿"
    PUBLISHED = "published", "已公布，尚未开始"
    OPEN = "open", "接受下单"
    CUT_OFF = "cut_off", "已截单"
    ORDERED = "ordered", "已向供货商下单"
    IN_TRANSIT = "in_transit", "运送途中"
    ARRIVED = "arrived", "已到货"
    HANDING_OUT = "handing_out", "发放中"
    SETTLED = "settled", "已结算"
    CLOSED = "closed", "已结束"
    FAILED = "failed", "未成团，已退款"
    CANCELLED = "cancelled", "已取消"
    RECALLED = "recalled", "已召回"


class OrderStatus(Labelled):
    AWAITING_PAYMENT = "awaiting_payment", "等待付款"
    PAID = "paid", "已付款"
    ON_DELIVERY = "on_delivery", "货到付款"
    SPONSORED = "sponsored", "由社区资助"
    LOCKED = "locked", "已截单，等待到货"
    ALLOCATED = "allocated", "已分配"
    READY = "ready", "可以领取"
    COLLECTED = "collected", "已领取"
    DELIVERED = "delivered", "已送到"
    COMPLETED = "completed", "已完成"
    CANCELLED = "cancelled", "已取消"
    EXPIRED = "expired", "逾期未付款，已取消"
    NOT_COLLECTED = "not_collected", "未领取"
    DISPUTED = "disputed", "有异议，处理中"
    REFUNDED = "refunded", "已全部退款"


class Terms(Labelled):
    PREPAID = "prepaid", "先付款"
    ON_DELIVERY = "on_delivery", "货到付款"
    SPONSORED = "sponsored", "由社区资助"


class Campaign(Row, Model):
    """One group buy. What is shown at publication is fixed: the cut-off may only move later, a price only down."""

    __tablename__ = "campaign"
    __table_args__ = (
        CheckConstraint(f"status IN ({sql_list(CampaignStatus)})", name="status"),
        CheckConstraint(f"policy IN ({sql_list(Policy)})", name="policy"),
        CheckConstraint("cut_off_at > opens_at", name="cut_off_after_opening"),
        CheckConstraint("deputy_id <> organiser_id", name="deputy_is_another"),
        CheckConstraint("approved_by IS NULL OR approved_by NOT IN (organiser_id, deputy_id)", name="second_person"),
        CheckConstraint("minimum_shares >= 0 AND waive_fen >= 0 AND pay_minutes BETWEEN 1 AND 1440", name="bounds"),
        CheckConstraint("batch_size > 0 AND at_once >= batch_size AND batch_minutes > 0", name="pace"),
        Index("ix_campaign_place_code", "place_code"),
        Index("ix_campaign_organiser_id", "organiser_id"),
        Index("ix_campaign_status_cut_off_at", "status", "cut_off_at"),
    )
    place_code: Mapped[str] = mapped_column(Code, ForeignKey("place.code"))
    title: Mapped[str] = mapped_column(String(60))
    supplier: Mapped[str] = mapped_column(String(60))
    organiser_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("app_user.id"))
    deputy_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("app_user.id"))
    status: Mapped[str] = mapped_column(String(20), default=CampaignStatus.DRAFT.value)
    revision: Mapped[int] = mapped_column(Integer, default=1)
    policy: Mapped[str] = mapped_column(String(20))
    policy_sentence: Mapped[str] = mapped_column(String(200))  # as it was promised, whatever the wording later
    minimum_shares: Mapped[int] = mapped_column(Integer, default=0)
    opens_at: Mapped[datetime] = mapped_column(Timestamp)
    cut_off_at: Mapped[datetime] = mapped_column(Timestamp)
    pay_minutes: Mapped[int] = mapped_column(SmallInteger, default=30)
    pickup_place: Mapped[str] = mapped_column(String(60))
    allows_door: Mapped[bool] = mapped_column(default=True)
    allows_on_delivery: Mapped[bool] = mapped_column(default=False)
    waive_fen: Mapped[int] = mapped_column(Integer, default=0)
    batch_size: Mapped[int] = mapped_column(SmallInteger, default=10)
    at_once: Mapped[int] = mapped_column(SmallInteger, default=20)
    batch_minutes: Mapped[int] = mapped_column(SmallInteger, default=10)
    approved_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("app_user.id"))
    locked_at: Mapped[datetime | None] = mapped_column(Timestamp)
    arrived_at: Mapped[datetime | None] = mapped_column(Timestamp)
    all_arrived_at: Mapped[datetime | None] = mapped_column(Timestamp)  # nothing more will come
    hand_out_from: Mapped[datetime | None] = mapped_column(Timestamp)  # nobody is called before: quiet hours
    quiet_consent_until: Mapped[datetime | None] = mapped_column(Timestamp)
    shortfall_fen: Mapped[int | None] = mapped_column(BigInteger)  # the supplier's credit, where one was agreed
    settled_at: Mapped[datetime | None] = mapped_column(Timestamp)

    items: Mapped[list["CampaignItem"]] = relationship(order_by="CampaignItem.position", lazy="select")
    places: Mapped[list["CampaignPlace"]] = relationship(order_by="CampaignPlace.place_code", lazy="select")


class CampaignPlace(Model):
    """A place whose households may order: the host's own, and neighbouring compounds that have joined (pooling)."""

    __tablename__ = "campaign_place"
    __table_args__ = (Index("ix_campaign_place_place_code", "place_code"),)
    campaign_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("campaign.id"), primary_key=True)
    place_code: Mapped[str] = mapped_column(Code, ForeignKey("place.code"), primary_key=True)
    joined_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("app_user.id"))


class CampaignItem(Row, Model):
    """Something on offer, with its price in parts, and how many shares there are, are reserved and are sold."""

    __tablename__ = "campaign_item"
    __table_args__ = (
        UniqueConstraint("campaign_id", "position"),
        # Few, because every CHECK is read anew by each statement that touches the row, and this one is hot.
        CheckConstraint(
            "price_fen = cost_fen + freight_fen + organiser_fen"
            " AND least(cost_fen, freight_fen, organiser_fen, subsidy_fen, price_fen - 1, price_fen - subsidy_fen) >= 0"
            " AND least(total, cap, case_size, total - cap + 1) > 0"
            " AND (NOT weighed OR coalesce(grams_per_share, 0) > 0)",
            name="offer",
        ),
        CheckConstraint("total = available + reserved + sold AND least(available, reserved, sold) >= 0", name="shares"),
        CheckConstraint("kept BETWEEN 0 AND least(queued, reserved)", name="kept_for_the_line"),
    )
    campaign_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("campaign.id"))
    position: Mapped[int] = mapped_column(SmallInteger)
    name: Mapped[str] = mapped_column(String(40))
    share_label: Mapped[str] = mapped_column(String(6))
    price_fen: Mapped[int] = mapped_column(Integer)
    cost_fen: Mapped[int] = mapped_column(Integer)
    freight_fen: Mapped[int] = mapped_column(Integer, default=0)
    organiser_fen: Mapped[int] = mapped_column(Integer, default=0)
    subsidy_fen: Mapped[int] = mapped_column(Integer, default=0)
    total: Mapped[int] = mapped_column(Integer)
    available: Mapped[int] = mapped_column(Integer)
    reserved: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    sold: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    # For how many the waiting list waits, and how many of the reserved are kept for it: see changes/waiting.py.
    queued: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    kept: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    cap: Mapped[int] = mapped_column(Integer)
    case_size: Mapped[int] = mapped_column(Integer, default=1)
    weighed: Mapped[bool] = mapped_column(default=False)
    grams_per_share: Mapped[int | None] = mapped_column(Integer)
    perishable: Mapped[bool] = mapped_column(default=False)
    arrived: Mapped[int] = mapped_column(Integer, default=0, server_default="0")


class HouseholdShare(Model):
    """How many shares of an item a household has in its orders: what the cap is held against."""

    __tablename__ = "household_share"
    __table_args__ = (CheckConstraint("quantity >= 0", name="quantity"),)
    household_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("household.id"), primary_key=True)
    item_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    quantity: Mapped[int] = mapped_column(Integer)


class Order(Row, Model):
    """A household's order. Its amounts are the server's: the sum of its lines at the prices they were placed at, less
    what was taken off since. `due_fen` is the household's own part; a subsidy or the community's fund pays the rest."""

    __tablename__ = "group_order"
    __table_args__ = (
        CheckConstraint(
            "least(due_fen, subsidy_fen, sponsored_fen) >= 0 AND total_fen = due_fen + subsidy_fen + sponsored_fen",
            name="amounts",
        ),
        CheckConstraint("(status = 'awaiting_payment') <= (pay_by IS NOT NULL)", name="awaits_until"),
        CheckConstraint(
            "consent_kind IN ('voice', 'paper', 'in_person', 'standing') AND allocation IN ('full', 'part', 'none')",
            name="words",
        ),
        CheckConstraint(
            "status NOT IN ('collected', 'delivered', 'disputed') OR handed_out_at IS NOT NULL", name="handed_out_dated"
        ),
        Index("ix_group_order_campaign_id_status", "campaign_id", "status"),
        Index("ix_group_order_household_id", "household_id"),
        Index("ix_group_order_takes_over", "takes_over", postgresql_where="takes_over IS NOT NULL"),
        Index("ix_group_order_pay_by", "pay_by", postgresql_where="status = 'awaiting_payment'"),
        Index("ix_group_order_handed_out_at", "handed_out_at", postgresql_where="status IN ('collected', 'delivered')"),
    )
    campaign_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("campaign.id"))
    household_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("household.id"))
    place_code: Mapped[str] = mapped_column(Code)
    status: Mapped[str] = mapped_column(String(20))
    revision: Mapped[int] = mapped_column(Integer, default=1, server_default="1")
    terms: Mapped[str] = mapped_column(String(12))
    delivery: Mapped[str] = mapped_column(String(8))
    placed_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("app_user.id"))
    consent_kind: Mapped[str | None] = mapped_column(String(10))
    total_fen: Mapped[int] = mapped_column(BigInteger)
    subsidy_fen: Mapped[int] = mapped_column(BigInteger)
    sponsored_fen: Mapped[int] = mapped_column(BigInteger)
    due_fen: Mapped[int] = mapped_column(BigInteger)
    pay_by: Mapped[datetime | None] = mapped_column(Timestamp)
    allocation: Mapped[str | None] = mapped_column(String(4))
    # The order of a neighbour who leaves: its shares become this order's when it is paid. See changes/passing_on.py.
    takes_over: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("group_order.id"))
    handed_out_at: Mapped[datetime | None] = mapped_column(Timestamp)

    campaign: Mapped[Campaign] = relationship()
    lines: Mapped[list["OrderLine"]] = relationship(order_by="OrderLine.item_id", lazy="select")


class OrderLine(Model):
    """Shares of one item. `quantity` was asked, `allocated` is what it got, `grams` what was weighed. The price is the
    one it was placed at; `fen` is what the line costs now, `subsidised_fen` of which is the subsidy."""

    __tablename__ = "order_line"
    __table_args__ = (
        CheckConstraint("quantity > 0", name="quantity"),
        CheckConstraint("subsidised_fen >= 0 AND fen >= subsidised_fen", name="amounts"),
        CheckConstraint("allocated BETWEEN 0 AND quantity", name="allocated"),
        CheckConstraint("substitution IN ('refuse', 'accept', 'ask')", name="substitution"),
        Index("ix_order_line_item_id", "item_id"),
    )
    order_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("group_order.id"), primary_key=True)
    item_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("campaign_item.id"), primary_key=True)
    quantity: Mapped[int] = mapped_column(Integer)
    price_fen: Mapped[int] = mapped_column(Integer)
    subsidy_fen: Mapped[int] = mapped_column(Integer)
    fen: Mapped[int] = mapped_column(BigInteger)
    subsidised_fen: Mapped[int] = mapped_column(BigInteger)
    substitution: Mapped[str] = mapped_column(String(6))
    allocated: Mapped[int | None] = mapped_column(Integer)
    grams: Mapped[int | None] = mapped_column(Integer)

    item: Mapped[CampaignItem] = relationship()
