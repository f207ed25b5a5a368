"""An arrival for a whole community is a few statements, however many homes have ordered."""

import time

import psycopg
import pytest

from tests.factories import arrivals as a
from tests.factories import groupbuy as g

TWO = ({"name": "猪肉", "subsidy_fen": 300}, {"name": "鸡蛋"})


@pytest.fixture
def counted(monkeypatch):
    """The statements that reach PostgreSQL: a batch of rows with one text is one."""
    sent: list[str] = []
    for name in ("execute", "executemany"):
        original = getattr(psycopg.Cursor, name)

        def counting(cursor, query, *args, _original=original, **kwargs):
            sent.append(str(query))
            return _original(cursor, query, *args, **kwargs)

        monkeypatch.setattr(psycopg.Cursor, name, counting)
    return sent


def cost(world, owner, counted, n):
    campaign = a.crowd(world, owner, n, *TWO, policy="pro_rata")
    revision = a.fresh(world, campaign)["revision"]
    counts = [{"item_id": item["id"], "quantity": 2 * n + 1, "lot": "L"} for item in campaign["items"]]
    counted.clear()
    g.ok(world.hu.post(f"/campaigns/{campaign['id']}/arrive", {"revision": revision, "counts": counts}))
    return list(counted)


def test_the_same_statements_for_twenty_orders_as_for_two_hundred(world, owner, counted):
    few = cost(world, owner, counted, 20)
    owner.execute("UPDATE household SET room = 'X' || room; UPDATE payment SET receipt = 'X' || receipt")
    many = cost(world, owner, counted, 200)
    assert len(many) == len(few), "\n".join(many)
    a.sound(world)


def test_the_same_statements_to_explain_one_line_as_six(world, owner, counted):
    costs = []
    for items in (1, 6):
        campaign = g.opened(world, *[{"name": f"菜{n}"} for n in range(items)], policy="pro_rata")
        order = a.neighbour(world, campaign, f"{items}01", *[2] * items)
        a.locked(world, owner, campaign)
        g.ok(a.truck(world, campaign, *[1] * items))
        a.told(world, order)  # warms the connections
        counted.clear()
        assert len(a.told(world, order)["sentences"]) == items + 1
        costs.append(len(counted))
    assert costs[0] == costs[1]


@pytest.mark.slow
def test_five_thousand_orders_are_allocated_within_the_statement_time_out(world, owner, capsys):
    campaign = a.crowd(world, owner, 5000, *TWO, policy="pro_rata")
    began = time.perf_counter()
    g.ok(a.truck(world, campaign, 10_001, 12_345))
    took = time.perf_counter() - began
    with capsys.disabled():
        print(f"\n5,000 orders of two lines, all short: {took:.1f} s")
    a.sound(world)
