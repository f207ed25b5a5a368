"""`make run`: everything on one machine. The database, its schema, the demo community, the web, the jobs.

The launcher owns what it starts. Ctrl-C, SIGTERM, a closed terminal or the death of a child end all of it:
the web first, so that nothing new comes in, then the jobs, then PostgreSQL.

Each import of the application costs about a second, so nothing imports it twice in a row: the web starts
while the launcher itself migrates and loads the demo (/readyz says 503 until the schema is there), the
jobs, which need the schema, start after that.
"""

import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from typing import NoReturn
from urllib.parse import quote

import flask_migrate
import psutil
from click import Abort, ClickException
from sqlalchemy.exc import OperationalError

from backend import create_app, embedded
from backend.config import Misconfigured
from backend.demo import community
from backend.demo.app_routes import NOT_BUILT, built
from backend.demo.people import PEOPLE
from backend.embedded import EmbeddedError

HOST = "127.0.0.1"
READY_SECONDS = 30
DEMO_NOTICE_SECONDS = "15"  # nobody who tries Anlin out waits three days for a notice to end
LOGS = embedded.PROJECT / "var" / "log"
STOP_SECONDS = 12  # a little more than gunicorn's graceful_timeout


class UpError(RuntimeError):
    """One sentence for the person at the terminal."""


def main() -> int:
    """Run until told to stop; 0 after a Ctrl-C or SIGTERM, 1 when something failed."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    children: dict[str, subprocess.Popen[bytes]] = {}
    try:
        began = time.monotonic()
        port = _port()
        _check_port_is_free(port)
        os.environ["BIND"] = HOST
        if os.environ.get("APP_ENV") != "production":
            os.environ.setdefault("DEMO_MODE", "1")
            os.environ.setdefault("NOTICE_SECONDS", DEMO_NOTICE_SECONDS)
        _find_database()
        children["web"] = _spawn("web", "gunicorn", "-c", "backend/gunicorn_conf.py", "wsgi:app")
        people = _prepare()
        children["jobs"] = _spawn("jobs", "flask", "--app", "wsgi", "jobs", "run")
        _wait_until_ready(port, children)
        _welcome(port, people, time.monotonic() - began)
        _watch(children)
    except (KeyboardInterrupt, Abort):
        print("\nStopping …", flush=True)
        return 0
    except (UpError, EmbeddedError, Misconfigured, ClickException, OperationalError) as error:
        print(f"Anlin cannot run: {error}", file=sys.stderr, flush=True)
        return 1
    finally:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)  # what is left is short and must not be cut in half
        for name in ("web", "jobs"):
            if name in children:
                _stop(children[name])
        embedded.stop()


def _interrupt(number: int, frame: object) -> NoReturn:
    raise KeyboardInterrupt


def _port() -> int:
    text = os.environ.setdefault("PORT", "8000")
    if not text.isdigit() or not 0 < int(text) < 65536:
        raise UpError(f"PORT={text} is not a port number.")
    return int(text)


def _check_port_is_free(port: int) -> None:
    """Asked before anything is started. Names the holder, which may be left from a run that was killed."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise UpError(
                f"port {port} is not free ({error.strerror}{_holder(port)}). "
                f"Stop that program, or choose another port: make run PORT={port + 1}"
            ) from error


def _holder(port: int) -> str:
    """Who listens there; of a gunicorn and its workers the first, which is the one to stop."""
    with contextlib.suppress(psutil.Error):
        listening = [c for c in psutil.net_connections("tcp") if c.status == psutil.CONN_LISTEN]
        if pids := [c.pid for c in listening if c.laddr.port == port and c.pid]:
            return f"; process {min(pids)}: {' '.join(psutil.Process(min(pids)).cmdline())[:80]}"
    return ""


def _find_database() -> None:
    """A DATABASE_URL is taken as it is; without one, start the embedded server and tell the children."""
    if os.environ.get("DATABASE_URL"):
        return
    if os.environ.get("APP_ENV") == "production":
        raise UpError("APP_ENV=production needs a DATABASE_URL; the embedded server is for trying out.")
    first = not (embedded.place() / "data").exists()
    _say("Creating a PostgreSQL database in this folder (once) …" if first else "Starting PostgreSQL …")
    urls = embedded.start()
    os.environ["DATABASE_URL"], os.environ["MIGRATION_DATABASE_URL"] = urls.app, urls.owner


