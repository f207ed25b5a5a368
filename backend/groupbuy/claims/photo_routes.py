"""Photos over HTTP: sent as they come from the phone, larger than any other body, and seen again as JPEG."""

from typing import Any
from uuid import UUID

from flask import Response, request

from backend.core.contract import Blueprint
from backend.core.errors import DomainError
from backend.core.operation import SIGNED_IN, current_actor, operation
from backend.core.photos import TYPES
from backend.groupbuy.claims import recalls
from backend.groupbuy.claims import schemas as s
from backend.groupbuy.claims import service as claims
from backend.groupbuy.claims.photos import look

blp = Blueprint("photos", __name__, url_prefix="/api/v1", description="照片 photos")


@blp.route("/photos", methods=["POST"])
@operation(
    "sendPhoto",
    "上传照片",
    "Send a photo: the body is the image itself",
    needs=SIGNED_IN,
    errors=(404,),
    body="PHOTO_MAX_BYTES",
)
@blp.arguments(s.PhotoQuery, location="query")
@blp.response(201, s.PhotoSchema)
def send(query: dict) -> Any:
    if request.mimetype not in TYPES:
        raise DomainError("unsupported_media_type", "请上传照片（JPG、PNG 或 WebP）。", status=415)
    data = request.get_data()
    if query["order"]:
        return claims.add_photo(current_actor(), query["order"], data)
    return recalls.add_photo(current_actor(), query["recall"], data)


@blp.route("/photos/<uuid:photo_id>")
@operation("getPhoto", "查看照片", "See a photo", needs=SIGNED_IN, errors=(404, 410))
@blp.response(200, {"type": "string", "format": "binary"}, content_type="image/jpeg")
def get(photo_id: UUID) -> Any:
    return Response(look(current_actor(), photo_id), mimetype="image/jpeg")
