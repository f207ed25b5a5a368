"""Shapes of places."""

from marshmallow import fields, validate

from backend.core.schemas import Schema, place_code, written
from backend.places.models import PlaceKind


class PlaceSchema(Schema):
    code = fields.String(required=True)
    name = fields.String(required=True)
    kind = fields.String(required=True)
    parent_code = fields.String(allow_none=True)
    households = fields.Integer()


class PlaceListSchema(Schema):
    items = fields.List(fields.Nested(PlaceSchema), required=True)


class SearchQuery(Schema):
    words = written(40, required=True, metadata={"description": "名称里的字 part of the name"})
    kind = fields.String(
        load_default=None,
        validate=validate.OneOf([kind.value for kind in PlaceKind]),
        metadata={"description": "不填则不找楼栋和单元 without it, buildings and units are left out"},
    )
    limit = fields.Integer(load_default=20, validate=validate.Range(1, 50))


class AddPlaceSchema(Schema):
    parent_code = place_code(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(["compound", "building", "unit"]))
    name = written(80, required=True)
