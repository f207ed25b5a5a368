"""An evening in Machidun: stairwells to carry to tomorrow noon, and the plan for them."""

import uuid
from datetime import datetime, timedelta
from typing import Any

from flask import Flask

from backend.core import clock
from backend.core.transaction import unit_of_work
from backend.extensions import db
from backend.places.models import Place
from backend.volunteering.planning import service
from tests.cast import READY, Cast
from tests.factories import groupbuy as g
from tests.factories import tasks as t
from tests.factories import volunteers as v


def team_id(app: Flask) -> str:
    with app.app_context(), unit_of_work():
        return str(v.team().id)


def tomorrow(later: int = 0) -> str:
    return clock.day_of(noon(later)).isoformat()


def noon(later: int = 0) -> datetime:
    """Tomorrow's, or so many days later."""
    return t.noon() + timedelta(days=later)


def units(app: Flask, compound: str, buildings: int, stairwells: int = 2, first: int = 2) -> list[str]:
    """New buildings of a compound with their stairwells: the codes of these."""
    codes = []
    with app.app_context(), unit_of_work():
        for building in range(first, first + buildings):
            code = f"{compound}-{building:03}"
            db.session.add(Place(code=code, name=f"{building}栋", kind="building", parent_code=compound))
            db.session.flush()
            for number in range(1, stairwells + 1):
                unit = f"{code}-{number:03}"
                db.session.add(Place(code=unit, name=f"{number}单元", kind="unit", parent_code=code))
                codes.append(unit)
    return codes


def carry(app: Flask, place: str, minutes: int = 30, later: int = 0, **values: Any) -> str:
    """A carry task of tomorrow noon, or so many days later. Its id."""
    when = {"starts_at": noon(later), "ends_at": noon(later) + timedelta(hours=4), "minutes": minutes}
    given = {"title": f"送菜 {place[-7:]}", "grams": 20_000, "heaviest": 5_000, "floor": 4}
    return t.task(app, place, **{**when, **given, **values})


def stairwells(app: Flask, count: int, compound: str = READY, first: int = 2, **values: Any) -> list[str]:
    """So many carry tasks, one a stairwell. Their ids."""
    codes = units(app, compound, -(-count // 2), first=first)[:count]
    return [carry(app, code, **values) for code in codes]


def asked(cast: Cast, who: str = "feng", later: int = 0) -> dict[str, Any]:
    return g.ok(cast.hand(who).post(f"/teams/{team_id(cast.app)}/evening-plans", {"day": tomorrow(later)}), 201)


def computed(cast: Cast, who: str = "feng", later: int = 0) -> dict[str, Any]:
    """A plan, asked for and computed."""
    plan = asked(cast, who, later)
    with cast.app.app_context():
        service.compute(plan["id"])
    return show(cast, plan["id"], who)


def show(cast: Cast, plan_id: str | uuid.UUID, who: str = "feng") -> dict[str, Any]:
    return g.ok(cast.hand(who).get(f"/evening-plans/{plan_id}"))


def act(cast: Cast, plan: dict[str, Any], action: str, who: str = "feng", **body: Any) -> Any:
    return cast.hand(who).post(f"/evening-plans/{plan['id']}/{action}", {"revision": plan["revision"], **body})
