"""Shapes of campaigns and orders. Amounts are fen, weights are grams."""

from typing import Any

from marshmallow import fields, validate

from backend.core.masking import MaskedField
from backend.core.pagination import PageQuery, page_schema
from backend.core.schemas import RevisionSchema as RevisionSchema
from backend.core.schemas import Schema, place_code, written
from backend.groupbuy.arrivals.allocation import Policy
from backend.groupbuy.models import Terms

FEN = validate.Range(0, 10_000_00)  # nothing here costs more than 10,000 yuan a share
SHARES = validate.Range(1, 100_000)
CONSENT = ["voice", "paper", "in_person"]


def fen(**options: Any) -> fields.Integer:
    return fields.Integer(strict=True, validate=FEN, **options)


# --- Campaigns --------------------------------------------------------------------------------------------------


class PriceSchema(Schema):
    """Who earns what: the price is the sum."""

    cost_fen = fen(required=True, metadata={"description": "进货价 what the supplier gets"})
    freight_fen = fen(load_default=0, metadata={"description": "运费 freight"})
    organiser_fen = fen(load_default=0, metadata={"description": "团长所得 the organiser's share"})


class NewItemSchema(PriceSchema):
    name = written(40, required=True)
    share_label = written(6, load_default="份", metadata={"description": "份、斤、箱"})
    subsidy_fen = fen(load_default=0, metadata={"description": "每份补贴 subsidy a share; needs approval"})
    total = fields.Integer(required=True, strict=True, validate=SHARES)
    cap = fields.Integer(required=True, strict=True, validate=SHARES, metadata={"description": "每户上限"})
    case_size = fields.Integer(load_default=1, strict=True, validate=validate.Range(1, 1000))
    weighed = fields.Boolean(load_default=False)
    grams_per_share = fields.Integer(load_default=None, allow_none=True, strict=True, validate=SHARES)
    perishable = fields.Boolean(load_default=False)


class DraftSchema(Schema):
    title = written(60, required=True)
    supplier = written(60, required=True)
    deputy_id = fields.UUID(load_default=None, allow_none=True)
    policy = fields.Enum(Policy, by_value=True, required=True)
    minimum_shares = fields.Integer(load_default=0, strict=True, validate=validate.Range(0, 100_000))
    opens_at = fields.AwareDateTime(required=True)
    cut_off_at = fields.AwareDateTime(required=True)
    pay_minutes = fields.Integer(load_default=30, strict=True, validate=validate.Range(1, 1440))
    pickup_place = written(60, required=True)
    allows_door = fields.Boolean(load_default=True)
    allows_on_delivery = fields.Boolean(load_default=False)
    waive_fen = fields.Integer(load_default=0, strict=True, validate=validate.Range(0, 1000))
    batch_size = fields.Integer(load_default=10, strict=True, validate=validate.Range(1, 200))
    at_once = fields.Integer(load_default=20, strict=True, validate=validate.Range(1, 400))
    batch_minutes = fields.Integer(load_default=10, strict=True, validate=validate.Range(1, 120))
    items = fields.List(fields.Nested(NewItemSchema), required=True, validate=validate.Length(1, 30))


class NewCampaignSchema(DraftSchema):
    place_code = place_code(required=True)


class RedraftSchema(DraftSchema):
    revision = fields.Integer(required=True, strict=True)


class ExtendSchema(Schema):
    revision = fields.Integer(required=True, strict=True)
    cut_off_at = fields.AwareDateTime(required=True)


class LowerPriceSchema(PriceSchema):
    revision = fields.Integer(required=True, strict=True)
    item_id = fields.UUID(required=True)


class ItemSchema(PriceSchema):
    id = fields.UUID(required=True)
    name = fields.String(required=True)
    share_label = fields.String(required=True)
    price_fen = fields.Integer(required=True)
    subsidy_fen = fields.Integer(required=True)
    total = fields.Integer(required=True)
    left = fields.Integer(required=True, attribute="available")
    cap = fields.Integer(required=True)
    case_size = fields.Integer(required=True)
    weighed = fields.Boolean(required=True)
    grams_per_share = fields.Integer(allow_none=True)
    perishable = fields.Boolean(required=True)
    arrived = fields.Integer(required=True)


class CampaignSchema(Schema):
    id = fields.UUID(required=True)
    place_code = fields.String(required=True)
    title = fields.String(required=True)
    supplier = fields.String(required=True)
    organiser = MaskedField(required=True)
    status = fields.String(required=True)
    status_label = fields.String(required=True)
    revision = fields.Integer(required=True)
    policy = fields.String(required=True)
    policy_label = fields.String(required=True)
    policy_sentence = fields.String(
        required=True, metadata={"description": "货不够时怎样分 said before the first order"}
    )
    minimum_shares = fields.Integer(required=True)
    opens_at = fields.AwareDateTime(required=True)
    cut_off_at = fields.AwareDateTime(required=True)
    pay_minutes = fields.Integer(required=True)
    pickup_place = fields.String(required=True)
    allows_door = fields.Boolean(required=True)
    allows_on_delivery = fields.Boolean(required=True)
    waive_fen = fields.Integer(required=True)
    batch_size = fields.Integer(required=True, metadata={"description": "每批叫几个号 numbers called at once"})
    at_once = fields.Integer(required=True, metadata={"description": "最多几个号在场 called and not yet gone, at most"})
    batch_minutes = fields.Integer(required=True, metadata={"description": "有人在场时两批隔几分钟 between batches"})
    keeping_sentence = fields.String(
        required=True, metadata={"description": "没人领的怎样办 what becomes of what nobody fetches"}
    )
    items = fields.List(fields.Nested(ItemSchema), required=True)
    places = fields.List(fields.String(), required=True, metadata={"description": "可下单的地点 places served"})


