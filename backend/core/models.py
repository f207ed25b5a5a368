"""What every table shares: an id made in the application, and when the row came."""

import uuid
from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Any, Self

from sqlalchemy import ColumnElement, DateTime, String, and_, false, func, or_
from sqlalchemy.orm import Mapped, mapped_column
from uuid_utils.compat import uuid7


def new_id() -> uuid.UUID:
    """A UUIDv7: unguessable, and ordered by time, so that an index on it stays dense."""
    return uuid7()


class Row:
    """Mixin. The id exists before the row is flushed, because encrypted fields are bound to it."""

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, sort_order=-10)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now(), sort_order=90)

    def __init__(self, **values: Any) -> None:
        self.id = values.pop("id", None) or new_id()
        for name, value in values.items():
            if not hasattr(type(self), name):
                raise TypeError(f"{type(self).__name__} has no {name}")
            setattr(self, name, value)


class Labelled(StrEnum):
    """The word in the database, and what a resident reads."""

    label: str

    def __new__(cls, value: str, label: str = "") -> Self:
        member = str.__new__(cls, value)
        member._value_, member.label = value, label
        return member


def sql_list(words: Iterable[str]) -> str:
    """Words as a CHECK lists them."""
    return ", ".join(f"'{word!s}'" for word in words)


def columns(row: Any) -> dict[str, Any]:
    """What a row holds, by column."""
    return {column.name: getattr(row, column.name) for column in row.__table__.columns}


# Codes sort and compare byte by byte whatever the server's locale: a subtree is then one range of an index.
Code = String(40, collation="C")
Timestamp = DateTime(timezone=True)


def within(column: Any, codes: Iterable[str]) -> ColumnElement[bool]:
    """`column` holds a code at or below one of the places. No place at all matches nothing."""
    return or_(false(), *[and_(column >= code, column < code + "~") for code in codes])
