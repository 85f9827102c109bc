"""The processes of a job: everything that descends from the shim, however it tried to leave."""

import os
import sys

from . import c_library
from .signals import signal

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36


def adopt_orphans():
    """Makes this process the parent of every descendant whose own parent ends (prctl(2), PR_SET_CHILD_SUBREAPER)."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def die_with(parent):
    """Called in the child: when the shim is killed, its job goes with it (prctl(2), PR_SET_PDEATHSIG)."""
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)


def prefer_for_memory_killer():
    """When memory runs out, the kernel ends a job before its shim or the server (proc_pid_oom_score_adj(5))."""
    try:
        with open("/proc/self/oom_score_adj", "w") as file:
            file.write("500")
    except OSError:
        pass  # not Linux, or raised higher already


def _prctl(option, value):
    if sys.platform == "linux":
        c_library.call("prctl", option, value, 0, 0, 0)


def descendants():
    """(pid, start time) of every living process below this one, nearest first; empty where there is no /proc."""
    children = {}
    for name in _pids():
        facts = _facts(name)
        if facts and facts[0] not in ("Z", "X"):
            children.setdefault(int(facts[1]), []).append((int(name), facts[19]))
    found = list(children.get(os.getpid(), []))
    for pid, _ in found:
        found.extend(children.get(pid, []))
    return found


def send(process, number):
    """Signals this very process and no later one with its number (pidfd_send_signal(2)); False when it is gone."""
    pid, _ = process
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return False
    except (AttributeError, OSError):  # an older kernel, Python or a seccomp filter: the look must do
        return _send_checked(process, lambda: os.kill(pid, number))
    try:
        return _send_checked(process, lambda: signal.pidfd_send_signal(descriptor, number))
    finally:
        os.close(descriptor)


def _send_checked(process, signals):
    pid, start_time = process
    try:
        if (_facts(str(pid)) or [None] * 20)[19] != start_time:
            return False
        signals()
        return True
    except OSError:
        return False  # it ended between the look and the signal


def cpu_seconds(pid):
    """What a process and its threads have used, without its children (proc_pid_stat(5)); 0 where there is no /proc."""
    facts = _facts(str(pid))
    return sum(map(int, facts[11:13])) / os.sysconf("SC_CLK_TCK") if facts else 0.0


def catches(pid, number):
    """Whether a process has a function for this signal (SigCgt in proc_pid_status(5))."""
    try:
        with open("/proc/%d/status" % pid) as file:
            masks = [line.split()[1] for line in file if line.startswith("SigCgt:")]
    except OSError:
        return False
    return bool(masks) and bool(int(masks[0], 16) >> (number - 1) & 1)


def _pids():
    try:
        return [name for name in os.listdir("/proc") if name.isdigit()]
    except OSError:
        return []


def _facts(pid):
    """Fields 3 and on of proc_pid_stat(5); None for a process that is gone."""
    try:
        with open("/proc/%s/stat" % pid) as file:
            return file.read().rsplit(")", 1)[1].split()
    except (OSError, IndexError):
        return None
