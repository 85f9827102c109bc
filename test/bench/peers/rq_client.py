"""`rq_client.py ready|run|latency|deep COUNT [QUEUED]`.

The last three do it as throughput.ts, one-by-one.ts and flood.ts do.
"""

import json
import os
import sys
import time

import redis
import rq

connection = redis.Redis.from_url(os.environ["REDIS_URL"])
queue = rq.Queue(connection=connection)


def ready(count):
    """Returns once so many workers are registered."""
    while rq.Worker.count(connection=connection) < count:
        time.sleep(0.01)


def run(count):
    """Seconds from the first submission to the last visible end; a look is one ZCARD, and costs next to nothing."""
    registry = rq.registry.FinishedJobRegistry(queue=queue)
    before = connection.zcard(registry.key)
    start = time.monotonic()
    for _ in range(count):
        queue.enqueue("noop.main", result_ttl=3600)
    while connection.zcard(registry.key) < before + count:
        time.sleep(0.002)
    return time.monotonic() - start


def latency(count):
    """Milliseconds from the submission to the callable, on idle workers."""
    entered = []
    for _ in range(count):
        time.sleep(0.03)
        asked = time.monotonic_ns()
        job = queue.enqueue("entered.main")
        result = job.latest_result(timeout=30)
        entered.append((result.return_value - asked) / 1e6)
    return entered


def deep(count, queued):
    """Submissions a second while so many wait already; nobody works."""
    for _ in range(queued):
        queue.enqueue("noop.main")
    start = time.monotonic()
    for _ in range(count):
        queue.enqueue("noop.main")
    return count / (time.monotonic() - start)


questions = {"ready": ready, "run": run, "latency": latency, "deep": deep}
print(json.dumps(questions[sys.argv[1]](*map(int, sys.argv[2:]))))
