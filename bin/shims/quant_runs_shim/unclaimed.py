"""The end of a shim before it has claimed its job: nothing has been run."""

import sys

from . import files
from .records import RunDirectory

TRY_LATER = 75
"""EX_TEMPFAIL of sysexits.h: the disk, or the machine, has trouble that may pass."""


def open_directory(path):
    """What job.json of this run directory asks for; ends the process where it cannot be read."""
    try:
        return RunDirectory(path)
    except OSError as problem:
        leave_unclaimed("read the job", problem)


def leave_unclaimed(what, problem):
    """Ends the process, and says whether the job may be tried again."""
    files.note("cannot %s: %s" % (what, problem))
    sys.exit(exit_code_after(problem))


def exit_code_after(problem):
    """Tells whether what failed so may be tried again. An import does not say by a number what it lacked."""
    passes = isinstance(problem, (MemoryError, ImportError)) or isinstance(problem, OSError) and problem.errno in files.PASSING
    return TRY_LATER if passes else 1
