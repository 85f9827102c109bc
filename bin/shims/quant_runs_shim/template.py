"""A launcher that has imported what jobs need and forks shims of itself ahead. It runs no code of the user's but that."""

import gc
import os
import sys

from . import tree
from .forks import problems_of_forks
from .launcher import RUN_ENTRYPOINT, Launcher, take_commands, tell
from .left_open import LeftOpen
from .preload import Preload
from .process import Process
from .randomness import Randomness
from .shown import Shown
from .spare import Spare, Spares
from .starter import take_server
from .temporaries import Temporaries
from .watched import Watched
from .wakeup import forget_signals

_SECONDS_BETWEEN_LOOKS = 2.0
"""While nothing happens: so that whoever edits a file and then runs it, waits for no import."""
_SECONDS_TO_REFILL = 0.05
"""Without a command: a spare is forked when nobody waits for anything else."""


def run(modules, surroundings):
    """Serves until the other end of descriptor 0 is closed; returns in the process of a job alone, by SystemExit."""
    tree.die_with(take_server())
    shown = _shown(modules)
    commands = take_commands()
    sys.argv[:] = [""]
    library, environment = list(sys.path), dict(os.environb)
    process, left_open, randomness, temporaries = Process(), LeftOpen(), Randomness(), Temporaries()
    watched = Watched(randomness.wrappers(), temporaries.wrappers())
    watched.begin()
    own_files = [sys.executable, os.__file__, RUN_ENTRYPOINT, sys.modules["__main__"].__file__]
    preload = Preload(modules, surroundings, own_files, os.path.dirname(__file__))
    watched.end()
    left_open.note()
    randomness.note()
    surroundings.remember(left_open, randomness)
    sys.path[:] = library
    problems = process.changes() + left_open.problems + temporaries.problems() or problems_of_forks()
    if problems:
        tell(event="unsafe", problems=problems)
        os._exit(0)
    gc.collect()
    gc.freeze()  # so that a collection in a job does not copy what all of them share
    tell(event="ready", problems=preload.problems)
    Template(commands, environment, preload, surroundings, shown).serve()


def _shown(modules):
    try:
        shown = Shown()
        shown.show_modules(modules)
        return shown
    except (OSError, ValueError) as problem:
        tell(event="unsafe", problems=["a forked shim could not show which job is its own: %s" % problem])
        os._exit(0)


class Template(Launcher):
    """Hands jobs to its spares; starts cold those that are to have another environment."""

    def __init__(self, commands, environment, preload, surroundings, shown):
        super().__init__(commands, environment)
        self._preload, self._surroundings, self._shown = preload, surroundings, shown
        self._pid = os.getpid()
        self._spares = Spares(self._become_shim)
        self._is_stale = self._was_fresh = False

    def is_needed(self):
        """Who is stale is needed by its shims alone, which it tells of to their end."""
        return self.is_commanded or (self._is_stale and self.launches)

    def seconds_to_wait(self):
        if self._is_stale:
            return None
        return _SECONDS_TO_REFILL if self._spares.are_wanted else _SECONDS_BETWEEN_LOOKS

    def use_pause(self):
        self._look_at_files()
        self._refill()

    def start(self, order):
        self._look_at_files()
        if order.environment is not None or self._is_stale or not self._shown.has_room_for(order.directory):
            return self.start_cold(order)
        return self._spares.hand_over(order.launch, order.directory)

    def forget(self, pid):
        self._spares.forget(pid)

    def took_end(self):
        """The server is busy with that end now, and does not wait for the next shim to be forked."""
        self._refill()

    def _look_at_files(self):
        """Once they have changed, all jobs start cold until there is a new template."""
        if self._is_stale:
            return
        changed = self._preload.changed()
        if changed is None:
            self._was_fresh = True
            return
        self._is_stale = True
        self._spares.dismiss()
        tell(event="stale", changed=changed, was_fresh=self._was_fresh)

    def _refill(self):
        if not self._is_stale:
            self._spares.refill()

    def _become_shim(self, orders, others):
        """In the shim, and in the job's own process that this forks, which ends as a script does."""
        shim = os.getpid()
        try:
            os.setsid()
            forget_signals(self.handlers)
            for descriptor in self.wake + (self.commands,) + others:
                os.close(descriptor)
            Spare(self._pid, orders, self._surroundings, self._shown).run()
            os._exit(0)
        except BaseException as problem:
            if os.getpid() != shim:
                raise
            if isinstance(problem, SystemExit):
                os._exit(problem.code)
            sys.excepthook(type(problem), problem, problem.__traceback__)
            os._exit(1)
