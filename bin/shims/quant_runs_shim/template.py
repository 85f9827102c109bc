"""An interpreter that has imported what jobs need and forks a shim for each. It runs no code of the user's but that.

It takes one JSON object a line on descriptor 0, `{"launch": 1, "directory": "/path"}`, and tells its events the same
way on descriptor 3. It ends with the server; the shims do not.
"""

import errno
import gc
import os
import select
import sys

from . import files, json_text, tree, waiter
from .preload import Preload, give_own_randomness
from .process import Process
from .records import RunDirectory
from .shown import Shown
from .signals import name_of, signal
from .starter import TemplateAsStarter, line_of, take_server
from .wakeup import drain, forget_signals, wake_on_signals

_EVENTS = 3
_SECONDS_BETWEEN_LOOKS = 2.0
"""While nothing happens: so that whoever edits a file and then runs it, waits for no import."""

_SHIMS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_RUN_ENTRYPOINT = os.path.join(os.path.dirname(_SHIMS), "run-entrypoint")


def run(modules, surroundings):
    """Serves until the other end of descriptor 0 is closed; returns in the process of a job alone, by SystemExit."""
    tree.die_with(take_server())
    shown = Shown()
    shown.show_modules(modules)
    commands = _take_commands()
    sys.argv[:] = [""]
    library, environment, process = list(sys.path), dict(os.environ), Process()
    preload = Preload(modules, surroundings, [sys.executable, os.__file__, _RUN_ENTRYPOINT])
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
        self._is_stale = False
        self._wake, self._handlers = wake_on_signals((signal.SIGCHLD,))
        self._sources = {commands: self._take, self._wake[0]: self._reap}

    def serve(self):
        """Who is stale is needed by its shims alone, which it tells of to their end."""
        while self._commands in self._sources or (self._is_stale and self._launches):
            ready = select.select(list(self._sources), [], [], None if self._is_stale else _SECONDS_BETWEEN_LOOKS)[0]
            for descriptor in ready:
                self._sources[descriptor]()
            if not ready:
                self._look_at_files()
        os._exit(0)

    def _look_at_files(self):
        """Once they have changed, all jobs start cold until there is a new template."""
        if not self._is_stale and not self._preload.is_fresh:
            self._is_stale = True
            _tell(event="stale")

    def _take(self):
        part = os.read(self._commands, 65536)
        if not part:
            del self._sources[self._commands]
        *lines, self._received = (self._received + part).split(b"\n")
        for line in lines:
            self._launch(**json_text.from_text(line.decode("ascii")))

    def _launch(self, launch, directory):
        self._look_at_files()
        logs, pid, job = [], None, self._job_to_fork_for(directory)
        try:
            logs += files.open_logs(directory)
            pid = os.fork()
        except OSError as problem:
            _tell(event="refused", launch=launch, code=errno.errorcode.get(problem.errno, "UNKNOWN"))
        if pid == 0:
            self._lead_job(launch, job, directory, logs)  # outside of every block that would go on in the job's process
        for log in logs:
            os.close(log)
        if pid is not None:
            self._launches[pid] = launch
            _tell(event="started", launch=launch, pid=pid)

    def _reap(self):
        drain(self._wake[0])
        while self._launches:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            launch = self._launches.pop(pid, None)
            if launch is not None:  # an import may have started a process of its own
                _tell(event="ended", launch=launch, **_end_of(status))

    def _job_to_fork_for(self, directory):
        """None for one that must start cold. What all shims do is done here, where it copies none of the shared memory."""
        try:
            job = None if self._is_stale else RunDirectory(directory)
        except Exception:
            return None  # which a cold shim tells of in the job's log
        return job if job and self._may_fork(job) and self._shown.has_room_for(job.path) else None

    def _lead_job(self, launch, job, directory, logs):
        """In the shim, and in the job's own process that this forks, which ends as a script does."""
        shim = os.getpid()
        try:
            self._run_shim(launch, job, directory, logs)
            os._exit(0)
        except BaseException as problem:
            if os.getpid() != shim:
                raise
            if isinstance(problem, SystemExit):
                os._exit(problem.code)
            sys.excepthook(type(problem), problem, problem.__traceback__)
            os._exit(1)

    def _run_shim(self, launch, job, directory, logs):
        """What a cold shim does, in what a cold shim would have; or one is put in its place, with what the template was given."""
        os.setsid()
        forget_signals(self._handlers)
        for descriptor, log in zip((1, 2), logs):
            os.dup2(log, descriptor)
        if job is None:
            os.execve(_RUN_ENTRYPOINT, [_RUN_ENTRYPOINT, directory], self._environment)
        self._shown.show_directory(job.path)
        _name_directory(job.path)
        give_own_randomness()
        own = self._wake + (self._commands,) + tuple(logs)
        waiter.run(job, self._surroundings, TemplateAsStarter(self._pid, _EVENTS, launch, own))

    def _may_fork(self, job):
        """What is imported ahead counts towards the address space of a job that may never have wanted it."""
        return job.limits["memory_bytes"] is None or not self._preload.holds_modules


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


def _name_directory(path):
    """As bin/run-entrypoint does."""
    if hasattr(sys, "orig_argv"):
        sys.orig_argv[2:] = [path]
    os.environ["QUANT_RUNS_RUN_DIR"] = path
    os.environ["QUANT_RUNS_JOB_ID"] = os.path.basename(path)
    os.environ["QUANT_RUNS_PROGRESS"] = os.path.join(path, "progress.jsonl")
