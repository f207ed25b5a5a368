"""A shop with a group buy's organiser in it: 团长 tuan, and tuan2 who runs another campaign in the same compound."""

import pytest

from backend.core.models import new_id
from backend.core.permissions import Role
from backend.payments import payables
from tests.cast import READY
from tests.factories.payments import Shop


def _organiser(owner, name, role=Role.ORGANISER.value):
    user = new_id()
    owner.execute("INSERT INTO app_user (id, name, demo_name) VALUES (%s, %s, %s)", [user, name, name])
    owner.execute(
        "INSERT INTO role_assignment (id, user_id, role, place_code) VALUES (%s, %s, %s, %s)",
        [new_id(), user, role, READY],
    )


@pytest.fixture
def shop(world, app, owner):
    """Registered in place of the group buy; afterwards the books must be in order, whatever the test did."""
    for name in ("tuan", "tuan2"):
        _organiser(owner, name)
    for name in ("ma", "niu"):
        _organiser(owner, name, Role.RESIDENT.value)
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
