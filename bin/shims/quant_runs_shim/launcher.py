"""A small process that starts shims for the server, in which a fork of its own would hold up every request.

It takes one JSON object a line on descriptor 0, `{"launch": 1, "directory": "/path", "runtime": "python"}`, where need be
with an `environment`, and tells its events the same way on descriptor 3. It ends with the server; the shims do not.
"""

import os
import select
import sys

from . import files, json_text
from .order import Order
from .signals import name_of, signal
from .spares import Spares
from .starter import EVENTS, code_of, line_of
from .wakeup import drain, forget_signals, wake_on_signals

_SECONDS_TO_REFILL = 0.05
"""Without a command: a spare is forked when nobody waits for anything else."""


class Launcher:
    """The loop: commands come, shims end. How they start, and what is done in a pause, tell the two kinds of it.

    `environment` is a shim's where a command names no other.
    """

    def __init__(self, commands, environment, shown):
        self.commands, self.environment, self.shown = commands, environment, shown
        self.pid = os.getpid()
        self.spares = Spares(self._become_spare)
        self.launches = {}
        self.is_stale = False
        self._received = b""
        self._wake, self._handlers = wake_on_signals((signal.SIGCHLD,))
        self._sources = {commands: self._take, self._wake[0]: self._reap}

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

    def start(self, order):
        """The pid of the shim that has got this job. Raises OSError where there is no room for one."""
        raise NotImplementedError

    def run_spare(self, orders):
        """In a shim that was forked ahead, which is told of its job through this descriptor."""
        raise NotImplementedError

    def is_needed(self):
        """Who is stale is needed by its shims alone, which it tells of to their end."""
        return self.is_commanded or (self.is_stale and self.launches)

    def become_stale(self, changed, was_fresh):
        """It starts shims that are executed alone, until there is another in its place: this file or folder has changed."""
        self.is_stale = True
        self.spares.dismiss()
        tell(event="stale", changed=changed, was_fresh=was_fresh)

    def wants_spares(self):
        return self.spares.are_wanted and not self.is_stale

    def seconds_to_wait(self):
        """For a command or an end, before `use_pause` is called; None for ever."""
        return _SECONDS_TO_REFILL if self.wants_spares() else None

    def use_pause(self):
        if self.wants_spares():
            self.spares.refill()

    def become_shim(self, run, others):
        """In a forked process, where this does not return but in the process of a job that is forked in turn."""
        shim = os.getpid()
        try:
            os.setsid()
            forget_signals(self._handlers)
            for descriptor in (*self._wake, self.commands, *others):
                os.close(descriptor)
            run()
            os._exit(0)
        except BaseException as problem:
            if os.getpid() != shim:
                raise
            if isinstance(problem, SystemExit):
                os._exit(problem.code)
            sys.excepthook(type(problem), problem, problem.__traceback__)
            os._exit(1)

    def _become_spare(self, orders, others):
        self.become_shim(lambda: self.run_spare(orders), others)

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
        drain(self._wake[0])
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            self._take_end(pid, status)

    def _take_end(self, pid, status):
        self.spares.forget(pid)
        launch = self.launches.pop(pid, None)
        if launch is not None:
            tell(event="ended", launch=launch, **_end_of(status))
            if self.wants_spares():
                self.spares.refill()  # the server is busy with that end now, and does not wait for the next shim


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
