"""Double entry: what does not balance is refused by the code and by the database, and nothing is ever changed."""

from datetime import timedelta

import psycopg
import pytest
from sqlalchemy import event

from backend.core.errors import DomainError
from backend.core.models import new_id
from backend.core.transaction import unit_of_work
from backend.extensions import db
from backend.payments import ledger, service
from tests.factories.payments import ok, service_actor

HOUSE = service_actor()


def entry(owner, transaction, line, fen, account="fund"):
    owner.execute(
        "INSERT INTO ledger_entry (transaction_id, line, account, owner, amount_fen) VALUES (%s, %s, %s, 'x', %s)",
        [transaction, line, account, fen],
    )


def test_zero_entries_are_dropped_and_the_rest_is_booked(shop, app):
    with app.app_context(), unit_of_work():
        service.post("t", shop.book_id, None, HOUSE, [("fund", "a", 5), ("subsidy", "b", 0), ("organiser", "c", -5)])
    assert (shop.balance("fund", "a"), shop.balance("subsidy", "b"), shop.balance("organiser", "c")) == (5, 0, -5)


@pytest.mark.parametrize("entries", [[], [("fund", "a", 0)], [("fund", "a", 5)], [("fund", "a", 5), ("fund", "b", -4)]])
def test_what_does_not_balance_is_refused(shop, app, entries):
    with app.app_context(), pytest.raises(DomainError, match="unbalanced"), unit_of_work():
        service.post("t", shop.book_id, None, HOUSE, entries)


def test_an_account_nobody_knows_is_refused(shop, app):
    with app.app_context(), pytest.raises(ValueError, match="purse"), unit_of_work():
        service.post("t", shop.book_id, None, HOUSE, [("purse", "a", 5), ("fund", "b", -5)])


def test_the_database_refuses_an_unbalanced_transaction_at_its_end(shop, owner):
    transaction = new_id()
    with pytest.raises(psycopg.errors.CheckViolation, match="does not balance"), owner.transaction():
        owner.execute(
            "INSERT INTO ledger_transaction (id, kind, book_id) VALUES (%s, 't', %s)", [transaction, new_id()]
        )
        entry(owner, transaction, 1, 5)
        entry(owner, transaction, 2, -4)


def test_the_database_refuses_a_line_added_to_a_balanced_transaction(shop, owner):
    thing = shop.thing()
    query = "SELECT id FROM ledger_transaction WHERE subject_id = %s"
    (transaction,) = owner.execute(query, [thing.id]).fetchone()
    with pytest.raises(psycopg.errors.CheckViolation, match="does not balance"):
        entry(owner, transaction, 9, 1)


@pytest.mark.parametrize("table", ["ledger_transaction", "ledger_entry", "ledger_closing"])
def test_nothing_is_ever_changed_or_deleted(shop, app, owner, table):
    shop.thing()
    owner.execute("INSERT INTO ledger_closing (until, account, amount_fen) VALUES ('2020-01-01', 'fund', 0)")
    for statement in (
        f"DELETE FROM {table}",
        f"UPDATE {table} SET {'kind' if 'trans' in table else 'account'} = 'fund'",
    ):
        with pytest.raises(psycopg.errors.RestrictViolation, match="append-only"):
            owner.execute(statement)
        role = psycopg.connect(app.config["DATABASE_URL"].replace("+psycopg", ""))
        with role, pytest.raises(psycopg.errors.InsufficientPrivilege):
            role.execute(statement)


def test_many_acts_are_booked_in_one_statement(shop, app):
    said = []
    with app.app_context(), unit_of_work():
        event.listen(db.engine, "before_cursor_execute", listener := lambda *a: said.append((a[2], a[5])))
        rows = [("t", shop.book_id, None, HOUSE, [("fund", f"c{n}", n), ("organiser", "o", -n)]) for n in range(1, 501)]
        assert len(set(service.post_many(rows))) == 500
        event.remove(db.engine, "before_cursor_execute", listener)
    assert len([sql for sql, many in said if "ledger" in sql]) == 1 and not any(many for _, many in said)
    assert shop.balance("organiser", "o") == -sum(range(501))
    with app.app_context():
        held = service.balances("fund", ["c7", "c500", "nobody"])
    assert dict(held) | {"nobody": held["nobody"]} == {"c7": 7, "c500": 500, "nobody": 0}


