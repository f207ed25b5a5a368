"""/app/: the built pages of the mini-program with their own policy, or one line on how to get them."""

import pytest

from backend.demo import app_routes
from backend.demo.people import PEOPLE
from backend.up import links


@pytest.fixture
def built(tmp_path, monkeypatch):
    folder = tmp_path / "web"
    folder.mkdir()
    monkeypatch.setattr(app_routes.pages, "static_folder", str(folder))
    (folder / "index.html").write_text("<!doctype html><title>安邻</title>", encoding="utf-8")
    (folder / "app.js").write_text("let a = 1;")
    (folder / "assets").mkdir()
    (folder / "assets" / "home.png").write_bytes(b"\x89PNG")
    return folder


def test_the_index_has_its_own_policy_and_is_asked_for_anew_each_time(app, built):
    answer = app.test_client().get("/app/", query_string={"as": PEOPLE[0].name})
    assert answer.status_code == 200 and "安邻" in answer.text and answer.mimetype == "text/html"
    policy = answer.headers["Content-Security-Policy"]
    assert policy == app_routes.POLICY and "img-src 'self' data: blob:" in policy and "unsafe" not in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    same = app.test_client().get("/app/index.html")
    assert same.headers["Content-Security-Policy"] == policy


@pytest.mark.parametrize("path", ["/app/", "/app/app.js", "/app/assets/home.png"])
def test_what_has_not_changed_is_not_sent_again_and_what_has_is(app, built, path):
    first = app.test_client().get(path)
    assert first.headers["Cache-Control"] == "no-cache"
    known = {"If-None-Match": first.headers["ETag"]}
    assert app.test_client().get(path, headers=known).status_code == 304
    (built / (path.removeprefix("/app/") or "index.html")).write_bytes(b"built again")
    assert app.test_client().get(path, headers=known).data == b"built again"


@pytest.mark.parametrize(
    "path",
    ["/app/../beside.js", "/app/%2e%2e/beside.js", "/app/assets/../../beside.js", "/app/missing.js"],
)
def test_nothing_else_is_served(app, built, path):
    (built.parent / "beside.js").write_text("let secret = 1;")
    assert app.test_client().get(path).status_code == 404


def test_without_the_slash_it_is_found_too(app, built):
    assert app.test_client().get("/app").headers["Location"].endswith("/app/")


def test_what_was_not_built_is_said_in_one_line(app, tmp_path, monkeypatch):
    monkeypatch.setattr(app_routes.pages, "static_folder", str(tmp_path / "nothing"))
    answer = app.test_client().get("/app/")
    assert answer.status_code == 503 and answer.text.count("\n") == 1
    assert "小程序" in answer.text and "make run" in answer.text and "apt-get install nodejs npm" in answer.text
    assert app.test_client().get("/app/app.js").status_code == 404


def test_the_welcome_has_a_link_for_each_person_and_what_they_are_there_to_show():
    said = links(8001).splitlines()
    assert len(said) == len(PEOPLE)
    assert said[0].split()[0] == "http://127.0.0.1:8001/app/?as=%E7%8E%8B%E7%A7%80%E8%8B%B1"
    assert all(
        p.name in line and p.role.label in line and p.shows in line for p, line in zip(PEOPLE, said, strict=True)
    )


def test_the_desk_keeps_the_strict_policy(app):
    assert "blob:" not in app.test_client().get("/").headers["Content-Security-Policy"]
