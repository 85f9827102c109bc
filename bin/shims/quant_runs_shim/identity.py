"""What names one process and no later one that gets its number."""

import errno
import os

from . import files


def of_this_process():
    """The members of a claim that let others find out whether this process still lives."""
    return {"pid": os.getpid(), "start_time_ticks": _start_time_ticks(), **_PLACE}


def _start_time_ticks():
    """Since boot, field 22 of proc_pid_stat(5): with the pid and the boot it names this process and no later one."""
    stat_line = _text_of("/proc/self/stat")
    return int(stat_line.rsplit(")", 1)[1].split()[19]) if stat_line else None


def _boot_id():
    text = _text_of("/proc/sys/kernel/random/boot_id")
    return text.strip() if text else None


def _pid_namespace():
    try:
        return os.readlink("/proc/self/ns/pid")
    except OSError:
        return None  # not Linux: its pids are one set


def _text_of(path):
    try:
        return files.read_text(path)
    except OSError as problem:
        if problem.errno not in (errno.ENOENT, errno.EACCES):
            raise
        return None


_PLACE = {"boot_id": _boot_id(), "pid_namespace": _pid_namespace(), "host": os.uname().nodename}
"""What a process has in common with those that it forks."""
