"""Paying the supplier, handing in cash, settling, and the price sheet over HTTP."""

from typing import Any
from uuid import UUID

from backend.core.contract import Blueprint
from backend.core.operation import current_actor, operation, public
from backend.core.permissions import Permission as P
from backend.groupbuy import views
from backend.groupbuy.schemas import OwnCampaignSchema, RevisionSchema
from backend.groupbuy.settlement import schemas as s
from backend.groupbuy.settlement import service as settlement

blp = Blueprint("settlement", __name__, url_prefix="/api/v1", description="结算 settlement")
MONEY = (P.CAMPAIGN_ORGANISE, P.PAYMENT_READ)


@blp.route("/campaigns/<uuid:campaign_id>/payouts", methods=["POST"])
@operation("payOut", "付货款或运费", "Pay the supplier or the freight", needs=MONEY, errors=(404,))
@blp.arguments(s.NewPayoutSchema)
@blp.response(201, s.PayoutSchema)
def pay_out(body: dict, campaign_id: UUID) -> Any:
    return settlement.shown(settlement.pay_out(current_actor(), campaign_id, **body))


@blp.route("/campaigns/<uuid:campaign_id>/remittances", methods=["POST"])
@operation("remitCash", "上交现金", "Take down cash handed in", needs=P.PAYMENT_READ, errors=(404,))
@blp.arguments(s.RemittanceSchema)
@blp.response(204)
def remit(body: dict, campaign_id: UUID) -> Any:
    settlement.remit(current_actor(), campaign_id, **body)


@blp.route("/campaigns/<uuid:campaign_id>/reimbursements", methods=["POST"])
@operation("reimburse", "归还垫付", "Give back own money advanced", needs=P.PAYMENT_READ, errors=(404,))
@blp.arguments(s.ReimbursementSchema)
@blp.response(204)
def reimburse(body: dict, campaign_id: UUID) -> Any:
    settlement.reimburse(current_actor(), campaign_id, **body)


@blp.route("/campaigns/<uuid:campaign_id>/grants", methods=["POST"])
@operation("receiveGrant", "补贴或捐款到账", "Take down a subsidy or a donation", needs=P.PAYMENT_READ, errors=(404,))
@blp.arguments(s.GrantSchema)
@blp.response(204)
def receive(body: dict, campaign_id: UUID) -> Any:
    settlement.receive(current_actor(), campaign_id, **body)


@blp.route("/campaigns/<uuid:campaign_id>/losses", methods=["POST"])
@operation("bearLoss", "互助金承担亏空", "The community's fund bears a loss", needs=P.CAMPAIGN_APPROVE, errors=(404,))
@blp.arguments(s.BearLossSchema)
@blp.response(204)
def bear_loss(body: dict, campaign_id: UUID) -> Any:
    settlement.bear_loss(current_actor(), campaign_id, **body)


@blp.route("/campaigns/<uuid:campaign_id>/settle", methods=["POST"])
@operation("settleCampaign", "结算", "Settle: every account to zero", needs=P.CAMPAIGN_ORGANISE, errors=(404,))
@blp.arguments(RevisionSchema)
@blp.response(200, OwnCampaignSchema)
def settle(body: dict, campaign_id: UUID) -> Any:
    return views.own_campaigns([settlement.settle(current_actor(), campaign_id, **body)], current_actor())[0]


@blp.route("/public/campaigns/<uuid:campaign_id>/price-sheet")
@operation(
    "getPriceSheet",
    "价格明细和支出",
    "What each share costs, who gets it, what was paid out",
    needs=public("the price sheet is for everyone"),
    errors=(404,),
)
@blp.response(200, s.PriceSheetSchema)
def price_sheet(campaign_id: UUID) -> Any:
    return settlement.price_sheet(campaign_id)
