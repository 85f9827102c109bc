"""Who started a shim: what it has from there, and what it need not tell because its end is waited for (wait(2))."""

import os

from . import files, json_text

SERVER = "QUANT_RUNS_SERVER_PID"
_NOBODY = -1


class Starter:
    """The parent, the descriptor through which the server is told at once, if there is one, and the launch told of.

    A shim that was started by hand, or within a pid namespace, has none of these and tells all news itself.
    """

    def __init__(self, pid, events=None, launch=None):
        self._pid, self._events, self._launch = pid, events, launch

    @property
    def waits(self):
        return os.getppid() == self._pid

    def tell_claim(self, claim):
        """Whether the server has been told; it is told no more from here."""
        if self._events is None:
            return False
        try:
            os.write(self._events, line_of(event="claimed", launch=self._launch, claim=claim))
            return True
        except OSError:
            return False  # the server is gone
        finally:
            os.close(self._events)


def of_cold_shim():
    """What the server was itself started with is none of the job's business."""
    files.close_from(3)
    return Starter(take_server())


def take_server():
    """The pid of the server that started this process, none that there is where none has; jobs are not told."""
    return int(os.environ.pop(SERVER, _NOBODY))


def line_of(**event):
    """One event, as a template and its shims write them to the server: short enough not to be cut by another's."""
    return json_text.to_text(event).encode("ascii") + b"\n"
