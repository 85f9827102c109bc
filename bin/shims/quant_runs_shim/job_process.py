"""A job's own process: forked or spawned and made ready ahead, held until its shim has the claim, then let go."""

import gc
import os
import sys

from . import files, tree
from .signals import signal
from .unclaimed import leave_unclaimed, open_directory

_OPTION = "--job"
"""Before the pid of its shim and the run directory, in the command line of one that is spawned."""
_ORDERS, _ANSWERS = 3, 4
"""The descriptors of its pipes there."""
_READY = b"r"


class JobProcess:
    """As its shim has it. What becomes of its call comes through the pipe `answers`."""

    def __init__(self, pid, gate, answers):
        self.pid, self.answers = pid, answers
        self.was_ready = False
        self._gate = gate

    def has_ended(self):
        """Whether it has, before there was a job for it."""
        return os.waitpid(self.pid, os.WNOHANG)[0] != 0

    def prepare(self, path):
        """Tells it the run directory of its job, for which it gets ready meanwhile. One that has ended is never ready."""
        self._tell(os.fsencode(path))

    def is_ready(self):
        """Waits until it is, or has ended."""
        self.was_ready = self.was_ready or os.read(self.answers, 1) == _READY
        return self.was_ready

    def let_go(self, claim):
        """It calls what its job asks for, with the text of the claim by which it may. False when it has ended before."""
        try:
            return self._tell(claim.encode("utf-8"))
        finally:
            os.close(self._gate)

    def close(self):
        """Lets go of it, after it has ended."""
        os.close(self._gate)
        os.close(self.answers)

    def _tell(self, text):
        try:
            os.write(self._gate, text + b"\0")
            return True
        except BrokenPipeError:
            return False


def fork(surroundings, take_on, descriptors=()):
    """Forks one; `take_on` makes a path its run directory there, and these descriptors of the shim's are closed.

    Returns in the shim alone, which ends where there is no room for another process.
    """
    gc.freeze()  # so that a collection in the job copies nothing that both of them share
    shim = os.getpid()
    try:
        (orders, gate), (answers, answer_end) = os.pipe(), os.pipe()
        pid = os.fork()
    except OSError as problem:
        leave_unclaimed("start a process for the job", problem)
    if pid == 0:
        _leave_the_shim(shim, (gate, answers) + descriptors)
        _run(lambda: _live(surroundings, take_on, orders, answer_end))
    os.close(orders)
    os.close(answer_end)
    return JobProcess(pid, gate, answers)


def spawn(command, path, environment):
    """Executes this command for one, with the parameters that `begin` takes. Raises OSError where that cannot be done."""
    (orders, gate), (answers, answer_end) = os.pipe(), os.pipe()
    try:
        pid = os.posix_spawn(
            command[0],
            [*command, _OPTION, str(os.getpid()), path],
            environment,
            file_actions=[(os.POSIX_SPAWN_DUP2, orders, _ORDERS), (os.POSIX_SPAWN_DUP2, answer_end, _ANSWERS)],
            setsid=True,
            setsigdef=signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP},
        )
    finally:
        os.close(orders)
        os.close(answer_end)
    return JobProcess(pid, gate, answers)


def begin(shim, path, surroundings):
    """In one that was spawned. Returns as the process of a script does, if at all."""
    tree.die_with(shim)
    tree.prefer_for_memory_killer()
    for descriptor in (_ORDERS, _ANSWERS):
        os.set_inheritable(descriptor, False)
    if hasattr(sys, "orig_argv"):
        sys.orig_argv[2:] = [path]
    _run(lambda: _live_spawned(surroundings, open_directory(path)))


def _leave_the_shim(shim, descriptors):
    """The child gets a session of its own, so that no signal to its group reaches the shim."""
    os.setsid()
    tree.die_with(shim)
    for descriptor in descriptors:
        os.close(descriptor)
    tree.prefer_for_memory_killer()


def _order_from(orders):
    """What the shim says next; where it says nothing any more, this process ends."""
    order = files.read_to_mark(orders)
    if not order:
        os._exit(0)
    return order


def _run(live):
    """Whatever is raised ends the process: it stands in the midst of its shim's calls, none of which may deal with it."""
    try:
        live()
    except SystemExit:
        raise
    except BaseException as problem:
        sys.excepthook(type(problem), problem, problem.__traceback__)
        sys.exit(1)


def _live(surroundings, take_on, orders, answer_end):
    """Does not return: ends as a script does, or unseen where its shim wants it no more."""
    from . import caller, leaving  # here, since a process takes long for its first import, and its job's would be that

    surroundings.enter()
    errors = caller.prepare()
    directory = take_on(os.fsdecode(_order_from(orders)), (1, 2, errors))
    _be_ready(directory, answer_end)
    _obey(orders, directory)
    leaving.leave(caller.run(directory, answer_end, errors), surroundings)


def _live_spawned(surroundings, directory):
    """As above."""
    _be_ready(directory, _ANSWERS)
    from . import caller, leaving  # while the shim claims the job

    gc.freeze()  # so that a collection looks at what is the job's own alone
    surroundings.enter()
    errors = caller.prepare()
    _obey(_ORDERS, directory)
    leaving.leave(caller.run(directory, _ANSWERS, errors), surroundings)


def _be_ready(directory, answer_end):
    """What the job asks for is read now, so that it is known to be sound, and nobody waits for that later."""
    _ = directory.job
    os.write(answer_end, _READY)


def _obey(orders, directory):
    """Waits to be let go."""
    directory.text_of_claim = _order_from(orders).decode("utf-8")
    os.close(orders)
