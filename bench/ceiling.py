"""The load generator's own limit: it must lie well above anything it measures. `python -m bench.ceiling`."""

import selectors
import socket
from multiprocessing import get_context

from bench.load import http, run

ANSWER = b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 6\r\n\r\nhello\n"


def answer_all(listener: socket.socket) -> None:
    """The least a server can do: one canned answer for whatever arrives."""
    selector = selectors.DefaultSelector()
    selector.register(listener, selectors.EVENT_READ)
    while True:
        for key, _ in selector.select():
            if key.fileobj is listener:
                selector.register(listener.accept()[0], selectors.EVENT_READ)
            elif asked(key.fileobj):
                key.fileobj.send(ANSWER)
            else:
                selector.unregister(key.fileobj)
                key.fileobj.close()


def asked(sock: socket.socket) -> bool:
    """False once the client is gone; it leaves with answers unread, hence the reset."""
    try:
        return bool(sock.recv(65536))
    except ConnectionResetError:
        return False


def main() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        process = get_context("fork").Process(target=answer_all, args=(listener,), daemon=True)
        process.start()
        figures = run("127.0.0.1", listener.getsockname()[1], [http("GET", "/")], pids=[process.pid])
        process.terminate()
    print(
        f"the generator alone: {figures.rps:,.0f} requests/s, p50 {figures.p50_ms:.2f} ms, "
        f"p99 {figures.p99_ms:.2f} ms, {figures.errors} errors"
    )


if __name__ == "__main__":
    main()
