"""`celery_client.py run|latency COUNT` as throughput.ts and one-by-one.ts do it."""

import json
import sys
import time

from celery.result import ResultSet
from celery_app import enters, no_op


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


print(json.dumps({"run": run, "latency": latency}[sys.argv[1]](int(sys.argv[2]))))
