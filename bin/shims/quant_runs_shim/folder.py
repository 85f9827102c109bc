"""A folder in which an import may look for a module, and whether it would still find there what it found."""

import os
import time

_NANOSECONDS_UNTIL_SETTLED = 1_000_000_000
"""A file written so shortly before it was read may have been written once more after, within the same clock tick."""

_IMPORTABLE = (".py", ".pyc", ".so", ".pth", ".egg-link")


class Folder:
    """An entry of the module path, or of a package's. `names_in` tells what is in it, and its other folders."""

    def __init__(self, path, names_in=None):
        self.path, self._facts = path, facts_of(path)
        self._names_in = names_in or _names_in
        self.is_settled = _would_show(self._facts, time.time_ns())
        self._imported = frozenset()
        self._names, self._others = self._names_in(path)
        self._awaited = []

    def expect(self, imported):
        """Notes the last parts of the names of modules that have been imported, from wherever."""
        self._imported = imported
        self._names, self._awaited = self._known(self._names, self._others)

    def is_unchanged(self):
        if any(map(os.path.lexists, self._awaited)):
            return False  # a folder's own date does not tell that another one within it has become a package
        facts, moment = facts_of(self.path), time.time_ns()
        if self.is_settled and facts == self._facts:
            return True
        names, awaited = self._known(*self._names_in(self.path))
        if names != self._names:
            return False
        self._facts, self.is_settled, self._awaited = facts, _would_show(facts, moment), awaited
        return True

    def places(self):
        """Paths with their facts, by which a folder that has settled is known to be unchanged."""
        return [(self.path, self._facts)] + [(path, None) for path in self._awaited]

    def _known(self, names, others):
        """Folders without a package count where they have an imported module's name: they are part of one, or could become it."""
        imported = {name for name in others if name in self._imported}
        return names | imported, [os.path.join(self.path, name, "__init__.py") for name in imported]


def _names_in(folder):
    """What can be imported from a folder, or tells where to look; and its other folders, of which a module could be made."""
    try:
        with os.scandir(folder) as entries:
            found = [(entry.name, entry.name.endswith(_IMPORTABLE), _is_folder(entry)) for entry in entries]
    except OSError:
        return frozenset((facts_of(folder),)), frozenset()  # an archive, or nothing
    folders = {name for name, _, is_folder in found if is_folder}
    packages = {name for name in folders if os.path.lexists(os.path.join(folder, name, "__init__.py"))}
    return frozenset(packages.union(name for name, is_file, _ in found if is_file)), frozenset(folders - packages)


def sources_in(folder):
    """Python files with their facts, for a folder that is only looked at when one of them is replaced by another."""
    try:
        paths = [os.path.join(folder, name) for name in os.listdir(folder) if name.endswith(".py")]
    except OSError:
        paths = []  # it has been taken away
    return frozenset((path, facts_of(path)) for path in paths), frozenset()


def _is_folder(entry):
    return entry.name.isidentifier() and entry.is_dir()


class Glance:
    """Places with their facts, as one text and one number, so that a look at all of them copies little of what jobs share."""

    def __init__(self, places):
        self._paths = "\0".join(path for path, _ in places)
        self._facts = hash(tuple(facts for _, facts in places))

    def is_same(self):
        """Whether each of them is what it was."""
        return hash(tuple(map(facts_of, self._paths.split("\0")))) == self._facts


def pointers_in(folder):
    """Files whose content adds to the module path (site)."""
    try:
        return [os.path.join(folder, name) for name in os.listdir(folder) if name.endswith((".pth", ".egg-link"))]
    except OSError:
        return []  # an archive, or nothing


def facts_of(path):
    """What changes with a file's content; None for one that is gone."""
    try:
        facts = os.stat(path)
    except OSError:
        return None
    return facts.st_ino, facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns


def was_settled(facts, moment):
    return facts is not None and facts[3] < moment - _NANOSECONDS_UNTIL_SETTLED


def _would_show(facts, moment):
    """Whether a folder that had these facts at a moment has others once it changes, or once it is there."""
    return facts is None or was_settled(facts, moment)


def is_later(facts, moment):
    """Whether a file's date is one of a clock that goes ahead of this one, so that nobody can tell when it has changed."""
    return facts is not None and facts[3] > moment
