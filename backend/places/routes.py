"""Places over HTTP. The register is public; what lies below the community is kept by those in charge."""

from typing import Any

from backend.core.contract import Blueprint
from backend.core.operation import current_actor, operation, public
from backend.core.permissions import Permission as P
from backend.places import schemas as s
from backend.places import service

blp = Blueprint("places", __name__, url_prefix="/api/v1", description="地点 places")
REGISTER = "the register is public"


@blp.route("/places")
@operation("searchPlaces", "按名称查地点", "Search places by name", needs=public(REGISTER))
@blp.arguments(s.SearchQuery, location="query")
@blp.response(200, s.PlaceListSchema)
def search(query: dict) -> Any:
    return {"items": service.search(query["words"], query["kind"], query["limit"])}


@blp.route("/places/<place_code:code>")
@operation("getPlace", "查一个地点", "One place", needs=public(REGISTER), errors=(404,))
@blp.response(200, s.PlaceSchema)
def get(code: str) -> Any:
    return service.place_named(code)


@blp.route("/places/<place_code:code>/children")
@operation("listChildren", "下一级地点", "The places directly below", needs=public(REGISTER), errors=(404,))
@blp.response(200, s.PlaceListSchema)
def list_children(code: str) -> Any:
    return {"items": service.children(code)}


@blp.route("/places", methods=["POST"])
@operation("addPlace", "添加小区、楼栋或单元", "Add a compound, building or unit", needs=P.PLACE_EDIT, errors=(404,))
@blp.arguments(s.AddPlaceSchema)
@blp.response(201, s.PlaceSchema)
def add(body: dict) -> Any:
    return service.add(current_actor(), **body)
