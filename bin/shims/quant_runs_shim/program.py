"""What bin/shims/python.py does, by its parameters.

`RUN_DIRECTORY` is a shim: it never imports the user's code, but forks; the child calls, the parent waits and records.
`--template MODULES SPACE` is an interpreter that stays, imports those modules and forks shims with their jobs' processes;
`--launcher SPACE` is one that stays and forks shims, each of which has this program executed for its job's own process, by
`--job SHIM RUN_DIRECTORY`.
"""

import os
import sys

_PARAMETERS = {"--template": 2, "--launcher": 1, "--job": 2}


def run():
    what, *parameters = sys.argv[1:] or [""]
    if not what or len(parameters) != _PARAMETERS.get(what, 0):
        sys.exit("python.py: give the run directory of one job")
    shims = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    users_path = _users_path(shims)
    modules_at_start = {name for name in sys.modules if name.partition(".")[0] != __package__}
    sys.path[:] = _entries_of_the_standard_library(shims)
    from .surroundings import Surroundings

    surroundings = Surroundings(users_path, modules_at_start)
    if what == "--template":
        from . import template

        template.run([name for name in parameters[0].split(",") if name], surroundings)
    elif what == "--launcher":
        from .folder import Folder, sources_in

        sources = [Folder(path, sources_in) for path in (shims, os.path.dirname(__file__))]
        from . import cold

        cold.run(sources)
    elif what == "--job":
        from . import job_process

        job_process.begin(int(parameters[0]), parameters[1], surroundings)
    else:
        _run_job(what, surroundings)


def _run_job(path, surroundings):
    from . import job_process, starter, unclaimed

    directory, who = unclaimed.open_directory(path), starter.of_cold_shim()
    process = job_process.fork(surroundings, lambda *_: directory, who.descriptors)
    process.prepare(directory.path)
    from . import claiming, waiter  # while that process gets ready

    claimed = claiming.claim(directory, process, who)
    if claimed is not None:
        waiter.run(claimed)
    os._exit(0)  # nothing is left to do, and an interpreter that takes its leave takes 10 ms for it


def _entries_of_the_standard_library(shims):
    """The module path without PYTHONPATH, so that no file of the user's stands in for a module the shim needs."""
    named = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    users = {os.path.abspath(entry) for entry in named}  # an empty entry is the working directory
    users.discard(os.path.dirname(os.__file__))
    return [shims] + [entry for entry in sys.path if os.path.abspath(entry) not in users]


def _users_path(shims):
    """The module path the user's code sees: the working directory, then what the interpreter was started with."""
    return [os.getcwd()] + [entry for entry in sys.path if os.path.abspath(entry) != shims]
