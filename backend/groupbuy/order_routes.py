"""Orders over HTTP: place, see, cancel."""

from typing import Any
from uuid import UUID

from flask import Response

from backend.core.contract import Blueprint
from backend.core.operation import SIGNED_IN, current_actor, current_key, current_user_id, operation
from backend.core.pagination import page
from backend.core.permissions import Permission as P
from backend.groupbuy import orders, views
from backend.groupbuy import schemas as s
from backend.groupbuy.models import Order

blp = Blueprint("orders", __name__, url_prefix="/api/v1", description="订单 orders")


@blp.route("/orders", methods=["POST"])
@operation(
    "placeOrder",
    "下单",
    "Place an order, for one's home or on behalf",
    needs=P.ORDER_PLACE,
    errors=(404,),
    alone=True,
)
@blp.arguments(s.NewOrderSchema)
@blp.response(201, s.PlacedOrderSchema)
def place(body: dict) -> Any:
    placed = orders.place(current_user_id(), current_key(), orders.Wish(**body))
    return Response(placed, 201, mimetype="application/json")  # a PlacedOrderSchema, as the database wrote it


@blp.route("/orders")
@operation(
    "listMyOrders",
    "我家的订单，或一户的订单",
    "The orders of the homes I act for, or of one household in my sight",
    needs=SIGNED_IN,
)
@blp.arguments(s.HouseholdOrderQuery, location="query")
@blp.response(200, s.OrderPageSchema)
def list_mine(query: dict) -> Any:
    actor, home = current_actor(), query["household"]
    return _page(orders.of_household(actor, home) if home else orders.mine(actor), query)


@blp.route("/campaigns/<uuid:campaign_id>/orders")
@operation(
    "listCampaignOrders",
    "团购的订单",
    "Orders of a campaign, for those in charge",
    needs=(P.CAMPAIGN_ORGANISE, P.ORDER_READ),
)
@blp.arguments(s.OrderQuery, location="query")
@blp.response(200, s.OrderPageSchema)
def list_of_campaign(query: dict, campaign_id: UUID) -> Any:
    return _page(orders.of_campaign(current_actor(), campaign_id), query)


def _page(chosen: Any, query: dict) -> Any:
    if query["campaign"]:
        chosen = chosen.where(Order.campaign_id == query["campaign"])
    found, following = page(chosen.options(*views.WITH_LINES), Order.id, query["limit"], query["after"])
    return {"items": views.orders(found, current_actor()), "next": following}


@blp.route("/orders/<uuid:order_id>")
@operation("getOrder", "一个订单", "One order", needs=SIGNED_IN, errors=(404,))
@blp.response(200, s.OrderSchema)
def get(order_id: UUID) -> Any:
    return views.orders([orders.find(current_actor(), order_id, *views.WITH_LINES)], current_actor())[0]


@blp.route("/orders/<uuid:order_id>/cancel", methods=["POST"])
@operation("cancelOrder", "取消订单", "Cancel before the cut-off", needs=SIGNED_IN, errors=(404,))
@blp.arguments(s.RevisionSchema)
@blp.response(200, s.OrderSchema)
def cancel(body: dict, order_id: UUID) -> Any:
    return views.orders([orders.cancel(current_actor(), order_id, **body)], current_actor())[0]
