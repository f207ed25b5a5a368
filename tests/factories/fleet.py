"""The cast's district with many more compounds that are ready to apply: `python -m tests.factories.fleet 300`.
Brings the schema up to date first.

Run with the environment of the server that is to serve it (DATABASE_URL …).
"""

import sys

import flask_migrate

from backend import create_app
from backend.core.transaction import unit_of_work
from backend.extensions import db
from backend.places.models import Place
from tests.cast import MACHIDUN
from tests.factories.world import good_days, plant

FIRST = 101


def compounds(count: int) -> list[str]:
    return [f"{MACHIDUN}-{FIRST + n}" for n in range(count)]


def main(count: int) -> None:
    flask_migrate.upgrade()
    plant()
    with unit_of_work():
        codes = compounds(count)
        db.session.add_all(
            [Place(code=c, name=f"小区{c[-3:]}", kind="compound", parent_code=MACHIDUN, households=700) for c in codes]
        )
        db.session.flush()
        for code in codes:
            good_days(code)


if __name__ == "__main__":
    with create_app().app_context():
        main(int(sys.argv[1]))
