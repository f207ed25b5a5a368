"""Volunteers of Machidun: the team, and its members as they are taken down."""

import uuid
from datetime import timedelta
from typing import Any

from flask import Flask
from sqlalchemy import select

from backend.core import clock
from backend.core.transaction import unit_of_work
from backend.extensions import db
from backend.people.models import User
from backend.places.models import Place
from backend.volunteering.records.work import start_of
from backend.volunteering.tasks.models import Task, TaskClaim, TaskStop
from backend.volunteering.teams.models import Team, Volunteer, VolunteerPlace
from tests.cast import BUILDING, MACHIDUN, READY

TEAM = "马池墩群众工作队"


def team(place_code: str = MACHIDUN, name: str = TEAM) -> Team:
    """The community's team, made when it is first asked for. Inside a unit of work."""
    known = select(Team).where(Team.place_code == place_code, Team.name == name)
    found = db.session.scalars(known).one_or_none()
    if found is None:
        found = Team(place_code=place_code, name=name)
        db.session.add(found)
        db.session.flush()
    return found


def volunteer(app: Flask, name: str, **values: Any) -> uuid.UUID:
    """Makes one of the cast a volunteer (or someone new, who cannot sign in), and returns the volunteer's id.
    `places`: what they may enter; `team_place`: whose team; the rest are columns."""
    with app.app_context(), unit_of_work():
        user = db.session.scalars(select(User).where(User.demo_name == name)).one_or_none()
        if user is None:
            user = User(name=name)
            db.session.add(user)
            db.session.flush()
        places, of = values.pop("places", ()), team(values.pop("team_place", MACHIDUN))
        given = {"kind": "resident_volunteer", "base_code": BUILDING, "minutes_a_day": 480, **values}
        added = Volunteer(user_id=user.id, team_id=of.id, **given)
        db.session.add(added)
        db.session.flush()
        db.session.add_all([VolunteerPlace(volunteer_id=added.id, place_code=code) for code in places])
        return added.id


def buildings(app: Flask, count: int, compound: str = READY) -> list[str]:
    """So many buildings of a compound, the one of the cast included where it is READY."""
    codes = [f"{compound}-{n:03d}" for n in range(1, count + 1)]
    with app.app_context(), unit_of_work():
        for code in codes:
            if db.session.get(Place, code) is None:
                db.session.add(Place(code=code, name=f"{int(code[-3:])}栋", kind="building", parent_code=compound))
    return codes


def user_of(app: Flask, volunteer_id: uuid.UUID) -> uuid.UUID:
    with app.app_context(), unit_of_work(read_only=True):
        return db.session.get_one(Volunteer, volunteer_id).user_id


def worked(app: Flask, volunteer_id: uuid.UUID, ago: int = 1, minutes: int = 60, **values: Any) -> uuid.UUID:
    """A task they did so many days ago, and how: `doors` as (household id, grams, outcome), `status`, and columns of
    the task."""
    doors, status = values.pop("doors", ()), values.pop("status", "verified")
    begins = start_of(clock.today()) + timedelta(hours=9, days=-ago)
    ends = begins + timedelta(minutes=minutes)
    given = {"place_code": BUILDING, "kind": "carry", "title": "送货", "taken": 1, "status": "closed", **values}
    with app.app_context(), unit_of_work():
        task = Task(**given, starts_at=begins, ends_at=ends, minutes=minutes)
        db.session.add(task)
        db.session.flush()
        claim = TaskClaim(
            task_id=task.id, volunteer_id=volunteer_id, place_code=BUILDING, status=status, starts_at=begins,
            ends_at=ends, claimed_at=begins, started_at=begins, done_at=ends,
        )  # fmt: skip
        db.session.add(claim)
        db.session.flush()
        for n, (home, grams, outcome) in enumerate(doors, 1):
            stop = {"household_id": home, "grams": grams, "outcome": outcome, "settled_at": ends}
            db.session.add(TaskStop(task_id=task.id, position=n, claim_id=claim.id, **stop))
        return task.id
