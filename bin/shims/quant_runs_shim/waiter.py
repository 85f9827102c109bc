"""The life of one job as its shim leads it: claim, let go, wait, record. It runs no code of the user's."""

import errno
import os
import sys

from . import files, job_process, tree
from .ending import ending_of
from .records import RunDirectory, now
from .signals import signal
from .wakeup import wake_on_signals
from .watch import Watch

_TRY_LATER = 75
"""EX_TEMPFAIL of sysexits.h: the disk has trouble that may pass, and nothing has been run."""

_SIGNALS = (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def open_directory(path):
    """What job.json of this run directory asks for; ends the process where it cannot be read."""
    try:
        return RunDirectory(path)
    except OSError as problem:
        leave_unclaimed("read the job", problem)


def fork(surroundings, take_on, descriptors=()):
    """The process for a job, held; ends this one where there is no room for another."""
    try:
        return job_process.fork(surroundings, take_on, descriptors)
    except OSError as problem:
        leave_unclaimed("start a process for the job", problem)


def run(directory, process, starter):
    """Runs the job of this run directory in a process that is held for it, unless another shim has claimed it."""
    wake = _wake()
    started_at = now()
    alive = _claim(directory, started_at)
    if alive is None:
        return
    _let_go(process, directory)
    was_told = starter.tell_claim(directory.claim_record)
    directory.write_status("running", started_at)
    if not was_told:
        directory.announce("running")
    watch = Watch(directory, started_at, process, wake, alive)
    watch.until_the_end()
    ending = {"version": 1, "started_at": started_at, **ending_of(watch)}
    directory.write_exit(ending)
    directory.write_status(ending["status"], started_at, ending)
    if not starter.waits:
        directory.announce("ended")


def _wake():
    try:
        return wake_on_signals(_SIGNALS)[0][0]
    except OSError as problem:
        leave_unclaimed("open its pipes", problem)


def _claim(directory, started_at):
    """The descriptor that proves this shim alive; None when another has the job."""
    try:
        alive = directory.hold_alive()
        return alive if directory.claim(started_at) else None
    except OSError as problem:
        leave_unclaimed("claim the job", problem)


def _let_go(process, directory):
    """Orphans of the job are the shim's from its first moment on."""
    if not process.is_ready():
        directory.release_claim()
        _ = directory.job  # which says what is wrong with it, if that is why
        leave_unclaimed("prepare the job's process", OSError(errno.EAGAIN, "it has ended"))
    tree.adopt_orphans()
    process.let_go(directory.text_of_claim)


def leave_unclaimed(what, problem):
    """Ends the shim of a job that has not been run, and says whether it may be tried again."""
    files.note("cannot %s: %s" % (what, problem))
    sys.exit(_TRY_LATER if problem.errno in files.PASSING else 1)
