"""The generators that a process has one of: a job's own, or as an import has seeded them, which is what a cold job finds."""

import sys


class Randomness:
    """What imports do to them, by the functions that say which numbers come next."""

    def __init__(self):
        self._seeded, self._state = set(), None
        self._states_by_chance = set()

    def wrappers(self):
        return {
            "random": self._wrappers_of("random", "getstate", "setstate"),
            "numpy.random": self._wrappers_of("numpy.random", "get_state", "set_state"),
        }

    def note(self):
        """After the imports."""
        if "random" in self._seeded:
            self._state = sys.modules["random"].getstate()

    def give_own(self):
        """In a job's own process. Python itself seeds `random` anew at each fork, numpy does not."""
        if self._state is not None:
            sys.modules["random"].setstate(self._state)
        generator = sys.modules.get("numpy.random")
        if generator is not None and "numpy.random" not in self._seeded:
            generator.seed()

    def _wrappers_of(self, name, get_state, set_state):
        return {
            "seed": lambda original: self._seeding(name, original),
            get_state: lambda original: self._getting(name, original),
            set_state: lambda original: self._setting(name, original),
        }

    def _seeding(self, name, original):
        def seed(*args, **options):
            first = args[0] if args else options.get("a", options.get("seed"))
            self._note(name, first is not None)
            return original(*args, **options)

        return seed

    def _getting(self, name, original):
        def get_state(*args, **options):
            state = original(*args, **options)
            if name not in self._seeded:
                self._states_by_chance.add(repr(state))
            return state

        return get_state

    def _setting(self, name, original):
        def set_state(state, *args, **options):
            self._note(name, repr(state) not in self._states_by_chance)  # to put back what was there chooses nothing
            return original(state, *args, **options)

        return set_state

    def _note(self, name, is_chosen):
        (self._seeded.add if is_chosen else self._seeded.discard)(name)
