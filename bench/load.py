"""A keep-alive load generator in one process: N connections, each asks, waits for its answer, asks again.

Closed loop on purpose: the peers' figures in the README were taken the same way (wrk, 32 connections), and
requests per second and latency then describe the same load. `python -m bench.ceiling` prints its own limit.
"""

import math
import random
import re
import selectors
import socket
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat

import psutil

LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d+)", re.IGNORECASE)
CLOSE = re.compile(rb"\r\nconnection:[ \t]*close", re.IGNORECASE)
BODYLESS = (204, 304)
SILENCE = 10  # seconds without any answer before the run is given up


@dataclass(frozen=True)
class Figures:
    """What one run measured. `errors`: answers with another status than expected, and dropped connections."""

    rps: float
    p50_ms: float
    p99_ms: float
    statuses: dict[int, int]
    errors: int
    cpu_us: float  # CPU of the watched processes per request; 0 when none were watched
    database_us: float  # CPU of PostgreSQL per request, whatever it did; not a number when it is out of sight


def http(method: str, path: str, body: bytes = b"", **headers: str) -> bytes:
    """One HTTP/1.1 request; a header's underscores become hyphens (if_none_match → if-none-match)."""
    lines = [f"{method} {path} HTTP/1.1", "host: bench"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    if body:
        lines.append(f"content-length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + body


def cpu_seconds(pids: Iterable[int]) -> float:
    """User and system time these processes have used since they started."""
    return sum(sum(psutil.Process(pid).cpu_times()[:2]) for pid in pids)


def server_seconds(postmaster: int | None) -> float:
    """The same of a PostgreSQL: the postmaster, its children, and those it has buried since it started."""
    if postmaster is None:
        return math.nan
    process = psutil.Process(postmaster)
    return sum(process.cpu_times()[:4]) + cpu_seconds(child.pid for child in process.children())


def parse(received: bytes) -> tuple[int, bool] | None:
    """(status, whether the server now closes) once the whole answer is there, else None."""
    end = received.find(b"\r\n\r\n")
    if end < 0:
        return None
    status = int(received[9:12])
    if status not in BODYLESS:
        length = LENGTH.search(received, 0, end)
        if length is None:
            raise ValueError(f"answer without Content-Length: {received[:end]!r}")
        if len(received) < end + 4 + int(length[1]):
            return None
    return status, CLOSE.search(received, 0, end) is not None


class Client:
    """One connection with at most one request under way.

    The socket blocks, which is safe: it is read only when the selector says there is something, and a small
    request always fits the send buffer. It spares the bookkeeping of half-sent requests.
    """

    def __init__(self, load: "Load") -> None:
        self.load = load
        self.connect()

    def connect(self) -> None:
        self.sock = socket.create_connection(self.load.address, timeout=SILENCE)
        self.sock.settimeout(None)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.load.selector.register(self.sock, selectors.EVENT_READ, self)

    def close(self) -> None:
        self.load.selector.unregister(self.sock)
        self.sock.close()

    def ask(self) -> None:
        """Send the next request; the clock starts before the system call, as it does for a user."""
        self.received = b""
        self.asked_at = time.perf_counter()
        self.sock.sendall(next(self.load.requests))

    def readable(self) -> None:
        """Take what has arrived; with the answer complete, book it and ask again."""
        try:
            chunk = self.sock.recv(65536)
        except ConnectionError:
            chunk = b""
        self.received += chunk
        answer = parse(self.received) if chunk else (0, True)  # status 0: dropped without an answer
        if answer is None:
            return
        status, closes = answer
        self.load.book(status, time.perf_counter() - self.asked_at)
        if closes:
            self.close()
            self.connect()
        self.ask()


class Load:
    """The clients of one run, and what was booked since the last `forget()`."""

    def __init__(self, address: tuple[str, int], requests: Iterator[bytes], clients: int) -> None:
        self.address, self.requests = address, requests
        self.selector = selectors.DefaultSelector()
        self.forget()
        self.clients = [Client(self) for _ in range(clients)]

    def forget(self) -> None:
        self.latencies: list[float] = []
        self.statuses: Counter[int] = Counter()

    def book(self, status: int, latency: float) -> None:
        self.statuses[status] += 1
        self.latencies.append(latency)

    def drive(self, seconds: float) -> float:
        """Serve the clients for so long; returns the time it really took."""
        start = now = time.perf_counter()
        while now < start + seconds:
            ready = self.selector.select(SILENCE)
            if not ready:
                raise TimeoutError(f"{self.address}: no answer to any client for {SILENCE} s")
            for key, _ in ready:
                key.data.readable()
            now = time.perf_counter()
        return now - start

    def close(self) -> None:
        for client in self.clients:
            client.close()
        self.selector.close()


def endless(requests: Sequence[bytes] | Iterator[bytes]) -> Iterator[bytes]:
    """An iterator as it is (it has to be endless); a list picked from at random, the same picks every time."""
    if not isinstance(requests, Sequence):
        return requests
    if len(requests) == 1:
        return repeat(requests[0])
    pick = random.Random(1).choice
    return (pick(requests) for _ in repeat(None))


def run(
    host: str,
    port: int,
    requests: Sequence[bytes] | Iterator[bytes],
    *,
    expect: int = 200,
    clients: int = 32,
    seconds: float = 4,
    warmup: float = 1,
    pids: Iterable[int] = (),
    postmaster: int | None = None,
) -> Figures:
    """Load one server. The warm-up fills its caches and pools and is not counted, in time or in CPU."""
    load = Load((host, port), endless(requests), clients)
    try:
        for client in load.clients:
            client.ask()
        load.drive(warmup)
        load.forget()
        pids = list(pids)
        cpu, database = -cpu_seconds(pids), -server_seconds(postmaster)
        elapsed = load.drive(seconds)
        cpu, database = cpu + cpu_seconds(pids), database + server_seconds(postmaster)
    finally:
        load.close()
    return figures(load.latencies, load.statuses, elapsed, expect, cpu, database)


def figures(
    latencies: list[float], statuses: Counter[int], elapsed: float, expect: int, cpu: float, database: float
) -> Figures:
    """Percentiles by nearest rank."""
    count, ordered = len(latencies), sorted(latencies)
    if not count:
        raise TimeoutError("no request was answered in the measured time")
    return Figures(
        count / elapsed,
        1000 * ordered[count // 2],
        1000 * ordered[count * 99 // 100],
        dict(statuses),
        count - statuses[expect],
        1e6 * cpu / count,
        1e6 * database / count,
    )
