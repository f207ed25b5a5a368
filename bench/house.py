"""The application with one more endpoint: `SELECT 1` behind everything a signed-in GET goes through here (token,
posts from the database, READ ONLY, headers, log). What the dry run costs beyond it is the dry run's own."""

from typing import Any

from flask import current_app

from backend import create_app
from backend.core.operation import SIGNED_IN, operation
from backend.core.transaction import rows

app = create_app()


@app.get("/select1")
@operation("select1", "基准", "The least a signed-in GET costs", needs=SIGNED_IN)
def select1() -> Any:
    return current_app.json.response({"one": rows("SELECT 1")[0][0]})
