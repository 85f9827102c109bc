"""The interpreter as a user's code is to find it, though the shim has used it before: module path and modules."""

import itertools
import os
import sys
from _frozen_importlib_external import PathFinder  # importlib.machinery's, without the package around it

_LIBRARY = os.path.dirname(os.__file__)
_OWN = ("__main__", __name__.partition(".")[0])
SHIMS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_PACKAGES = tuple(os.sep + name + os.sep for name in ("site-packages", "dist-packages"))
"""What lies in one of these was installed."""
_BUILT_IN = frozenset(sys.builtin_module_names)


class Surroundings:
    """Of one interpreter. A template enters them to import what it was told to; whatever it forks finds that there."""

    def __init__(self, path, modules_at_start):
        self.path = path
        self._modules_at_start = modules_at_start
        self._were_entered = False
        self._remembered, self._last_remembered = {}, None
        self._left_open = self._randomness = None

    def enter(self):
        """From here on `import` finds what a script started in the working directory would find."""
        sys.path[:] = self.path
        if self._were_entered:
            self._left_open.give_own()
            self._randomness.give_own()
            return
        self._were_entered = True
        self._give_back_names()
        for stream in (sys.stdout, sys.stderr):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")

    def remember(self, left_open, randomness):
        """In a template: what imports have changed stays so, and what they hold is not for a job to take apart."""
        self._left_open, self._randomness = left_open, randomness
        self.path = list(sys.path)
        self._remembered = {module: dict(members_of(module)) for module in users_modules(sys.modules).values()}
        self._last_remembered = next(reversed(sys.modules))

    def files(self):
        """Those that imports have left open, if they are there still."""
        return self._left_open.files() if self._left_open else []

    def dismantle(self):
        """Lets go of the user's own modules, and of what a job has put into those that were there before it."""
        for name in users_modules(self._new_names()):
            del sys.modules[name]
        for module, before in self._remembered.items():
            members = members_of(module)
            for name in [name for name, value in members.items() if value is not before.get(name, before)]:
                del members[name]

    def _new_names(self):
        """Of the modules that came last; no other is touched, since each touch copies memory shared with the template."""
        return list(itertools.takewhile(lambda name: name is not self._last_remembered, reversed(sys.modules)))

    def _give_back_names(self):
        """A json.py of the user's own is found by the user's code, though the shim has loaded the library's."""
        before_library = self.path_before_library()
        for name in [name for name in self._loaded_since_start() if "." not in name]:
            found = PathFinder.find_spec(name, before_library)
            if found and found.origin:  # a folder of that name is no module: the library's still comes first
                for loaded in [module for module in sys.modules if module.partition(".")[0] == name]:
                    del sys.modules[loaded]

    def _loaded_since_start(self):
        """But for what is part of the interpreter, which comes before everything on the path."""
        return [name for name in sys.modules if name not in self._modules_at_start and name not in _BUILT_IN]

    def path_before_library(self):
        """The entries of the module path that are the user's own and are looked through before the standard library."""
        end = self.path.index(_LIBRARY) if _LIBRARY in self.path else len(self.path)
        return [entry for entry in self.path[:end] if not os.path.isfile(os.path.join(entry, "os.py"))]


def users_modules(names):
    """Of these, the ones that lie in no folder of installed packages."""
    named = [(name, sys.modules[name], file_of(sys.modules[name])) for name in names]
    return {
        name: module
        for name, module, path in named
        if path is not None and not is_installed(path) and not name.startswith(_OWN)
    }


def file_of(module):
    """The file a module came from; None for one that came from none. Asks the module nothing, which may run its code."""
    path = members_of(module).get("__file__")
    return path if isinstance(path, str) else None


def members_of(module):
    """Its names and values, without a question to it."""
    try:
        return object.__getattribute__(module, "__dict__")
    except AttributeError:
        return {}  # not every entry of sys.modules is a module


def is_of_library(path):
    """Whether a file came with the interpreter itself."""
    return path.startswith(_LIBRARY + os.sep) and not _is_in_packages(path)


def is_own(path):
    """Whether a file is one of the shim's."""
    return path.startswith(SHIMS + os.sep)


def is_installed(path):
    return path.startswith(_LIBRARY + os.sep) or _is_in_packages(path)


def _is_in_packages(path):
    return any(folder in path for folder in _PACKAGES)
