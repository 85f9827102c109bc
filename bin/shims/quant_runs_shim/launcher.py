"""A small process that starts shims for the server, in which a fork of its own would hold up every request.

It takes one JSON object a line on descriptor 0, `{"launch": 1, "directory": "/path", "runtime": "python"}`, where need be
with an `environment`, and tells its events the same way on descriptor 3. It ends with the server; the shims do not.
"""

import os
import select

from . import files, json_text, tree
from .shown import variables_of
from .signals import name_of, signal
from .starter import EVENTS, code_of, line_of, shim_variables, take_server
from .surroundings import SHIMS
from .wakeup import drain, wake_on_signals

RUN_ENTRYPOINT = os.path.join(os.path.dirname(SHIMS), "run-entrypoint")
_RUNTIME = "python"


def run():
    """Serves until the other end of descriptor 0 is closed; does not return."""
    tree.die_with(take_server())
    commands = take_commands()
    tell(event="ready", problems=[])
    Launcher(commands, dict(os.environb)).serve()


class Order:
    """One shim to be started; `environment` is None for the usual one, and `runtime` where a server does not name it."""

    def __init__(self, launch, directory, runtime=None, environment=None):
        self.launch, self.runtime = launch, runtime
        self.directory = os.fsdecode(_bytes(directory))
        self.environment = environment and _in_bytes(environment)


class Launcher:
    """The loop: commands come, shims end. `environment` is a shim's where a command names no other."""

    def __init__(self, commands, environment):
        self.commands, self._environment = commands, environment
        self._received = b""
        self.launches = {}
        self.wake, self.handlers = wake_on_signals((signal.SIGCHLD,))
        self._sources = {commands: self._take, self.wake[0]: self._reap}

    def serve(self):
        while self.is_needed():
            ready = select.select(list(self._sources), [], [], self.seconds_to_wait())[0]
            for descriptor in ready:
                self._sources[descriptor]()
            if not ready:
                self.use_pause()
        os._exit(0)

    @property
    def is_commanded(self):
        return self.commands in self._sources

    def is_needed(self):
        return self.is_commanded

    def seconds_to_wait(self):
        """For a command or an end, before `use_pause` is called; None for ever."""
        return None

    def use_pause(self):
        pass

    def start(self, order):
        """The pid of the shim that has got this job. Raises OSError where there is no room for one."""
        return self.start_cold(order)

    def took_end(self):
        """Called once the end of a shim was told."""

    def forget(self, pid):
        """A child has ended that may be no shim with a job."""

    def start_cold(self, order):
        """Without a fork of all that was imported, whose cost grows with it (posix_spawn(3))."""
        environment = self._environment if order.environment is None else order.environment
        environment = {**environment, **shim_variables(order.launch)}
        sources = files.open_logs(order.directory) + [os.dup(EVENTS)]  # to be inherited, a descriptor must get another number
        try:
            return _spawn_shim(order, environment, list(zip(sources, (1, 2, EVENTS))))
        finally:
            for source in sources:
                os.close(source)

    def _take(self):
        part = os.read(self.commands, 65536)
        if not part:
            del self._sources[self.commands]
        *lines, self._received = (self._received + part).split(b"\n")
        for line in lines:
            self._launch(Order(**json_text.from_text(line.decode("utf-8"))))

    def _launch(self, order):
        try:
            pid = self.start(order)
        except (OSError, ValueError) as problem:
            return tell(event="refused", launch=order.launch, code=code_of(problem))
        self.launches[pid] = order.launch
        tell(event="started", launch=order.launch, pid=pid)

    def _reap(self):
        drain(self.wake[0])
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            self._take_end(pid, status)

    def _take_end(self, pid, status):
        self.forget(pid)
        launch = self.launches.pop(pid, None)
        if launch is not None:
            tell(event="ended", launch=launch, **_end_of(status))
            self.took_end()


def _bytes(text):
    """As the server means it, whatever the locale."""
    return text.encode("utf-8", "surrogatepass")


def _spawn_shim(order, environment, descriptors):
    """By bin/run-entrypoint, or where it is known what that would execute in the end, a millisecond sooner by itself."""
    python = environment.get(b"QUANT_RUNS_PYTHON", b"")
    if order.runtime == _RUNTIME and os.path.isabs(python):
        variables = {"PYTHONUNBUFFERED": "1", **variables_of(order.directory)}
        own = {os.fsencode(name): os.fsencode(value) for name, value in variables.items()}
        try:
            return _spawn([python, os.path.join(SHIMS, "python.py"), order.directory], {**environment, **own}, descriptors)
        except OSError as problem:
            if problem.errno in files.PASSING:
                raise
    return _spawn([RUN_ENTRYPOINT, order.directory], environment, descriptors)  # which says in the job's log what is wrong


def _spawn(command, environment, descriptors):
    return os.posix_spawn(
        command[0],
        command,
        environment,
        file_actions=[(os.POSIX_SPAWN_DUP2, source, target) for source, target in descriptors],
        setsid=True,
        setsigdef=signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP},
    )


def _in_bytes(environment):
    return {_bytes(name): _bytes(value) for name, value in environment.items()}


def take_commands():
    """What comes later finds at descriptor 0 what a job finds there, and no other that is not this process's own."""
    files.close_from(EVENTS + 1)
    commands = os.dup(0)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.set_inheritable(EVENTS, False)
    return commands


def tell(**event):
    """Ends the process when the server is gone."""
    try:
        os.write(EVENTS, line_of(**event))
    except BrokenPipeError:
        os._exit(0)


def _end_of(status):
    died = os.WIFSIGNALED(status)
    return {
        "exit_code": None if died else os.WEXITSTATUS(status),
        "signal": name_of(os.WTERMSIG(status)) if died else None,
    }
