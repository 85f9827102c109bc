"""What belongs to a process as a whole and no import may change, since jobs would get it that import nothing of the kind."""

import os
import resource
import sys

from .signals import signal

_LIMITS = [name for name in dir(resource) if name.startswith("RLIMIT_")]


class Process:
    """This process as it is now; `changes` says in sentences what is different later."""

    def __init__(self):
        self._facts = _facts()

    def changes(self):
        changed = [name for name, fact in _facts().items() if fact != self._facts[name]]
        threading = sys.modules.get("threading")
        others = [thread.name for thread in threading.enumerate() if thread is not threading.main_thread()] if threading else []
        return (
            ["an import changes the %s" % name for name in changed]
            + ["the thread %s would not outlive a fork" % name for name in others]
            + (["an import leaves a process of its own"] if _has_children() else [])
        )


def _facts():
    mask = os.umask(0)
    os.umask(mask)
    return {
        "working directory": os.getcwd(),
        "umask": mask,
        "signal mask": signal.pthread_sigmask(signal.SIG_BLOCK, ()),
        "niceness": os.nice(0),
        "processors that may be used": os.sched_getaffinity(0),
        "scheduling": _scheduling(),
        "limits": [resource.getrlimit(getattr(resource, name)) for name in _LIMITS],
    }


def _scheduling():
    try:
        return os.sched_getscheduler(0), os.sched_getparam(0)
    except OSError:
        return None  # musl has neither


def _has_children():
    try:
        while os.waitpid(-1, os.WNOHANG)[0] != 0:
            pass  # one that has ended
        return True
    except ChildProcessError:
        return False
