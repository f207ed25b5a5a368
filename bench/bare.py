"""The baselines: what Flask, and Flask with one `SELECT 1`, cost under the same gunicorn settings.

They stand for the least any Flask endpoint can cost here, so a ratio to them is the price of our own code.
"""

import os

from flask import Flask
from psycopg_pool import ConnectionPool

app = Flask(__name__)
# Not opened here: the module may be imported before gunicorn forks, and a pool's threads do not survive that.
# Four connections because gunicorn's four threads never use more.
pool = ConnectionPool(
    os.environ.get("DATABASE_URL", ""), min_size=4, max_size=4, kwargs={"autocommit": True}, open=False
)


@app.get("/hello")
def hello() -> str:
    return "hello\n"


@app.get("/select1")
def select1() -> dict[str, int]:
    if pool.closed:
        pool.open()  # harmless when two threads do it at once
    with pool.connection() as connection:
        (one,) = connection.execute("SELECT 1", prepare=True).fetchone()
    return {"one": one}
