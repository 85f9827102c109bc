"""Who started a shim: what it has from there, and what it need not tell because its end is waited for (wait(2))."""

import os

from . import files, json_text

_SERVER = "QUANT_RUNS_SERVER_PID"
_NOBODY = -1


class ServerAsStarter:
    """Of a cold shim. One that was started by hand, or within a pid namespace, tells all news itself."""

    def __init__(self):
        self._pid = take_server()

    def close_inherited(self):
        """What the server was itself started with is none of the job's business."""
        files.close_from(3)

    @property
    def waits(self):
        return os.getppid() == self._pid

    def tell_claim(self, _):
        return False


class TemplateAsStarter:
    """Of a warm shim, which has a descriptor through which the server is told at once; the job never gets it."""

    def __init__(self, pid, descriptor, launch, descriptors):
        self._pid, self._descriptor, self._launch, self._descriptors = pid, descriptor, launch, descriptors

    def close_inherited(self):
        """The template's own alone: what was imported ahead may have opened others."""
        for descriptor in self._descriptors:
            os.close(descriptor)

    @property
    def waits(self):
        return os.getppid() == self._pid

    def tell_claim(self, claim):
        """Whether the server has been told."""
        try:
            os.write(self._descriptor, line_of(event="claimed", launch=self._launch, claim=claim))
            return True
        except OSError:
            return False  # the server is gone
        finally:
            os.close(self._descriptor)


def take_server():
    """The pid of the server that started this process, none that there is where none has; jobs are not told."""
    return int(os.environ.pop(_SERVER, _NOBODY))


def line_of(**event):
    """One event, as a template and its shims write them to the server: short enough not to be cut by another's."""
    return json_text.to_text(event).encode("ascii") + b"\n"
