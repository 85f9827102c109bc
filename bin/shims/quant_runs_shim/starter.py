"""Who started a shim, and what it need not be told of because it waits for the shim's end (wait(2))."""

import json
import os

_SERVER = "QUANT_RUNS_SERVER_PID"


class Starter:
    """The server itself, or its template, which has a descriptor through which the server is told at once."""

    def __init__(self, pid, descriptor=None, launch=None):
        self._pid, self.descriptor, self._launch = pid, descriptor, launch

    @classmethod
    def of_cold_shim(cls):
        return cls(take_server())

    @property
    def waits(self):
        return os.getppid() == self._pid

    def tell_claim(self, claim):
        """Whether the server has been told. The job never gets this descriptor."""
        if self.descriptor is None:
            return False
        try:
            os.write(self.descriptor, line_of(event="claimed", launch=self._launch, claim=claim))
            return True
        except OSError:
            return False  # the server is gone
        finally:
            os.close(self.descriptor)


def take_server():
    """The pid of the server that started this process, 0 where none has; jobs are not told."""
    return int(os.environ.pop(_SERVER, "0"))


def line_of(**event):
    """One event, as a template and its shims write them to the server: short enough not to be cut by another's."""
    return json.dumps(event).encode("ascii") + b"\n"