class OwnCampaignSchema(CampaignSchema):
    organiser_id = fields.UUID(required=True)
    deputy_id = fields.UUID(allow_none=True)
    approved = fields.Boolean(required=True)
    locked_at = fields.AwareDateTime(allow_none=True)
    allowed_actions = fields.List(fields.String(), required=True)


class CampaignQuery(PageQuery):
    place = place_code(load_default=None)


CampaignPageSchema = page_schema(CampaignSchema)
OwnCampaignPageSchema = page_schema(OwnCampaignSchema)


# --- Orders -----------------------------------------------------------------------------------------------------


class NewLineSchema(Schema):
    item_id = fields.UUID(required=True)
    quantity = fields.Integer(required=True, strict=True, validate=SHARES)
    substitution = fields.String(
        load_default="refuse",
        validate=validate.OneOf(["refuse", "accept", "ask"]),
        metadata={"description": "缺货时：不换、可换、先问我 when it runs short: refuse, accept, ask me first"},
    )


class NewOrderSchema(Schema):
    campaign_id = fields.UUID(required=True)
    lines = fields.List(fields.Nested(NewLineSchema), required=True, validate=validate.Length(1, 30))
    terms = fields.String(load_default=Terms.PREPAID, validate=validate.OneOf([t.value for t in Terms]))
    delivery = fields.String(load_default="pickup", validate=validate.OneOf(["pickup", "door"]))
    household_id = fields.UUID(
        load_default=None,
        allow_none=True,
        metadata={"description": "不填就是自己家 without it, one's own"},
    )
    consent = fields.String(
        load_default=None,
        allow_none=True,
        validate=validate.OneOf(CONSENT),
        metadata={"description": "代下单时对方怎样同意的 how the household agreed, for those who order on its behalf"},
    )


class PlacedLineSchema(Schema):
    item_id = fields.UUID(required=True)
    name = fields.String(required=True)
    share_label = fields.String(required=True)
    quantity = fields.Integer(required=True)
    price_fen = fields.Integer(required=True)
    subsidy_fen = fields.Integer(required=True)
    substitution = fields.String(required=True)


class OrderLineSchema(PlacedLineSchema):
    allocated = fields.Integer(allow_none=True)
    grams = fields.Integer(allow_none=True)
    fen = fields.Integer(required=True, metadata={"description": "现在的金额 what the line costs now"})


class _OrderBase(Schema):
    id = fields.UUID(required=True)
    campaign_id = fields.UUID(required=True)
    household_id = fields.UUID(required=True)
    place_code = fields.String(required=True)
    status = fields.String(required=True)
    revision = fields.Integer(required=True)
    terms = fields.String(required=True)
    delivery = fields.String(required=True)
    total_fen = fields.Integer(required=True)
    subsidy_fen = fields.Integer(required=True)
    sponsored_fen = fields.Integer(required=True)
    due_fen = fields.Integer(required=True, metadata={"description": "本户应付 the household's own part"})


class PlacedOrderSchema(_OrderBase):
    """What was reserved, the price, until when to pay, and what happens when there is not enough."""

    pay_by = fields.Raw(required=True, metadata={"type": "string", "format": "date-time"}, allow_none=True)
    cut_off_at = fields.Raw(required=True, metadata={"type": "string", "format": "date-time"})
    lines = fields.List(fields.Nested(PlacedLineSchema), required=True)
    policy = fields.String(required=True)
    policy_sentence = fields.String(required=True)


class OrderSchema(_OrderBase):
    title = fields.String(required=True)
    room = fields.String(required=True)
    status_label = fields.String(required=True)
    paid_fen = fields.Integer(required=True)
    pay_by = fields.AwareDateTime(allow_none=True)
    consent_kind = fields.String(allow_none=True)
    allocation = fields.String(allow_none=True)
    created_at = fields.AwareDateTime(required=True)
    lines = fields.List(fields.Nested(OrderLineSchema), required=True)
    allowed_actions = fields.List(
        fields.String(),
        required=True,
        metadata={"description": "现在能做什么；pay 在线付款，change 申请退出或转让 what the actor may do now"},
    )


OrderPageSchema = page_schema(OrderSchema)


class OrderQuery(PageQuery):
    campaign = fields.UUID(load_default=None, metadata={"description": "只看这个团购 of this campaign only"})


class HouseholdOrderQuery(OrderQuery):
    household = fields.UUID(
        load_default=None,
        metadata={"description": "这一户的订单（代办时） of this household, for those who order on its behalf"},
    )
