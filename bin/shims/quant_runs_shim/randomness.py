"""The generators that a process has one of: a job's own, or as an import has seeded them, which is what a cold job finds."""

import sys
from _frozen_importlib_external import PathFinder

_SEEDING = {"random": ("seed", "setstate"), "numpy.random": ("seed", "set_state")}
"""By module, its functions that say which numbers come next."""


class Randomness:
    """A finder of modules (importlib), so that a seeding is noted from the first line on that could do it."""

    def __init__(self):
        self._seeded, self._originals, self._state = set(), [], None

    def watch(self):
        """From before the imports on."""
        sys.meta_path.insert(0, self)
        for name in _SEEDING:
            if name in sys.modules:
                self.watch_over(name, sys.modules[name])

    def note(self):
        """After the imports."""
        if self in sys.meta_path:
            sys.meta_path.remove(self)
        for module, name, original in self._originals:
            setattr(module, name, original)
        self._originals = []
        if "random" in self._seeded:
            self._state = sys.modules["random"].getstate()

    def give_own(self):
        """In a job's own process. Python itself seeds `random` anew at each fork, numpy does not."""
        if self._state is not None:
            sys.modules["random"].setstate(self._state)
        generator = sys.modules.get("numpy.random")
        if generator is not None and "numpy.random" not in self._seeded:
            generator.seed()

    def find_spec(self, name, path=None, target=None):
        spec = PathFinder.find_spec(name, path, target) if name in _SEEDING else None
        if spec is not None and spec.loader is not None:
            spec.loader = _Loader(spec.loader, self)
        return spec

    def watch_over(self, name, module):
        for function in _SEEDING[name]:
            original = getattr(module, function)
            self._originals.append((module, function, original))
            setattr(module, function, self._noting(name, original))

    def _noting(self, name, original):
        def seed(*args, **options):
            is_chosen = any(value is not None for value in (*args, *options.values()))
            (self._seeded.add if is_chosen else self._seeded.discard)(name)
            return original(*args, **options)

        return seed


class _Loader:
    """Loads a module as its own loader does, and leaves no trace of itself but the noted functions."""

    def __init__(self, loader, randomness):
        self._loader, self._randomness = loader, randomness

    def create_module(self, spec):
        return self._loader.create_module(spec)

    def exec_module(self, module):
        module.__loader__ = module.__spec__.loader = self._loader
        self._loader.exec_module(module)
        self._randomness.watch_over(module.__name__, module)
