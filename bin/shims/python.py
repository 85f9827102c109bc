"""The shim of the Python runtime: `python.py RUN_DIRECTORY` runs one job. Standard library only, Python 3.9 or later.

The interpreter that starts here never imports the user's code: it forks, the child calls, the parent waits and records.
`python.py --template MODULES SPACE` is an interpreter that stays, imports those modules and forks shims;
`python.py --launcher` is one that stays and only starts such shims.
"""

import os
import sys


def _entries_of_the_standard_library(shims):
    """The module path without PYTHONPATH, so that no file of the user's stands in for a module the shim needs."""
    named = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    users = {os.path.abspath(entry) for entry in named}  # an empty entry is the working directory
    users.discard(os.path.dirname(os.__file__))
    return [shims] + [entry for entry in sys.path if os.path.abspath(entry) not in users]


def _users_path(shims):
    """The module path the user's code sees: the working directory, then what the interpreter was started with."""
    return [os.getcwd()] + [entry for entry in sys.path if os.path.abspath(entry) != shims]


def main():
    what = sys.argv[1] if len(sys.argv) > 1 else ""
    if len(sys.argv) != (4 if what == "--template" else 2):
        sys.exit("python.py: give the run directory of one job")
    shims = os.path.dirname(os.path.abspath(__file__))
    users_path = _users_path(shims)
    modules_at_start = set(sys.modules)
    sys.path[:] = _entries_of_the_standard_library(shims)
    from quant_runs_shim.surroundings import Surroundings

    surroundings = Surroundings(users_path, modules_at_start)
    if what == "--template":
        from quant_runs_shim import template

        template.run([name for name in sys.argv[2].split(",") if name], surroundings)
    elif what == "--launcher":
        from quant_runs_shim import launcher

        launcher.run()
    else:
        from quant_runs_shim import job_process, starter, unclaimed

        directory, who = unclaimed.open_directory(what), starter.of_cold_shim()
        process = job_process.fork(surroundings, lambda *_: directory, who.descriptors)
        process.prepare(directory.path)
        from quant_runs_shim import claiming, waiter  # while that process gets ready

        claimed = claiming.claim(directory, process, who)
        if claimed is not None:
            waiter.run(claimed)
        os._exit(0)  # nothing is left to do, and an interpreter that takes its leave takes 10 ms for it


if __name__ == "__main__":
    main()
