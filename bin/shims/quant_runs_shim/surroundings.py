"""The interpreter as a user's code is to find it, though the shim has used it before: module path and modules."""

import importlib
import os
import sys

_LIBRARY = os.path.dirname(os.__file__)


class Surroundings:
    """Of one interpreter. A template enters them to import what it was told to; whatever it forks finds that there."""

    def __init__(self, path, modules_at_start):
        self.path = path
        self._modules_at_start = modules_at_start
        self._were_entered = False

    def enter(self):
        """From here on `import` finds what a script started in the working directory would find."""
        sys.path[:] = self.path
        if self._were_entered:
            importlib.invalidate_caches()  # files may have come since
        else:
            self._give_back_names()
        self._were_entered = True

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


def is_of_library(path):
    """Whether a file came with the interpreter itself."""
    return path.startswith(_LIBRARY + os.sep) and "-packages" + os.sep not in path
