"""(c) django-oscar: installs it from the package registry into var/bench-oscar (once) and makes its shop (each run).

Optional, since it is large: `python -m bench --with-oscar`.
"""

import os
import re
import subprocess
import sys
import venv
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial

from bench import engine, orders
from bench.server import ROOT

FOLDER = ROOT / "var" / "bench-oscar"
PYTHON = str(FOLDER / "bin" / "python")
OSCAR = "django-oscar==4.2"
# Our gunicorn, our driver, and what backend/gunicorn_conf.py reads its settings with: pinned as our own.
SHARED = ("gunicorn", "psycopg", "limits")
PIP = ("-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--progress-bar", "off")
PATIENCE = ("--retries", "1", "--timeout", "20")
say = partial(print, file=sys.stderr, flush=True)


class LeftOut(Exception):
    """An optional target that cannot be had here; the message is the one line that says why."""


@contextmanager
def world(server: str) -> Iterator[dict[str, str]]:
    install()
    with engine.scratch_database(server) as url:
        environment = {"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "bench.oscar.settings"}
        say("django-oscar: running its migrations (half a minute) ...")
        fill(environment)
        yield environment


def fill(environment: Mapping[str, str]) -> None:
    """Its tables and goods; only here may a commit not wait for the disk."""
    quick = {**os.environ, **environment, "PGOPTIONS": "-c synchronous_commit=off"}
    command = [PYTHON, "-W", "ignore", "-m", "bench.oscar.fill", str(orders.BUYERS)]
    subprocess.run(command, cwd=ROOT, env=quick, check=True)


def wanted() -> str:
    """The requirements file of its environment; another one than the last makes it be installed anew."""
    ours = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    pins = [line for line in ours if re.split(r"[=\[]", line)[0] in SHARED]
    return "\n".join([OSCAR, *pins, ""])


def install() -> None:
    done, doing = FOLDER / "installed.txt", FOLDER / "requirements.txt"
    if done.exists() and done.read_text() == wanted():
        return
    say(f"django-oscar: installing {OSCAR} into {FOLDER.relative_to(ROOT)} (a minute or two, once) ...")
    venv.create(FOLDER, with_pip=True, clear=True)
    doing.write_text(wanted())
    if subprocess.run([PYTHON, *PIP, *PATIENCE, "-r", str(doing)], stdout=sys.stderr).returncode:
        raise LeftOut("the package registry did not give it (pip's reason is above)")
    doing.rename(done)  # last: an interrupted installation is not taken for a whole one
