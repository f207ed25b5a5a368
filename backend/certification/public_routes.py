"""Certification for everyone, without sign-in: places, notices, objections, the register of batches."""

from typing import Any
from uuid import UUID

from flask import Response, current_app, render_template

from backend.certification import objections, public
from backend.certification import schemas as s
from backend.certification.models import Application, Batch
from backend.core.auth import PUBLIC
from backend.core.contract import Blueprint
from backend.core.errors import NotFound
from backend.core.operation import operation
from backend.core.operation import public as anyone
from backend.core.pagination import page
from backend.core.public_cache import cached
from backend.core.ratelimit import limit

blp = Blueprint(
    "public", __name__, url_prefix="/api/v1/public", description="公众查询与异议 what anyone may see and say"
)
pages = Blueprint(
    "pages", __name__, template_folder="templates", static_folder="static", static_url_path="/static/public"
)


@blp.route("/places/<place_code:code>")
@cached("place.json", "application/json")
@operation(
    "getPublicPlace",
    "无疫情查询",
    "Is a place certified; if not, why not yet",
    needs=anyone("the register is public"),
    errors=(404,),
)
@blp.response(200, s.PublicPlaceSchema)
def public_place(code: str) -> Any:
    return current_app.response_class(current_app.json.dumps(_page(code)), mimetype="application/json")


@pages.route("/p/<place_code:code>")
@cached("place.html", "text/html")
@operation(
    "showPublicPlace",
    "无疫情查询（网页）",
    "The same as a page",
    needs=anyone("the register is public"),
    errors=(404,),
)
@pages.response(200, content_type="text/html")
def public_page(code: str) -> Any:
    return Response(render_template("place.html", page=_page(code)), mimetype="text/html")


def _page(code: str) -> dict[str, Any]:
    """Through its schema, so that a name that was not masked cannot get onto it."""
    shown = public.page_of(code)
    if shown is None:
        raise NotFound("地点")
    return s.PublicPlaceSchema().dump(shown)


@blp.route("/notices")
@operation("listNotices", "正在公示", "The notices now running", needs=anyone("a notice is for everyone"))
@blp.arguments(s.PublicQuery, location="query")
@blp.response(200, s.NoticePageSchema)
def list_notices(query: dict) -> Any:
    found, following = page(public.notices(query["district"]), Application.id, query["limit"], query["after"])
    return {"items": public.notices_shown(found), "next": following}


@blp.route("/notices/<uuid:application_id>/objections", methods=["POST"])
@limit("OBJECTION_LIMIT")
@operation("raiseObjection", "提出异议", "Object to a notice", needs=anyone("everyone may object"), errors=(404, 429))
@blp.arguments(s.RaiseObjectionSchema)
@blp.response(201, s.ObjectionReceiptSchema)
def raise_objection(body: dict, application_id: UUID) -> Any:
    return objections.object_to(PUBLIC, application_id, body["text"], body["contact"])


@blp.route("/objections/<uuid:objection_id>")
@operation(
    "followObjection",
    "查询异议处理结果",
    "Follow one's objection",
    needs=anyone("its number is known to the objector alone"),
    errors=(404,),
)
@blp.response(200, s.ObjectionReceiptSchema)
def follow_objection(objection_id: UUID) -> Any:
    return objections.by_number(objection_id)


@blp.route("/batches")
@operation("listBatches", "认定批次", "The register of numbered batches", needs=anyone("the register is public"))
@blp.arguments(s.PublicQuery, location="query")
@blp.response(200, s.BatchPageSchema)
def list_batches(query: dict) -> Any:
    found, following = page(public.batches(query["district"]), Batch.id, query["limit"], query["after"])
    units = public.units_of_batches([batch.id for batch in found])
    items = [
        {"id": b.id, "number": b.number, "day": b.day, "district_code": b.district_code, "units": units[b.id]}
        for b in found
    ]
    return {"items": items, "next": following}
