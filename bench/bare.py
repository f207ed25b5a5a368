"""The baselines: what Flask, Flask with one `SELECT 1`, and an order in one statement cost under the same gunicorn
settings.

They stand for the least any Flask endpoint can cost here, so a ratio to them is the price of our own code.
"""

import os
from typing import Any

from flask import Flask, request
from psycopg_pool import ConnectionPool

app = Flask(__name__)
# Not opened here: the module may be imported before gunicorn forks, and a pool's threads do not survive that.
# Four connections because gunicorn's four threads never use more.
pool = ConnectionPool(
    os.environ.get("DATABASE_URL", ""), min_size=4, max_size=4, kwargs={"autocommit": True}, open=False
)

# Stock, order and line in one statement, hence one round trip and one commit; nothing is written when it is sold out.
ORDER = """
WITH taken AS (
  UPDATE item SET available = available - %(quantity)s WHERE id = %(item)s AND available >= %(quantity)s
  RETURNING id, price_fen
), placed AS (
  INSERT INTO orders (id, item_id, household_id, total_fen)
  SELECT gen_random_uuid(), id, %(household)s, price_fen * %(quantity)s FROM taken
  RETURNING id, total_fen
), line AS (
  INSERT INTO order_line (order_id, item_id, quantity, price_fen)
  SELECT placed.id, taken.id, %(quantity)s, price_fen FROM placed, taken
)
SELECT id, total_fen FROM placed"""

# Slot and claim in one statement.
CLAIM = """
WITH slot AS (UPDATE task SET taken = taken + 1 WHERE id = %(task)s AND taken < capacity RETURNING id)
INSERT INTO claim (id, task_id, volunteer_id) SELECT gen_random_uuid(), id, %(volunteer)s FROM slot RETURNING id"""


@app.get("/hello")
def hello() -> str:
    return "hello\n"


@app.get("/select1")
def select1() -> dict[str, int]:
    (one,) = one_row("SELECT 1")
    return {"one": one}


@app.post("/order")
def order() -> tuple[dict[str, Any], int]:
    """No token, no key, no cap, no check of the body: {"item", "household", "quantity"} are taken as they come."""
    placed = one_row(ORDER, request.get_json())
    return ({"id": str(placed[0]), "total_fen": placed[1]}, 201) if placed else ({"code": "sold_out"}, 409)


@app.post("/claim")
def claim() -> tuple[dict[str, Any], int]:
    """No token, no key, no question whether they may: {"task", "volunteer"} are taken as they come."""
    claimed = one_row(CLAIM, request.get_json())
    return ({"id": str(claimed[0])}, 201) if claimed else ({"code": "taken"}, 409)


def one_row(sql: str, values: dict[str, Any] | None = None) -> Any:
    if pool.closed:
        pool.open()  # harmless when two threads do it at once
    with pool.connection() as connection:
        return connection.execute(sql, values, prepare=True).fetchone()
