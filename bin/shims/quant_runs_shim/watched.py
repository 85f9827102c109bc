"""Functions of modules that are watched while imports go on, from the moment on at which their module is loaded."""

import sys
from _frozen_importlib_external import PathFinder


class Watched:
    """A finder of modules (importlib). `wrappers`: by module, by function, what makes of the function its replacement."""

    def __init__(self, *wrappers):
        self._wrappers = {name: functions for each in wrappers for name, functions in each.items()}
        self._originals = []

    def begin(self):
        sys.meta_path.insert(0, self)
        for name in self._wrappers:
            if name in sys.modules:
                self.loaded(sys.modules[name])

    def end(self):
        """Puts the functions back where they were."""
        if self in sys.meta_path:
            sys.meta_path.remove(self)
        for module, name, original in self._originals:
            setattr(module, name, original)
        self._originals = []

    def find_spec(self, name, path=None, target=None):
        spec = PathFinder.find_spec(name, path, target) if name in self._wrappers else None
        if spec is not None and spec.loader is not None:
            spec.loader = _Loader(spec.loader, self)
        return spec

    def loaded(self, module):
        """A module of the user's that has the name of one of these, and not its functions, is left alone."""
        functions = self._wrappers[module.__name__]
        if not all(hasattr(module, name) for name in functions):
            return
        for name, wrapped in functions.items():
            original = getattr(module, name)
            self._originals.append((module, name, original))
            setattr(module, name, wrapped(original))


class _Loader:
    """Loads a module as its own loader does, and leaves no trace of itself but the functions."""

    def __init__(self, loader, watched):
        self._loader, self._watched = loader, watched

    def create_module(self, spec):
        return self._loader.create_module(spec)

    def exec_module(self, module):
        module.__loader__ = module.__spec__.loader = self._loader
        self._loader.exec_module(module)
        self._watched.loaded(module)
