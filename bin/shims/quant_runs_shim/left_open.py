"""What imports leave open in a template: a fork shares files, place and all, and memory that is mapped as shared (fork(2))."""

import os
import stat
from _weakref import ref

from . import c_library, open_files

_MEMORY_DEVICES = 1
"""Major number of /dev/null, /dev/urandom and others that have no place in them (Linux, admin-guide/devices)."""


class LeftOpen:
    """Made before the imports; `note` comes after them. `problems` says in sentences what no job can have as its own."""

    def __init__(self):
        self._before, self._mapped_before = set(_descriptors()), _shared_memory()
        self._descriptors, self._files, self.problems = [], [], []

    def note(self):
        """What they have written is written now, once, and not by each job."""
        files = open_files.found()
        for file in files:
            open_files.flush(file)
        c_library.call("fflush", None)
        self._files = [ref(file) for file in files]
        self._descriptors = [_Descriptor(number) for number in _descriptors() if number not in self._before]
        self.problems = [problem for problem in (each.problem() for each in self._descriptors) if problem] + [
            "an import maps %s, which all jobs would share" % name for name in sorted(_shared_memory() - self._mapped_before)
        ]

    def give_own(self):
        """In a job's own process. Raises OSError where a file cannot be opened any more."""
        for descriptor in self._descriptors:
            descriptor.open_anew()

    def files(self):
        """Those of Python's that are there still."""
        return [file for file in (each() for each in self._files) if file is not None]


class _Descriptor:
    """One that refers to a file of the template's; in the job it is to refer to the same, opened by itself."""

    def __init__(self, number):
        self._number, self._facts = number, os.fstat(number)
        self._place, self._flags = _place_and_flags(number)

    def problem(self):
        """None where each job can have its own."""
        try:
            if self._can_be_own():
                return self.open_anew()
            why = "which all jobs would share"
        except OSError as problem:
            why = "which a job cannot open: %s" % problem
        return "an import leaves %s open, %s" % (os.readlink(_path_of(self._number)), why)

    def open_anew(self):
        own = os.open(_path_of(self._number), self._flags | os.O_CLOEXEC)
        try:
            if stat.S_ISREG(self._facts.st_mode):
                os.lseek(own, self._place, os.SEEK_SET)
            os.dup2(own, self._number, os.get_inheritable(self._number))
        finally:
            os.close(own)

    def _can_be_own(self):
        """Not a file without a name, or opened as `tempfile` opens them: each job that starts cold has another one."""
        mode = self._facts.st_mode
        if stat.S_ISREG(mode):
            return self._facts.st_nlink > 0 and not self._flags & os.O_NOFOLLOW
        return stat.S_ISDIR(mode) or (stat.S_ISCHR(mode) and os.major(self._facts.st_rdev) == _MEMORY_DEVICES)


def _place_and_flags(number):
    """As proc_pid_fdinfo(5) tells them: `pos:` in decimal, then `flags:` in octal."""
    with open("/proc/self/fdinfo/%d" % number) as file:
        place, flags = (line.split()[1] for line in (next(file), next(file)))
    return int(place), int(flags, 8)


def _path_of(number):
    return "/proc/self/fd/%d" % number


def _shared_memory():
    """Names of memory that can be written to and is no file's by which others would find it, too (proc_pid_maps(5))."""
    with open("/proc/self/maps") as file:
        areas = [line.rstrip("\n").split(None, 5) for line in file]
    names = {area[5] if len(area) > 5 else "memory" for area in areas if "w" in area[1] and "s" in area[1]}
    return {name for name in names if not os.path.isfile(name)}


def _descriptors():
    """But for the one by which they are listed."""
    return [number for number in map(int, os.listdir("/proc/self/fd")) if _is_open(number)]


def _is_open(number):
    try:
        os.fstat(number)
        return True
    except OSError:
        return False
