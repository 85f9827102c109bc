"""Folders and files that imports make for themselves (tempfile): the first job's end may remove them for all others."""

import os


class Temporaries:
    """Of imports. A cold job has its own."""

    def __init__(self):
        self._paths = []

    def wrappers(self):
        return {"tempfile": {"mkdtemp": self._noting_folder, "mkstemp": self._noting_file}}

    def problems(self):
        """In sentences."""
        left = [os.fspath(path) for path in self._paths if os.path.lexists(path)]
        return ["an import makes %s, which all jobs would share" % os.fsdecode(path) for path in left]

    def _noting_folder(self, original):
        def mkdtemp(*args, **options):
            path = original(*args, **options)
            self._paths.append(path)
            return path

        return mkdtemp

    def _noting_file(self, original):
        def mkstemp(*args, **options):
            descriptor, path = original(*args, **options)
            self._paths.append(path)
            return descriptor, path

        return mkstemp
