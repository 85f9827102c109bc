"""What a template imports ahead of its jobs, and whether the files that came from still are as they were then."""

import importlib
import os
import sys
import time

from _frozen_importlib_external import _NamespacePath

from .folder import Folder, Glance, facts_of, is_later, pointers_in, sources_in, was_settled
from .surroundings import PathFinder, file_of, is_installed, is_of_library, is_own, members_of

_DATED_LATER = "%s has changed at a time that is yet to come, by this machine's clock"


class Preload:
    """The modules of one template. A job that would find other files than it did must not be forked from it."""

    def __init__(self, names, surroundings, own_files, own_folder):
        self.problems, self._of_failures = [], []
        began = time.time_ns()
        surroundings.enter()
        folders = [Folder(path) for path in sys.path if isinstance(path, str)]  # others are none to an import either
        folders.append(Folder(own_folder, sources_in))
        for name in names:
            self._import(name)
        PathFinder.find_spec("no_such_module")  # folders are listed now, and again once they have changed (importlib.machinery)
        known = {folder.path for folder in folders}
        self._folders = folders + [Folder(path) for path in _folders_of_users_packages() if path not in known]
        self._expect_what_was_imported()
        pointers = [path for folder in known for path in pointers_in(folder)]
        self._note(own_files + self._of_failures + pointers + _files_of_modules(), began)

    def changed(self):
        """Where whoever imported the same modules now would find something else than this interpreter found; None for nowhere."""
        if self._unsettled:
            return self._unsettled[0]
        return self._changed_folder() or self._changed_file()

    def _changed_folder(self):
        if self._folders_at_a_glance is not None and self._folders_at_a_glance.is_same():
            return None
        for folder in self._folders:
            if not folder.is_unchanged():
                return folder.path
        self._glance_at_folders()
        return None

    def _changed_file(self):
        if self._files_at_a_glance.is_same():
            return None
        return next((path for path, facts in self._files if facts_of(path) != facts), self._files[0][0])

    def _glance_at_folders(self):
        """Only those that have settled are known by their facts alone."""
        places = [place for folder in self._folders for place in folder.places()]
        self._folders_at_a_glance = Glance(places) if all(folder.is_settled for folder in self._folders) else None

    def _note(self, paths, began):
        facts = [facts_of(path) for path in paths]
        self._files = list(zip(paths, facts))
        self._files_at_a_glance = Glance(self._files)
        self._glance_at_folders()
        self._unsettled = [path for path, each in self._files if not was_settled(each, began)]
        self.problems += [_DATED_LATER % path for path, each in self._files if is_later(each, time.time_ns())]

    def _expect_what_was_imported(self):
        imported = frozenset(name.rpartition(".")[2] for name in sys.modules)
        for folder in self._folders:
            folder.expect(imported)

    def _import(self, name):
        before = set(sys.modules)
        try:
            importlib.import_module(name)
        except BaseException as problem:  # whatever it is, jobs that import it will tell of it themselves
            self.problems.append("%s cannot be imported: %s: %s" % (name, type(problem).__name__, problem))
            came = sorted(set(sys.modules) - before)
            self._of_failures += _files_of_failure(name, problem) + _files_of_modules(came)
            _remove_parts_of_failed_packages(came)


def _remove_parts_of_failed_packages(names):
    """An import that fails takes a package away and leaves its parts, by which the next import of it would be misled."""
    for name in names:
        package = name.rpartition(".")[0]
        if package and package not in sys.modules:
            del sys.modules[name]


def _files_of_failure(name, problem):
    """Where it may be mended: the module itself, and whatever was being run or read."""
    spec = PathFinder.find_spec(name.partition(".")[0])
    files = [spec.origin if spec else None, getattr(problem, "filename", None)]
    frames = problem.__traceback__
    while frames is not None:
        files.append(frames.tb_frame.f_code.co_filename)
        frames = frames.tb_next
    return [path for path in files if isinstance(path, str) and os.path.isfile(path)]


def _files_of_modules(names=None):
    """Those that came neither with the interpreter nor with the shim, which is looked at as a whole."""
    modules = list(sys.modules.values()) if names is None else [sys.modules[name] for name in names]
    holders = [_holder_of(path) for path in map(file_of, modules) if path and not is_of_library(path) and not is_own(path)]
    return list(filter(None, holders))


def _folders_of_users_packages():
    """Those of packages without a file of their own, too (namespace packages, PEP 420)."""
    found = [_list_in(members_of(module).get("__path__")) for module in list(sys.modules.values())]
    return {path for paths in found for path in paths if isinstance(path, str) and not is_installed(path + os.sep)}


def _list_in(folders):
    """Without what a namespace package does when it is asked, which is to look for more of itself."""
    if isinstance(folders, _NamespacePath):
        return members_of(folders)["_path"]
    return folders if isinstance(folders, list) else []


def _holder_of(path):
    """The file itself, or the archive that it lies in (zipimport); empty for one that is made up."""
    while path and not os.path.isfile(path) and path != os.path.dirname(path):
        path = os.path.dirname(path)
    return path
