"""Keyset pages: `?limit=20&after=<id>`; a list view returns just a select."""

import uuid
from typing import Any

from marshmallow import fields, validate
from sqlalchemy import Select

from backend.core.schemas import Schema
from backend.extensions import db

LARGEST = 100


class PageQuery(Schema):
    """Query parameters of every list."""

    limit = fields.Integer(
        load_default=20, validate=validate.Range(1, LARGEST), metadata={"description": "每页条数 page size"}
    )
    after = fields.UUID(
        load_default=None, metadata={"description": "上一页最后一项的编号 the last id of the page before"}
    )


def page_schema(item: type[Schema]) -> type[Schema]:
    """The shape of a page of items: `next` is what to send as `after` for the following one."""
    items = fields.List(fields.Nested(item), required=True)
    shape = {"items": items, "next": fields.UUID(allow_none=True)}
    return Schema.from_dict(shape, name=f"{item.__name__.removesuffix('Schema')}PageSchema")  # type: ignore[arg-type,return-value]


def page(query: Select, key: Any, limit: int, after: uuid.UUID | None) -> tuple[list[Any], uuid.UUID | None]:
    """The rows after `after`, newest first (ids are ordered by time), and where the next page starts."""
    if after is not None:
        query = query.where(key < after)
    found = list(db.session.scalars(query.order_by(key.desc()).limit(limit + 1)))
    return found[:limit], found[limit - 1].id if len(found) > limit else None
