"""The life of one job as its shim leads it: claim, fork, wait, record. It runs no code of the user's."""

import os
import signal
import sys

from . import caller, files, tree
from .ending import ending_of
from .records import RunDirectory, now
from .watch import Watch

_TRY_LATER = 75
"""EX_TEMPFAIL of sysexits.h: the disk has trouble that may pass, and nothing has been run."""

_STOPPING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def run(path, users_path, modules_at_start):
    """Runs the job of this run directory, unless another process has claimed it."""
    _close_inherited_descriptors()
    wake, (answers, answer_end) = _pipes()
    started_at = now()
    directory, alive = _claim(path, started_at)
    if alive is None:
        return
    tree.adopt_orphans()
    shim, child = os.getpid(), _fork(directory)
    if child == 0:
        _leave_the_shim(shim, wake + (answers, alive))
        caller.run(directory, users_path, modules_at_start, answer_end)
    os.close(answer_end)
    directory.write_status("running", started_at)
    directory.announce("running")
    watch = Watch(directory, started_at, child, answers, wake[0], alive)
    watch.until_the_end()
    ending = {"version": 1, "started_at": started_at, **ending_of(watch)}
    directory.write_exit(ending)
    directory.write_status(ending["status"], started_at, ending)
    directory.announce("ended")


def _pipes():
    try:
        return _wake_on_signals(), os.pipe()
    except OSError as problem:
        _leave_unclaimed("open its pipes", problem)


def _claim(path, started_at):
    """The run directory and the descriptor that proves this shim alive; that is None when another has the job."""
    try:
        directory = RunDirectory(path)
        alive = directory.hold_alive()
        return directory, (alive if directory.claim(started_at) else None)
    except OSError as problem:
        _leave_unclaimed("claim the job", problem)


def _fork(directory):
    try:
        return os.fork()
    except OSError as problem:
        directory.release_claim()
        _leave_unclaimed("start a process for the job", problem)


def _leave_unclaimed(what, problem):
    files.note("cannot %s: %s" % (what, problem))
    sys.exit(_TRY_LATER if problem.errno in files.PASSING else 1)


def _close_inherited_descriptors():
    """What the server was itself started with is none of the job's business."""
    try:
        last = max(map(int, os.listdir("/dev/fd")))
    except OSError:
        last = 1024
    os.closerange(3, last + 1)


def _wake_on_signals():
    """A pipe that becomes readable with the number of each signal that comes (the self-pipe trick)."""
    readable, writable = os.pipe()
    os.set_blocking(readable, False)
    os.set_blocking(writable, False)
    signal.set_wakeup_fd(writable, warn_on_full_buffer=False)
    for number in (signal.SIGCHLD,) + _STOPPING:
        signal.signal(number, lambda *_: None)
    return readable, writable


def _leave_the_shim(shim, descriptors):
    """The child gets a session of its own, so that no signal to its group reaches the shim."""
    os.setsid()
    tree.die_with(shim)
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for descriptor in descriptors:
        os.close(descriptor)
    tree.prefer_for_memory_killer()
