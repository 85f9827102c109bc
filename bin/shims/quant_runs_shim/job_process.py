"""A job's own process: forked or spawned and made ready ahead, held until its shim has the claim, then let go."""

import errno
import gc
import os
import stat
import sys

from . import files, tree
from .signals import signal
from .unclaimed import exit_code_after, leave_unclaimed, open_directory

_OPTION = "--job"
"""Before the pid of its shim and the run directory, in the command line of one that is spawned."""
_ORDERS, ANSWERS = 3, 4
"""The descriptors of its pipes there."""
_STARTED, _READY = b"s", b"r"
"""What it says first, where it was spawned, and when only its claim is left to wait for."""


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

    def has_started(self):
        """Waits until the interpreter of one that was spawned runs, or has ended."""
        return os.read(self.answers, 1) == _STARTED

    def is_ready(self):
        """Waits until it is, or has ended."""
        return os.read(self.answers, 1) == _READY

    def let_go(self, claim):
        """It calls what its job asks for, with the text of the claim by which it may. False when it has ended before."""
        try:
            return self._tell(claim.encode("utf-8"))
        finally:
            os.close(self._gate)

    def is_to_be_reaped(self):
        """Whether it has ended; its number stays its own until it is reaped (waitid(2), WNOWAIT)."""
        return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def kill(self):
        """Before it is reaped, with what its interpreter may have started while it started itself."""
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass  # forked, and ended before it had a session of its own

    def end(self):
        """Ends it, if it has not ended. Its exit code; None where a signal has ended it."""
        self.kill()
        try:
            status = os.waitpid(self.pid, 0)[1]
        except ChildProcessError:
            return None  # whoever started this shim has it wait for none (waitpid(2), SIGCHLD)
        return os.WEXITSTATUS(status) if os.WIFEXITED(status) else None

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
        _run(lambda: _prepare(surroundings, take_on, orders), surroundings, orders, answer_end)
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
            file_actions=[(os.POSIX_SPAWN_DUP2, orders, _ORDERS), (os.POSIX_SPAWN_DUP2, answer_end, ANSWERS)],
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
    _take_pipes()
    if hasattr(sys, "orig_argv"):
        sys.orig_argv[2:] = [path]
    _run(lambda: _prepare_spawned(surroundings, open_directory(path)), surroundings, _ORDERS, ANSWERS)


def _take_pipes():
    """Where the start of the interpreter has closed them nothing can be told, but that another way of starting might do."""
    try:
        for descriptor in (_ORDERS, ANSWERS):
            if not stat.S_ISFIFO(os.fstat(descriptor).st_mode):
                raise OSError(errno.EBADF, "is another file now")
            os.set_inheritable(descriptor, False)
    except OSError:
        files.note("the start of the interpreter has closed descriptors that are its shim's")
        os.kill(os.getpid(), signal.SIGKILL)


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


def _run(prepare, surroundings, orders, answer_end):
    """Does not return: ends as a script does, or unseen where its shim wants it no more.

    Whatever is raised ends the process: it stands in the midst of its shim's calls, none of which may deal with it.
    """
    has_begun = False
    try:
        directory, errors, caller, leaving = prepare()
        _wait_for_claim(directory, orders, answer_end)
        has_begun = True
        leaving.leave(caller.run(directory, answer_end, errors), surroundings)
    except SystemExit:
        raise
    except BaseException as problem:
        sys.excepthook(type(problem), problem, problem.__traceback__)
        sys.exit(1 if has_begun else exit_code_after(problem))


def _prepare(surroundings, take_on, orders):
    """For the job that its shim names in the end."""
    from . import caller, leaving  # here, since a process takes long for its first import, and its job's would be that

    surroundings.enter()
    errors = caller.prepare()
    directory = take_on(os.fsdecode(_order_from(orders)), (1, 2, errors))
    _ = directory.job  # read now, while the shim claims it
    return directory, errors, caller, leaving


def _prepare_spawned(surroundings, directory):
    """For a job that is known from the beginning, and which the shim claims while this process gets ready."""
    _ = directory.job
    os.write(ANSWERS, _STARTED)
    from . import caller, leaving

    gc.freeze()  # so that a collection looks at what is the job's own alone
    surroundings.enter()
    return directory, caller.prepare(), caller, leaving


def _wait_for_claim(directory, orders, answer_end):
    os.write(answer_end, _READY)
    directory.text_of_claim = _order_from(orders).decode("utf-8")
    os.close(orders)
