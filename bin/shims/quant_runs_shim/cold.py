"""The launcher that has imported nothing of a user's: it forks shims, and each job gets an interpreter of its own."""

import gc
import os
import select
import time

from . import claiming, files, job_process, tree, waiter
from .executed import execute
from .launcher import Launcher, take_commands, tell
from .order import can_execute, command_in, with_own_variables
from .shown import Shown
from .signals import name_of, signal
from .spares import order_from
from .starter import Starter, take_server, without_starter
from .unclaimed import open_directory

_SECONDS_BETWEEN_LOOKS = 1.0
"""At the claim, while an interpreter does not start: whoever cancels the job takes it."""
_SECONDS_TO_END, _SECONDS_BETWEEN_TRIES = 1.0, 0.01
"""For an interpreter that has closed its pipe to the shim, as it does when it ends."""


def run(sources):
    """Serves until the other end of descriptor 0 is closed; does not return.

    `sources` are the folders of the shim's code, as they were before it was imported.
    """
    tree.die_with(take_server())
    shown = _shown()
    commands = take_commands()
    launcher = ColdLauncher(commands, dict(os.environb), shown, sources)
    gc.collect()
    gc.freeze()  # so that a collection in a shim does not copy what all of them share
    tell(event="ready", problems=[])
    launcher.serve()


def _shown():
    """None on a system where a forked shim could not show which job is its own."""
    try:
        return Shown("--launcher")
    except (OSError, ValueError):
        return None


class ColdLauncher(Launcher):
    """Executes the shims that it cannot fork."""

    def __init__(self, commands, environment, shown, sources):
        super().__init__(commands, environment, shown)
        self._folders = sources

    def wants_spares(self):
        return super().wants_spares() and self.shown is not None and can_execute(self.environment)

    def start(self, order):
        self._look_at_files()
        environment = self.environment if order.environment is None else order.environment
        if not self._can_fork_for(order, environment):
            return execute(order, environment)
        if order.environment is None:
            return self.spares.hand_over(order.launch, order.directory)
        return self._fork_for(order)

    def _look_at_files(self):
        """A shim and what is executed for its job come from the same sources."""
        changed = [] if self.is_stale else [folder.path for folder in self._folders if not folder.is_unchanged()]
        if changed:
            self.become_stale(changed[0], True)

    def _can_fork_for(self, order, environment):
        shows_all = self.shown is not None and self.shown.has_room_for(order.directory)
        return shows_all and not self.is_stale and order.is_for_python and can_execute(environment)

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
        job = _job_in(directory, process)
        _wait_for_start(process, job)
        claimed = claiming.claim(job, process, starter)
        if claimed is not None:
            waiter.run(claimed)


def _spawn(directory, starter, environment):
    """Where that cannot be done the shim ends, and says why, in the log if it is for good."""
    command, has_logs = command_in(environment), False
    try:
        files.take_logs(directory, (1, 2))
        has_logs = True
        return job_process.spawn(command, directory, with_own_variables(environment, directory))
    except OSError as problem:
        if has_logs and problem.errno not in files.PASSING:
            files.note("cannot execute %s: %s" % (os.fsdecode(command[0]), problem))
        starter.tell_refusal(problem)
        os._exit(1)


def _job_in(directory, process):
    try:
        return open_directory(directory)
    except SystemExit:
        process.kill()
        raise


def _wait_for_start(process, job):
    """Where it never comes, and where the job is another's meanwhile, the shim ends."""
    while not select.select([process.answers], [], [], _SECONDS_BETWEEN_LOOKS)[0]:
        if job.is_claimed():
            process.kill()
            os._exit(0)
        if process.is_to_be_reaped():
            _end_like(process)  # whatever it has started holds its pipe open
    if not process.has_started():
        _end_like(process)


def _end_like(process):
    """An interpreter that did not come as far as its job has said why."""
    status = _end_of(process)
    if os.WIFEXITED(status):
        os._exit(os.WEXITSTATUS(status))
    files.note("the job's interpreter was killed by %s before the job began" % name_of(os.WTERMSIG(status)))
    os.kill(os.getpid(), signal.SIGKILL)


def _end_of(process):
    """As wait(2) tells it, with whatever it has started; one that has closed its pipe and goes on is ended."""
    last = time.monotonic() + _SECONDS_TO_END
    while not process.is_to_be_reaped():
        if time.monotonic() > last:
            files.note("the job's interpreter has closed descriptor %d, by which its shim hears of it" % job_process.ANSWERS)
            break
        time.sleep(_SECONDS_BETWEEN_TRIES)
    process.kill()
    return os.waitpid(process.pid, 0)[1]
