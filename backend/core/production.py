"""What production refuses of its database: a superuser's role, or commits that are not durable."""

from flask import Flask
from sqlalchemy import text

from backend.config import Misconfigured
from backend.extensions import db

ASK = text("""
SELECT rolsuper, current_setting('fsync'), current_setting('synchronous_commit')
FROM pg_roles WHERE rolname = current_user""")


def refuse_unsafe_database(app: Flask) -> None:
    with app.app_context(), db.engine.connect() as connection:
        superuser, fsync, synchronous_commit = connection.execute(ASK).one()
    if superuser:
        raise Misconfigured("DATABASE_URL must not name a superuser: see the README on roles.")
    if fsync == "off" or synchronous_commit == "off":
        raise Misconfigured("fsync and synchronous_commit must be on: what is acknowledged must survive a crash.")
