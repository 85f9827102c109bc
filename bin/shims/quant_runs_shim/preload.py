"""What a template imports ahead of its jobs, and whether the files that came from still are as they were then."""

import importlib
import os
import sys
import time

from .surroundings import PathFinder, file_of, is_of_library, members_of, users_modules

_NANOSECONDS_UNTIL_SETTLED = 1_000_000_000
"""A file written so shortly before it was read may have been written once more after, within the same clock tick."""

_IMPORTABLE = (".py", ".pyc", ".so", ".pth", ".egg-link")


class Preload:
    """The modules of one template. A job that would find other files than it did must not be forked from it."""

    def __init__(self, names, surroundings, own_files):
        self.problems = []
        began = time.time_ns()
        surroundings.enter()
        folders = list(sys.path)
        self._folders = [_Folder(path) for path in folders]
        for name in names:
            self._import(name)
        PathFinder.find_spec("no_such_module")  # has every folder listed, which is listed again once it has changed (importlib.machinery)
        self._folders += [_Folder(path) for path in _folders_of_users_packages() if path not in folders]
        paths = [_holder_of(path) for path in map(file_of, list(sys.modules.values())) if path and not is_of_library(path)]
        self._paths = "\0".join(own_files + paths)
        facts = self._facts_of_all()
        self._facts = repr(facts)
        self._is_settled = all(_was_settled(each, began) for each in facts)

    @property
    def is_fresh(self):
        """Whether whoever imported the same modules now would find what this interpreter found."""
        return (
            self._is_settled
            and all(folder.is_unchanged() for folder in self._folders)
            and repr(self._facts_of_all()) == self._facts
        )

    def _facts_of_all(self):
        """Paths and facts are kept as one text each, so that a look at all copies little of the memory that jobs share."""
        return [_facts(path) for path in self._paths.split("\0")]

    def _import(self, name):
        try:
            importlib.import_module(name)
        except BaseException as problem:  # whatever it is, jobs that import it will tell of it themselves
            self.problems.append("%s cannot be imported: %s: %s" % (name, type(problem).__name__, problem))


class _Folder:
    """An entry of the module path, and the names in it that an import may look for."""

    def __init__(self, path):
        self._path, self._facts = path, _facts(path)
        self._is_settled = _was_settled(self._facts, time.time_ns())
        self._names = _importable_names(path)

    def is_unchanged(self):
        facts, moment = _facts(self._path), time.time_ns()
        if self._is_settled and facts == self._facts:
            return True
        if _importable_names(self._path) != self._names:
            return False
        self._facts, self._is_settled = facts, _was_settled(facts, moment)
        return True


def _importable_names(folder):
    try:
        with os.scandir(folder) as entries:
            return {entry.name for entry in entries if entry.name.endswith(_IMPORTABLE) or _is_package(entry)}
    except OSError:
        return _facts(folder)  # an archive, or nothing


def _is_package(entry):
    return entry.name.isidentifier() and entry.is_dir() and os.path.exists(os.path.join(entry.path, "__init__.py"))


def _folders_of_users_packages():
    packages = users_modules(list(sys.modules)).values()
    return {path for package in packages for path in members_of(package).get("__path__", ()) if isinstance(path, str)}


def _holder_of(path):
    """The file itself, or the archive that it lies in (zipimport)."""
    while path and not os.path.isfile(path) and path != os.path.dirname(path):
        path = os.path.dirname(path)
    return path


def _facts(path):
    """What changes with a file's content; None for one that is gone."""
    try:
        facts = os.stat(path)
    except OSError:
        return None
    return facts.st_ino, facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns


def _was_settled(facts, moment):
    return facts is not None and facts[3] < moment - _NANOSECONDS_UNTIL_SETTLED