def _prepare() -> str:
    """Migrate, load the demo community unless told not to, and return the text that names its people."""
    app = create_app()
    with app.app_context():
        _say("Bringing the schema up to date …")
        flask_migrate.upgrade()
        if not app.config["DEMO_MODE"]:
            return ""
        _say("Loading the demo community …")
        community.load(_say)
    return links(app.config["PORT"])


def links(port: int) -> str:
    """One link to the mini-program for each of the demo's people."""
    app = f"http://{HOST}:{port}/app/"
    return "\n".join(f"  {app}?as={quote(p.name)}  {p.name}  {p.role.label}  {p.shows}" for p in PEOPLE)


def _spawn(name: str, program: str, *arguments: str) -> subprocess.Popen[bytes]:
    """A child in a session of its own: Ctrl-C reaches the launcher only, which stops them in order. What it says
    goes to var/log, so that the address and the names stay in sight."""
    LOGS.mkdir(parents=True, exist_ok=True)
    return subprocess.Popen(
        [sys.executable, "-m", program, *arguments],  # the scripts in .venv/bin break when the folder moves
        cwd=embedded.PROJECT,
        stdin=subprocess.DEVNULL,
        stdout=(LOGS / f"{name}.log").open("wb"),
        stderr=subprocess.STDOUT,
        start_new_session=True,
        preexec_fn=_die_with_parent if sys.platform == "linux" else None,
    )


def _die_with_parent() -> None:
    """In the child: SIGTERM when the launcher dies, however it dies (Linux, prctl PR_SET_PDEATHSIG)."""
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)


def _wait_until_ready(port: int, children: dict[str, subprocess.Popen[bytes]]) -> None:
    deadline = time.monotonic() + READY_SECONDS
    answer = "no answer"
    while time.monotonic() < deadline:
        _check_alive(children)
        try:
            with urllib.request.urlopen(f"http://{HOST}:{port}/readyz", timeout=5):
                return
        except urllib.error.HTTPError as error:
            answer = f"{error.code} {error.read(500).decode(errors='replace')}"
        except OSError:
            pass  # not listening yet
        time.sleep(0.05)
    raise UpError(f"/readyz was not ready after {READY_SECONDS} s: {answer}")


def _watch(children: dict[str, subprocess.Popen[bytes]]) -> NoReturn:
    """Look after the children until one ends; a killed PostgreSQL is started again, as its service would."""
    embedded_is_ours = embedded.in_use()
    while True:
        for _ in range(10):
            _check_alive(children)
            time.sleep(0.2)
        if embedded_is_ours:
            embedded.start()  # a few milliseconds when it runs


def _check_alive(children: dict[str, subprocess.Popen[bytes]]) -> None:
    for name, child in children.items():
        if (status := child.poll()) is not None:
            raise UpError(f"the {name} process ended with status {status}: {_last_words(name)}")


def _last_words(name: str) -> str:
    said = (LOGS / f"{name}.log").read_text(errors="replace").strip().splitlines()
    return f"{said[-1] if said else 'it said nothing'} (all of it: var/log/{name}.log)"


def _stop(child: subprocess.Popen[bytes]) -> None:
    """Ask, wait, then kill whatever is left of the child's session."""
    if child.poll() is None:
        child.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(STOP_SECONDS)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()


def _welcome(port: int, people: str, seconds: float) -> None:
    _say(f"Anlin runs: http://{HOST}:{port}/ (ready in {seconds:.1f} s; Ctrl-C stops it)")
    if people:
        _say(f"As one of:\n{people}")
        _say("" if built() else f"There is nothing at /app/ yet. {NOT_BUILT.strip()}")
    _say(f"Public page: http://{HOST}:{port}/p/420112004007   API: http://{HOST}:{port}/docs/   Logs: var/log/")
    if people:
        _say("Four stories by themselves, in a second terminal: make walk")


def _say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
