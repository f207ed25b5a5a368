"""What a person sets for themselves, and for whom they act."""

import psycopg
import pytest

from tests.cast import UNIT
from tests.core import things
from tests.core.test_queries import counted  # noqa: F401 the fixture
from tests.factories import groupbuy as g


def test_how_large_one_reads_is_the_same_on_the_next_phone(world):
    assert g.ok(world.he.get("/me"))["print_step"] is None
    assert g.ok(world.he.patch("/me", {"print_step": 4}))["print_step"] == 4
    assert g.ok(world.he.get("/me"))["print_step"] == 4 and g.ok(world.tang.get("/me"))["print_step"] is None
    assert g.ok(world.he.patch("/me", {"print_step": None}))["print_step"] is None


def test_a_phone_that_sends_no_patch_says_so_in_a_header(world):
    said = {"X-HTTP-Method-Override": "PATCH"}
    assert g.ok(world.he.post("/me", {"print_step": 3}, **said))["print_step"] == 3
    assert world.he.post("/me", {"print_step": 3}).status_code == 405
    assert world.he.post("/me", {"print_step": 3}, **{"X-HTTP-Method-Override": "DELETE"}).status_code == 405


@pytest.mark.parametrize("body", [{"print_step": 0}, {"print_step": 5}, {"print_step": "2"}, {}, {"name": "区长"}])
def test_there_are_four_steps_and_nothing_else_to_set(world, owner, body):
    assert world.he.patch("/me", body).status_code == 422
    with pytest.raises(psycopg.errors.CheckViolation):
        owner.execute("UPDATE app_user SET print_step = 5")


def agreed(world, app, who, room):
    home, _ = things.household(app, room)
    g.ok(world.li.post(f"/households/{home}/consents", things.consent(app, who)), 201)
    return str(home)


def test_a_resident_lists_the_neighbours_who_agreed_and_sees_them_masked(world, app, owner):
    g.home(app, "301", who="he")
    neighbours = [agreed(world, app, "he", room) for room in ("101", "102", "103")]
    first = g.ok(world.he.get("/me/acts-for", limit=2))
    rest = g.ok(world.he.get("/me/acts-for", limit=2, after=first["next"]))
    shown = first["items"] + rest["items"]
    assert [home["id"] for home in shown] == neighbours[::-1] and rest["next"] is None
    assert (shown[0]["place_code"], shown[0]["members"][0]["name"]) == (UNIT, "张**")
    assert shown[0]["address"] == "马池苑 1栋 1单元 103"
    assert g.ok(world.he.get("/me"))["homes"][0]["address"] == "马池苑 1栋 1单元 301"
    assert world.he.get("/households", place=UNIT).status_code == 403, "not the whole stairwell"
    assert g.ok(world.tang.get("/me/acts-for"))["items"] == []
    owner.execute("UPDATE consent SET withdrawn_at = now() WHERE household_id = %s", [neighbours[0]])
    owner.execute("UPDATE consent SET until = now() WHERE household_id = %s", [neighbours[1]])
    assert [home["id"] for home in g.ok(world.he.get("/me/acts-for"))["items"]] == neighbours[2:]


def test_twenty_neighbours_cost_no_more_statements_than_one(world, app, counted):  # noqa: F811
    costs = []
    for first, last in ((0, 1), (1, 20)):
        for n in range(first, last):
            agreed(world, app, "he", f"{n + 101}")
        assert len(g.ok(world.he.get("/me/acts-for", limit=100))["items"]) == last
        counted.clear()
        world.he.get("/me/acts-for", limit=100)
        costs.append(len(counted))
    assert costs[0] == costs[1] <= 4, f"{costs}: {counted}"
