"""Tasks with their doors, who holds them, what is handed over, what was done twice, what comes again each day."""

import uuid
from datetime import date, datetime, time

from sqlalchemy import (
    ARRAY,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    SmallInteger,
    String,
    UniqueConstraint,
    func,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from backend.core.crypto import Encrypted
from backend.core.models import Code, Labelled, Row, Timestamp
from backend.extensions import Model


class TaskKind(Labelled):
    UNLOAD = "unload", "卸货"
    SORT = "sort", "分拣"
    PACK = "pack", "打包"
    CARRY = "carry", "送货上门"
    GATE_SHIFT = "gate_shift", "门岗值守"
    DISINFECTION = "disinfection", "消杀"
    CARE_CALL = "care_call", "电话关怀"
    CARE_VISIT = "care_visit", "上门关怀"
    MEDICINE_TRIP = "medicine_trip", "外出购药"
    MEDICINE_DELIVERY = "medicine_delivery", "送药上门"
    PATIENT_ESCORT = "patient_escort", "陪同就医"
    OTHER = "other", "其他"


class TaskStatus(Labelled):
    OPEN = "open", "开放"
    HELD = "held", "暂停，等协调员处理"
    CLOSED = "closed", "已办结"
    CANCELLED = "cancelled", "已取消"
    LAPSED = "lapsed", "时间已过，没有人做"


class HoldStatus(Labelled):
    CLAIMED = "claimed", "已领取"
    ASSIGNED = "assigned", "已指派，等待答复"
    ACCEPTED = "accepted", "已接受"
    IN_PROGRESS = "in_progress", "进行中"
    DONE = "done", "已完成，等待核实"
    VERIFIED = "verified", "已核实"
    DECLINED = "declined", "没有接受"
    EXPIRED = "lease_expired", "保留时间已过"
    RELEASED = "released", "已退回"
    HANDED_OVER = "handed_over", "已交接"
    FAILED = "failed", "没有做成"
    NO_SHOW = "no_show", "没有到场"
    CANCELLED = "cancelled", "任务已取消"


class Failure(Labelled):
    """Why it was not done; all but the last are told by the volunteer, whose fault they are not."""

    NOT_HOME = "not_home", "家里没人"
    REFUSED = "refused", "住户不收"
    WRONG_ADDRESS = "wrong_address", "地址不对"
    UNSAFE = "unsafe", "不安全"
    NOT_READY = "not_ready", "东西还没准备好"
    NOT_DONE = "not_done", "核实时还没有做好"


UNDONE = frozenset({TaskStatus.OPEN, TaskStatus.HELD})
LIVE = (HoldStatus.CLAIMED, HoldStatus.ASSIGNED, HoldStatus.ACCEPTED, HoldStatus.IN_PROGRESS)
HOLDING = (*LIVE, HoldStatus.DONE, HoldStatus.VERIFIED)  # takes up a slot
# Work of a moment: when it is over, nobody can do it any more. The rest still has to be done, however late.
OF_THE_HOUR = frozenset({TaskKind.GATE_SHIFT, TaskKind.DISINFECTION})


def _in(words: object) -> str:
    return "(" + ", ".join(f"'{word.value}'" for word in words) + ")"  # type: ignore[attr-defined]


class Task(Row, Model):
    """Something to be done at a place between two instants, by `capacity` people. `minutes` is the work one of them has
    with it, `grams` what is carried in all, `heaviest` the heaviest piece of it, `floor` the highest door. `role`: the
    post it takes (none: any). `taken` counts whoever holds it, see TaskClaim. `freed_at`: since when it is free again
    after somebody could not, and others are asked in turn."""

    __tablename__ = "task"
    __table_args__ = (
        # One short one: its text is read anew by every claim (migrations/sql/0019_cheaper_claims.sql).
        CheckConstraint("task_is_sound(task)", name="sound"),
        UniqueConstraint("origin_type", "origin_id", "origin_key"),
        Index("ix_task_place_code", "place_code", "id"),
        Index("ix_task_open", "place_code", postgresql_where="status = 'open'"),
        Index("ix_task_ends_at", "ends_at", postgresql_where="status = 'open'"),
    )
    place_code: Mapped[str] = mapped_column(Code, ForeignKey("place.code"))
    kind: Mapped[str] = mapped_column(String(20))
    title: Mapped[str] = mapped_column(String(60))
    role: Mapped[str | None] = mapped_column(String(30))
    capacity: Mapped[int] = mapped_column(Integer, default=1, server_default="1")
    taken: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    status: Mapped[str] = mapped_column(String(12), default=TaskStatus.OPEN.value, server_default="open")
    urgency: Mapped[int] = mapped_column(SmallInteger, default=1, server_default="1")
    starts_at: Mapped[datetime] = mapped_column(Timestamp)
    ends_at: Mapped[datetime] = mapped_column(Timestamp)
    minutes: Mapped[int] = mapped_column(SmallInteger)
    lease_minutes: Mapped[int] = mapped_column(SmallInteger, default=30, server_default="30")
    grams: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    heaviest: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    floor: Mapped[int | None] = mapped_column(SmallInteger)
    needs_pair: Mapped[bool] = mapped_column(default=False, server_default="false")
    freed_at: Mapped[datetime | None] = mapped_column(Timestamp)
    origin_type: Mapped[str | None] = mapped_column(String(20))
    origin_id: Mapped[uuid.UUID | None]
    origin_key: Mapped[str | None] = mapped_column(String(60))
    revision: Mapped[int] = mapped_column(Integer, default=1, server_default="1")

    stops: Mapped[list["TaskStop"]] = relationship(order_by="TaskStop.position", lazy="select")


class TaskClaim(Row, Model):
    """One volunteer's hold on a task. `starts_at` and `ends_at` are the time set aside for it in their day, so that no
    two overlap; `lease_until`: by when a sign of life is due, or the slot goes to someone else and nobody is blamed.
    `started_at` and `done_at` are the instants of the events, which a phone without a network tells later."""

    __tablename__ = "task_claim"
    __table_args__ = (
        CheckConstraint("claim_is_sound(task_claim)", name="sound"),
        Index("uq_task_claim_holding", "task_id", "volunteer_id", unique=True,
              postgresql_where=f"status IN {_in(HOLDING)}"),
        Index("ix_task_claim_volunteer_id", "volunteer_id", "ends_at"),
        Index("ix_task_claim_task_id", "task_id"),
        Index("ix_task_claim_lease_until", "lease_until", postgresql_where="lease_until IS NOT NULL"),
    )  # fmt: skip
    task_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("task.id"))
    volunteer_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("volunteer.id"))
    place_code: Mapped[str] = mapped_column(Code)
    status: Mapped[str] = mapped_column(String(16))
    starts_at: Mapped[datetime] = mapped_column(Timestamp)
    ends_at: Mapped[datetime] = mapped_column(Timestamp)
    lease_until: Mapped[datetime | None] = mapped_column(Timestamp)
    extensions: Mapped[int] = mapped_column(SmallInteger, default=0, server_default="0")
    claimed_at: Mapped[datetime] = mapped_column(Timestamp)
    started_at: Mapped[datetime | None] = mapped_column(Timestamp)
    done_at: Mapped[datetime | None] = mapped_column(Timestamp)
    how: Mapped[str | None] = mapped_column(String(16))  # what shows that it was done
    tries: Mapped[int] = mapped_column(SmallInteger, default=0, server_default="0")  # codes tried in vain
    failure: Mapped[str | None] = mapped_column(String(16))
    handed_to: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("volunteer.id"))
    revision: Mapped[int] = mapped_column(Integer, default=1, server_default="1")

    task: Mapped[Task] = relationship()


