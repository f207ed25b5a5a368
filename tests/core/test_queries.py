"""How many statements an answer costs: the same for one row as for twenty, for a day as for fourteen."""

from datetime import timedelta

import psycopg
import pytest

from backend.cases.models import Case, CaseEvent
from backend.certification.models import Application, Batch, Filing, Objection
from backend.certification.packs import pack_for
from backend.core import clock
from backend.core.transaction import unit_of_work
from backend.extensions import db
from backend.places.models import Place
from tests.cast import DONGXIHU, MACHIDUN, READY, UNIT
from tests.core import things
from tests.factories.world import good_days, user_id

NOW, TODAY = clock.now(), clock.today()
# Who asks (user and posts in one), the evidence of all packages in one.
READINESS = {2}


@pytest.fixture
def counted(monkeypatch):
    """The statements that reach PostgreSQL, whoever sends them."""
    sent: list[str] = []
    execute = psycopg.Cursor.execute

    def counting(cursor, query, *args, **kwargs):
        sent.append(str(query))
        return execute(cursor, query, *args, **kwargs)

    monkeypatch.setattr(psycopg.Cursor, "execute", counting)
    return sent


def cost(counted, ask, rows):
    assert len(ask().json["items"]) == rows  # once to warm the connections
    counted.clear()
    ask()
    return len(counted)


def populate(app, first, last):
    """Compounds first…last of Machidun, each with what the lists show."""
    with app.app_context(), unit_of_work():
        pack, wang, zhao, zhou = pack_for(DONGXIHU, TODAY), *(user_id(name) for name in ("wang", "zhao", "zhou"))
        for n in range(first, last):
            noticed, certified = f"{MACHIDUN}-{n + 100}", f"{MACHIDUN}-{n + 200}"
            for code in (noticed, certified):
                db.session.add(Place(code=code, name=code, kind="compound", parent_code=MACHIDUN, households=1))
            db.session.flush()
            batch = Batch(district_code=DONGXIHU, number=n + 1, day=TODAY - timedelta(days=n))
            db.session.add(batch)
            db.session.flush()
            common = {
                "pack_id": pack.id, "pack_version": pack.version, "applicant_id": wang,
                "subdistrict_reviewer_id": zhao, "district_reviewer_id": zhou, "notice_ends_at": NOW,
            }  # fmt: skip
            live = Application(unit_code=noticed, status="public_notice", notice_starts_at=NOW, **common)
            held = Application(unit_code=certified, status="certified", batch_id=batch.id, certified_at=NOW, **common)
            db.session.add_all([live, held])
            db.session.flush()
            db.session.add(Objection(application_id=live.id, text="夜里有人进出"))
            for application in (live, held):
                filing = {"filed_by": wang, "as_of": TODAY, "pack_version": pack.version, "verdict": {}, "records": []}
                db.session.add(Filing(application_id=application.id, number=1, **filing))
            record_case(wang)


def record_case(by, category="fever"):
    case = Case(place_code=READY, erase_on=TODAY + timedelta(days=60), person=things.NAME)
    db.session.add(case)
    db.session.flush()
    dates = {"effective_on": TODAY - timedelta(days=30), "reported_on": TODAY}
    db.session.add(CaseEvent(case_id=case.id, place_code=READY, category=category, source="x", recorded_by=by, **dates))
    db.session.flush()


LISTS = {
    "applications": ("zhou", "/certifications", {"status": "public_notice"}),
    "waiting": ("zhou", "/certifications", {"waiting": True}),
    "objections": ("zhou", "/objections", {}),
    "notices": ("public", "/public/notices", {}),
    "batches": ("public", "/public/batches", {}),
    "cases": ("zhou", "/cases", {}),
    "households": ("wang", "/households", {"place": UNIT}),
}


@pytest.mark.parametrize("name", LISTS)
def test_a_list_of_twenty_costs_no_more_statements_than_a_list_of_one(world, app, counted, name):
    who, path, query = LISTS[name]
    hand = world.public if who == "public" else world.hand(who)
    costs = []
    for first, last in ((0, 1), (1, 20)):
        populate(app, first, last)
        for n in range(first, last):
            things.household(app, f"{n + 101}")
        costs.append(cost(counted, lambda: hand.get(path, limit=100, **query), last))
    assert costs[0] == costs[1] <= 5, f"{costs}: {counted}"


def test_the_dry_run_costs_three_statements_at_most_whatever_lies_behind_it(world, app, counted, owner):
    def dry_run():
        assert world.wang.get(f"/places/{READY}/readiness").status_code == 200
        counted.clear()
        world.wang.get(f"/places/{READY}/readiness")
        return len(counted)

    costs = {"14 days": dry_run()}
    with app.app_context(), unit_of_work():
        wang = user_id("wang")
        for _ in range(50):
            record_case(wang)
    costs["50 cases"] = dry_run()
    owner.execute(
        "INSERT INTO household (id, place_code, room)"
        " SELECT gen_random_uuid(), %s, n::text FROM generate_series(1, 700) n",
        [UNIT],
    )
    costs["700 households"] = dry_run()
    owner.execute("DELETE FROM daily_record")
    costs["no day"] = dry_run()
    with app.app_context(), unit_of_work():
        good_days(READY, days=1)
    costs["1 day"] = dry_run()
    assert set(costs.values()) == READINESS, f"{costs}: {counted}"
