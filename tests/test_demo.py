"""The demo: loaded once, its five stories as the public and its people see them, and the walk to a certificate."""

import fcntl
import os
import time
from collections.abc import Iterator
from typing import NamedTuple

import psycopg
import pytest
import requests

from backend.demo.people import COMPOUNDS, PEOPLE
from tests.conftest import OWNER, VAR, clone, url_of
from tests.factories.servers import Server, environment, flask, serving, sign_in

BY_STORY = {compound.story: compound for compound in COMPOUNDS}


class Demo(NamedTuple):
    env: dict[str, str]
    server: Server
    owner: psycopg.Connection

    def get(self, path: str, who: str | None = None):
        headers = sign_in(self.server.url, who) if who else {}
        answer = requests.get(f"{self.server.url}/api/v1{path}", headers=headers, timeout=10)
        assert answer.ok, answer.text
        return answer.json()

    def rows(self) -> dict[str, int]:
        tables = self.owner.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        return {t: self.owner.execute(f'SELECT count(*) FROM "{t}"').fetchone()[0] for (t,) in tables}  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def loaded(server, template) -> str:
    """The database with the demo loaded, by the first worker that comes; cloned by each."""
    run, name = os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))[:12], "anlin_demo"
    with (VAR / "demo.lock").open("a+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.seek(0)
        if lock.read() != run:
            env = environment(clone(server, template, name), url_of(server, OWNER, name))
            load = flask(env, "demo", "load")
            assert load.returncode == 0, load.stderr
            assert "4,200 households" in load.stdout
            lock.truncate(0)
            lock.write(run)
    return name


@pytest.fixture(scope="module")
def demo(server, loaded, worker_id) -> Iterator[Demo]:
    name = f"anlin_demo_{worker_id}"
    env = environment(clone(server, loaded, name), url_of(server, OWNER, name), NOTICE_SECONDS="2")
    owner_url = env["MIGRATION_DATABASE_URL"].replace("+psycopg", "")
    with serving(env) as running, psycopg.connect(owner_url, autocommit=True) as owner:
        yield Demo(env, running, owner)


def test_a_second_load_is_quick_and_changes_nothing(demo):
    before, began = demo.rows(), time.monotonic()
    again = flask(demo.env, "demo", "load")
    assert again.returncode == 0, again.stderr
    assert time.monotonic() - began < 10, "importing the application is most of it"
    assert demo.rows() == before


def test_as_many_people_as_in_machidun(demo):
    counted = (
        "SELECT (SELECT count(*) FROM household), (SELECT sum(households) FROM place),"
        " (SELECT count(*) FROM household_member)"
    )
    assert demo.owner.execute(counted).fetchone() == (4200, 4200, 4200)
    assert demo.owner.execute("SELECT count(*), count(demo_name) FROM app_user").fetchone() == (
        63 + len(PEOPLE),
        len(PEOPLE),
    )
    held = {
        tuple(row)
        for row in demo.owner.execute(
            "SELECT u.name, role, place_code FROM role_assignment JOIN app_user u ON u.id = user_id"
        )
    }
    assert {(p.name, p.role.value, p.place) for p in PEOPLE} <= held
    assert demo.owner.execute("SELECT count(*) FROM place WHERE length(code) <= 12").fetchone() == (3702,)
    shown = demo.get("/demo/people")["items"]
    assert [person["name"] for person in shown] == [p.name for p in PEOPLE]


def test_the_five_stories_as_anyone_sees_them(demo):
    page = {story: demo.get(f"/public/places/{c.code}") for story, c in BY_STORY.items()}
    assert {story: p["name"] for story, p in page.items()} == {c.story: c.name for c in COMPOUNDS}
    assert {story: p["status"] for story, p in page.items()} == {
        "ready": "none", "contact": "none", "gaps": "none", "certified": "certified", "notice": "public_notice",
    }  # fmt: skip
    assert page["ready"]["why_not_yet"] == []
    assert (
        "密切接触者" in str(page["contact"]["why_not_yet"])
        and page["contact"]["earliest_on"] > page["contact"]["as_of"]
    )
    assert [w["title"] for w in page["gaps"]["why_not_yet"]] and "消杀" in str(page["gaps"]["why_not_yet"])
    assert page["certified"]["certified"] is True and page["certified"]["batch"]["number"] == 1
    assert page["notice"]["notice"]["contact"] == "027-83210000" and not page["notice"]["notice"]["frozen"]
    assert all("演示人员" not in str(p) and "陈静" not in str(p) for p in page.values())


def test_what_is_red_for_the_grid_worker(demo):
    red = {
        story: {
            c["item"]
            for c in demo.get(f"/places/{compound.code}/readiness", "王秀英")["criteria"]
            if not c["met"] and c["required"]
        }
        for story, compound in BY_STORY.items()
    }
    assert red["ready"] == red["certified"] == red["notice"] == set()
    assert red["contact"] == {"zero_occurrence"} and red["gaps"] == {"disinfection"}


def test_the_walk_ends_with_a_certificate_in_under_a_minute(demo):
    began = time.monotonic()
    walked = flask(demo.env, "demo", "walk", "--url", demo.server.url)
    assert walked.returncode == 0, walked.stdout + walked.stderr
    assert time.monotonic() - began < 60
    steps = [line.split(".")[0] for line in walked.stdout.splitlines() if line[:1].isdigit()]
    assert steps == list("123456") and "已认定" in walked.stdout
    code = walked.stdout.split("/p/")[1].split()[0]
    assert demo.get(f"/public/places/{code}")["certified"] is True
    checked = flask(demo.env, "invariants")
    assert checked.returncode == 0, checked.stdout


def test_without_demo_mode_there_is_no_demo(demo):
    env = {**demo.env, "DEMO_MODE": "0"}
    for command in ("load", "people", "walk"):
        refused = flask(env, "demo", command)
        assert refused.returncode == 1 and "DEMO_MODE" in refused.stderr, command
    with serving(env) as plain:
        for method, path in (("GET", "/api/v1/demo/people"), ("POST", "/api/v1/demo/sessions"), ("GET", "/")):
            assert requests.request(method, plain.url + path, json={}, timeout=10).status_code == 404, path
        assert "/demo/" not in requests.get(f"{plain.url}/api/v1/openapi.json", timeout=10).text


def test_the_demo_refuses_production(demo):
    refused = flask({**demo.env, "APP_ENV": "production"}, "demo", "load")
    assert refused.returncode != 0 and "DEMO_MODE" in refused.stderr
