"""The parts of a unit of work that only the hottest paths use: statements alone, and hot rows last."""

from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from backend.core.errors import Conflict
from backend.core.transaction import alone, hot_row_last, let_go, rows, unit_of_work
from backend.extensions import db
from tests.cast import READY

NAME = "SELECT name FROM place WHERE code = %s"
RENAME = "UPDATE place SET name = %s WHERE code = %s RETURNING name"


def name_of(owner):
    return owner.execute(NAME, [READY]).fetchone()[0]


def test_the_hot_row_is_touched_after_all_else_and_in_the_same_transaction(ctx, owner):
    seen = []
    with unit_of_work():
        hot_row_last(RENAME, ("热门小区", READY), seen.append)
        assert rows(NAME, (READY,))[0][0] == "马池苑", "not yet"
        rows("UPDATE place SET households = 7 WHERE code = %s", (READY,))
    assert seen == [[("热门小区",)]] and name_of(owner) == "热门小区"


def test_what_the_hot_row_refuses_takes_all_else_with_it(ctx, owner):
    def refuse(answer):
        raise Conflict("sold_out", "没有了。")

    with pytest.raises(Conflict), unit_of_work():
        rows("UPDATE place SET households = 7 WHERE code = %s", (READY,))
        hot_row_last(RENAME, ("热门小区", READY), refuse)
    assert owner.execute("SELECT name, households FROM place WHERE code = %s", [READY]).fetchone() == ("马池苑", 700)


def test_one_unit_of_work_leaves_nothing_to_the_next(ctx, owner):
    with pytest.raises(ZeroDivisionError), unit_of_work():
        hot_row_last(RENAME, ("热门小区", READY), lambda _: None)
        _ = 1 / 0
    with unit_of_work():
        rows(NAME, (READY,))
    assert name_of(owner) == "马池苑"


def test_what_was_let_go_stays_whatever_comes_after(ctx, owner):
    with pytest.raises(ZeroDivisionError), unit_of_work():
        rows(RENAME, ("先放开", READY))
        let_go()
        rows(RENAME, ("后出错", READY))
        _ = 1 / 0
    assert name_of(owner) == "先放开"


def test_a_statement_alone_is_its_own_transaction_and_gives_its_connection_back_as_it_was(ctx, owner):
    with unit_of_work(read_only=True):
        assert rows(NAME, (READY,))[0][0] == "马池苑"
        assert alone(RENAME, ("独自", READY)) == [("独自",)]
        assert name_of(owner) == "独自", "committed, though the unit of work goes on"
    with pytest.raises(ZeroDivisionError), unit_of_work():
        rows(RENAME, ("不算", READY))
        _ = 1 / 0
    assert name_of(owner) == "独自", "the connection is in transactions again"
    with pytest.raises(psycopg.errors.CheckViolation):
        alone("UPDATE place SET parent_code = '4299' WHERE code = %s RETURNING 1", (READY,))
    assert alone(NAME, (READY,)) == [("独自",)]


def test_a_statement_alone_asks_again_on_a_living_connection(app, world, server, owner):
    """After a restart of PostgreSQL every connection of the pool is dead; who orders does not notice."""
    with app.app_context():
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda _: in_context(app, lambda: alone("SELECT pg_sleep(0.05)", None)), range(4)))
        database = app.config["DATABASE_URL"].rpartition("/")[2].partition("?")[0]
        with psycopg.connect(server, autocommit=True) as admin:
            ended = admin.execute(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = %s"
                " AND usename = 'anlin_app'",
                [database],
            ).fetchone()[0]
        assert ended >= 2
        assert alone(RENAME, ("重启以后", READY)) == [("重启以后",)]
        for engine in db.engines.values():
            engine.dispose()


def in_context(app, work):
    with app.app_context():
        return work()
