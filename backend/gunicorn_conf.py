"""The one place of gunicorn's settings: `gunicorn -c backend/gunicorn_conf.py wsgi:app`."""

import os
import sys

bind = f"127.0.0.1:{os.environ.get('PORT', '8000')}"
worker_class = "gthread"
workers = int(os.environ.get("WEB_WORKERS", "2"))
threads = int(os.environ.get("WEB_THREADS", "4"))

# Time-outs nest: client 10 s, worker 30 s. On a stop, requests under way get 10 s to finish.
timeout = 30
graceful_timeout = 10
keepalive = 15

# The heartbeat file on memory: on a slow disk, touching it can block a worker until it is killed as hung.
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None
control_socket_disable = True  # it would leave a socket in the user's home
accesslog = None  # the application writes one structured line a request
loglevel = "warning"


def post_fork(server: object, worker: object) -> None:
    """Hand the interpreter lock over sooner."""
    sys.setswitchinterval(0.0002)
