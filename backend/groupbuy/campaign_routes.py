"""Campaigns over HTTP: what everyone may see, and what the organiser and the community do."""

from typing import Any
from uuid import UUID

from backend.core.contract import Blueprint
from backend.core.operation import current_actor, operation, public
from backend.core.pagination import page
from backend.core.permissions import Permission as P
from backend.core.schemas import ReasonSchema
from backend.groupbuy import campaigns, views
from backend.groupbuy import schemas as s
from backend.groupbuy.models import Campaign

blp = Blueprint("campaigns", __name__, url_prefix="/api/v1", description="团购 group buy")
PRICE_SHEET = "the price sheet is for everyone"
IN_CHARGE = (P.CAMPAIGN_ORGANISE, P.CAMPAIGN_APPROVE)


def _own(campaign: Campaign) -> Any:
    return views.own_campaigns([campaign], current_actor())[0]


@blp.route("/public/campaigns")
@operation("listPublicCampaigns", "团购列表", "The campaigns everyone may see", needs=public(PRICE_SHEET))
@blp.arguments(s.CampaignQuery, location="query")
@blp.response(200, s.CampaignPageSchema)
def list_public(query: dict) -> Any:
    chosen = campaigns.at(query["place"]) if query["place"] else campaigns.public()
    found, following = page(chosen.options(*views.WITH_ITEMS), Campaign.id, query["limit"], query["after"])
    return {"items": views.campaigns(found), "next": following}


@blp.route("/public/campaigns/<uuid:campaign_id>")
@operation(
    "getPublicCampaign", "团购和价格明细", "Campaign with its price sheet", needs=public(PRICE_SHEET), errors=(404,)
)
@blp.response(200, s.CampaignSchema)
def get_public(campaign_id: UUID) -> Any:
    return views.campaigns([campaigns.find(campaign_id)])[0]


@blp.route("/campaigns")
@operation("listCampaigns", "我负责的团购", "The campaigns I am in charge of, drafts among them", needs=IN_CHARGE)
@blp.arguments(s.CampaignQuery, location="query")
@blp.response(200, s.OwnCampaignPageSchema)
def list_own(query: dict) -> Any:
    chosen = campaigns.in_charge_of(current_actor()).options(*views.WITH_ITEMS)
    found, following = page(chosen, Campaign.id, query["limit"], query["after"])
    return {"items": views.own_campaigns(found, current_actor()), "next": following}


@blp.route("/campaigns/<uuid:campaign_id>")
@operation("getCampaign", "我负责的一个团购", "Campaign I am in charge of", needs=IN_CHARGE, errors=(404,))
@blp.response(200, s.OwnCampaignSchema)
def get_own(campaign_id: UUID) -> Any:
    return _own(campaigns.organised(current_actor(), campaign_id))


@blp.route("/campaigns", methods=["POST"])
@operation("draftCampaign", "起草团购", "Draft a campaign", needs=P.CAMPAIGN_ORGANISE, errors=(404,))
@blp.arguments(s.NewCampaignSchema)
@blp.response(201, s.OwnCampaignSchema)
def draft(body: dict) -> Any:
    items, place_code = body.pop("items"), body.pop("place_code")
    return _own(campaigns.draft(current_actor(), place_code, body, items))


@blp.route("/campaigns/<uuid:campaign_id>", methods=["PATCH"])
@operation("redraftCampaign", "修改草稿", "Write a draft anew", needs=P.CAMPAIGN_ORGANISE, errors=(404,))
@blp.arguments(s.RedraftSchema)
@blp.response(200, s.OwnCampaignSchema)
def redraft(body: dict, campaign_id: UUID) -> Any:
    items, revision = body.pop("items"), body.pop("revision")
    return _own(campaigns.redraft(current_actor(), campaign_id, revision, body, items))


@blp.route("/campaigns/<uuid:campaign_id>/approve", methods=["POST"])
@operation("approveCampaign", "批准补贴", "Approve a campaign's subsidy", needs=P.CAMPAIGN_APPROVE, errors=(404,))
@blp.arguments(ReasonSchema)
@blp.response(200, s.OwnCampaignSchema)
def approve(body: dict, campaign_id: UUID) -> Any:
    return _own(campaigns.act(current_actor(), campaign_id, "approve", **body))


@blp.route("/campaigns/<uuid:campaign_id>/publish", methods=["POST"])
@operation("publishCampaign", "公布团购", "Publish: from here on the promise stands", needs=P.CAMPAIGN_ORGANISE)
@blp.arguments(s.RevisionSchema)
@blp.response(200, s.OwnCampaignSchema)
def publish(body: dict, campaign_id: UUID) -> Any:
    return _own(campaigns.publish(current_actor(), campaign_id, **body))


@blp.route("/campaigns/<uuid:campaign_id>/extend", methods=["POST"])
@operation("extendCampaign", "延长截单时间", "Move the cut-off later", needs=P.CAMPAIGN_ORGANISE)
@blp.arguments(s.ExtendSchema)
@blp.response(200, s.OwnCampaignSchema)
def extend(body: dict, campaign_id: UUID) -> Any:
    return _own(campaigns.extend(current_actor(), campaign_id, **body))


@blp.route("/campaigns/<uuid:campaign_id>/lower-price", methods=["POST"])
@operation("lowerPrice", "降价", "Lower a price, for earlier orders too", needs=P.CAMPAIGN_ORGANISE)
@blp.arguments(s.LowerPriceSchema)
@blp.response(200, s.OwnCampaignSchema)
def lower_price(body: dict, campaign_id: UUID) -> Any:
    revision, item_id = body.pop("revision"), body.pop("item_id")
    return _own(campaigns.lower_price(current_actor(), campaign_id, revision, item_id, body))


@blp.route("/campaigns/<uuid:campaign_id>/order", methods=["POST"])
@operation("orderFromSupplier", "向供货商下单", "Order from the supplier", needs=P.CAMPAIGN_ORGANISE)
@blp.arguments(s.RevisionSchema)
@blp.response(200, s.OwnCampaignSchema)
def order(body: dict, campaign_id: UUID) -> Any:
    return _own(campaigns.act(current_actor(), campaign_id, "order", **body))


@blp.route("/campaigns/<uuid:campaign_id>/dispatch", methods=["POST"])
@operation("dispatchCampaign", "货已发出", "The goods are on their way", needs=P.CAMPAIGN_ORGANISE)
@blp.arguments(s.RevisionSchema)
@blp.response(200, s.OwnCampaignSchema)
def dispatch(body: dict, campaign_id: UUID) -> Any:
    return _own(campaigns.act(current_actor(), campaign_id, "dispatch", **body))


@blp.route("/campaigns/<uuid:campaign_id>/cancel", methods=["POST"])
@operation("cancelCampaign", "取消团购", "Cancel; everyone is refunded", needs=IN_CHARGE)
@blp.arguments(ReasonSchema)
@blp.response(200, s.OwnCampaignSchema)
def cancel(body: dict, campaign_id: UUID) -> Any:
    return _own(campaigns.cancel(current_actor(), campaign_id, **body))
