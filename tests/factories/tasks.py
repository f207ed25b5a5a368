"""Tasks, volunteers who may take them, and what they do with them."""

import uuid
from datetime import datetime, timedelta
from typing import Any

from flask import Flask
from sqlalchemy import select

from backend.core import clock
from backend.core.permissions import Role
from backend.core.transaction import unit_of_work
from backend.extensions import db
from backend.people.models import RoleAssignment, User
from backend.volunteering.tasks.making import Door, Wanted, make_tasks
from backend.volunteering.tasks.models import TaskKind
from backend.volunteering.teams.models import Fitness
from tests.cast import BUILDING, MACHIDUN, Cast
from tests.factories import groupbuy as g
from tests.factories import volunteers as v
from tests.factories.world import signs_in


def helper(app: Flask, name: str, role: Role | str = Role.TRANSPORTER, well: bool | None = True, **values: Any) -> str:
    """A volunteer who signs in as `name`, holds the role in the community and has said how they are. The id."""
    place, role = values.pop("post_at", MACHIDUN), Role(role)
    with app.app_context(), unit_of_work():
        user = db.session.scalars(select(User).where(User.demo_name == name)).one_or_none()
        if user is None:
            user = signs_in(name)
        held = select(RoleAssignment).where(RoleAssignment.user_id == user.id, RoleAssignment.role == role.value)
        if db.session.scalars(held).first() is None:
            db.session.add(RoleAssignment(user_id=user.id, role=role.value, place_code=place))
    volunteer_id = v.volunteer(app, name, **values)
    if well is not None:
        said(app, volunteer_id, well)
    return str(volunteer_id)


def said(app: Flask, volunteer_id: uuid.UUID | str, fit: bool) -> None:
    """How they are today."""
    with app.app_context(), unit_of_work():
        by = db.session.scalars(select(User.id).where(User.demo_name == "li")).one()
        word = Fitness(volunteer_id=uuid.UUID(str(volunteer_id)), day=clock.today(), fit=fit, recorded_by=by)
        db.session.merge(word)


def noon() -> datetime:
    """Somewhere in the middle of tomorrow, so that no test depends on the hour at which it runs."""
    tomorrow = datetime.combine(clock.today() + timedelta(days=1), datetime.min.time(), clock.SHANGHAI)
    return tomorrow + timedelta(hours=12)


def task(app: Flask, place: str = BUILDING, homes: tuple[str, ...] = (), **values: Any) -> str:
    """An open task that may be begun at once. Its id."""
    now = clock.now()
    kind = TaskKind(values.pop("kind", "carry"))
    when = {"starts_at": now - timedelta(minutes=1), "ends_at": now + timedelta(hours=3), "minutes": 10}
    doors = [Door(uuid.UUID(home)) for home in homes]
    with app.app_context(), unit_of_work():
        return str(make_tasks([Wanted(place, kind, **{"title": "送菜", **when, **values}, doors=doors)])[0].id)


def shift(app: Flask, hours_from_now: float = 24, length: int = 120, **values: Any) -> str:
    """A gate shift."""
    begins = clock.now() + timedelta(hours=hours_from_now)
    when = {"starts_at": begins, "ends_at": begins + timedelta(minutes=length), "minutes": length}
    return task(app, kind="gate_shift", title="西门值守", **{**when, **values})


def claimed(cast: Cast, who: str, task_id: str) -> dict[str, Any]:
    return g.ok(cast.hand(who).post(f"/tasks/{task_id}/claim"), 201)


def act(cast: Cast, who: str, claim: dict[str, Any], action: str, **more: Any) -> Any:
    """The answer to a step, at the claim's present revision."""
    now = cast.hand("li").get(f"/task-claims/{claim['id']}").json
    return cast.hand(who).post(f"/task-claims/{claim['id']}/{action}", {"revision": now["revision"], **more})


def done(cast: Cast, who: str, claim: dict[str, Any], action: str, **more: Any) -> dict[str, Any]:
    return g.ok(act(cast, who, claim, action, **more))


def begun(cast: Cast, who: str, task_id: str) -> dict[str, Any]:
    return done(cast, who, claimed(cast, who, task_id), "start")


def show(cast: Cast, task_id: str, who: str = "feng") -> dict[str, Any]:
    return g.ok(cast.hand(who).get(f"/tasks/{task_id}"))


def status(cast: Cast, claim: dict[str, Any]) -> str:
    return g.ok(cast.li.get(f"/task-claims/{claim['id']}"))["status"]


def list_of(cast: Cast, who: str) -> dict[str, dict[str, Any]]:
    """What is offered to them, or not, by id."""
    return {one["id"]: one for one in g.ok(cast.hand(who).get("/tasks/for-me"))["items"]}
