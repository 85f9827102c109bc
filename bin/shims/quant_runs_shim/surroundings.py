"""The interpreter as a user's code is to find it, though the shim has used it before: module path and modules."""

import itertools
import os
import sys

_LIBRARY = os.path.dirname(os.__file__)
_OWN = ("__main__", __name__.partition(".")[0])
_PACKAGES = "-packages" + os.sep
"""What lies in site-packages or dist-packages was installed."""


class Surroundings:
    """Of one interpreter. A template enters them to import what it was told to; whatever it forks finds that there."""

    def __init__(self, path, modules_at_start):
        self.path = path
        self._modules_at_start = modules_at_start
        self._were_entered = False
        self._remembered, self._last_remembered = {}, None

    def enter(self):
        """From here on `import` finds what a script started in the working directory would find."""
        sys.path[:] = self.path
        if not self._were_entered:
            self._give_back_names()
        self._were_entered = True

    def remember(self):
        """In a template: what the user's modules hold now is not for a job to take apart."""
        self._remembered = {module: dict(vars(module)) for module in _users_modules(sys.modules).values()}
        self._last_remembered = next(reversed(sys.modules))

    def dismantle(self):
        """Lets go of the user's own modules, and of what a job has put into those that were there before it."""
        for name in _users_modules(self._new_names()):
            del sys.modules[name]
        for module, before in self._remembered.items():
            for name in [name for name, value in vars(module).items() if value is not before.get(name, before)]:
                delattr(module, name)

    def _new_names(self):
        """Of the modules that came last; no other is touched, since each touch copies memory shared with the template."""
        return list(itertools.takewhile(lambda name: name is not self._last_remembered, reversed(sys.modules)))

    def _give_back_names(self):
        """A json.py of the user's own is found by the user's code, though the shim has loaded the library's."""
        from importlib.machinery import PathFinder

        before_library = self.path_before_library()
        for name in [name for name in sys.modules if name not in self._modules_at_start and "." not in name]:
            found = PathFinder.find_spec(name, before_library)
            if found and found.origin:  # a folder of that name is no module: the library's still comes first
                for loaded in [module for module in sys.modules if module.partition(".")[0] == name]:
                    del sys.modules[loaded]

    def path_before_library(self):
        """The entries of the module path that are the user's own and are looked through before the standard library."""
        end = self.path.index(_LIBRARY) if _LIBRARY in self.path else len(self.path)
        return [entry for entry in self.path[:end] if not os.path.isfile(os.path.join(entry, "os.py"))]


def _users_modules(names):
    """Of these, the ones that lie in no folder of installed packages."""
    named = [(name, sys.modules[name], getattr(sys.modules[name], "__file__", None)) for name in names]
    return {
        name: module
        for name, module, path in named
        if isinstance(path, str) and not _is_installed(path) and not name.startswith(_OWN)
    }


def is_of_library(path):
    """Whether a file came with the interpreter itself."""
    return path.startswith(_LIBRARY + os.sep) and _PACKAGES not in path


def _is_installed(path):
    return path.startswith(_LIBRARY + os.sep) or _PACKAGES in path
