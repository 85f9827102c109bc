"""A job's own process: forked and made ready ahead, held until its shim has the claim, then let go."""

import gc
import os
import sys

from . import files, tree
from .unclaimed import leave_unclaimed

_READY = b"r"


class JobProcess:
    """As its shim has it. What becomes of its call comes through the pipe `answers`."""

    def __init__(self, pid, gate, answers):
        self.pid, self.answers = pid, answers
        self._gate = gate

    def has_ended(self):
        """Whether it has, before there was a job for it."""
        return os.waitpid(self.pid, os.WNOHANG)[0] != 0

    def prepare(self, path):
        """Tells it the run directory of its job, for which it gets ready meanwhile. One that has ended is never ready."""
        self._tell(os.fsencode(path))

    def is_ready(self):
        """Waits until it is, or has ended."""
        return os.read(self.answers, 1) == _READY

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
    from . import caller  # which the shim has no use for
    from .leaving import leave  # here, since a process takes long for its first import, and its job's would be that

    surroundings.enter()
    errors = caller.prepare()
    directory = take_on(os.fsdecode(_order_from(orders)), (1, 2, errors))
    _ = directory.job  # read now, while the shim claims it
    os.write(answer_end, _READY)
    directory.text_of_claim = _order_from(orders).decode("utf-8")
    os.close(orders)
    leave(caller.run(directory, answer_end, errors), surroundings)
