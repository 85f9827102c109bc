"""What happens in the job's own process: import the entrypoint, call it, store its result, say how that went."""

import importlib
import json
import os
import signal
import sys

from . import values

_LONGEST_TEXT = 64 * 1024
"""Characters of a message or a traceback that go into the record; stderr.log has them whole."""

_LIBRARY = os.path.dirname(os.__file__)
_FRAMES_ABOVE_THE_USERS = (
    os.path.dirname(os.path.abspath(__file__)),
    "<frozen importlib",
    os.path.join(_LIBRARY, "importlib", ""),
    os.path.join(_LIBRARY, "asyncio", ""),
)


def run(directory, users_path, modules_at_start, answer_descriptor):
    """Calls the entrypoint, reports the answer through the descriptor and leaves by SystemExit, as a script would."""
    process = os.getpid()
    errors, pipe = os.dup(2), os.fstat(answer_descriptor)
    _become_a_users_process(directory.job["entrypoint"], users_path, modules_at_start, errors)
    value, answer = _call(directory.job, errors)
    if os.getpid() != process:
        sys.exit(0)  # a fork(2) of the callable's that came back with it: the job's own process answers
    answer = answer or _stored(value, directory, errors)
    _send(answer, answer_descriptor, pipe, directory)
    sys.exit(answer["exit_code"])


def _send(answer, descriptor, pipe, directory):
    """Through the pipe, or where the callable has closed that, perhaps to open a file of its own there, by a file."""
    text = json.dumps(answer)
    try:
        if os.path.samestat(os.fstat(descriptor), pipe):
            return _write_all(descriptor, b"\n" + text.encode("ascii") + b"\n")
    except OSError:
        pass  # closed
    directory.write_answer(text)


def _become_a_users_process(entrypoint, users_path, modules_at_start, errors):
    sys.argv[:] = [entrypoint]
    sys.path[:] = users_path
    _give_back_names(modules_at_start, users_path)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    import faulthandler

    faulthandler.enable(file=errors, all_threads=True)
    faulthandler.register(signal.SIGQUIT, file=errors, all_threads=True)


def _give_back_names(modules_at_start, users_path):
    """A json.py of the user's own is found by the user's code, though the shim has loaded the library's."""
    from importlib.machinery import PathFinder

    own = [entry for entry in users_path if not os.path.isfile(os.path.join(entry, "os.py"))]
    before_library = own[: _position_of_library(users_path)]
    for name in [name for name in sys.modules if name not in modules_at_start and "." not in name]:
        found = PathFinder.find_spec(name, before_library)
        if found and found.origin:  # a folder of that name is no module: the library's still comes first
            for loaded in [module for module in sys.modules if module.partition(".")[0] == name]:
                del sys.modules[loaded]


def _position_of_library(users_path):
    return users_path.index(_LIBRARY) if _LIBRARY in users_path else len(users_path)


def _call(job, errors):
    """The value that came back, or the answer to whatever was raised instead."""
    phase = "entrypoint"
    try:
        target = _resolve(job["entrypoint"])
        phase = "exception"
        return _awaited(_bound(target)(**job["parameters"])), None
    except SystemExit as request:
        return None, _answer_to_exit(request, phase, errors)
    except BaseException as problem:  # whatever it is, it is how this job ended
        return None, _answer_to_exception(problem, phase, errors)


def _stored(value, directory, errors):
    try:
        size = None if value is None else directory.write_result(values.encode(value))
        return {"kind": "returned", "result_bytes": size, "exit_code": 0}
    except BaseException as problem:  # a full disk, no memory left: the value is lost, the story is not
        return _answer_to_exception(problem, "exception", errors)


def _resolve(entrypoint):
    module_name, _, name = entrypoint.partition(":")
    target = getattr(importlib.import_module(module_name), name)
    if not callable(target):
        raise TypeError("'%s' is not callable: it is of type %s" % (entrypoint, type(target).__name__))
    return target


def _bound(target):
    """A class whose objects can be called is made without arguments and called; any other is called itself."""
    if isinstance(target, type) and any("__call__" in base.__dict__ for base in target.__mro__):
        return target()
    return target


def _awaited(value):
    if not hasattr(type(value), "__await__"):
        return value
    import asyncio

    async def wait():
        return await value

    return asyncio.run(wait())


def _answer_to_exit(request, phase, errors):
    code = request.code
    status = 0 if code is None else (code & 0xFF if isinstance(code, int) else 1)
    if phase == "entrypoint":
        answer = _answer_to_exception(request, phase, errors)
        answer.update(error="The module exited while it was imported: %s" % answer["error"], exit_code=status or 1)
        return answer
    message = None if code is None or isinstance(code, int) else _shown(code)
    if message is not None:
        _write(errors, message + "\n")
    return {"kind": "exited", "error": _short(message), "type": "SystemExit", "exit_code": status}


def _answer_to_exception(problem, phase, errors):
    text = _traceback(problem)
    _write(errors, text)
    kind = type(problem).__name__
    return {
        "kind": phase,
        "error": _short(_shown(problem) or kind),
        "type": kind,
        "traceback": text[-_LONGEST_TEXT:],
        "exit_code": 1,
    }


def _traceback(problem):
    """As the interpreter prints it, from the user's first frame on."""
    frames = problem.__traceback__
    while frames is not None and frames.tb_frame.f_code.co_filename.startswith(_FRAMES_ABOVE_THE_USERS):
        frames = frames.tb_next
    try:
        import traceback

        return "".join(traceback.format_exception(type(problem), problem, frames))
    except BaseException:  # it runs the exception's own code, and imports what a module of the user's may stand in for
        return _bare_traceback(problem, frames)


def _bare_traceback(problem, frames):
    lines = ["Traceback (most recent call last):\n"]
    while frames is not None:
        code = frames.tb_frame.f_code
        lines.append('  File "%s", line %d, in %s\n' % (code.co_filename, frames.tb_lineno, code.co_name))
        frames = frames.tb_next
    return "".join(lines) + "%s: %s\n" % (type(problem).__name__, _shown(problem))


def _shown(value):
    try:
        return str(value)
    except BaseException:  # str() of an exception may run anybody's code
        return "%s (its message cannot be shown: str() raised)" % type(value).__name__


def _short(text):
    return text if text is None or len(text) <= _LONGEST_TEXT else text[:_LONGEST_TEXT] + "…"


def _write(descriptor, text):
    """To the log itself, whatever the callable did to sys.stderr."""
    try:
        _write_all(descriptor, text.encode("utf-8", "backslashreplace"))
    except OSError:
        pass  # a full disk must not hide the answer, which goes another way


def _write_all(descriptor, remaining):
    while remaining:
        remaining = remaining[os.write(descriptor, remaining) :]
