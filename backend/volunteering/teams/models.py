"""Who helps, where and how much; who is whose relative; who is fit today; appointments that wait, posts that stand
empty."""

import uuid
from datetime import date, datetime, time

from sqlalchemy import (
    ARRAY,
    CheckConstraint,
    Date,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    String,
    Text,
    Time,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from backend.core.crypto import Encrypted
from backend.core.models import Code, Labelled, Row, Timestamp
from backend.extensions import Model
from backend.people.models import User


class VolunteerKind(Labelled):
    """The five kinds of members a mass-work team merges."""

    COMMUNITY_WORKER = "community_worker", "社区工作者"
    PARTY_MEMBER = "party_member", "党员"
    RESIDENT_VOLUNTEER = "resident_volunteer", "居民志愿者"
    SECONDED_CADRE = "seconded_cadre", "下沉干部"
    PROPERTY_STAFF = "property_staff", "物业人员"


class Skill(Labelled):
    DRIVING = "driving", "开车"
    LIFTING = "lifting", "搬运"
    NURSING = "nursing", "护理"
    MEDICINE = "medicine", "懂药"
    COUNSELLING = "counselling", "心理疏导"
    MEDIATION = "mediation", "调解"
    WRITING = "writing", "写稿摄影"
    COMPUTER = "computer", "电脑表格"
    LOUDSPEAKER = "loudspeaker", "宣传喊话"
    PURCHASING = "purchasing", "采购"


class AppointmentStatus(Labelled):
    WAITING = "waiting", "有亲属关系，等第二位负责人确认"
    CONFIRMED = "confirmed", "已任命"
    REFUSED = "refused", "未同意"
    WITHDRAWN = "withdrawn", "已撤回"


class VacancyStatus(Labelled):
    SECRETARY = "secretary", "超过时限空缺，请社区书记补员"
    SUBDISTRICT = "subdistrict", "仍然空缺，已报街道"
    FILLED = "filled", "已补上"


class Team(Row, Model):
    """A mass-work team 群众工作队 of a community."""

    __tablename__ = "mass_work_team"
    __table_args__ = (UniqueConstraint("place_code", "name"),)
    place_code: Mapped[str] = mapped_column(Code, ForeignKey("place.code"))
    name: Mapped[str] = mapped_column(String(40))
    revision: Mapped[int] = mapped_column(Integer, default=1, server_default="1")


class Volunteer(Row, Model):
    """A member of a team. Everyone is a user, also who has no phone and never signs in. `base_code`: the place they set
    out from. `minutes_a_day`, `free_from` to `free_until` (hours of Shanghai), `max_floor`, `carry_grams` at once: what
    they can give, None: no limit of their own. `withdraws_on`: the first day on which they serve no more."""

    __tablename__ = "volunteer"
    __table_args__ = (
        CheckConstraint(
            "kind IN ('community_worker', 'party_member', 'resident_volunteer', 'seconded_cadre', 'property_staff')",
            name="kind",
        ),
        CheckConstraint("minutes_a_day BETWEEN 0 AND 480", name="minutes_a_day"),
        CheckConstraint("(free_from IS NULL) = (free_until IS NULL) AND free_from < free_until", name="free_hours"),
        CheckConstraint("max_floor > 0 AND carry_grams > 0", name="strength"),
        Index("uq_volunteer_live", "user_id", unique=True, postgresql_where=text("left_at IS NULL")),
        Index("ix_volunteer_user_id", "user_id"),
        Index("ix_volunteer_team_id", "team_id", "id"),
        Index("ix_volunteer_household_id", "household_id", postgresql_where=text("left_at IS NULL")),
    )
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("app_user.id"))
    team_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("mass_work_team.id"))
    kind: Mapped[str] = mapped_column(String(20))
    base_code: Mapped[str] = mapped_column(Code, ForeignKey("place.code"))
    skills: Mapped[list[str]] = mapped_column(ARRAY(Text), default=list, server_default="{}")
    minutes_a_day: Mapped[int] = mapped_column(SmallInteger, default=120, server_default="120")
    free_from: Mapped[time | None] = mapped_column(Time)
    free_until: Mapped[time | None] = mapped_column(Time)
    max_floor: Mapped[int | None] = mapped_column(SmallInteger)
    carry_grams: Mapped[int | None] = mapped_column(Integer)
    withdraws_on: Mapped[date | None] = mapped_column(Date)
    household_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("household.id"))
    phone_cipher: Mapped[bytes | None]
    left_at: Mapped[datetime | None] = mapped_column(Timestamp)
    revision: Mapped[int] = mapped_column(Integer, default=1, server_default="1")

    phone = Encrypted()
    user: Mapped[User] = relationship()
    team: Mapped[Team] = relationship()


class VolunteerPlace(Model):
    """A building or compound they may enter; without any, all of their team's community."""

    __tablename__ = "volunteer_place"
    volunteer_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("volunteer.id"), primary_key=True)
    place_code: Mapped[str] = mapped_column(Code, ForeignKey("place.code"), primary_key=True)


class Kinship(Model):
    """The volunteer and that user are relatives."""

    __tablename__ = "kinship"
    __table_args__ = (Index("ix_kinship_user_id", "user_id"),)
    volunteer_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("volunteer.id"), primary_key=True)
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("app_user.id"), primary_key=True)


class Fitness(Model):
    """Health on a day, in one word and without a symptom; kept 30 days."""

    __tablename__ = "fitness"
    __table_args__ = (Index("ix_fitness_day", "day"),)
    volunteer_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("volunteer.id"), primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    fit: Mapped[bool]
    recorded_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("app_user.id"))
    at: Mapped[datetime] = mapped_column(Timestamp, server_default=func.now())


class Appointment(Row, Model):
    """An appointment that a relative asked for: it waits for a second officer."""

    __tablename__ = "appointment"
    __table_args__ = (
        CheckConstraint("status IN ('waiting', 'confirmed', 'refused', 'withdrawn')", name="status"),
        Index(
            "uq_appointment_waiting",
            "volunteer_id",
            "role",
            "place_code",
            unique=True,
            postgresql_where=text("status = 'waiting'"),
        ),
        Index("ix_appointment_place_code", "place_code", "id"),
        Index("ix_appointment_waiting", "place_code", postgresql_where=text("status = 'waiting'")),
    )
    volunteer_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("volunteer.id"))
    role: Mapped[str] = mapped_column(String(30))
    place_code: Mapped[str] = mapped_column(Code, ForeignKey("place.code"))
    until: Mapped[datetime | None] = mapped_column(Timestamp)
    asked_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("app_user.id"))
    status: Mapped[str] = mapped_column(String(10))
    revision: Mapped[int] = mapped_column(Integer, default=1, server_default="1")

    volunteer: Mapped[Volunteer] = relationship()


class Vacancy(Row, Model):
    """A post of a building that has stood empty beyond the set time, `since` when, and who is to see to it."""

    __tablename__ = "vacancy"
    __table_args__ = (
        CheckConstraint("status IN ('secretary', 'subdistrict', 'filled')", name="status"),
        Index("uq_vacancy_open", "place_code", "role", unique=True, postgresql_where=text("status <> 'filled'")),
    )
    place_code: Mapped[str] = mapped_column(Code, ForeignKey("place.code"))
    role: Mapped[str] = mapped_column(String(30))
    since: Mapped[datetime] = mapped_column(Timestamp)
    status: Mapped[str] = mapped_column(String(12))
    revision: Mapped[int] = mapped_column(Integer, default=1, server_default="1")
