"""`celery_client.py ready|run|latency COUNT`; the last two as throughput.ts and one-by-one.ts do it."""

import json
import sys
import time

from celery.result import ResultSet
from celery_app import app, enters, no_op


def ready(count):
    """Returns once a worker answers whose pool has so many processes."""
    while _pool_size() < count:
        time.sleep(0.01)


def _pool_size():
    answers = app.control.inspect(limit=1).stats() or {}
    return sum(len(each["pool"]["processes"]) for each in answers.values())


def run(count):
    """Seconds from the first submission to the last visible end."""
    start = time.monotonic()
    results = ResultSet([no_op.delay() for _ in range(count)])
    results.join_native(interval=0.002)
    return time.monotonic() - start


def latency(count):
    """Milliseconds from the submission to the callable, on an idle pool."""
    taken = []
    for _ in range(count):
        time.sleep(0.03)
        asked = time.monotonic_ns()
        taken.append((enters.delay().get(timeout=30) - asked) / 1e6)
    return taken


print(json.dumps({"ready": ready, "run": run, "latency": latency}[sys.argv[1]](int(sys.argv[2]))))
