"""Things of Machidun for the kernel's tests to act upon, and a plain app to put throw-away routes on."""

import logging
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import structlog
from flask import Flask

from backend.core import errors, logs
from backend.core.transaction import unit_of_work
from backend.extensions import db
from backend.people.households import set_phone
from backend.people.models import HouseholdMember
from backend.places.models import Household
from tests.cast import UNIT

NAME, PHONE = "张三丰", "13812345678"


def household(app: Flask, room: str = "101", place: str = UNIT) -> tuple[uuid.UUID, uuid.UUID]:
    """A household with its head; (household id, member id)."""
    with app.app_context(), unit_of_work():
        home = Household(place_code=place, room=room, member_count=2)
        db.session.add(home)
        db.session.flush()
        head = HouseholdMember(household_id=home.id, is_head=True, name=NAME)
        set_phone(head, PHONE)
        db.session.add(head)
        return home.id, head.id


def person(app: Flask, name: str) -> str:
    """The user's id, as the API writes it."""
    with app.app_context():
        return str(
            db.session.execute(db.text("SELECT id FROM app_user WHERE demo_name = :n"), {"n": name}).scalar_one()
        )


def consent(app: Flask, given_to: str = "wang") -> dict[str, Any]:
    return {"given_to": person(app, given_to), "kind": "voice"}


@contextmanager
def logged() -> Iterator[None]:
    """The log lines of every request, which tests otherwise do without."""
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.INFO))
    try:
        yield
    finally:
        structlog.configure(**before)


@contextmanager
def plain_app(app: Flask, *blueprints: Any, **config: Any) -> Iterator[Flask]:
    """An app with the kernel's edge (errors, logs, database) and nothing else, on the same database."""
    before = structlog.get_config()
    bare = Flask("plain")
    bare.config.update({**app.config, **config})
    db.init_app(bare)
    logs.init_app(bare)
    structlog.configure(cache_logger_on_first_use=False)
    errors.init_app(bare)
    for blueprint in blueprints:
        bare.register_blueprint(blueprint)
    try:
        yield bare
    finally:
        structlog.configure(**before)
        with bare.app_context():
            for engine in db.engines.values():
                engine.dispose()
