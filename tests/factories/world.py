"""A small district: enough of the register, three compounds with fourteen good days, the cast in their posts."""

import uuid
from datetime import date, timedelta
from typing import Any

from sqlalchemy import insert, select

from backend.core import clock
from backend.core.auth import Actor, load_actor
from backend.core.models import new_id
from backend.core.transaction import unit_of_work
from backend.extensions import db
from backend.fieldwork.models import DailyRecord
from backend.integrations.sign_in import console_openid
from backend.people.models import RoleAssignment, User
from backend.people.sessions import openid_index
from backend.places.models import Place
from tests.cast import (
    BUILDING,
    ELSEWHERE,
    JIANGJUNLU,
    JINYINHU,
    MACHIDUN,
    NEIGHBOUR,
    PARTS,
    READY,
    SECOND,
    UNIT,
)

PLACES = (
    ("4201", "武汉市", "city"),
    ("420112", "东西湖区", "district"),
    ("420111", "洪山区", "district"),
    (JIANGJUNLU, "将军路街道", "subdistrict"),
    (JINYINHU, "金银湖街道", "subdistrict"),
    ("420111001", "珞南街道", "subdistrict"),
    (MACHIDUN, "马池墩社区居委会", "community"),
    (NEIGHBOUR, "邻近社区居委会", "community"),
    ("420111001001", "洪山某社区居委会", "community"),
    (READY, "马池苑", "compound"),
    (SECOND, "将军花园", "compound"),
    (ELSEWHERE, "金银小区", "compound"),
    ("420111001001-001", "珞珈小区", "compound"),
    (BUILDING, "1栋", "building"),
    (UNIT, "1单元", "unit"),
)
GOOD_DAY = {
    "entrances": 3, "open_gates": 1, "gate_inspections": 4, "households": 700, "households_reached": 700,
    "disinfection_rounds": 2, "disinfected_area": 12_000, "supply_requests": 40, "supply_met": 40,
    "publicity_actions": 3, "disputes_open": 0, "disputes_handled": 1, "roles_held": 8, "roles_needed": 8,
}  # fmt: skip


def plant() -> None:
    with unit_of_work():
        for code, name, kind in PLACES:
            db.session.add(Place(code=code, name=name, kind=kind, parent_code=_parent(code), households=700))
            db.session.flush()
        for part in PARTS:
            user = signs_in(part.name)
            if part.role:
                db.session.add(RoleAssignment(user_id=user.id, role=part.role.value, place_code=part.place))
        for code in (READY, SECOND, ELSEWHERE):
            good_days(code)


def _parent(code: str) -> str | None:
    levels = [n for n in (4, 6, 9, 12, 16, 20, 24) if n < len(code)]
    return code[: levels[-1]] if levels else None


def good_days(code: str, days: int = 14, **changed: Any) -> None:
    """Daily records of the completed days, as good as can be but for what is `changed`."""
    yesterday = clock.today() - timedelta(days=1)
    by = user_id("wang")
    values = [
        {
            **GOOD_DAY,
            **changed,
            "id": new_id(),
            "place_code": code,
            "day": yesterday - timedelta(days=n),
            "recorded_by": by,
        }
        for n in range(days)
    ]
    db.session.execute(insert(DailyRecord), values)


def spoil(code: str, day: date, **changed: Any) -> None:
    """Makes the record of one day worse."""
    table = DailyRecord.__table__
    db.session.execute(table.update().where(table.c.place_code == code, table.c.day == day).values(**changed))


def signs_in(name: str) -> User:
    """Somebody new, whom the console's sign-in finds by this name."""
    user = User(name=name, demo_name=name, openid_index=openid_index(console_openid(name)))
    db.session.add(user)
    db.session.flush()
    return user


def user_id(name: str) -> uuid.UUID:
    return db.session.scalars(select(User.id).where(User.demo_name == name)).one()


def actor(name: str) -> Actor:
    """The person as the verbs see them."""
    return load_actor(user_id(name))
