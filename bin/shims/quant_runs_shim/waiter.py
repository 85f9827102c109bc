"""The life of one job as its shim leads it: claim, fork, wait, record. It runs no code of the user's."""

import json
import os
import select
import signal
import sys
import time

from . import caller
from .records import RunDirectory, now

SECONDS_TO_EXIT = 5.0
"""How long a process may take to exit once its callable has answered: threads and exit functions get no longer."""


def run(path, users_path, modules_at_start):
    """Runs the job of this run directory, unless another process has claimed it."""
    _close_inherited_descriptors()
    directory = RunDirectory(path)
    alive = directory.hold_alive()
    started_at = now()
    if not directory.claim(started_at):
        return
    start = time.monotonic()
    children = _wake_on_child()
    answers, answer_end = os.pipe()
    child = os.fork()
    if child == 0:
        _leave_the_shim(children + (answers, alive))
        caller.run(directory, users_path, modules_at_start, answer_end)
    os.close(answer_end)
    directory.write_status("running", started_at)
    directory.announce("running")
    answer, ended = _wait(child, answers, children[0])
    ending = {"started_at": started_at, **_ending(answer, ended, time.monotonic() - start)}
    directory.write_exit(ending)
    directory.write_status(ending["status"], started_at, ending)
    directory.announce("ended")


def _close_inherited_descriptors():
    """What the server was itself started with is none of the job's business."""
    try:
        last = max(map(int, os.listdir("/dev/fd")))
    except OSError:
        last = 1024
    os.closerange(3, last + 1)


def _wake_on_child():
    """A pipe that becomes readable when a child has ended (the self-pipe trick)."""
    readable, writable = os.pipe()
    os.set_blocking(readable, False)
    os.set_blocking(writable, False)
    signal.set_wakeup_fd(writable, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    return readable, writable


def _leave_the_shim(descriptors):
    """The child gets a session of its own, so that no signal to its group reaches the shim."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for descriptor in descriptors:
        os.close(descriptor)
    os.setsid()


def _wait(child, answers, wake):
    """The answer of the callable, if one came, and how the process ended, by wait4(2)."""
    received, deadline, ended_by_shim = b"", None, False
    watched = [answers, wake]
    while True:
        timeout = None if deadline is None else max(0.0, deadline - time.monotonic())
        readable = select.select(watched, [], [], timeout)[0]
        if answers in readable:
            part = os.read(answers, 65536)
            received += part
            if not part or part.endswith(b"\n"):
                watched.remove(answers)
                deadline = time.monotonic() + SECONDS_TO_EXIT if part else None
        if wake in readable:
            _drain(wake)
        if deadline is not None and time.monotonic() >= deadline and not ended_by_shim:
            ended_by_shim, deadline = True, None
            _end_group(child)
        pid, status, usage = os.wait4(child, os.WNOHANG)
        if pid == child:
            return _read_answer(answers, received), (status, usage, ended_by_shim)


def _read_answer(answers, received):
    """What is still in the pipe counts; an answer cut short does not."""
    os.set_blocking(answers, False)
    while not received.endswith(b"\n"):
        try:
            part = os.read(answers, 65536)
        except BlockingIOError:
            return None  # a grandchild holds the other end open
        if not part:
            return None
        received += part
    return json.loads(received)


def _drain(wake):
    try:
        while os.read(wake, 512):
            pass
    except BlockingIOError:
        return


def _end_group(child):
    print("quant-runs: ended the process, still there %g s after its callable had answered" % SECONDS_TO_EXIT, file=sys.stderr)
    try:
        os.killpg(child, signal.SIGKILL)
    except ProcessLookupError:
        os.kill(child, signal.SIGKILL)


def _ending(answer, ended, seconds):
    """How the job ended, from what its callable answered and what the kernel says of its process."""
    status, usage, ended_by_shim = ended
    died = os.WIFSIGNALED(status)
    process = {
        "exit_code": None if died else os.WEXITSTATUS(status),
        "signal": _signal_name(os.WTERMSIG(status)) if died else None,
    }
    outcome = {"exit_code": answer["exit_code"], "signal": None} if ended_by_shim else process
    failure = _failure(answer, outcome)
    return {
        "version": 1,
        "status": "failed" if failure else "completed",
        "completed_at": now(),
        "error": _sentence(answer, outcome, seconds) if failure else None,
        "failure": failure,
        "result_bytes": (answer or {}).get("result_bytes"),
        **process,
        "core_dumped": died and os.WCOREDUMP(status),
        "ended_by_shim": ended_by_shim,
        "seconds": round(seconds, 6),
        "cpu_seconds": round(usage.ru_utime + usage.ru_stime, 6),
        "peak_memory_bytes": usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024),
    }


def _failure(answer, outcome):
    kind = answer["kind"] if answer else "none"
    if kind == "returned" or (kind == "exited" and answer["exit_code"] == 0):
        return None
    reason = kind if kind in ("exception", "entrypoint") else "crashed"
    told = answer or {}
    return {"reason": reason, **outcome, "type": told.get("type"), "traceback": told.get("traceback")}


def _sentence(answer, outcome, seconds):
    """One line a person understands."""
    if answer and answer["kind"] != "exited":
        return answer["error"]
    if outcome["signal"]:
        return "Killed by %s after %.1f s" % (outcome["signal"], seconds)
    sentence = "Exited with code %d after %.1f s" % (outcome["exit_code"], seconds)
    if answer is None:
        return sentence + ", before the callable had answered"
    return sentence + (": " + answer["error"] if answer["error"] else "")


def _signal_name(number):
    try:
        return signal.Signals(number).name
    except ValueError:
        return "SIG%d" % number
