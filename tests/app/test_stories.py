"""The mini-program in Chromium, at a phone's size, through the real backend: each story file of
miniprogram_stub/e2e on a demo community of its own."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import OWNER, clone, url_of
from tests.factories.servers import PROJECT, environment, running, serving

CLIENT = PROJECT / "miniprogram_stub"
STORIES = sorted((CLIENT / "e2e").glob("*.test.mjs"))
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or ""


def missing() -> str:
    """What the machine lacks, with how to get it."""
    if not shutil.which("node"):
        return "Node 20 is missing: apt-get install nodejs npm"
    if not CHROMIUM:
        return "Chromium is missing: apt-get install chromium fonts-noto-cjk"
    if not (CLIENT / "dist" / "web" / "index.html").exists():
        return "the mini-program was not built: make app"
    return ""


@pytest.mark.chromium
@pytest.mark.parametrize("story", STORIES, ids=lambda path: path.name.removesuffix(".test.mjs"))
def test_story(story: Path, server: str, loaded: str, worker_id: str) -> None:
    if lacks := missing():
        assert not os.environ.get("CI"), lacks
        pytest.skip(lacks)
    name = f"anlin_story_{worker_id}"
    env = environment(clone(server, loaded, name), url_of(server, OWNER, name), NOTICE_SECONDS="8")
    with serving(env) as web, running(env, "flask", "--app", "wsgi", "jobs", "run"):
        told = subprocess.run(
            ["node", "--test", str(story)],
            cwd=CLIENT,
            env={**os.environ, "APP_URL": web.url, "CHROMIUM": CHROMIUM},
            capture_output=True,
            text=True,
            timeout=240,
        )
    assert told.returncode == 0, told.stdout[-6000:] + told.stderr[-2000:]


def test_there_are_stories() -> None:
    assert len(STORIES) >= 6
