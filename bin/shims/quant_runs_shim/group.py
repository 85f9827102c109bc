"""The control group that bounds one job (cgroups(7)), made by the server where it was given the right to make some."""

import os

_FILES = {"memory_bytes": "memory.max", "processes": "pids.max"}
"""Which file of a group bounds what job.json calls by this name."""


class Group:
    """Of a job that has one; of any other, whose folder is None, it bounds nothing and does nothing."""

    def __init__(self, folder):
        self._folder = folder
        self._is_entered = False

    def enter(self):
        """Moves this process in: what it starts from now on is born there. The shim stays outside."""
        self._is_entered = self._write("cgroup.procs", "0")

    def bounds(self, name):
        """Whether the kernel keeps this limit for the whole job, so that setrlimit(2) need not."""
        return self._is_entered and name in _FILES and self._read(_FILES[name]).strip() not in ("", "max")

    def ran_out_of_memory(self):
        """Whether the kernel ended the job at its own limit; at one of the whole machine `oom` is not counted."""
        events = dict(line.split() for line in self._read("memory.events").splitlines())
        return int(events.get("oom", 0)) > 0 and int(events.get("oom_kill", 0)) > 0

    def kill(self):
        """Ends every process in it at once, however fast they fork; does nothing on Linux before 5.14."""
        self._write("cgroup.kill", "1")

    def remove(self):
        """Once nothing lives there; where something may, or the group cannot be reached, the server does it later."""
        try:
            if self._folder is not None:
                os.rmdir(self._folder)
        except OSError:
            pass

    def _read(self, name):
        if self._folder is None:
            return ""
        try:
            with open(os.path.join(self._folder, name)) as file:
                return file.read()
        except OSError:
            return ""

    def _write(self, name, text):
        """False when the kernel refuses, or there is no such group or file."""
        if self._folder is None:
            return False
        try:
            descriptor = os.open(os.path.join(self._folder, name), os.O_WRONLY | os.O_CLOEXEC)
        except OSError:
            return False
        try:
            os.write(descriptor, text.encode("ascii"))
            return True
        except OSError:
            return False
        finally:
            os.close(descriptor)
