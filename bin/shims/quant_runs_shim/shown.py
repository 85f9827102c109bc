"""What the kernel shows of a process that was forked and not executed: its command line and its first environment."""

import os
import sys

from . import files

_VARIABLE = "QUANT_RUNS_RUN_DIR"
_MEMORY = "/proc/self/mem"
"""Of the very process that opens it: after a fork it must be opened anew (proc_pid_mem(5))."""


class Shown:
    """The space in both, from this option on, where each shim that is forked says which run directory is its own (proc(5)).

    Raises OSError or ValueError where nothing can be shown there.
    """

    def __init__(self, option, parameter=""):
        facts = _facts_of_this_process()
        own = b"%s\0%s" % (option.encode(), parameter.encode())
        self._arguments = _space_from(facts[45:47], b"\0%s\0" % option.encode())
        self._variable = _space_behind(facts[47:49], b"\0" + _VARIABLE.encode() + b"=")
        del os.environ[_VARIABLE]
        _write([(self._arguments, own)])  # as it was, but for the space

    def has_room_for(self, path):
        return len(os.fsencode(path)) < min(self._arguments.size, self._variable.size)

    def show_directory(self, path):
        """For a shim, and for a job's own process: who looks for a job's processes finds them by this."""
        shown = os.fsencode(path)
        _write([(self._arguments, shown), (self._variable, shown)])

    def try_to_show(self, path):
        """For a shim whose job runs, which shows the same: that the shim could not is nothing to end a job for."""
        try:
            self.show_directory(path)
        except OSError as problem:
            files.note("cannot show which run directory is this process's own: %s" % problem)


def name_directory(path):
    """For the job itself, and what it starts."""
    if hasattr(sys, "orig_argv"):
        sys.orig_argv[2:] = [path]
    os.environ.update(variables_of(path))


def variables_of(path):
    """By which a job finds its run directory and itself, as bin/run-entrypoint names them."""
    return {
        _VARIABLE: path,
        "QUANT_RUNS_JOB_ID": os.path.basename(path),
        "QUANT_RUNS_PROGRESS": os.path.join(path, "progress.jsonl"),
    }


class _Space:
    """Memory of this process that the kernel reads when it is asked for these."""

    def __init__(self, address, size):
        self.address, self.size = address, size

    def filled_with(self, text):
        """What does not fit is left out, and the last byte is a NUL."""
        return text[: self.size - 1].ljust(self.size, b"\0")


def _space_from(borders, mark):
    """From the mark, but for its NUL, to the end."""
    address, text = _memory(borders)
    begin = text.index(mark) + 1
    return _Space(address + begin, len(text) - begin)


def _space_behind(borders, mark):
    """From the end of the mark to the next NUL."""
    address, text = _memory(borders)
    begin = text.index(mark) + len(mark)
    return _Space(address + begin, text.index(b"\0", begin) + 1 - begin)


def _memory(borders):
    """What stands between two addresses, behind a NUL as every part of it does, and where that would stand."""
    start, end = map(int, borders)
    memory = os.open(_MEMORY, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return start - 1, b"\0" + os.pread(memory, end - start, start)
    finally:
        os.close(memory)


def _write(texts):
    memory = os.open(_MEMORY, os.O_WRONLY | os.O_CLOEXEC)
    try:
        for space, text in texts:
            os.pwrite(memory, space.filled_with(text), space.address)
    finally:
        os.close(memory)


def _facts_of_this_process():
    """Fields 3 and on of proc_pid_stat(5); 48 to 51 are where arguments and environment begin and end."""
    with open("/proc/self/stat") as file:
        return file.read().rsplit(")", 1)[1].split()
