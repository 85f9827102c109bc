"""The end of a job's process: all that a script's end does for the user, without taking apart what was only imported."""

import gc
import io
import os
import sys

from . import c_library

_FILE = io.IOBase.__base__
"""What all kinds of files descend from; to ask an object itself may run the user's code."""


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
    _flush_all()  # a collection closes a file's layers in any order, so that what waits in the upper one would be lost
    surroundings.dismantle()
    gc.collect()
    if not _flush_all():
        sys.exit(code)  # and the interpreter says so, as it does for a script
    c_library.call("exit", code)  # exit(3) runs what libraries written in C have to do at the end


def _run_exit_functions():
    import atexit

    try:
        atexit._run_exitfuncs()
    except BaseException:
        pass  # Python 3.9 raises again what it has printed


def _flush_all():
    """Every file that is still open, the standard streams last. False when one of those could not be written."""
    for thing in gc.get_objects():
        if _FILE in type(thing).__mro__ and thing not in (sys.stdout, sys.stderr):
            _flush(thing)
    return _flush(sys.stdout) and _flush(sys.stderr)


def _flush(file):
    try:
        file.flush()
        return True
    except Exception:
        return file is None or getattr(file, "closed", False)