class TaskStop(Model):
    """A door of a task. `subject_id` is what is brought (an order); `outcome` is `done` or why not."""

    __tablename__ = "task_stop"
    __table_args__ = (
        CheckConstraint("(outcome IS NULL) = (settled_at IS NULL) AND grams >= 0", name="settled"),
        Index("ix_task_stop_household_id", "household_id"),
        Index("ix_task_stop_subject_id", "subject_id"),
    )
    task_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("task.id"), primary_key=True)
    position: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    household_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("household.id"))
    subject_id: Mapped[uuid.UUID | None]
    grams: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    outcome: Mapped[str | None] = mapped_column(String(16))
    settled_at: Mapped[datetime | None] = mapped_column(Timestamp)
    claim_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("task_claim.id"))


class TaskHandOver(Row, Model):
    """A holder offers the task to another volunteer, with the list of what they carry: signed by the one by offering
    it, by the other by accepting it. The list is typed by a person, hence encrypted."""

    __tablename__ = "task_hand_over"
    __table_args__ = (
        CheckConstraint("(accepted IS NULL) = (answered_at IS NULL)", name="answered"),
        CheckConstraint("coalesce(accepted, false) = (new_claim_id IS NOT NULL)", name="changed_hands"),
        Index("uq_task_hand_over_open", "claim_id", unique=True, postgresql_where="accepted IS NULL"),
        Index("ix_task_hand_over_to", "to_volunteer_id", postgresql_where="accepted IS NULL"),
    )
    claim_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("task_claim.id"))
    to_volunteer_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("volunteer.id"))
    custody_cipher: Mapped[bytes]
    stops: Mapped[list[int]] = mapped_column(ARRAY(SmallInteger))  # the doors still to be gone to
    answered_at: Mapped[datetime | None] = mapped_column(Timestamp)
    accepted: Mapped[bool | None]
    new_claim_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("task_claim.id"))

    custody = Encrypted()
    claim: Mapped[TaskClaim] = relationship(foreign_keys=[claim_id])


