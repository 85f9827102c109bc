"""Shims that were forked ahead of their jobs."""

import errno
import os

from . import files

_MOST = 2
"""As many as start before the first of them could have been replaced."""


class Spares:
    """Those that wait, as their launcher has them: by pid, the pipe through which each is told of its job."""

    def __init__(self, become_shim):
        self._become_shim, self._pipes = become_shim, {}
        self._is_worthwhile = True

    @property
    def are_wanted(self):
        """Whether there is to be another one. Where one has ended by itself, none is forked until a job needs it."""
        return self._is_worthwhile and len(self._pipes) < _MOST

    @property
    def pipes(self):
        """Which are not for any other process: a spare whose pipe is open somewhere would never end."""
        return tuple(self._pipes.values())

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
            self._become_shim(readable, (writable, *self.pipes))
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


def order_from(orders):
    """The launch and the run directory that the shim at the other end is given; a shim that gets none ends."""
    order = files.read_to_mark(orders)
    if not order:
        os._exit(0)
    launch, _, directory = order.partition(b" ")
    return int(launch), os.fsdecode(directory)