def test_all_or_none_of_many(shop, app):
    rows = [("t", shop.book_id, None, HOUSE, [("fund", "a", 5), ("fund", "b", -n)]) for n in (5, 4)]
    with app.app_context(), pytest.raises(DomainError), unit_of_work():
        service.post_many(rows)
    assert shop.balance("fund", "a") == 0


def test_the_trial_balance_starts_from_the_last_closing(shop, app, owner, world):
    """What lies before a closing is not added up again, and what comes after is not lost; closed twice is once."""
    for hours, closed in ((50, 40), (26, 20), (3, 1), (0, None)):
        shop.thing(1000 + hours)
        with owner.transaction():
            owner.execute("ALTER TABLE ledger_transaction DISABLE TRIGGER ledger_transaction_append_only")
            owner.execute(
                "UPDATE ledger_transaction SET created_at = now() - make_interval(hours => %s)"
                " WHERE created_at > now() - interval '1 minute'",
                [hours],
            )
            owner.execute("ALTER TABLE ledger_transaction ENABLE TRIGGER ledger_transaction_append_only")
        for _ in range(2 if closed else 0):
            with app.app_context(), unit_of_work():
                ledger.close(timedelta(hours=closed))
    answer = ok(world.li.get("/trial-balance"))
    held = {each["account"]: each["amount_fen"] for each in answer["accounts"]}
    assert (held["household"], held["campaign"], answer["sum_fen"]) == (4079, -4079, 0)
    closings = owner.execute("SELECT amount_fen FROM ledger_closing WHERE account = 'household' ORDER BY until")
    assert closings.fetchall() == [(1050,), (2076,), (3079,)]


MANY = """
WITH made AS (
  INSERT INTO ledger_transaction (id, kind, book_id, created_at)
  SELECT gen_random_uuid(), 't', gen_random_uuid(), now() - interval '3 hours' - n * interval '200 ms'
  FROM generate_series(1, %(n)s) n RETURNING id)
INSERT INTO ledger_entry (transaction_id, line, account, owner, amount_fen)
SELECT id, line, CASE line WHEN 1 THEN 'merchant' ELSE 'subsidy' END, 'x', CASE line WHEN 1 THEN 1 ELSE -1 END
FROM made, generate_series(1, 2) line"""


def test_however_much_has_come_no_statement_reads_more_than_a_span(shop, app, owner):
    """5,000 within 17 minutes, and nothing for weeks before: a few spans, found by a few questions."""
    owner.execute("INSERT INTO ledger_closing VALUES (now() - interval '90 days', 'fund', 0)")
    owner.execute(MANY, {"n": 1})
    with app.app_context(), unit_of_work():
        for _ in range(12):  # by then the plan is kept, of a ledger that was empty
            ledger.trial_balance()
    owner.execute("DISCARD PLANS")  # the foreign key's, which would read the whole ledger for each line
    owner.execute(MANY, {"n": 5_000})
    said = []
    with app.app_context(), unit_of_work():
        event.listen(db.engine, "before_cursor_execute", listener := lambda *a: said.append((a[2], a[3])))
        ledger.close()
        event.remove(db.engine, "before_cursor_execute", listener)
    sums = [values for sql, values in said if "ledger_came" in sql]
    assert 4 <= len(sums) <= 6 and len(said) < 60
    assert all(values["before"] - values["since"] <= ledger.SPAN for values in sums)
    query = "SELECT account, amount_fen FROM ledger_closing WHERE until > now() - interval '3 hours'"
    held = dict(owner.execute(query).fetchall())
    assert (held["merchant"], held["subsidy"]) == (5_001, -5_001)


def test_who_reads_the_trial_balance(shop, world):
    for who, status in {
        "li": 200,
        "zhao": 200,
        "zhou": 200,
        "he": 403,
        "tuan": 403,
        "wang": 403,
        "nobody": 403,
    }.items():
        assert world.hand(who).get("/trial-balance").status_code == status, who
