"""Whether what was imported outlives a fork: a library may have functions of its own called then (pthread_atfork(3))."""

import os
import select

from .signals import name_of, signal

_SECONDS_TO_END = 10.0


def problems_of_forks():
    """In sentences, by a fork that does nothing but end."""
    readable, writable = os.pipe()
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.close(writable)
    has_ended = select.select([readable], [], [], _SECONDS_TO_END)[0]
    os.close(readable)
    if not has_ended:
        os.kill(pid, signal.SIGKILL)
    status = os.waitpid(pid, 0)[1]
    if not has_ended:
        return ["an import makes forks hang"]
    if os.WIFSIGNALED(status):
        return ["an import makes forks end with %s" % name_of(os.WTERMSIG(status))]
    return []
