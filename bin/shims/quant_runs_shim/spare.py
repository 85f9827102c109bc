"""Shims that were forked ahead of their jobs, each with a process of its own that is ready to become a job's."""

import errno
import os

from . import caller, claiming, files, identity, job_process, waiter  # the first for the jobs' processes
from .records import RunDirectory
from .shown import name_directory
from .starter import EVENTS, Starter
from .unclaimed import open_directory

_MOST = 2
"""As many as start before the first of them could have been replaced."""


class Spares:
    """Those that wait, as their template has them: by pid, the pipe through which each is told of its job."""

    def __init__(self, become_shim):
        self._become_shim, self._pipes = become_shim, {}
        self._is_worthwhile = True

    @property
    def are_wanted(self):
        """Whether there is to be another one. Where one has ended by itself, none is forked until a job needs it."""
        return self._is_worthwhile and len(self._pipes) < _MOST

    def refill(self):
        """Until there are enough of them, or no room for more, which a job that comes will be told."""
        try:
            while self.are_wanted:
                self._fork()
        except OSError:
            self._is_worthwhile = False

    def _fork(self):
        """Makes one more, in which this does not return. Raises OSError where there is no room for it."""
        readable, writable = os.pipe()
        try:
            pid = os.fork()
        except OSError:
            os.close(readable)
            os.close(writable)
            raise
        if pid == 0:
            self._become_shim(readable, (writable, *self._pipes.values()))
        os.close(readable)
        self._pipes[pid] = writable

    def hand_over(self, launch, directory):
        """The pid of the shim that has got this job. Raises OSError where there is no room for one."""
        self._is_worthwhile = True
        if not self._pipes:
            self._fork()
        for pid in list(self._pipes):
            if self._send(self._pipes.pop(pid), b"%d %s\0" % (launch, os.fsencode(directory))):
                return pid
        raise OSError(errno.EAGAIN, "the shims that were forked ahead have ended")

    def forget(self, pid):
        """It has ended."""
        if pid in self._pipes:
            os.close(self._pipes.pop(pid))
            self._is_worthwhile = False

    def dismiss(self):
        """They end, all of them."""
        while self._pipes:
            os.close(self._pipes.popitem()[1])

    def _send(self, pipe, order):
        try:
            os.write(pipe, order)
            return True
        except BrokenPipeError:
            return False
        finally:
            os.close(pipe)


class Spare:
    """In the shim itself: from its fork to the end of its job."""

    def __init__(self, template, orders, surroundings, shown):
        self._template, self._orders, self._shown, self._surroundings = template, orders, shown, surroundings
        self._process, self._identity = self._fork(), _identity()

    def run(self):
        """Waits for its job and runs it."""
        order = files.read_to_mark(self._orders)
        if not order:
            os._exit(0)
        if self._process.has_ended():  # the memory killer likes it best
            self._process.close()
            self._process = self._fork()
        os.close(self._orders)
        launch, _, directory = order.partition(b" ")
        directory = os.fsdecode(directory)
        self._process.prepare(directory)
        starter = Starter(self._template, int(launch))
        try:
            _take_logs(directory, (1, 2))
        except OSError as problem:
            starter.tell_refusal(problem)
            os._exit(1)
        job = open_directory(directory)
        claimed = claiming.claim(job, self._process, starter, self._identity)
        if claimed is not None:
            self._show(job)
            waiter.run(claimed)

    def _fork(self):
        return job_process.fork(self._surroundings, self._take_on, (self._orders, EVENTS))

    def _show(self, job):
        """Once the job's own process runs, which shows the same; that a shim could not is nothing to end a job for."""
        try:
            self._shown.show_directory(job.path)
        except OSError as problem:
            files.note("cannot show which run directory is this process's own: %s" % problem)

    def _take_on(self, path, outputs):
        """In the job's own process. What is in its way is in the shim's, too, which tells of it."""
        try:
            _take_logs(path, outputs)
            directory = RunDirectory(path)
            self._shown.show_directory(directory.path)
        except OSError:
            os._exit(1)
        name_directory(directory.path)
        return directory


def _take_logs(path, outputs):
    """At these descriptors, as a cold process is started with them."""
    stdout, stderr = files.open_logs(path)
    for descriptor in outputs:
        os.dup2(stdout if descriptor == 1 else stderr, descriptor, inheritable=descriptor <= 2)
    os.close(stdout)
    os.close(stderr)


def _identity():
    """Known before there is a job that would wait for it; None where that fails now."""
    try:
        return identity.of_this_process()
    except OSError:
        return None
