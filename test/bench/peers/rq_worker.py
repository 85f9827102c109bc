"""One RQ worker as `rq worker` makes it: a fork for each job."""

import os

import redis
import rq

connection = redis.Redis.from_url(os.environ["REDIS_URL"])
rq.Worker([rq.Queue(connection=connection)], connection=connection).work(logging_level="ERROR")
