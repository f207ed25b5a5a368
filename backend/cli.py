"""Commands of the operator: `flask places import`, `flask people appoint` and `list`, `flask jobs run`, and
`flask invariants`."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from flask import Flask, current_app
from flask.cli import AppGroup

from backend.core import invariants, jobs
from backend.core.auth import HOUSE
from backend.core.errors import DomainError
from backend.core.permissions import Role
from backend.core.transaction import unit_of_work
from backend.demo import commands as demo
from backend.people.service import appoint, roster
from backend.places.service import import_register

places = AppGroup("places", help="The register of places.")
people = AppGroup("people", help="Users and posts.")
queue = AppGroup("jobs", help="Background jobs.")


@places.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def import_places(file: Path) -> None:
    """Load the register of divisions from a CSV FILE (code, name, kind, parent_code)."""
    with unit_of_work():
        report = import_register(file)
    for line, reason in report.refused:
        click.echo(f"line {line}: {reason}", err=True)
    if report.refused:
        raise click.ClickException(f"{len(report.refused)} bad lines; nothing was loaded.")
    click.echo(f"added {report.added}, changed {report.changed}, unchanged {report.unchanged}")


@people.command("appoint")
@click.argument("user_id", type=click.UUID)
@click.argument("role", type=click.Choice([role.value for role in Role]))
@click.argument("place_code")
@click.option("--name", help="The official name the user signs with.")
def appoint_person(user_id: uuid.UUID, role: str, place_code: str, name: str | None) -> None:
    """Give a user the ROLE at a place: how the first district reviewer gets theirs. The user's id is in GET /me."""
    with _told(), unit_of_work():
        appoint(HOUSE, user_id, Role(role), place_code, name=name)
    click.echo(f"{Role(role).label} at {place_code}")


@people.command("list")
@click.argument("place_code")
def list_posts(place_code: str) -> None:
    """The posts held at and below a place: user id, name, role, place."""
    with _told(), unit_of_work(read_only=True):
        posts = roster(place_code)
    for post in posts:
        click.echo("\t".join(str(column) for column in post))


@contextmanager
def _told() -> Iterator[None]:
    """A refusal in words instead of a traceback."""
    try:
        yield
    except DomainError as refusal:
        raise click.ClickException(refusal.detail) from refusal


@queue.command("run")
def run_jobs() -> None:
    """Serve background jobs until stopped."""
    jobs.run(current_app._get_current_object())  # type: ignore[attr-defined]


@click.command("invariants")
def check_invariants() -> None:
    """Count the rows of every invariant's view: all must be 0."""
    with unit_of_work(read_only=True):
        counts = invariants.counts()
    for name, count in counts.items():
        click.echo(f"{count:6d}  {name}")
    if any(counts.values()):
        raise click.ClickException("an invariant does not hold")


def init_app(app: Flask) -> None:
    for command in (places, people, queue, check_invariants, demo.group):
        app.cli.add_command(command)
