"""The end of a shim before it has claimed its job: nothing has been run."""

import sys

from . import files
from .records import RunDirectory

_TRY_LATER = 75
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
    sys.exit(_TRY_LATER if problem.errno in files.PASSING else 1)
