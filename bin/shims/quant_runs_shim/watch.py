"""Watches over a job's processes: takes the answer, reaps the dead, keeps the deadlines, stops what must stop."""

import os
import resource
import select
import time

from . import json_text, tree
from .files import note
from .moments import clock, now
from .signals import signal
from .stop import Stop
from .wakeup import drain

SECONDS_TO_EXIT = 5.0
"""How long a process may take to exit once its callable has answered: threads and exit functions get no longer."""

_SECONDS_BETWEEN_ROUNDS = 0.05
_LONGEST_ANSWER = 4 * 1024 * 1024
"""Bytes that are kept of what comes through the answers' pipe, to which the job itself can write."""


class Watch:
    """One job under way. `until_the_end` returns when nothing of the job is left to wait for."""

    def __init__(self, directory, started_at, process, wake, alive):
        self.directory, self.child = directory, process.pid
        self._started_at, self._started = started_at, clock()
        self._answers, self._wake, self._alive = process.answers, wake, alive
        self._watched = [process.answers, wake, alive]
        self._received = b""
        self._exit_deadline = None
        self._silence = Silence(directory.limits["silence_timeout_seconds"])
        self.answer = self.stop = self.wait_status = self.seconds = None
        self.own_cpu_seconds = 0.0
        self._cpu_seconds_before = self._cpu_seconds()
        self.ended_by_shim = self.ran_out_of_memory = False
        self.strays = set()

    def until_the_end(self):
        self._look_for_cancel()
        while not self._is_over():
            for descriptor in select.select(self._watched, [], [], self._seconds_to_wait())[0]:
                self._take_news(descriptor)
            self._reap()
            if not self._is_over():
                self._keep_deadlines()
        self.ran_out_of_memory = self.directory.group.ran_out_of_memory()
        self.directory.group.remove()

    @property
    def usage(self):
        """Of every process of the job that has been reaped."""
        return resource.getrusage(resource.RUSAGE_CHILDREN)

    def _is_over(self):
        if self.wait_status is None:
            return False
        return not self._children_left or (self.directory.keeps_strays and self.stop is None)

    def _take_news(self, descriptor):
        if descriptor == self._answers:
            self._take_answer()
        elif descriptor == self._wake:
            if any(number != signal.SIGCHLD for number in drain(self._wake)):
                self._begin_stop("cancelled", "a signal to the shim", now())
        else:
            drain(self._alive)
            self._look_for_cancel()

    def _take_answer(self):
        part = os.read(self._answers, 65536)
        self._received = (self._received + part)[-_LONGEST_ANSWER:]
        if part.endswith(b"\n"):
            self._accept(self._received.rsplit(b"\n", 2)[-2].decode("utf-8", "replace"))
        if not part or self.answer is not None:
            self._watched.remove(self._answers)

    def _accept(self, received):
        """What the job itself has written into the pipe is no answer."""
        try:
            answer = json_text.from_text(received)
            answer.setdefault("error", None)
            self.answer = answer if _is_answer(answer) else None
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return
        self._exit_deadline = clock() + SECONDS_TO_EXIT

    def _reap(self):
        """wait4(2) for every child, the adopted ones too; what is left of the answer is read before the last word."""
        self._children_left = True
        if self.wait_status is None:
            self.own_cpu_seconds = self._cpu_seconds() - self._cpu_seconds_before
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                self._children_left = False
                return
            if pid == 0:
                return
            if pid == self.child:
                self.wait_status, self.seconds = status, clock() - self._started
                self._read_rest_of_answer()

    def _cpu_seconds(self):
        """Of the job's own process, with its start, where a limit asks for it; told of the dead too, until they are reaped."""
        return 0.0 if self.directory.limits["cpu_seconds"] is None else tree.cpu_seconds(self.child)

    def _read_rest_of_answer(self):
        """An answer cut short is none; a grandchild may hold the pipe open for ever."""
        os.set_blocking(self._answers, False)
        while self._answers in self._watched:
            try:
                self._take_answer()
            except BlockingIOError:
                self._watched.remove(self._answers)
        if self.answer is None:
            self._accept(self.directory.read_answer())

    def _keep_deadlines(self):
        if self.stop is not None:
            self.stop.advance(clock())
        elif self.wait_status is not None:
            self._end_strays()
        elif self.answer is not None:
            self._end_late_exit()
        else:
            self._check_limits()

    def _check_limits(self):
        limit = self.directory.limits["timeout_seconds"]
        if limit is not None and clock() >= self._started + limit:
            self._begin_stop("timeout", "timeout_seconds = %g" % limit, now())
        elif self._silence.is_over(clock()):
            self._begin_stop("timeout", "silence_timeout_seconds = %g" % self._silence.limit, now())

    def _look_for_cancel(self):
        request = self.directory.read_cancel()
        if request is not None:
            self._begin_stop("cancelled", request["requested_by"], request["requested_at"])

    def _begin_stop(self, reason, requested_by, requested_at):
        """The first cause counts: who has answered or has died is not stopped any more."""
        if self.stop is not None or self.answer is not None or self.wait_status is not None:
            return
        grace = self.directory.limits["cancel_grace_seconds"]
        self.stop = Stop(reason, requested_by, requested_at, grace, self.child, self.directory.group)
        self.stop.advance(clock())
        self.directory.write_status("running", self._started_at, {"termination": self.stop.record(None)})

    def _end_late_exit(self):
        if clock() < self._exit_deadline or self.ended_by_shim:
            return
        self.ended_by_shim = True
        os.kill(self.child, signal.SIGKILL)  # not reaped yet, so the number is still its own
        note("ended the process, still there %g s after its callable had answered" % SECONDS_TO_EXIT)

    def _end_strays(self):
        """The job has ended: what it left running ends too."""
        for process in tree.descendants():
            if tree.send(process, signal.SIGKILL):
                self.strays.add(process)
        self.directory.group.kill()

    def _seconds_to_wait(self):
        """Until the next thing that must be looked at without any news; None for never."""
        if self.wait_status is not None:
            return _SECONDS_BETWEEN_ROUNDS
        known = [moment for moment in self._next_moments() if moment is not None]
        return max(0.0, min(known) - clock()) if known else None

    def _next_moments(self):
        """Of what `_keep_deadlines` looks at now, and of nothing else."""
        if self.stop is not None:
            return [self.stop.next_at]
        if self.answer is not None:
            return [None if self.ended_by_shim else self._exit_deadline]
        limit = self.directory.limits["timeout_seconds"]
        return [None if limit is None else self._started + limit, self._silence.next_look]


