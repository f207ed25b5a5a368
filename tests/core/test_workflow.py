"""Steps taken set-wise, and steps that belong to the owner: on the flow of an order, which has both."""

import uuid

import psycopg
import pytest
from sqlalchemy import select

from backend.core import clock
from backend.core.auth import Actor
from backend.core.errors import Forbidden
from backend.core.permissions import Permission as P
from backend.core.transaction import unit_of_work
from backend.core.workflow import Step, Workflow, advance, advance_all, allowed_actions
from backend.extensions import db
from backend.groupbuy.models import Order
from backend.groupbuy.workflow import ORDER
from tests.cast import READY
from tests.factories import groupbuy as g
from tests.factories.world import actor


@pytest.fixture
def three(world, app):
    """Three households' orders; the last is already cancelled."""
    campaign = g.opened(world, allows_on_delivery=True)
    homes = [g.home(app, f"10{n}") for n in range(3)]
    placed = [
        g.ordered(world, "liu", campaign, 1, household_id=home, consent="voice", terms="on_delivery") for home in homes
    ]
    g.ok(world.liu.post(f"/orders/{placed[2]['id']}/cancel", {"revision": 1}))
    return [uuid.UUID(order["id"]) for order in placed]


def test_all_that_stand_where_the_step_begins_take_it_and_each_is_audited(app, three, owner):
    with app.app_context(), unit_of_work():
        taken = advance_all(ORDER, select(Order).where(Order.id.in_(three)), "lock", why="test")
        assert sorted(order.id for order, _ in taken) == sorted(three[:2])
        assert {event.old for _, event in taken} == {"on_delivery"}
    found = owner.execute("SELECT status, revision FROM group_order ORDER BY id").fetchall()
    assert found == [("locked", 2), ("locked", 2), ("cancelled", 2)]
    audited = owner.execute(
        "SELECT old, new, details FROM audit_event WHERE subject_type = 'order' AND action = 'lock'"
    ).fetchall()
    assert audited == [("on_delivery", "locked", {"why": "test"})] * 2
    assert not g.sound(app)


def test_its_cost_does_not_grow_by_a_statement_an_order(app, three, owner, monkeypatch):
    sent = []
    execute = psycopg.Cursor.execute
    monkeypatch.setattr(psycopg.Cursor, "execute", lambda c, q, *a, **k: (sent.append(q), execute(c, q, *a, **k))[1])
    with app.app_context(), unit_of_work():
        advance_all(ORDER, select(Order).where(Order.id == three[0]), "lock")
        alone, sent[:] = len(sent), []
        advance_all(ORDER, select(Order).where(Order.id.in_(three)), "release")
        assert len(sent) <= alone


def test_nobody_there_is_nothing_to_do(ctx):
    with unit_of_work():
        assert advance_all(ORDER, select(Order), "lock") == []


# --- The owner's steps ------------------------------------------------------------------------------------------

OWNED = Workflow(
    name="order",
    visible=P.ORDER_READ,
    place_of=lambda order: order.place_code,
    owned=lambda orders, actor: {order.id for order in orders if actor.name == "owner"},
    steps=(
        Step("mine", {"on_delivery"}, "on_delivery", "只有本人", owner=True),
        Step("ours", {"on_delivery"}, "on_delivery", "本人或社区", P.ORDER_FOR_OTHERS, owner=True),
        Step("theirs", {"on_delivery"}, "on_delivery", "只有社区", P.ORDER_FOR_OTHERS),
        Step("clocks", {"on_delivery"}, "on_delivery", "系统"),
    ),
)


def who(name):
    return {"owner": Actor(uuid.uuid4(), "owner"), "neighbour": Actor(uuid.uuid4(), "neighbour")}.get(name) or actor(
        name
    )


@pytest.mark.parametrize(
    ("name", "may"),
    [("owner", {"mine", "ours"}), ("neighbour", set()), ("wang", {"ours", "theirs"}), ("zhao", set())],
)
def test_who_owns_it_needs_no_post_and_who_has_the_post_need_not_own_it(app, three, owner, name, may):
    owner.execute("ALTER TABLE audit_event DROP CONSTRAINT fk_audit_event_actor_id")
    try:
        with app.app_context(), unit_of_work():
            person, order = who(name), db.session.get_one(Order, three[0])
            assert set(allowed_actions(OWNED, [order], person, clock.now())[order.id]) == may
            for step in OWNED.steps:
                if step.action in may:
                    advance(OWNED, order, step.action, person)
                else:
                    with pytest.raises(Exception) as refused:
                        advance(OWNED, order, step.action, person)
                    assert refused.value.status in (403, 404), step.action
    finally:
        owner.execute("TRUNCATE audit_event")
        owner.execute(
            "ALTER TABLE audit_event ADD CONSTRAINT fk_audit_event_actor_id FOREIGN KEY (actor_id)"
            " REFERENCES app_user (id)"
        )


def test_the_words_tell_the_owners_step_from_the_clocks(ctx, app, three):
    with unit_of_work():
        order = db.session.get_one(Order, three[0])
        for action, words in (("mine", "本人"), ("clocks", "系统")):
            with pytest.raises(Forbidden) as refused:
                advance(OWNED, order, action, actor("wang"))
            assert words in refused.value.detail
    assert order.place_code.startswith(READY)
