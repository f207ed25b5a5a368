"""The inbox as such: its pages, what is new, what waits, for whom, and what it costs."""

import uuid
from datetime import datetime, timedelta

import pytest

from backend.core import clock, inbox
from backend.people.inbox import COUNTED
from tests.cast import READY
from tests.core import things
from tests.core.test_queries import counted  # noqa: F401 the fixture
from tests.factories import groupbuy as g
from tests.factories.inbox import page, told

# Who asks; how far they have seen; their homes; a page of it; how much is new.
COST = 5
REFUNDED = """
WITH p AS (
  INSERT INTO payment (id, subject_type, subject_id, book_id, household_id, place_code, method, number, amount_fen,
    refunded_fen, status, recorded_by, receipt, succeeded_at)
  SELECT gen_random_uuid(), 'order', gen_random_uuid(), gen_random_uuid(), %(home)s, %(place)s, 'cash',
    md5(random()::text), 100, 100, 'succeeded', (SELECT id FROM app_user WHERE demo_name = 'hu'), md5(random()::text),
    now() FROM generate_series(1, %(n)s) RETURNING *)
INSERT INTO refund (id, payment_id, lot_id, subject_id, book_id, household_id, place_code, method, number, amount_fen,
  cause, status, handed_by, receipt, succeeded_at)
SELECT gen_random_uuid(), id, id, subject_id, book_id, household_id, place_code, method, number, 100, 'test',
  'succeeded', recorded_by, receipt, %(at)s FROM p"""


@pytest.fixture
def home(world, app):
    return g.home(app, "101", "he")


def refunds(owner, home, n, at=None):
    """So many at one instant, as when a lot is recalled."""
    owner.execute(REFUNDED, {"home": home, "place": READY, "n": n, "at": at or clock.now()})


def test_pages_follow_each_other_and_tell_each_item_once(world, owner, home):
    refunds(owner, home, 5)
    refunds(owner, home, 2, clock.now() - timedelta(days=1))
    seen, after = [], None
    while after is not None or not seen:
        found = page(world, "he", limit=3, **({"after": after} if after else {}))
        seen += [(item["at"], item["kind"], item["id"]) for item in found["items"]]
        after = found["next"]
    refunded = [item for item in seen if item[1] == "refund.succeed"]
    assert len(refunded) == 7 == len(set(refunded)) and seen == sorted(seen, reverse=True)


@pytest.mark.parametrize(
    "after",
    ["", "x", "a,b,c", "2020-03-01,退款,01900000-0000-7000-8000-000000000000", "2020-03-01T00:00:00Z,x,y,z"],
)
def test_a_page_after_nothing_is_refused(world, after):
    assert world.he.get("/me/inbox", after=after).status_code == 422


def test_what_has_been_seen_is_no_longer_new_and_the_mark_goes_forward_only(world, owner, home):
    refunds(owner, home, 2, clock.now() - timedelta(hours=2))
    refunds(owner, home, 1)
    assert page(world, "he")["seen_until"] is None and page(world, "he")["unread"] == 3
    hour_ago = clock.now() - timedelta(hours=1)
    for until in (hour_ago, hour_ago - timedelta(days=3)):
        marked = g.ok(world.he.post("/me/inbox/seen", {"until": until.isoformat()}))
        assert datetime.fromisoformat(marked["seen_until"]) == hour_ago
        assert page(world, "he")["unread"] == 1
    ahead = g.ok(world.he.post("/me/inbox/seen", {"until": (clock.now() + timedelta(days=9)).isoformat()}))
    assert datetime.fromisoformat(ahead["seen_until"]) < clock.now() + timedelta(minutes=1)
    assert page(world, "he")["unread"] == 0 and len(page(world, "he")["items"]) == 3


def test_no_more_than_ninety_nine_are_counted_and_ninety_days_told(world, owner, home):
    refunds(owner, home, COUNTED + 30)
    refunds(owner, home, 5, clock.now() - timedelta(days=inbox.DAYS + 1))
    found = page(world, "he", limit=100)
    assert found["unread"] == COUNTED and len(found["items"]) == 100
    assert len(page(world, "he", limit=100, after=found["next"])["items"]) == 29


def test_a_home_is_told_of_by_whoever_lives_there_or_acts_for_it_and_by_nobody_else(world, app, owner, home):
    refunds(owner, home, 1)
    assert told(world, "he") == [("refund.succeed", False)]
    assert told(world, "tang") == told(world, "liu") == told(world, "li") == []
    g.ok(world.li.post(f"/households/{home}/consents", things.consent(app, "liu")), 201)
    assert told(world, "liu") == [("refund.succeed", False)]
    assert page(world, "liu")["items"][0]["household_id"] == home
    owner.execute("UPDATE consent SET withdrawn_at = now()")
    owner.execute("UPDATE household_member SET left_at = now() WHERE household_id = %s", [home])
    assert told(world, "liu") == told(world, "he") == []


def test_a_post_that_was_given_is_told(world, app):
    body = {"user_id": things.person(app, "nobody"), "role": "gate_duty", "place_code": READY}
    g.ok(world.li.post("/role-assignments", body), 201)
    (item,) = page(world, "nobody")["items"]
    assert (item["kind"], item["title"], item["detail"]) == ("role.appoint", "门岗值守员", "马池苑")


def test_every_kind_has_its_words_and_names_nobody(app):
    labels = inbox.labels()
    assert len(labels) == sum(len(offer.kinds) for offer in inbox.OFFERS), "a kind belongs to one offer"
    assert all(any("一" <= sign <= "鿿" for sign in label) for label in labels.values())
    ciphers = ("_cipher", "phone", "u.name", "m.name")
    assert not [offer.kinds for offer in inbox.OFFERS if any(word in offer.select for word in ciphers)]


def test_it_costs_as_many_statements_for_a_hundred_items_as_for_none(world, owner, home, counted):  # noqa: F811
    costs = []
    for n in (0, 120):
        refunds(owner, home, n)
        page(world, "he", limit=100)
        counted.clear()
        page(world, "he", limit=100)
        costs.append(len(counted))
    assert costs == [COST, COST], counted


def test_it_reads_a_persons_own_rows_and_no_table_of_the_citys(world, app, owner, home):
    """By the plan that PostgreSQL makes when none of the tables may be read from end to end."""
    with app.app_context():
        asked = {"user": uuid.UUID(things.person(app, "he")), "homes": [uuid.UUID(home)], "around": [READY],
                 "since": clock.now(), "before_at": clock.now(), "before_kind": "", "before_id": uuid.UUID(int=0),
                 "waiting": False, "limit": 20, **{name: [READY] for name in inbox.scopes()}}  # fmt: skip
    owner.execute("SET enable_seqscan = off")
    try:
        plan = "\n".join(row[0] for row in owner.execute(f"EXPLAIN {inbox.statement()}", asked))
    finally:
        owner.execute("RESET enable_seqscan")
    assert "Seq Scan" not in plan, plan
