"""How a job ended without a return, as its own process tells it: to its shim as an answer, in stderr.log as text."""

import os

from .files import write_all

_LONGEST_TEXT = 64 * 1024
"""Characters of a message or a traceback that go into the record; stderr.log has them whole."""

_LIBRARY = os.path.dirname(os.__file__)
_FRAMES_ABOVE_THE_USERS = (
    os.path.dirname(os.path.abspath(__file__)),
    "<frozen importlib",
    os.path.join(_LIBRARY, "importlib", ""),
    os.path.join(_LIBRARY, "asyncio", ""),
)


class Answers:
    """Of one job; `errors` is its stderr.log itself, whatever the callable does to sys.stderr."""

    def __init__(self, errors, bounds):
        self._errors, self._bounds = errors, bounds

    def to_refusal(self, kind, sentence):
        """Nothing of the user's has been imported."""
        self._write(sentence + "\n")
        return {"kind": kind, "error": sentence, "exit_code": 1}

    def to_exit(self, request, phase):
        code = request.code
        status = 0 if code is None else (code & 0xFF if isinstance(code, int) else 1)
        if phase == "entrypoint":
            answer = self.to_exception(request, phase)
            answer.update(error="The module exited while it was imported: %s" % answer["error"], exit_code=status or 1)
            return answer
        message = None if code is None or isinstance(code, int) else _shown(code)
        if message is not None:
            self._write(message + "\n")
        return {"kind": "exited", "error": _short(message), "type": "SystemExit", "exit_code": status}

    def to_exception(self, problem, phase):
        self._bounds.release_reserve()
        text = _traceback(problem)
        self._write(text)
        name, message = type(problem).__name__, _shown(problem)
        lack = self._bounds.out_of_memory(problem)
        return {
            "kind": "memory" if lack else phase,
            "error": _short(": ".join(filter(None, (lack, message))) or name),
            "type": name,
            "traceback": text[-_LONGEST_TEXT:],
            "exit_code": 1,
        }

    def to_lost_result(self, problem):
        """The callable has returned, and what it returned could not be stored."""
        answer = self.to_exception(problem, "exception")
        return {**answer, "error": self._bounds.result_too_large(problem) or answer["error"]}

    def _write(self, text):
        try:
            write_all(self._errors, text.encode("utf-8", "backslashreplace"))
        except OSError:
            pass  # a full disk must not hide the answer, which goes another way


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
