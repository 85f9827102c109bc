"""The jobs of a template, which has imported what they need: each gets a fork of it, and so does its shim."""

import os

from . import caller, claiming, files, identity, job_process, waiter  # the first for the jobs' processes
from .records import RunDirectory
from .shown import name_directory
from .spares import order_from
from .starter import EVENTS, Starter
from .unclaimed import open_directory


class WarmShim:
    """Forked ahead, with a process of its own that is ready to become a job's: from its fork to the end of its job."""

    def __init__(self, template, orders, surroundings, shown):
        self._template, self._orders, self._shown, self._surroundings = template, orders, shown, surroundings
        self._process, self._identity = self._fork(), _identity()

    def run(self):
        """Waits for its job and runs it."""
        launch, directory = order_from(self._orders)
        if self._process.has_ended():  # the memory killer likes it best
            self._process.close()
            self._process = self._fork()
        os.close(self._orders)
        self._process.prepare(directory)
        starter = Starter(self._template, launch)
        try:
            files.take_logs(directory, (1, 2))
        except OSError as problem:
            starter.tell_refusal(problem)
            os._exit(1)
        job = open_directory(directory)
        claimed = claiming.claim(job, self._process, starter, self._identity)
        if claimed is not None:
            self._shown.try_to_show(job.path)
            waiter.run(claimed)

    def _fork(self):
        return job_process.fork(self._surroundings, self._take_on, (self._orders, EVENTS))

    def _take_on(self, path, outputs):
        """In the job's own process. What is in its way is in the shim's, too, which tells of it."""
        try:
            files.take_logs(path, outputs)
            directory = RunDirectory(path)
            self._shown.show_directory(directory.path)
        except OSError:
            os._exit(1)
        name_directory(directory.path)
        return directory


def _identity():
    """Known before there is a job that would wait for it; None where that fails now."""
    try:
        return identity.of_this_process()
    except OSError:
        return None