class TaskConflict(Row, Model):
    """What a phone told of later, and somebody else had done meanwhile: kept beside what counts, and shown."""

    __tablename__ = "task_conflict"
    __table_args__ = (
        ForeignKeyConstraint(["task_id", "position"], ["task_stop.task_id", "task_stop.position"], name="fk_stop"),
        UniqueConstraint("claim_id", "action", "position", postgresql_nulls_not_distinct=True),
        Index("ix_task_conflict_task_id", "task_id"),
    )
    task_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("task.id"))
    claim_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("task_claim.id"))
    position: Mapped[int | None] = mapped_column(SmallInteger)
    action: Mapped[str] = mapped_column(String(16))
    at: Mapped[datetime] = mapped_column(Timestamp)
    outcome: Mapped[str | None] = mapped_column(String(16))


class StandDown(Model):
    """A volunteer who takes no tasks until an officer says so: to rest, or as somebody of a contact's home. It does not
    say which."""

    __tablename__ = "stand_down"
    volunteer_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("volunteer.id"), primary_key=True)
    since: Mapped[datetime] = mapped_column(Timestamp, server_default=func.now())


class TaskPattern(Row, Model):
    """What comes again: a gate shift, a round of disinfection, a call to who lives alone. `weekdays`: 1 Monday to 7
    Sunday; `at` is Shanghai's time of day; `made_until`: the last day whose task is there already."""

    __tablename__ = "task_pattern"
    __table_args__ = (
        CheckConstraint(
            "minutes BETWEEN 1 AND 1440 AND capacity BETWEEN 1 AND 100 AND (NOT needs_pair OR capacity > 1)",
            name="bounds",
        ),
        CheckConstraint("weekdays <@ '{1,2,3,4,5,6,7}' AND cardinality(weekdays) > 0", name="weekdays"),
        CheckConstraint("until >= since", name="in_order"),
        Index("ix_task_pattern_place_code", "place_code"),
    )
    place_code: Mapped[str] = mapped_column(Code, ForeignKey("place.code"))
    kind: Mapped[str] = mapped_column(String(20))
    title: Mapped[str] = mapped_column(String(60))
    role: Mapped[str | None] = mapped_column(String(30))
    capacity: Mapped[int] = mapped_column(Integer, default=1, server_default="1")
    urgency: Mapped[int] = mapped_column(SmallInteger, default=1, server_default="1")
    needs_pair: Mapped[bool] = mapped_column(default=False, server_default="false")
    weekdays: Mapped[list[int]] = mapped_column(ARRAY(SmallInteger))
    at: Mapped[time]
    minutes: Mapped[int] = mapped_column(SmallInteger)
    household_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("household.id"))
    since: Mapped[date]
    until: Mapped[date | None]
    made_until: Mapped[date | None]
    revision: Mapped[int] = mapped_column(Integer, default=1, server_default="1")
