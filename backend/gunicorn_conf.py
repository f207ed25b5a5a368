"""The one place of gunicorn's settings: `gunicorn -c backend/gunicorn_conf.py wsgi:app`."""

import gc
import os
import random
import runpy
from pathlib import Path
from typing import Any

# By its path: an import would load the application into the master, and a reload (HUP) bring the old code back.
values = runpy.run_path(str(Path(__file__).with_name("config.py")))["load"]()
bind = f"{values['BIND']}:{values['PORT']}"
worker_class = "gthread"
workers = values["WEB_WORKERS"]
threads = values["WEB_THREADS"]

# Time-outs nest: client 10 s, worker 30 s. On a stop, requests under way get 10 s to finish.
timeout = 30
graceful_timeout = 10
keepalive = 15

# The heartbeat file on memory: on a slow disk, touching it can block a worker until it is killed as hung.
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None
control_socket_disable = True  # it would leave a socket in the user's home
# No header of a request may say under which path the application lives: what it is told is cached for everyone.
forwarder_headers = ""
accesslog = None  # the application writes one structured line a request
loglevel = "warning"


# Each worker keeps to one CPU. Its threads take turns at the interpreter lock, and handing it from core to
# core is what we take the known slow mode of gthread to be. Measured on 2 busy cores
# shared with wrk and PostgreSQL, 2 workers, 4 threads, 6 interleaved fresh starts of each, one SELECT a
# request, `wrk -t1 -c32 -d3s --latency http://127.0.0.1:8099/db`, medians:
#   as it comes 3,200/s, 503 us of CPU, p99 29 ms · sys.setswitchinterval(0.0002) 3,160/s, 515 us, p99 33 ms
#   pinned      3,780/s, 451 us of CPU, p99 19 ms: 1.18 times as many, and its worst start beats their median.
def pre_fork(server: Any, worker: Any) -> None:
    """Choose the CPU with the fewest siblings; by lot among equals: others may share the host."""
    if hasattr(os, "sched_getaffinity"):  # Linux
        taken = [sibling.cpu for sibling in server.WORKERS.values()]
        cpus = list(os.sched_getaffinity(0))
        worker.cpu = min(random.sample(cpus, len(cpus)), key=taken.count)


def post_fork(server: Any, worker: Any) -> None:
    if hasattr(worker, "cpu"):
        os.sched_setaffinity(0, {worker.cpu})


def post_worker_init(worker: Any) -> None:
    """What the loaded application is made of never becomes garbage: the collector need not look at it again."""
    gc.collect()
    gc.freeze()
