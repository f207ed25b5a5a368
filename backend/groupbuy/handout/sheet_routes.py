"""The printed sheets over HTTP: as a page to print, or as a PDF."""

from typing import Any
from uuid import UUID

from flask import Response, render_template
from marshmallow import fields, validate

from backend.core.contract import Blueprint
from backend.core.operation import current_actor, operation
from backend.core.permissions import Permission as P
from backend.core.schemas import Schema
from backend.groupbuy.handout import sheets
from backend.groupbuy.handout.sheet_pdf import LABELS, pdf

blp = Blueprint(
    "sheets",
    __name__,
    url_prefix="/api/v1",
    template_folder="templates",
    static_folder="static",
    static_url_path="/static/sheets",
    description="打印清单 printed sheets",
)
FORMATS = {"html": "text/html", "pdf": "application/pdf"}
TEXT_OR_FILE = {"type": "string", "format": "binary"}


class SheetQuery(Schema):
    format = fields.String(load_default="html", validate=validate.OneOf(list(FORMATS)))


@blp.route("/campaigns/<uuid:campaign_id>/sheets/<string:kind>")
@blp.doc(responses={"200": {"content": {mime: {"schema": TEXT_OR_FILE} for mime in FORMATS.values()}}})
@operation("printSheet", "打印清单", "List or labels to print", needs=P.HANDOUT, errors=(404,))
@blp.arguments(SheetQuery, location="query")
@blp.response(200, content_type="text/html")
def show(query: dict, campaign_id: UUID, kind: str) -> Any:
    sheet = sheets.sheet(current_actor(), campaign_id, kind)
    made = pdf(sheet) if query["format"] == "pdf" else _page(sheet)
    return Response(made, mimetype=FORMATS[query["format"]])


def _page(sheet: sheets.Sheet) -> str:
    pages = [sheet.labels[at : at + LABELS] for at in range(0, len(sheet.labels), LABELS)]
    return render_template("sheet.html", sheet=sheet, pages=pages, qr=sheets.qr_path)
