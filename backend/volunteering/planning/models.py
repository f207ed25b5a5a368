"""Evening plans with who carries what; lines of a mass distribution with what was counted at each station."""

import uuid
from datetime import date, datetime

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, Integer, SmallInteger, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from backend.core.models import Code, Labelled, Row, Timestamp
from backend.extensions import Model
from backend.volunteering.tasks.models import Task
from backend.volunteering.teams.models import Volunteer


class PlanStatus(Labelled):
    COMPUTING = "computing", "正在计算"
    DRAFT = "draft", "已算好，等待采用"
    APPLIED = "applied", "已采用"
    DROPPED = "dropped", "已作废"


class LineStatus(Labelled):
    OPEN = "open", "正在进行"
    CLOSED = "closed", "已结束"


class EveningPlan(Row, Model):
    """Who carries which stairwells of a team's community on one evening. Minutes count from `starts_at`: when the plan
    ends, when first come would, and before when no plan ends that carries as much; `left`: packs that stay behind."""

    __tablename__ = "evening_plan"
    __table_args__ = (
        CheckConstraint("status IN ('computing', 'draft', 'applied', 'dropped')", name="status"),
        CheckConstraint(
            "status NOT IN ('draft', 'applied') OR num_nulls(starts_at, finish_minutes, first_come_minutes,"
            " bound_minutes, left_packs, first_come_left) = 0",
            name="computed",
        ),
        Index(
            "uq_evening_plan_live",
            "team_id",
            "day",
            unique=True,
            postgresql_where=text("status IN ('computing', 'draft')"),
        ),
        Index("ix_evening_plan_team_id", "team_id", "id"),
    )
    team_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("mass_work_team.id"))
    place_code: Mapped[str] = mapped_column(Code, ForeignKey("place.code"))
    day: Mapped[date] = mapped_column(Date)
    status: Mapped[str] = mapped_column(String(10))
    starts_at: Mapped[datetime | None] = mapped_column(Timestamp)
    finish_minutes: Mapped[int | None] = mapped_column(Integer)
    first_come_minutes: Mapped[int | None] = mapped_column(Integer)
    bound_minutes: Mapped[int | None] = mapped_column(Integer)
    left_packs: Mapped[int | None] = mapped_column(Integer)
    first_come_left: Mapped[int | None] = mapped_column(Integer)
    revision: Mapped[int] = mapped_column(Integer, default=1, server_default="1")


class EveningCarry(Model):
    """One stairwell of a plan: the volunteer and from which minute to which, or why nobody has it. `refused`: why it
    could not be assigned when the plan was applied."""

    __tablename__ = "evening_carry"
    __table_args__ = (
        CheckConstraint("num_nulls(volunteer_id, starts, ends) IN (0, 3)", name="given_or_not"),
        CheckConstraint("(volunteer_id IS NULL) = (reason IS NOT NULL)", name="why_not"),
        CheckConstraint("packs > 0 AND starts >= 0 AND ends > starts", name="bounds"),
        Index("ix_evening_carry_volunteer_id", "volunteer_id"),
        Index("ix_evening_carry_task_id", "task_id"),
    )
    plan_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("evening_plan.id"), primary_key=True)
    task_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("task.id"), primary_key=True)
    packs: Mapped[int] = mapped_column(Integer)
    volunteer_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("volunteer.id"))
    starts: Mapped[int | None] = mapped_column(SmallInteger)
    ends: Mapped[int | None] = mapped_column(SmallInteger)
    reason: Mapped[str | None] = mapped_column(Text)
    refused: Mapped[str | None] = mapped_column(Text)

    task: Mapped[Task] = relationship()
    volunteer: Mapped[Volunteer | None] = relationship()


class AssemblyLine(Row, Model):
    """A mass distribution of so many packs, through all four stations. `origin_id`: whose carry tasks are its last
    station, where doors that were gone to count by themselves."""

    __tablename__ = "assembly_line"
    __table_args__ = (
        CheckConstraint(
            "status IN ('open', 'closed') AND (status = 'closed') = (closed_at IS NOT NULL)", name="status"
        ),
        CheckConstraint("packs BETWEEN 1 AND 100000", name="packs"),
        Index("ix_assembly_line_team_id", "team_id", "id"),
        Index("uq_assembly_line_origin", "origin_id", unique=True, postgresql_where=text("status = 'open'")),
    )
    team_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("mass_work_team.id"))
    place_code: Mapped[str] = mapped_column(Code, ForeignKey("place.code"))
    title: Mapped[str] = mapped_column(String(60))
    packs: Mapped[int] = mapped_column(Integer)
    origin_id: Mapped[uuid.UUID | None]
    status: Mapped[str] = mapped_column(String(6), default=LineStatus.OPEN.value, server_default="open")
    closed_at: Mapped[datetime | None] = mapped_column(Timestamp)
    revision: Mapped[int] = mapped_column(Integer, default=1, server_default="1")


class LineCount(Row, Model):
    """So many more packs have passed a station: one tap of whoever stands there. What was tapped too much is taken back
    by a count below zero."""

    __tablename__ = "line_count"
    __table_args__ = (
        CheckConstraint("station IN ('sort', 'pack', 'carry', 'floor')", name="station"),
        CheckConstraint("packs <> 0", name="something"),
        Index("ix_line_count_line_id", "line_id", "station", "at"),
    )
    line_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("assembly_line.id"))
    station: Mapped[str] = mapped_column(String(6))
    packs: Mapped[int] = mapped_column(Integer)
    counted_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("app_user.id"))
    at: Mapped[datetime] = mapped_column(Timestamp)
