"""How a shim gets its job: the proof that it lives, the claim, and the word to the process that is held for it."""

import errno
import os
import select
import sys

from . import identity, tree
from .moments import now
from .signals import signal
from .unclaimed import TRY_LATER, leave_unclaimed
from .wakeup import drain, wake_on_signals

_STOPPING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
_SECONDS_TO_BE_READY = 10.0
"""A process that takes longer is stopped, or a disk keeps it waiting."""


class Claimed:
    """A job that this shim runs, whose process has been let go, or never will be where it is to be stopped first."""

    def __init__(self, directory, process, starter, alive, wake, started_at):
        self.directory, self.process, self.starter = directory, process, starter
        self.alive, self.wake, self.started_at = alive, wake, started_at


def claim(directory, process, starter, own_identity=None):
    """Lets go the process that is held for this job; None when another shim has the job."""
    wake = _wake()
    started_at = now()
    alive = _hold(directory, started_at, own_identity)
    if alive is None:
        return None
    is_to_stop = _is_to_stop_first(process, directory, wake, alive)
    if not is_to_stop and not process.is_ready():
        _give_back(directory, process, starter)
    tree.adopt_orphans()  # from the job's first moment on
    signal.signal(signal.SIGCHLD, lambda *_: None)
    if not is_to_stop and not process.let_go(directory.text_of_claim):
        _give_back(directory, process, starter)
    return Claimed(directory, process, starter, alive, wake, started_at)


def _is_to_stop_first(process, directory, wake, alive):
    """Waits for word from the process. True when a cancel or a signal comes before, so that it is not to begin at all."""
    while True:
        news = select.select([process.answers, wake, alive], [], [], _SECONDS_TO_BE_READY)[0]
        if process.answers in news:
            return False
        if not news:
            process.kill()
        if wake in news or directory.read_cancel() is not None:
            return True
        drain(alive)


def _give_back(directory, process, starter):
    """Another shim may have the job: nothing has been run. One that would do no better ends like this process."""
    exit_code = process.end()
    directory.release_claim()
    _ = directory.job  # which says what is wrong with it, if that is why
    if exit_code in (None, TRY_LATER) or starter.has_another_way:
        leave_unclaimed("prepare the job's process", OSError(errno.EAGAIN, "it has ended"))
    sys.exit(exit_code)


def _wake():
    """SIGCHLD comes in later: until the job begins, the pipe of answers says more."""
    try:
        return wake_on_signals(_STOPPING)[0][0]
    except OSError as problem:
        leave_unclaimed("open its pipes", problem)


def _hold(directory, started_at, own_identity):
    """The descriptor that proves this shim alive; None when another has the job."""
    try:
        alive = directory.hold_alive()
        return alive if directory.claim(started_at, own_identity or identity.of_this_process()) else None
    except OSError as problem:
        leave_unclaimed("claim the job", problem)
