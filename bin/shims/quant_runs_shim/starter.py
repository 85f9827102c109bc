"""Who started a shim: what it has from there, and what it need not tell because its end is waited for (wait(2))."""

import errno
import os

from . import files, json_text

EVENTS = 3
"""The descriptor through which a launcher and its shims tell the server at once."""
_SERVER = "QUANT_RUNS_SERVER_PID"
_LAUNCH = "QUANT_RUNS_LAUNCH"
_NOBODY = -1


class Starter:
    """The parent that waits, and the number of this launch where the server can be told at once.

    A shim that was started by hand, or within a pid namespace, has neither and tells all news itself.
    """

    def __init__(self, pid, launch=None):
        self._pid, self._launch = pid, launch

    @property
    def descriptors(self):
        """Those that are not for the job's own process."""
        return () if self._launch is None else (EVENTS,)

    @property
    def waits(self):
        return os.getppid() == self._pid

    @property
    def has_another_way(self):
        """Whether the job, given back, would be started otherwise: by the server itself, as one that no launcher starts."""
        return self._launch is not None

    def tell_claim(self, claim):
        """Whether the server has been told; it is told no more from here."""
        if self._launch is None:
            return False
        try:
            os.write(EVENTS, line_of(event="claimed", launch=self._launch, claim=claim))
            return True
        except OSError:
            return False  # the server is gone
        finally:
            os.close(EVENTS)

    def tell_refusal(self, problem):
        """That this shim will not run its job."""
        try:
            os.write(EVENTS, line_of(event="refused", launch=self._launch, code=code_of(problem)))
        except OSError:
            pass  # the server is gone


def code_of(problem):
    """By its name in errno.h."""
    return errno.errorcode.get(problem.errno if isinstance(problem, OSError) else errno.EINVAL, "UNKNOWN")


def of_cold_shim():
    """What the server was itself started with is none of the job's business."""
    launch = os.environ.pop(_LAUNCH, None)
    if launch is None or not _is_open(EVENTS):
        files.close_from(EVENTS)
        return Starter(take_server())
    files.close_from(EVENTS + 1)
    return Starter(take_server(), int(launch))


def _is_open(descriptor):
    try:
        os.fstat(descriptor)
        return True
    except OSError:
        return False


def shim_variables(launch):
    """What of_cold_shim takes, in a shim that this process starts."""
    return {_SERVER.encode(): b"%d" % os.getpid(), _LAUNCH.encode(): b"%d" % launch}


def without_starter(environment):
    """These variables without those that of_cold_shim takes."""
    return {name: value for name, value in environment.items() if name not in (_SERVER.encode(), _LAUNCH.encode())}


def take_server():
    """The pid of the server that started this process, none that there is where none has; jobs are not told."""
    return int(os.environ.pop(_SERVER, _NOBODY))


def line_of(**event):
    """One event, as a launcher and its shims write them to the server: short enough not to be cut by another's."""
    return json_text.to_text(event).encode("ascii") + b"\n"
