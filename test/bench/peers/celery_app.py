"""The jobs as Celery's tasks."""

import os

import celery
import entered
import noop

app = celery.Celery("bench", broker=os.environ["REDIS_URL"], backend=os.environ["REDIS_URL"])
app.conf.broker_connection_retry_on_startup = True
no_op = app.task(noop.main, name="noop")
enters = app.task(entered.main, name="entered")
