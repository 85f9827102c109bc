"""The life of one job as its shim leads it: claim, fork, wait, record. It runs no code of the user's."""

import gc
import os
import sys

from . import caller, files, tree
from .ending import ending_of
from .records import RunDirectory, now
from .signals import signal
from .wakeup import forget_signals, wake_on_signals
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


def run(directory, surroundings, starter):
    """Runs the job of this run directory, unless another process has claimed it. In the job's process: does not return."""
    starter.close_inherited()
    (wake, handlers), (answers, answer_end) = _pipes()
    started_at = now()
    alive = _claim(directory, started_at)
    if alive is None:
        return
    was_told = starter.tell_claim(directory.claim_record)
    tree.adopt_orphans()
    gc.freeze()
    shim, child = os.getpid(), _fork(directory)
    if child == 0:
        _leave_the_shim(shim, handlers, wake + (answers, alive))
        caller.run(directory, surroundings, answer_end)
    os.close(answer_end)
    directory.write_status("running", started_at)
    if not was_told:
        directory.announce("running")
    watch = Watch(directory, started_at, child, answers, wake[0], alive)
    watch.until_the_end()
    ending = {"version": 1, "started_at": started_at, **ending_of(watch)}
    directory.write_exit(ending)
    directory.write_status(ending["status"], started_at, ending)
    if not starter.waits:
        directory.announce("ended")


def _pipes():
    try:
        return wake_on_signals(_SIGNALS), os.pipe()
    except OSError as problem:
        leave_unclaimed("open its pipes", problem)


def _claim(directory, started_at):
    """The descriptor that proves this shim alive; None when another has the job."""
    try:
        alive = directory.hold_alive()
        return alive if directory.claim(started_at) else None
    except OSError as problem:
        leave_unclaimed("claim the job", problem)


def _fork(directory):
    try:
        return os.fork()
    except OSError as problem:
        directory.release_claim()
        leave_unclaimed("start a process for the job", problem)


def leave_unclaimed(what, problem):
    """Ends the shim of a job that has not been run, and says whether it may be tried again."""
    files.note("cannot %s: %s" % (what, problem))
    sys.exit(_TRY_LATER if problem.errno in files.PASSING else 1)


def _leave_the_shim(shim, handlers, descriptors):
    """The child gets a session of its own, so that no signal to its group reaches the shim."""
    os.setsid()
    tree.die_with(shim)
    forget_signals(handlers)
    for descriptor in descriptors:
        os.close(descriptor)
    tree.prefer_for_memory_killer()
