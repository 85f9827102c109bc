"""What the kernel shows of a process that was forked and not executed: its command line and its first environment."""

import os

_OPTION = b"--template\0"
_VARIABLE = "QUANT_RUNS_RUN_DIR"


class Shown:
    """The space that a template was given in both, where each shim says which run directory is its own (proc(5))."""

    def __init__(self):
        facts = _facts_of_this_process()
        self._arguments = _space_from(facts[45:47], b"\0" + _OPTION)
        self._variable = _space_behind(facts[47:49], b"\0" + _VARIABLE.encode() + b"=")
        del os.environ[_VARIABLE]

    def show_modules(self, names):
        """For the template itself."""
        self._arguments.write(_OPTION + ",".join(names).encode())

    def has_room_for(self, path):
        return len(os.fsencode(path)) < min(self._arguments.size, self._variable.size)

    def show_directory(self, path):
        """For a shim and all it forks: who looks for a job's processes finds them by this."""
        self._arguments.write(os.fsencode(path))
        self._variable.write(os.fsencode(path))


class _Space:
    """Memory of this process that the kernel reads when it is asked for these."""

    def __init__(self, address, size):
        self._address, self.size = address, size

    def write(self, text):
        """What does not fit is left out, and the last byte is a NUL."""
        with _own_memory("r+b") as memory:
            memory.seek(self._address)
            memory.write(text[: self.size - 1].ljust(self.size, b"\0"))


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
    with _own_memory("rb") as memory:
        memory.seek(start)
        return start - 1, b"\0" + memory.read(end - start)


def _own_memory(mode):
    """Of this very process: after a fork it must be opened anew (proc_pid_mem(5))."""
    return open("/proc/self/mem", mode, buffering=0)


def _facts_of_this_process():
    """Fields 3 and on of proc_pid_stat(5); 48 to 51 are where arguments and environment begin and end."""
    with open("/proc/self/stat") as file:
        return file.read().rsplit(")", 1)[1].split()
