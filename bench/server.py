"""A real gunicorn for the time of a measurement, under the very settings production uses."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPResponse
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parent.parent
CONF = ROOT / "backend" / "gunicorn_conf.py"
PATIENCE = 30  # seconds for start and for stop


@dataclass(frozen=True)
class Server:
    """A running server: its address, its processes, and the environment of its world."""

    host: str
    port: int
    master: int
    environment: Mapping[str, str]

    @property
    def workers(self) -> list[int]:
        """The pids of the web processes, whose CPU is what a request costs."""
        return [child.pid for child in psutil.Process(self.master).children()]

    def fetch(self, request: bytes) -> tuple[HTTPResponse, bytes]:
        """Send one prepared request; for what a scenario needs first (a token, an ETag)."""
        with socket.create_connection((self.host, self.port), timeout=PATIENCE) as sock:
            sock.sendall(request)
            response = HTTPResponse(sock)
            response.begin()
            return response, response.read()


@contextmanager
def serve(
    wsgi: str, environment: Mapping[str, str], ready: str = "/", python: str = sys.executable
) -> Iterator[Server]:
    """Run `python -m gunicorn wsgi` on a free port until the block ends. Any answer of `ready` below 500 is ready."""
    with socket.socket() as sock:
        # We bind and hand the socket over, so no other process can take the port in between; it refuses
        # connections until gunicorn listens on it.
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
        process = subprocess.Popen(
            [
                python,
                "-m",
                "gunicorn",
                "-c",
                str(CONF),
                "--bind",
                f"fd://{sock.fileno()}",
                "--log-level",
                "warning",
                wsgi,
            ],
            cwd=ROOT,
            env={**os.environ, **environment},
            pass_fds=[sock.fileno()],
            stdout=subprocess.DEVNULL,  # the house's log: written by all the same, read by nobody here
        )
    try:
        _wait_until_ready(process, port, ready)
        yield Server("127.0.0.1", port, process.pid, environment)
    finally:
        _stop(process)


def _wait_until_ready(process: subprocess.Popen, port: int, path: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not _answers(port, path):
        if process.poll() is not None:
            raise RuntimeError(f"gunicorn ended at once with status {process.returncode}: its reason is printed above")
        if time.monotonic() > deadline:
            raise TimeoutError(f"gunicorn did not answer {path} within {PATIENCE} s")
        time.sleep(0.05)


def _answers(port: int, path: str) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", path)
        return connection.getresponse().status < 500
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def _stop(process: subprocess.Popen) -> None:
    """SIGTERM, then SIGKILL for whatever is left, workers included.

    Not gunicorn's quick stop (SIGINT): its handler runs in the worker's main thread and takes the thread pool's
    lock, which under load that thread may hold already, and such a worker never ends. The processes are listed
    beforehand, because a worker whose master is gone can no longer be found through it.
    """
    if process.poll() is not None:
        return
    master = psutil.Process(process.pid)
    family = [master, *master.children(recursive=True)]
    process.terminate()
    _, alive = psutil.wait_procs(family, PATIENCE)
    for survivor in alive:
        survivor.kill()
    process.wait()
