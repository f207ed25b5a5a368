"""`flask demo load`, `flask demo people`, `flask demo walk`."""

import click
from flask import current_app
from flask.cli import AppGroup

from backend.core.transaction import unit_of_work
from backend.demo import community, walk, walk_group_buy, walk_medicine, walk_volunteers
from backend.demo.people import PEOPLE

CERTIFICATION = "certification"
STORIES = {
    "group-buy": walk_group_buy.walk,
    "volunteers": walk_volunteers.walk,
    "medicine": walk_medicine.walk,
}

group = AppGroup("demo", help="The demo community (DEMO_MODE=1).")


def _demo_only() -> None:
    if not current_app.config["DEMO_MODE"]:
        raise click.ClickException("The demo needs DEMO_MODE=1, which production refuses.")


@group.command("load")
def load() -> None:
    """Load what is missing of the demo community; tops the daily records up to yesterday."""
    _demo_only()
    community.load(click.echo)


@group.command("people")
def people() -> None:
    """Who can sign in to the demo."""
    _demo_only()
    for person in PEOPLE:
        click.echo(f"  {person.name}  {person.role.label}  {person.shows}")


@group.command("walk")
@click.option("--url", default=None, help="A running server; default http://127.0.0.1:$PORT.")
@click.option("--story", type=click.Choice([CERTIFICATION, *STORIES]), default=None, help="Only this one.")
def walk_through(url: str | None, story: str | None) -> None:
    """Play the main jobs through the HTTP API of a running server: from the click to the certificate, from an order on
    behalf to the door, an evening of the volunteers, and medicine that costs no volunteer a cent."""
    _demo_only()
    url = url or f"http://127.0.0.1:{current_app.config['PORT']}"
    if story in (None, CERTIFICATION):
        with unit_of_work():
            compound = community.add_ready_compound()
        walk.walk(url, compound, click.echo)
    for name, told in STORIES.items():
        if story in (None, name):
            told(url, click.echo)
