"""Handing out over HTTP: begin, call, collect, bring, and the queue as each sees it."""

from typing import Any
from uuid import UUID

from backend.core.contract import Blueprint
from backend.core.errors import DomainError, problem
from backend.core.operation import SIGNED_IN, current_actor, operation
from backend.core.pagination import page
from backend.core.permissions import Permission as P
from backend.core.schemas import ReasonSchema
from backend.groupbuy import views
from backend.groupbuy.handout import schemas as s
from backend.groupbuy.handout import service as handout
from backend.groupbuy.handout import views as handout_views
from backend.groupbuy.models import Order
from backend.groupbuy.schemas import OwnCampaignSchema, RevisionSchema

blp = Blueprint("handout", __name__, url_prefix="/api/v1", description="发放 handing out")


def _handed(order: Order) -> Any:
    return handout_views.handed([order])[0]


@blp.route("/campaigns/<uuid:campaign_id>/hand-out", methods=["POST"])
@operation("handOut", "开始发放", "Begin to hand out: ready orders get their numbers", needs=P.CAMPAIGN_ORGANISE)
@blp.arguments(RevisionSchema)
@blp.response(200, OwnCampaignSchema)
def hand_out(body: dict, campaign_id: UUID) -> Any:
    return views.own_campaigns([handout.hand_out(current_actor(), campaign_id, **body)], current_actor())[0]


@blp.route("/campaigns/<uuid:campaign_id>/call-next", methods=["POST"])
@operation("callNext", "叫下一批号", "Call the next batch", needs=P.HANDOUT)
@blp.response(200, s.CalledSchema)
def call_next(campaign_id: UUID) -> Any:
    return handout_views.called(handout.call_next(current_actor(), campaign_id))


@blp.route("/campaigns/<uuid:campaign_id>/queue")
@operation("getQueue", "叫到几号了", "The queue, and my place in it", needs=SIGNED_IN, errors=(404,))
@blp.response(200, s.QueueSchema)
def queue(campaign_id: UUID) -> Any:
    return handout_views.queue(current_actor(), campaign_id)


@blp.route("/campaigns/<uuid:campaign_id>/handout")
@operation("listHandOut", "发放情况", "The orders to hand out, for helpers", needs=P.HANDOUT, errors=(404,))
@blp.arguments(s.HandOutQuery, location="query")
@blp.response(200, s.HandOutPageSchema)
def list_orders(query: dict, campaign_id: UUID) -> Any:
    chosen = handout_views.at_the_point(current_actor(), campaign_id, query["number"], query["called"])
    found, following = page(chosen, Order.id, query["limit"], query["after"])
    return {"items": handout_views.handed(found), "next": following}


@blp.route("/campaigns/<uuid:campaign_id>/handed", methods=["POST"])
@operation("recordHanded", "补记纸上勾的", "Paper list ticked off without a network", needs=P.HANDOUT)
@blp.arguments(s.HandedSchema)
@blp.response(200, s.HandedReportSchema)
def handed(body: dict, campaign_id: UUID) -> Any:
    return {"results": handout.handed(current_actor(), campaign_id, **body)}


@blp.route("/orders/<uuid:order_id>/pickup")
@operation("getPickup", "我的取货号和取货码", "My number, my code, what to do now", needs=SIGNED_IN, errors=(404,))
@blp.response(200, s.OwnPickupSchema)
def own_pickup(order_id: UUID) -> Any:
    return handout_views.own_pickup(current_actor(), order_id)


@blp.route("/orders/<uuid:order_id>/collect", methods=["POST"])
@operation("collectOrder", "登记领取", "Hand an order over at the point", needs=P.HANDOUT)
@blp.arguments(s.CollectSchema)
@blp.response(200, s.HandOutOrderSchema)
def collect(body: dict, order_id: UUID) -> Any:
    answer = handout.collect(current_actor(), order_id, **body)
    if isinstance(answer, DomainError):  # a refusal that is remembered
        return problem(answer.status, answer.code, answer.detail, **answer.extra)
    return _handed(answer)


@blp.route("/orders/<uuid:order_id>/skip", methods=["POST"])
@operation("skipNumber", "过号", "Nobody answers to a number called", needs=P.HANDOUT)
@blp.arguments(RevisionSchema)
@blp.response(200, s.HandOutOrderSchema)
def skip(body: dict, order_id: UUID) -> Any:
    return _handed(handout.skip(current_actor(), order_id, **body))


@blp.route("/orders/<uuid:order_id>/deliver", methods=["POST"])
@operation("deliverOrder", "登记送到", "Brought to the door", needs=P.HANDOUT)
@blp.arguments(s.DeliverSchema)
@blp.response(200, s.HandOutOrderSchema)
def deliver(body: dict, order_id: UUID) -> Any:
    return _handed(handout.deliver(current_actor(), order_id, **body))


@blp.route("/orders/<uuid:order_id>/miss", methods=["POST"])
@operation("missOrder", "敲门没人", "Nobody opens the door", needs=P.HANDOUT)
@blp.arguments(RevisionSchema)
@blp.response(200, s.HandOutOrderSchema)
def miss(body: dict, order_id: UUID) -> Any:
    return _handed(handout.miss(current_actor(), order_id, **body))


@blp.route("/orders/<uuid:order_id>/give-up", methods=["POST"])
@operation("giveUpOrder", "逾期没人领，按规则处理", "Kept as promised, and nobody came", needs=P.HANDOUT)
@blp.arguments(ReasonSchema)
@blp.response(200, s.HandOutOrderSchema)
def give_up(body: dict, order_id: UUID) -> Any:
    return _handed(handout.give_up(current_actor(), order_id, **body))
