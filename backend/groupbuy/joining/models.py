"""A neighbouring place asks to order with a campaign of others."""

import uuid

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from backend.core.crypto import Encrypted
from backend.core.models import Code, Labelled, Row
from backend.extensions import Model
from backend.groupbuy.models import Campaign


class JoinStatus(Labelled):
    OPEN = "open", "等待团长答复"
    ACCEPTED = "accepted", "已同意，可以下单"
    REFUSED = "refused", "没有同意"
    WITHDRAWN = "withdrawn", "已撤回"
    LAPSED = "lapsed", "已截单，没有等到答复"


class JoinRequest(Row, Model):
    """Whoever speaks for the place asks, and the campaign's organiser answers. `households`: how many are expected to
    order, so that the host knows whether the goods and the van are enough. What both write may name a person."""

    __tablename__ = "join_request"
    __table_args__ = (
        CheckConstraint("households > 0", name="households"),
        CheckConstraint("(status = 'refused') <= (answer_cipher IS NOT NULL)", name="refused_with_a_reason"),
        Index(
            "uq_join_request_open", "campaign_id", "place_code", unique=True, postgresql_where=text("status = 'open'")
        ),
        Index("ix_join_request_campaign_id", "campaign_id", "id"),
        Index("ix_join_request_place_code", "place_code", "id"),
    )
    campaign_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("campaign.id"))
    place_code: Mapped[str] = mapped_column(Code, ForeignKey("place.code"))
    households: Mapped[int] = mapped_column(Integer)
    asked_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("app_user.id"))
    reason_cipher: Mapped[bytes]
    answer_cipher: Mapped[bytes | None]
    status: Mapped[str] = mapped_column(String(9), default=JoinStatus.OPEN.value)
    revision: Mapped[int] = mapped_column(Integer, default=1, server_default="1")

    reason, answer = Encrypted(), Encrypted()
    campaign: Mapped[Campaign] = relationship()