_KINDS = ("returned", "exited", "exception", "entrypoint", "memory", "unbounded")


def _is_answer(answer):
    """Whether every member is of its kind: the job can write into the pipe, and nothing of it may end the shim."""
    return (
        answer["kind"] in _KINDS
        and type(answer["exit_code"]) is int
        and isinstance(answer["error"], (str, type(None)))
        and isinstance(answer.get("result_bytes"), (int, type(None)))
    )


class Silence:
    """How long nothing was written to the job's logs, descriptors 1 and 2 of this process."""

    def __init__(self, limit):
        self.limit = limit
        self._seen, self._since = self._state(), clock()

    @property
    def next_look(self):
        return None if self.limit is None else self._since + self.limit

    def is_over(self, moment):
        if self.limit is None or moment < self.next_look:
            return False
        state = self._state()
        if state == self._seen:
            return True
        # The wall clock dates the last byte; where it was set anew meanwhile, the byte counts as of now.
        age = time.time() - max(written for _, written in state) / 1e9
        believable = 0.0 <= age < moment - self._since
        self._seen, self._since = state, moment - (age if believable else 0.0)
        return False

    def _state(self):
        facts = [os.fstat(descriptor) for descriptor in (1, 2)]
        return [(fact.st_size, fact.st_mtime_ns) for fact in facts]
