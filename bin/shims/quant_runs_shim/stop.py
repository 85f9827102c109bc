"""Stops a job: a dump of its stacks where a deadline passed, SIGTERM to all of it, then SIGKILL until nothing is left."""

from . import tree
from .moments import now
from .signals import name_of, signal

_SECONDS_FOR_DUMP = 0.3
_ROUNDS_WITHOUT_PAUSE = 20
_LEAST_SECONDS_BETWEEN_KILLS, _MOST_SECONDS_BETWEEN_KILLS = 0.05, 1.0


class Stop:
    """A stop under way. `advance` does what is due; `next_at` says when it must be called again."""

    def __init__(self, reason, requested_by, requested_at, grace, child, group):
        self.reason, self.requested_by, self.requested_at = reason, requested_by, requested_at
        self.next_at = 0.0
        self._grace, self._child, self._group = grace, child, group
        self._steps = [self._dump] if reason == "timeout" else []
        self._steps += [self._terminate]
        self._signals, self._known, self._killed = [], set(), set()
        self._pause = _LEAST_SECONDS_BETWEEN_KILLS

    def advance(self, moment):
        if moment < self.next_at:
            return
        step = self._steps.pop(0) if self._steps else self._kill
        self.next_at = moment + step()

    def record(self, survivors):
        """The receipt; `survivors` is None while the stop is under way."""
        return {
            "reason": self.reason,
            "requested_by": self.requested_by,
            "requested_at": self.requested_at,
            "signals": self._signals,
            "processes": len(self._known),
            "survivors": survivors,
        }

    def _dump(self):
        """faulthandler writes every thread's stack on SIGQUIT; a process that does not listen for it would die of it."""
        if not tree.catches(self._child, signal.SIGQUIT):
            return 0.0
        self._send(signal.SIGQUIT, [process for process in tree.descendants() if process[0] == self._child])
        return _SECONDS_FOR_DUMP

    def _terminate(self):
        self._send(signal.SIGTERM, tree.descendants())
        return self._grace

    def _kill(self):
        """What forks as fast as it is killed gets no pause; what no signal reaches yet is waited for (D state)."""
        tried = set(self._killed)
        for _ in range(_ROUNDS_WITHOUT_PAUSE):
            found = [process for process in tree.descendants() if process not in tried]
            if not found:
                break
            self._send(signal.SIGKILL, found)
            tried.update(found)
        self._group.kill()
        self._pause = min(self._pause * 1.5, _MOST_SECONDS_BETWEEN_KILLS)
        return self._pause

    def _send(self, number, processes):
        self._known.update(processes)
        reached = [process for process in processes if tree.send(process, number)]
        if number == signal.SIGKILL:
            self._killed.update(reached)
            if reached and self._signals[-1:] and self._signals[-1]["signal"] == name_of(number):
                self._signals[-1]["processes"] += len(reached)
                return
        if reached:
            self._signals.append({"signal": name_of(number), "sent_at": now(), "processes": len(reached)})
