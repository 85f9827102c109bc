"""What happens in the job's own process: import the entrypoint, call it, store its result, say how that went."""

import os
import sys

from . import allowed, json_text, limits, values
from .answers import Answers
from .files import write_all
from .signals import signal


def prepare():
    """Has the stacks of a crash written, to a descriptor of standard error that is not the user's own, and returns it."""
    import faulthandler

    errors = os.dup(2)
    faulthandler.enable(file=errors, all_threads=True)
    faulthandler.register(signal.SIGQUIT, file=errors, all_threads=True)
    return errors


def run(directory, answer_descriptor, errors):
    """Calls the entrypoint and reports the answer through the descriptor; returns the exit code that goes with it."""
    process, pipe = os.getpid(), os.fstat(answer_descriptor)
    sys.argv[:] = [directory.job["entrypoint"]]
    bounds = limits.Bounds(directory.limits, directory.group)
    answers = Answers(errors, bounds)
    value, answer = None, _refusal(directory.job["entrypoint"], bounds, answers)
    if answer is None:
        value, answer = _call(directory.job, answers)
    if os.getpid() != process:
        sys.exit(0)  # a fork(2) of the callable's that came back with it: the job's own process answers
    answer = answer or _stored(value, directory, answers)
    value = None
    _send(answer, answer_descriptor, pipe, directory)
    return answer["exit_code"]


def _send(answer, descriptor, pipe, directory):
    """Through the pipe, or where the callable has closed that, perhaps to open a file of its own there, by a file."""
    text = json_text.to_text(answer)
    try:
        if os.path.samestat(os.fstat(descriptor), pipe):
            return write_all(descriptor, b"\n" + text.encode("ascii") + b"\n")
    except OSError:
        pass  # closed
    directory.write_answer(text)


def _refusal(entrypoint, bounds, answers):
    """The answer to a job that must not be run, or not as it was asked for; None for any other, which is bounded now."""
    if not allowed.permits(entrypoint):
        sentence = "The entrypoint '%s' matches no pattern of QUANT_RUNS_ALLOW" % entrypoint
        return answers.to_refusal("entrypoint", sentence)
    problem = bounds.apply()
    return None if problem is None else answers.to_refusal("unbounded", problem)


def _call(job, answers):
    """The value that came back, or the answer to whatever was raised instead."""
    phase = "entrypoint"
    try:
        target = _resolve(job["entrypoint"])
        phase = "exception"
        return _awaited(_bound(target)(**job["parameters"])), None
    except SystemExit as request:
        return None, answers.to_exit(request, phase)
    except BaseException as problem:  # whatever it is, it is how this job ended
        return None, answers.to_exception(problem, phase)


def _stored(value, directory, answers):
    try:
        size = None if value is None else directory.write_result(values.encode(value))
        return {"kind": "returned", "result_bytes": size, "exit_code": 0}
    except BaseException as problem:  # a full disk, no memory left: the value is lost, the story is not
        return answers.to_lost_result(problem)


def _resolve(entrypoint):
    module_name, _, name = entrypoint.partition(":")
    __import__(module_name)
    target = getattr(sys.modules[module_name], name)
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
