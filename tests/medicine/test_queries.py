"""What the lists of medicine cost: as many statements for twenty as for one."""

import pytest

from tests.cast import MACHIDUN
from tests.core.test_queries import counted  # noqa: F401 the fixture
from tests.factories import groupbuy as g
from tests.factories import medicine as m

MOST = 12


def requests(cast, app, owner, n):
    """Each with a photo, two medicines, and a question from the counter."""
    for _ in range(n):
        request = m.checked(cast, "he", {}, m.PLASTERS, photo_ids=[m.photo(cast, "he")])
        m.walk(app, request, "plan", "buy")
        m.asked(app, request, 0, "price", 9000)


def requests_of_mine(cast, app, owner, n):
    requests(cast, app, owner, n)
    return "he", "/medicine-requests", {}


def requests_of_a_place(cast, app, owner, n):
    requests(cast, app, owner, n)
    return "li", "/medicine-requests", {"place": MACHIDUN}


def requests_over(cast, app, owner, n):
    """Brought, so that it is asked what is still owed."""
    for _ in range(n):
        m.walk(app, m.checked(cast, "he", {}), *m.DELIVERED)
    return "he", "/medicine-requests", {}


def papers_i_carry(cast, app, owner, n):
    for _ in range(n):
        m.taken(cast, "wang", m.filed(cast, "he", {}), "insurance_card")
    return "wang", "/custody-receipts", {}


def courses(cast, app, owner, n):
    for start in range(0, n, 20):
        lines = [{**m.PILLS, "name": f"第{n}种{at}"} for at in range(start, min(n, start + 20))]
        m.walk(app, m.checked(cast, "he", *lines), *m.DELIVERED)
    owner.execute("UPDATE medicine_course SET runs_out_on = current_date")


def courses_of_mine(cast, app, owner, n):
    courses(cast, app, owner, n)
    return "he", "/medicine-courses", {}


def courses_of_a_place(cast, app, owner, n):
    courses(cast, app, owner, n)
    return "liu", "/medicine-courses", {"place": MACHIDUN}


PAGES = [requests_of_mine, requests_of_a_place, requests_over, papers_i_carry, courses_of_mine, courses_of_a_place]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.__name__)
def test_twenty_cost_no_more_statements_than_one(world, app, owner, home, counted, page):  # noqa: F811
    costs = []
    for n in (1, 20):
        who, path, query = page(world, app, owner, n)
        assert len(g.ok(world.hand(who).get(path, limit=100, **query))["items"]) >= n  # once to warm the connections
        counted.clear()
        world.hand(who).get(path, limit=100, **query)
        costs.append(len(counted))
    assert costs[0] == costs[1] <= MOST, f"{costs}: {counted}"


def test_what_runs_out_is_found_by_its_index_however_many_do_not(world, app, owner, home):
    """Twenty thousand courses elsewhere, none of which concerns anyone today."""
    courses(world, app, owner, 1)
    columns = [
        name
        for (name,) in owner.execute(
            "SELECT attname FROM pg_attribute WHERE attrelid = 'medicine_course'::regclass AND attnum > 0"
        )
    ]
    changed = {
        "id": "gen_random_uuid()", "name_index": "sha256(n::text::bytea)", "runs_out_on": "current_date + 60",
        "place_code": "'420112015001-001-001-001'",
    }  # fmt: skip
    listed = ", ".join(changed.get(name, name) for name in columns)
    owner.execute(
        f"INSERT INTO medicine_course ({', '.join(columns)})"
        f" SELECT {listed} FROM medicine_course, generate_series(1, 20000) n"
    )
    owner.execute("ANALYZE medicine_course")
    plan = owner.execute(
        "EXPLAIN SELECT * FROM medicine_course"
        " WHERE place_code >= %s AND place_code < %s AND runs_out_on <= current_date",
        [MACHIDUN, MACHIDUN + "~"],
    ).fetchall()
    assert "ix_medicine_course_place_code" in str(plan), plan
