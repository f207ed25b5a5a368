"""The register of places and the households in them."""

from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, SmallInteger, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from backend.core.models import Code, Row
from backend.extensions import Model


class PlaceKind(StrEnum):
    CITY = "city"
    DISTRICT = "district"
    SUBDISTRICT = "subdistrict"
    TOWNSHIP = "township"
    COMMUNITY = "community"
    VILLAGE = "village"
    OTHER = "other"
    COMPOUND = "compound"
    BUILDING = "building"
    UNIT = "unit"


class Place(Model):
    """A place is known by its code: the official one (4 digits city, 6 district, 9 subdistrict, 12 community),
    below it `-001` a level (compound, building, unit). A code therefore starts with the code of every place it
    lies in, and "at or below" is one comparison or one range of the primary key, without a join."""

    __tablename__ = "place"
    __table_args__ = (
        CheckConstraint("starts_with(code, parent_code)", name="below_parent"),
        CheckConstraint(r"code ~ '^[0-9]{4}([0-9]{2}([0-9]{3}([0-9]{3}(-[0-9]{3}){0,3})?)?)?$'", name="code_form"),
        CheckConstraint("(parent_code IS NULL) = (kind = 'city')", name="city_on_top"),
        Index("ix_place_parent_code", "parent_code"),
    )
    code: Mapped[str] = mapped_column(Code, primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    kind: Mapped[str] = mapped_column(String(12))
    parent_code: Mapped[str | None] = mapped_column(Code, ForeignKey("place.code"))
    # Of a compound: kept by the statements that add households, because counting 4,200 of them on each
    # daily record would make its cost grow with the compound.
    households: Mapped[int] = mapped_column(Integer, default=0, server_default="0")


class Household(Row, Model):
    """One door. Its members' names and phones are encrypted, in `household_member`."""

    __tablename__ = "household"
    __table_args__ = (
        UniqueConstraint("place_code", "room"),
        CheckConstraint("member_count >= 0", name="member_count"),
    )
    place_code: Mapped[str] = mapped_column(Code, ForeignKey("place.code"))
    room: Mapped[str] = mapped_column(String(20))
    floor: Mapped[int | None] = mapped_column(SmallInteger)
    member_count: Mapped[int] = mapped_column(SmallInteger, default=1, server_default="1")
    lives_alone: Mapped[bool] = mapped_column(default=False, server_default="false")
    no_smartphone: Mapped[bool] = mapped_column(default=False, server_default="false")
    hardship: Mapped[bool] = mapped_column(default=False, server_default="false")
    medical_family: Mapped[bool] = mapped_column(default=False, server_default="false")
    chronic_illness: Mapped[bool] = mapped_column(default=False, server_default="false")
    revision: Mapped[int] = mapped_column(Integer, default=1, server_default="1")


FLAGS = ("lives_alone", "no_smartphone", "hardship", "medical_family", "chronic_illness")
