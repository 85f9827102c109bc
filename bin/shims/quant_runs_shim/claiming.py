"""How a shim gets its job: the proof that it lives, the claim, and the word to the process that is held for it."""

import errno

from . import tree
from .records import now
from .signals import signal
from .unclaimed import leave_unclaimed
from .wakeup import wake_on_signals

_SIGNALS = (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class Claimed:
    """A job that this shim runs, whose process has been let go."""

    def __init__(self, directory, process, starter, alive, wake, started_at):
        self.directory, self.process, self.starter = directory, process, starter
        self.alive, self.wake, self.started_at = alive, wake, started_at


def claim(directory, process, starter):
    """Lets go the process that is held for this job; None when another shim has the job."""
    wake = _wake()
    started_at = now()
    alive = _hold(directory, started_at)
    if alive is None:
        return None
    if not process.is_ready():
        directory.release_claim()
        _ = directory.job  # which says what is wrong with it, if that is why
        leave_unclaimed("prepare the job's process", OSError(errno.EAGAIN, "it has ended"))
    tree.adopt_orphans()  # from the job's first moment on
    process.let_go(directory.text_of_claim)
    return Claimed(directory, process, starter, alive, wake, started_at)


def _wake():
    try:
        return wake_on_signals(_SIGNALS)[0][0]
    except OSError as problem:
        leave_unclaimed("open its pipes", problem)


def _hold(directory, started_at):
    """The descriptor that proves this shim alive; None when another has the job."""
    try:
        alive = directory.hold_alive()
        return alive if directory.claim(started_at) else None
    except OSError as problem:
        leave_unclaimed("claim the job", problem)
