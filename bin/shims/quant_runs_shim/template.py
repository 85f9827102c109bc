"""An interpreter that has imported what jobs need and forks shims of it ahead. It runs no code of the user's but that.

It takes one JSON object a line on descriptor 0, `{"launch": 1, "directory": "/path"}`, and tells its events the same
way on descriptor 3. It ends with the server; the shims do not.
"""

import errno
import gc
import os
import select
import sys

from . import files, json_text, tree
from .preload import Preload
from .process import Process
from .shown import Shown
from .signals import name_of, signal
from .spare import Spare, Spares
from .starter import SERVER, line_of, take_server
from .wakeup import drain, forget_signals, wake_on_signals

RUN_ENTRYPOINT = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "run-entrypoint")
_EVENTS = 3
_SECONDS_BETWEEN_LOOKS = 2.0
"""While nothing happens: so that whoever edits a file and then runs it, waits for no import."""
_SECONDS_TO_REFILL = 0.05
"""Without a command: a spare is forked when nobody waits for anything else."""


def run(modules, surroundings):
    """Serves until the other end of descriptor 0 is closed; returns in the process of a job alone, by SystemExit."""
    tree.die_with(take_server())
    shown = Shown()
    shown.show_modules(modules)
    commands = _take_commands()
    sys.argv[:] = [""]
    library, environment, process = list(sys.path), dict(os.environ), Process()
    preload = Preload(modules, surroundings, [sys.executable, os.__file__, RUN_ENTRYPOINT])
    surroundings.remember()
    sys.path[:] = library
    if process.changes():
        _tell(event="unsafe", problems=process.changes())
        os._exit(0)
    for stream in (sys.__stdout__, sys.__stderr__):
        stream.flush()
    gc.collect()
    gc.freeze()  # so that a collection in a job does not copy what all of them share
    _tell(event="ready", problems=preload.problems)
    Template(commands, preload, surroundings, shown, environment).serve()


class Template:
    """The loop: commands come, shims end."""

    def __init__(self, commands, preload, surroundings, shown, environment):
        self._commands, self._preload, self._surroundings = commands, preload, surroundings
        self._shown, self._environment = shown, environment
        self._received = b""
        self._pid = os.getpid()
        self._launches = {}
        self._spares = Spares(self._become_shim)
        self._is_stale = False
        self._wake, self._handlers = wake_on_signals((signal.SIGCHLD,))
        self._sources = {commands: self._take, self._wake[0]: self._reap}

    def serve(self):
        """Who is stale is needed by its shims alone, which it tells of to their end."""
        while self._commands in self._sources or (self._is_stale and self._launches):
            ready = select.select(list(self._sources), [], [], self._seconds_to_wait())[0]
            for descriptor in ready:
                self._sources[descriptor]()
            if not ready:
                self._look_at_files()
                self._refill()
        os._exit(0)

    def _seconds_to_wait(self):
        if self._is_stale:
            return None
        return _SECONDS_TO_REFILL if self._spares.are_wanted else _SECONDS_BETWEEN_LOOKS

    def _look_at_files(self):
        """Once they have changed, all jobs start cold until there is a new template."""
        if not self._is_stale and not self._preload.is_fresh:
            self._is_stale = True
            self._spares.dismiss()
            _tell(event="stale")

    def _refill(self):
        try:
            while not self._is_stale and self._spares.are_wanted:
                self._spares.fork()
        except OSError:
            pass  # no room for more: a job that comes will say so

    def _take(self):
        part = os.read(self._commands, 65536)
        if not part:
            del self._sources[self._commands]
        *lines, self._received = (self._received + part).split(b"\n")
        for line in lines:
            self._launch(**json_text.from_text(line.decode("utf-8")))

    def _launch(self, launch, directory):
        self._look_at_files()
        try:
            pid = self._start_cold(directory) if self._must_start_cold(directory) else self._spares.hand_over(launch, directory)
        except OSError as problem:
            return _tell(event="refused", launch=launch, code=errno.errorcode.get(problem.errno, "UNKNOWN"))
        self._launches[pid] = launch
        _tell(event="started", launch=launch, pid=pid)

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
        """The server is busy with the end now, and does not wait for the next shim to be forked."""
        self._spares.forget(pid)
        launch = self._launches.pop(pid, None)
        if launch is not None:  # an import may have started a process of its own
            _tell(event="ended", launch=launch, **_end_of(status))
            self._refill()

    def _must_start_cold(self, directory):
        return self._is_stale or not self._shown.has_room_for(directory)

    def _start_cold(self, directory):
        """Without a fork, whose cost grows with what was imported (posix_spawn(3))."""
        logs = files.open_logs(directory)
        try:
            return os.posix_spawn(
                RUN_ENTRYPOINT,
                [RUN_ENTRYPOINT, directory],
                self._environment_of_cold_shim(),
                file_actions=[(os.POSIX_SPAWN_DUP2, log, descriptor) for descriptor, log in zip((1, 2), logs)],
                setsid=True,
            )
        finally:
            for log in logs:
                os.close(log)

    def _environment_of_cold_shim(self):
        """What the template was given itself."""
        return {**self._environment, SERVER: str(self._pid)}

    def _become_shim(self, orders, others):
        """In the shim, and in the job's own process that this forks, which ends as a script does."""
        shim = os.getpid()
        try:
            self._run_shim(orders, others)
            os._exit(0)
        except BaseException as problem:
            if os.getpid() != shim:
                raise
            if isinstance(problem, SystemExit):
                os._exit(problem.code)
            sys.excepthook(type(problem), problem, problem.__traceback__)
            os._exit(1)

    def _run_shim(self, orders, others):
        """What a cold shim does, in what a cold shim would have."""
        os.setsid()
        forget_signals(self._handlers)
        for descriptor in self._wake + (self._commands,) + others:
            os.close(descriptor)
        Spare(self._pid, _EVENTS, orders, self._surroundings, self._shown).run()


def _take_commands():
    """What is imported finds at descriptor 0 what a job finds there, and no other that is not the template's."""
    files.close_from(_EVENTS + 1)
    commands = os.dup(0)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.set_inheritable(_EVENTS, False)
    return commands


def _tell(**event):
    try:
        os.write(_EVENTS, line_of(**event))
    except BrokenPipeError:
        os._exit(0)  # the server is gone


def _end_of(status):
    died = os.WIFSIGNALED(status)
    return {
        "exit_code": None if died else os.WEXITSTATUS(status),
        "signal": name_of(os.WTERMSIG(status)) if died else None,
    }
