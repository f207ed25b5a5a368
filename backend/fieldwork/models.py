"""One row a compound a day: what the control items came to."""

import uuid
from datetime import date, datetime

from sqlalchemy import CheckConstraint, Date, ForeignKey, Integer, SmallInteger, UniqueConstraint, func
from sqlalchemy.orm import Mapped, mapped_column

from backend.core.models import Code, Row, Timestamp
from backend.extensions import Model

# Measures a person enters; None: not recorded yet. Those of one item lie side by side.
ENTERED = (
    "entrances",
    "open_gates",
    "gate_inspections",
    "households_reached",
    "disinfection_rounds",
    "disinfected_area",
    "supply_requests",
    "supply_met",
    "publicity_actions",
    "disputes_open",
    "disputes_handled",
)
# Measures the system knows by itself on the day.
DERIVED = ("households", "roles_held", "roles_needed")
MEASURES = ENTERED + DERIVED


def _measure(kind: type = SmallInteger) -> Mapped[int | None]:
    return mapped_column(kind)


class DailyRecord(Row, Model):
    """The day's sheet of a compound. Areas are square metres."""

    __tablename__ = "daily_record"
    __table_args__ = (
        UniqueConstraint("place_code", "day"),
        CheckConstraint(f"least({', '.join(MEASURES)}) >= 0", name="not_negative"),
        CheckConstraint("open_gates <= entrances", name="open_gates"),
        CheckConstraint("households_reached <= households", name="households_reached"),
        CheckConstraint("supply_met <= supply_requests", name="supply_met"),
    )
    place_code: Mapped[str] = mapped_column(Code, ForeignKey("place.code"))
    day: Mapped[date] = mapped_column(Date)
    entrances: Mapped[int | None] = _measure()
    open_gates: Mapped[int | None] = _measure()
    gate_inspections: Mapped[int | None] = _measure()
    households_reached: Mapped[int | None] = _measure(Integer)
    disinfection_rounds: Mapped[int | None] = _measure()
    disinfected_area: Mapped[int | None] = _measure(Integer)
    supply_requests: Mapped[int | None] = _measure(Integer)
    supply_met: Mapped[int | None] = _measure(Integer)
    publicity_actions: Mapped[int | None] = _measure()
    disputes_open: Mapped[int | None] = _measure()
    disputes_handled: Mapped[int | None] = _measure()
    households: Mapped[int | None] = _measure(Integer)
    roles_held: Mapped[int | None] = _measure()
    roles_needed: Mapped[int | None] = _measure()
    recorded_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("app_user.id"))
    changed_at: Mapped[datetime] = mapped_column(Timestamp, server_default=func.now())
    revision: Mapped[int] = mapped_column(Integer, default=1, server_default="1")
