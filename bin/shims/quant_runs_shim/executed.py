"""Shims that are executed and not forked: what their job's process has in memory they have themselves."""

import os

from . import files
from .order import can_execute, command_in, with_own_variables
from .signals import signal
from .starter import EVENTS, shim_variables
from .surroundings import SHIMS

RUN_ENTRYPOINT = os.path.join(os.path.dirname(SHIMS), "run-entrypoint")


def execute(order, environment):
    """The pid of one. Raises OSError where there is no room for it."""
    environment = {**environment, **shim_variables(order.launch)}
    sources = files.open_logs(order.directory) + [os.dup(EVENTS)]  # to be inherited, a descriptor must get another number
    try:
        return spawn_shim(order, environment, list(zip(sources, (1, 2, EVENTS))))
    finally:
        for source in sources:
            os.close(source)


def spawn_shim(order, environment, descriptors):
    """By bin/run-entrypoint, or where it is known what that would execute in the end, a millisecond sooner by itself."""
    if order.is_for_python and can_execute(environment):
        try:
            return _spawn([*command_in(environment), order.directory], with_own_variables(environment, order.directory), descriptors)
        except OSError as problem:
            if problem.errno in files.PASSING:
                raise
    return _spawn([RUN_ENTRYPOINT, order.directory], environment, descriptors)  # which says in the job's log what is wrong


def _spawn(command, environment, descriptors):
    """Not forked, which costs the more the more is in memory (posix_spawn(3))."""
    return os.posix_spawn(
        command[0],
        command,
        environment,
        file_actions=[(os.POSIX_SPAWN_DUP2, source, target) for source, target in descriptors],
        setsid=True,
        setsigdef=signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP},
    )
