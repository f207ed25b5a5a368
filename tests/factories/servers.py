"""The real thing in processes of its own: gunicorn and the job worker on a database of the test's."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import requests

PROJECT = Path(__file__).resolve().parents[2]


def environment(app_url: str, owner_url: str, **more: str) -> dict[str, str]:
    return {
        **os.environ,
        "APP_ENV": "development",
        "DATABASE_URL": app_url,
        "MIGRATION_DATABASE_URL": owner_url,
        "DEMO_MODE": "1",
        "SIGN_IN_LIMIT": "100000 per minute",
        "LOG_LEVEL": "ERROR",
        **more,
    }


def flask(env: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    """One command of `flask`, to its end."""
    command = [sys.executable, "-m", "flask", "--app", "wsgi", *arguments]
    return subprocess.run(command, cwd=PROJECT, env=env, capture_output=True, text=True, timeout=120)


@contextmanager
def running(env: dict[str, str], *command: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process with all that it starts; whatever is left of them at the end is killed."""
    process = subprocess.Popen([sys.executable, "-m", *command], cwd=PROJECT, env=env, start_new_session=True)
    try:
        yield process
    finally:
        family = psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for child in family:
            if child.is_running() and child.status() != psutil.STATUS_ZOMBIE:
                child.kill()


class Server:
    """A gunicorn: where it listens, its workers."""

    def __init__(self, process: subprocess.Popen[bytes], port: int) -> None:
        self.process, self.url = process, f"http://127.0.0.1:{port}"

    def workers(self) -> list[psutil.Process]:
        return [c for c in psutil.Process(self.process.pid).children() if c.status() != psutil.STATUS_ZOMBIE]

    def ready(self, seconds: float = 30) -> "Server":
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            try:
                if requests.get(f"{self.url}/readyz", timeout=2).ok:
                    return self
            except requests.RequestException:
                pass
            assert self.process.poll() is None, "the server ended"
            time.sleep(0.05)
        raise AssertionError(f"not ready in {seconds} s")


@contextmanager
def serving(env: dict[str, str]) -> Iterator[Server]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with running({**env, "PORT": str(port)}, "gunicorn", "-c", "backend/gunicorn_conf.py", "wsgi:app") as process:
        yield Server(process, port).ready()


def sign_in(url: str, name: str) -> dict[str, str]:
    """The headers of one of the cast or of the demo's people."""
    answer = requests.post(f"{url}/api/v1/sessions", json={"code": f"console-{name}"}, timeout=10)
    answer.raise_for_status()
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


def until(condition: Any, seconds: float = 20, what: str = "it") -> Any:
    """The first true answer of `condition`; fails after so many seconds."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.05)
    raise AssertionError(f"{what} did not happen in {seconds} s")
