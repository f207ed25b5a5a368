"""PostgreSQL restarted under a running process: those who read notice nothing, those who write at most once."""

from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from sqlalchemy import text

from backend.core import health
from backend.core.transaction import rows, unit_of_work
from backend.extensions import READ, db
from tests.cast import MACHIDUN
from tests.core import things

HANG_UP = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = %s AND usename = 'anlin_app'"


@pytest.fixture
def hang_up(app, server):
    """Ends every connection of the application, as a restart does."""
    name = app.config["DATABASE_URL"].rpartition("/")[2].partition("?")[0]

    def do() -> int:
        with psycopg.connect(server, autocommit=True) as admin:
            return admin.execute(HANG_UP, [name]).fetchone()[0]

    yield do
    with app.app_context():
        for engine in db.engines.values():
            engine.dispose()  # the tests after this one find no dead connection


def crowd(ask, size=4):
    """So many at once that each needs a connection of its own."""
    with ThreadPoolExecutor(size) as pool:
        return [answer.status_code for answer in pool.map(lambda _: ask(), range(size))]


def test_who_reads_does_not_notice(world, app, hang_up):
    ask = [
        lambda: app.test_client().get("/readyz"),
        lambda: world.wang.get("/me"),
        lambda: world.wang.get("/demo/people"),
    ]
    for one in ask:
        assert set(crowd(one)) == {200}
    assert hang_up() >= 2
    assert [one().status_code for one in ask] == [200, 200, 200]
    hang_up()
    for one in ask:
        assert set(crowd(one)) == {200}


@pytest.mark.parametrize("act", ["orm", "write"])
def test_the_session_is_told_once_and_then_works(world, app, hang_up, act):
    def ask():
        if act == "orm":
            return world.wang.get("/households", place=MACHIDUN).status_code
        return world.wang.post("/places/420112/nothing").status_code // 100

    good = ask()
    hang_up()
    assert [ask() for _ in range(4)][1:] == [good] * 3


def test_a_dead_connection_leaves_the_pool_and_a_living_one_stays(ctx, hang_up):
    with unit_of_work(read_only=True):
        (before,) = rows("SELECT pg_backend_pid()")
        with pytest.raises(psycopg.errors.UndefinedTable):
            rows("SELECT * FROM nowhere")
        assert rows("SELECT pg_backend_pid()") == [before], "an error of the statement is none of the connection"
        hang_up()
        assert rows("SELECT pg_backend_pid()") != [before]
    with unit_of_work(read_only=True):
        assert db.session.scalar(text("SELECT 1")) == 1
    assert db.engines[READ].pool.checkedout() == 0


def test_while_there_is_no_server_the_answer_is_503(world, app, hang_up):
    away = app.config["DATABASE_URL"].replace("anlin_", "nowhere_", 1).rpartition("/")[0] + "/no_such_database"
    binds = {"read": {**app.config["SQLALCHEMY_BINDS"]["read"], "url": away}}
    with things.plain_app(app, health.blp, SQLALCHEMY_BINDS=binds) as bare:
        for _ in range(2):
            answer = bare.test_client().get("/readyz")
            assert (answer.status_code, answer.json["code"]) == (503, "busy")
