"""What a job's own process may use: the limits of job.json as its control group or else setrlimit(2) bounds them."""

import errno
import resource
import time

_KINDS = {
    "cpu_seconds": "RLIMIT_CPU",
    "open_files": "RLIMIT_NOFILE",
    "file_bytes": "RLIMIT_FSIZE",
    "processes": "RLIMIT_NPROC",
    "memory_bytes": "RLIMIT_AS",  # last: the others must not fail for want of it
}

_SECONDS_FROM_WARNING_TO_KILL = 1
"""SIGXCPU comes at the soft limit of processor time and can be caught; SIGKILL comes at the hard one."""

_RESERVE_BYTES = 2 * 1024 * 1024
"""Enough to format a traceback and to send it."""


class Bounds:
    """The limits of one job, and the memory kept back to tell that there is none left."""

    def __init__(self, limits, group):
        self._limits, self._group = limits, group
        self._reserve = None

    def apply(self):
        """Bounds this process and whatever it starts. Returns None, or the sentence that says why it cannot."""
        if self._limits["memory_bytes"] is not None:
            self._reserve = bytearray(_RESERVE_BYTES)
        self._group.enter()
        for name, kind in _KINDS.items():
            try:
                if self._limits[name] is not None and not self._group.bounds(name):
                    number = getattr(resource, kind)
                    resource.setrlimit(number, _within_inherited(number, self._limits[name] + _used_before(number)))
            except (AttributeError, OSError, OverflowError, TypeError, ValueError) as problem:
                return "Not started: the limit %s = %s cannot be set: %s" % (name, self._limits[name], problem)
        return None

    def release_reserve(self):
        """Called before anything is told of an exception, which may have left no memory for that."""
        self._reserve = None

    def out_of_memory(self, problem):
        """The beginning of the sentence on an exception that says the memory of the limit is used up; else None."""
        limit = self._limits["memory_bytes"]
        return None if limit is None or not _lacks_memory(problem) else "Out of memory: memory_bytes = %d" % limit

    def result_too_large(self, problem):
        """The sentence on a result that file_bytes leaves no room for; None for any other exception."""
        limit = self._limits["file_bytes"]
        if limit is None or not isinstance(problem, OSError) or problem.errno != errno.EFBIG:
            return None
        return "The result is larger than its limit file_bytes = %d" % limit


def _used_before(kind):
    """Whole seconds of processor time that the start of this process's interpreter took, which is none of the job's."""
    return round(time.process_time()) if kind == resource.RLIMIT_CPU else 0


def cpu_limit(seconds):
    """The processor time, beyond that of the start, at which a limit of so many seconds really warns; None without one."""
    return None if seconds is None else _within_inherited(resource.RLIMIT_CPU, seconds)[0]


def _within_inherited(kind, limit):
    """Soft and hard: never above what was inherited as the hard limit, which whoever started the server has set."""
    _, inherited = resource.getrlimit(kind)
    hard = limit + _SECONDS_FROM_WARNING_TO_KILL if kind == resource.RLIMIT_CPU else limit
    return (limit, hard) if inherited == resource.RLIM_INFINITY else (min(limit, inherited), min(hard, inherited))


def _lacks_memory(problem):
    """MemoryError, what mmap(2) and fork(2) say, and what the dynamic linker says of a library that finds no room."""
    if isinstance(problem, OSError):
        return problem.errno == errno.ENOMEM
    if isinstance(problem, ImportError):
        return isinstance(problem.msg, str) and "failed to map segment" in problem.msg
    if isinstance(problem, SystemError):
        return _address_space_is_full()  # Python 3.11 raises no other for a stack that cannot grow
    return isinstance(problem, MemoryError)


def _address_space_is_full():
    """Whether this process has all that it may, but for the reserve that was released (proc_pid_statm(5))."""
    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    if limit == resource.RLIM_INFINITY:
        return False
    try:
        with open("/proc/self/statm") as file:
            pages = int(file.read().split()[0])
    except MemoryError:
        return True
    except OSError as problem:
        return problem.errno == errno.ENOMEM
    return pages * resource.getpagesize() > limit - 2 * _RESERVE_BYTES
