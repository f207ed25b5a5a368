"""Many volunteers at once, each with a token."""

import uuid
from typing import Any

from flask import Flask
from sqlalchemy import text

from backend.core import clock
from backend.core.auth import issue_access_token
from backend.core.models import new_id
from backend.core.transaction import unit_of_work
from backend.extensions import db
from tests.cast import BUILDING, MACHIDUN, Hand
from tests.factories.volunteers import team

CREW = """
WITH u AS (
  SELECT * FROM unnest(CAST(:users AS uuid[]), CAST(:ids AS uuid[]), CAST(:posts AS uuid[])) given (person, id, post)),
p AS (INSERT INTO app_user (id, name) SELECT person, '志愿者' FROM u),
r AS (INSERT INTO role_assignment (id, user_id, role, place_code) SELECT post, person, 'transporter', :place FROM u),
v AS (INSERT INTO volunteer (id, user_id, team_id, kind, base_code, minutes_a_day)
      SELECT id, person, :team, 'resident_volunteer', :base, 480 FROM u)
INSERT INTO fitness (volunteer_id, day, fit, recorded_by) SELECT id, :day, true, person FROM u"""


def crew(app: Flask, count: int) -> list[Hand]:
    """So many transporters of Machidun who are well today. Their hands."""
    users = [new_id() for _ in range(count)]
    with app.app_context(), unit_of_work():
        of: dict[str, Any] = {"users": users, "ids": [new_id() for _ in users], "posts": [new_id() for _ in users]}
        where = {"place": MACHIDUN, "base": BUILDING, "team": team().id, "day": clock.today()}
        db.session.execute(text(CREW), of | where)
    return [hand(app, user) for user in users]


def hand(app: Flask, user: uuid.UUID) -> Hand:
    with app.app_context():
        return Hand(app, str(user), issue_access_token(user, clock.now()))
