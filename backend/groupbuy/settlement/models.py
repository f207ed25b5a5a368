"""What was paid out for a campaign, and how it came out in the end."""

import uuid
from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, func
from sqlalchemy.orm import Mapped, mapped_column

from backend.core.models import Timestamp
from backend.extensions import Model


class Payout(Model):
    """What a transaction of the ledger paid: the supplier or the freight. For the price sheet."""

    __tablename__ = "payout"
    __table_args__ = (
        CheckConstraint("what IN ('supplier', 'freight', 'share')", name="what"),
        Index("ix_payout_campaign_id", "campaign_id"),
    )
    transaction_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("ledger_transaction.id"), primary_key=True)
    campaign_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("campaign.id"))
    what: Mapped[str] = mapped_column(String(8))
    account: Mapped[str] = mapped_column(String(20))
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    receipt: Mapped[str] = mapped_column(String(40))
    at: Mapped[datetime] = mapped_column(Timestamp, server_default=func.now())


class Settlement(Model):
    """How a campaign came out: what the organiser earned, and what was over for the community's fund."""

    __tablename__ = "settlement"
    campaign_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("campaign.id"), primary_key=True)
    share_fen: Mapped[int] = mapped_column(BigInteger)
    surplus_fen: Mapped[int] = mapped_column(BigInteger)
    settled_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("app_user.id"))
