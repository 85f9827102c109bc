"""A launcher that has imported what jobs need and forks shims of itself ahead. It runs no code of the user's but that."""

import gc
import os
import sys

from . import tree
from .executed import RUN_ENTRYPOINT, execute
from .forks import problems_of_forks
from .launcher import Launcher, take_commands, tell
from .left_open import LeftOpen
from .preload import Preload
from .process import Process
from .randomness import Randomness
from .shown import Shown
from .starter import take_server
from .temporaries import Temporaries
from .warm import WarmShim
from .watched import Watched

_SECONDS_BETWEEN_LOOKS = 2.0
"""While nothing happens: so that whoever edits a file and then runs it, waits for no import."""


def run(modules, surroundings):
    """Serves until the other end of descriptor 0 is closed; returns in the process of a job alone, by SystemExit."""
    tree.die_with(take_server())
    shown = _shown(",".join(modules))
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
        return Shown("--template", modules)
    except (OSError, ValueError) as problem:
        tell(event="unsafe", problems=["a forked shim could not show which job is its own: %s" % problem])
        os._exit(0)


class Template(Launcher):
    """Hands jobs to its spares; executes the shims of those that are to have another environment."""

    def __init__(self, commands, environment, preload, surroundings, shown):
        super().__init__(commands, environment, shown)
        self._preload, self._surroundings = preload, surroundings
        self._was_fresh = False

    def seconds_to_wait(self):
        return None if self.is_stale else super().seconds_to_wait() or _SECONDS_BETWEEN_LOOKS

    def use_pause(self):
        self._look_at_files()
        super().use_pause()

    def start(self, order):
        self._look_at_files()
        if order.environment is not None:
            return execute(order, order.environment)
        if self.is_stale or not self.shown.has_room_for(order.directory):
            return execute(order, self.environment)
        return self.spares.hand_over(order.launch, order.directory)

    def run_spare(self, orders):
        WarmShim(self.pid, orders, self._surroundings, self.shown).run()

    def _look_at_files(self):
        """Once they have changed, all jobs start cold until there is a new template."""
        if self.is_stale:
            return
        changed = self._preload.changed()
        if changed is None:
            self._was_fresh = True
        else:
            self.become_stale(changed, self._was_fresh)
