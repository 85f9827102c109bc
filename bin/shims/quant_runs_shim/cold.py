"""The launcher that has imported nothing of a user's: it forks shims, and each job gets an interpreter of its own."""

import gc
import os
import select

from . import claiming, files, job_process, tree, waiter
from .executed import execute
from .launcher import Launcher, take_commands, tell
from .order import command_in, with_own_variables
from .shown import Shown
from .signals import name_of, signal
from .spares import order_from
from .starter import Starter, take_server, without_starter
from .unclaimed import open_directory

_SECONDS_BETWEEN_LOOKS = 1.0
"""At the claim, while an interpreter does not get ready: whoever cancels the job takes it."""


def run():
    """Serves until the other end of descriptor 0 is closed; does not return."""
    tree.die_with(take_server())
    shown = _shown()
    commands = take_commands()
    gc.collect()
    gc.freeze()  # so that a collection in a shim does not copy what all of them share
    tell(event="ready", problems=[])
    ColdLauncher(commands, dict(os.environb), shown).serve()


def _shown():
    """None on a system where a forked shim could not show which job is its own."""
    try:
        return Shown("--launcher")
    except (OSError, ValueError):
        return None


class ColdLauncher(Launcher):
    """Executes the shims that it cannot fork."""

    def wants_spares(self):
        return super().wants_spares() and self.shown is not None and command_in(self.environment) is not None

    def start(self, order):
        environment = self.environment if order.environment is None else order.environment
        shows_all = self.shown is not None and self.shown.has_room_for(order.directory)
        if not shows_all or not order.is_for_python or command_in(environment) is None:
            return execute(order, environment)
        if order.environment is None:
            return self.spares.hand_over(order.launch, order.directory)
        return self._fork_for(order)

    def _fork_for(self, order):
        """A shim that knows the variables of its job."""
        environment = without_starter(order.environment)
        pid = os.fork()
        if pid == 0:
            os.environb.clear()
            os.environb.update(environment)
            self.become_shim(lambda: self._lead(order.launch, order.directory, environment), self.spares.pipes)
        return pid

    def run_spare(self, orders):
        launch, directory = order_from(orders)
        os.close(orders)
        self._lead(launch, directory, self.environment)

    def _lead(self, launch, directory, environment):
        """In the shim: from the start of the job's process to the job's end."""
        starter = Starter(self.pid, launch)
        process = _spawn(directory, starter, environment)
        self.shown.try_to_show(directory)
        job = open_directory(directory)
        _wait_for(process, job)
        claimed = claiming.claim(job, process, starter)
        if claimed is not None:
            waiter.run(claimed)


def _spawn(directory, starter, environment):
    try:
        files.take_logs(directory, (1, 2))
        return job_process.spawn(command_in(environment), directory, with_own_variables(environment, directory))
    except OSError as problem:
        starter.tell_refusal(problem)
        os._exit(1)


def _wait_for(process, job):
    """Until it is ready for its job. Where it never will be, and where the job is another's meanwhile, the shim ends."""
    while not select.select([process.answers], [], [], _SECONDS_BETWEEN_LOOKS)[0]:
        if job.is_claimed():
            os.kill(process.pid, signal.SIGKILL)
            os._exit(0)
    if not process.is_ready():
        _end_like(process)


def _end_like(process):
    """An interpreter that did not come as far as its job has said why; one that has only closed its pipe is ended."""
    os.kill(process.pid, signal.SIGKILL)
    status = os.waitpid(process.pid, 0)[1]
    if os.WIFEXITED(status):
        os._exit(os.WEXITSTATUS(status))
    files.note("the job's interpreter was killed by %s before the job began" % name_of(os.WTERMSIG(status)))
    os.kill(os.getpid(), signal.SIGKILL)
