"""The demo's own doors: who its people are, and a desk to try everything from a browser."""

from typing import Any
from uuid import UUID

from flask import Response, render_template
from marshmallow import fields

from backend.core.contract import Blueprint
from backend.core.operation import operation, public
from backend.core.schemas import Schema
from backend.demo import group_buys
from backend.demo.people import COMPOUNDS, PEOPLE
from backend.groupbuy import views as campaign_views
from backend.groupbuy.schemas import CampaignSchema
from backend.integrations.payments import ConsolePayments
from backend.payments import service as payments
from backend.payments import views
from backend.payments.schemas import PaymentSchema

blp = Blueprint("demo", __name__, url_prefix="/api/v1/demo", description="演示 demo mode only")
pages = Blueprint("desk", __name__, template_folder="templates", static_folder="static", static_url_path="/static/desk")
DEMO = public("demo mode only; production refuses it")


class DemoPersonSchema(Schema):
    name = fields.String(required=True)
    role = fields.String(required=True)
    label = fields.String(required=True)
    shows = fields.String(required=True)


class DemoPeopleSchema(Schema):
    items = fields.List(fields.Nested(DemoPersonSchema), required=True)


@blp.route("/people")
@operation("listDemoPeople", "演示人物", "Who can sign in to the demo", needs=DEMO)
@blp.response(200, DemoPeopleSchema)
def people() -> Any:
    return {"items": [{"name": p.name, "role": p.role.value, "label": p.role.label, "shows": p.shows} for p in PEOPLE]}


@blp.route("/payments/<uuid:payment_id>/pay", methods=["POST"])
@operation(
    "payInDemo",
    "演示付款",
    "Tell the console that the person has paid; what it then says is booked",
    needs=DEMO,
    errors=(404,),
    keyed=False,
)
@blp.response(200, PaymentSchema)
def pay(payment_id: UUID) -> Any:
    ConsolePayments().pay(payment_id.hex)  # our number is the id, without its dashes
    return views.payments([payments.look(payment_id.hex)])[0]


@blp.route("/campaigns/<uuid:campaign_id>/skip-ahead", methods=["POST"])
@operation(
    "skipAheadInDemo",
    "演示快进",
    "What the clock would do with a campaign next, done now: its cut-off, or the end of the day for claims",
    needs=DEMO,
    errors=(404, 409),
    keyed=False,
)
@blp.response(200, CampaignSchema)
def skip_ahead(campaign_id: UUID) -> Any:
    return campaign_views.campaigns([group_buys.skip_ahead(campaign_id)])[0]


@pages.route("/")
@operation("showDesk", "演示工作台", "The demo's desk", needs=DEMO)
@pages.response(200, content_type="text/html")
def desk() -> Any:
    return Response(render_template("desk.html", people=PEOPLE, compounds=COMPOUNDS), mimetype="text/html")
