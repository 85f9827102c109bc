"""The end of a job's process: all that a script's end does for the user, without taking apart what was only imported."""

import gc
import os
import sys

from . import c_library, open_files


def leave(code, surroundings):
    """Ends the process with this exit code: threads are waited for, exit functions run, what is open is written.

    Python takes every module apart at its end, object by object, which takes as long as importing them. Here that is done
    to the user's own modules alone. Python promises it for none ("Data model", __del__).
    """
    threading = sys.modules.get("threading")
    if threading is not None:
        threading._shutdown()
        if threading.active_count() > 1:
            sys.exit(code)  # daemon threads, which only the interpreter's own end can stop
    _run_exit_functions()
    _flush_all(surroundings)  # a collection closes a file's layers in any order, so that what waits in the upper one would be lost
    surroundings.dismantle()
    gc.collect()
    if not _flush_all(surroundings):
        sys.exit(code)  # and the interpreter says so, as it does for a script
    c_library.call("exit", code)  # exit(3) runs what libraries written in C have to do at the end


def _run_exit_functions():
    import atexit

    try:
        atexit._run_exitfuncs()
    except BaseException:
        pass  # Python 3.9 raises again what it has printed


def _flush_all(surroundings):
    """Every file that is still open, the standard streams last. False when one of those could not be written."""
    for file in open_files.found() + surroundings.files():
        if file is not sys.stdout and file is not sys.stderr:
            open_files.flush(file)
    return open_files.flush(sys.stdout) and open_files.flush(sys.stderr)
