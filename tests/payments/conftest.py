"""A shop with a group buy's organiser in it: 团长 tuan, and tuan2 who runs another campaign in the same compound."""

import pytest

from backend.core.permissions import Role
from backend.core.transaction import unit_of_work
from backend.extensions import db
from backend.payments import payables
from backend.people.models import RoleAssignment
from tests.cast import READY
from tests.factories.payments import Shop
from tests.factories.world import signs_in


def _organiser(app, name, role=Role.ORGANISER):
    with app.app_context(), unit_of_work():
        db.session.add(RoleAssignment(user_id=signs_in(name).id, role=role.value, place_code=READY))


@pytest.fixture
def shop(world, app):
    """Registered in place of the group buy; afterwards the books must be in order, whatever the test did."""
    for name in ("tuan", "tuan2"):
        _organiser(app, name)
    for name in ("ma", "niu"):
        _organiser(app, name, Role.RESIDENT)
    before, books = dict(payables.PAYABLES), dict(payables.BOOKS)
    shop = Shop(app, world)
    payables.register("order", shop.things)
    payables.register_book("campaign", shop.things.book)
    yield shop
    try:
        shop.sound()
    finally:
        payables.PAYABLES.clear()
        payables.PAYABLES.update(before)
        payables.BOOKS.clear()
        payables.BOOKS.update(books)
