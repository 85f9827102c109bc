"""How a job ended: from what its callable answered, what the kernel says of its process, and who stopped it."""

import os
import sys

from . import tree
from .limits import cpu_limit
from .moments import now
from .signals import name_of, signal

_SHARE_OF_LIMIT = {signal.SIGXCPU: 0.5, signal.SIGKILL: 0.9}
"""Of the limit that must have been used: the kernel counts by its ticks, on a busy machine more than it tells as used."""


def ending_of(watch):
    """The members of exit.json but its version and start."""
    process = _process(watch.wait_status)
    outcome = {"exit_code": watch.answer["exit_code"], "signal": None} if watch.ended_by_shim else process
    failure = _failure(watch, outcome)
    usage = watch.usage
    return {
        "status": "failed" if failure else "completed",
        "completed_at": now(),
        "error": _sentence(watch, outcome) if failure else None,
        "failure": failure,
        "result_bytes": (watch.answer or {}).get("result_bytes") if not failure else None,
        **process,
        "core_dumped": os.WIFSIGNALED(watch.wait_status) and os.WCOREDUMP(watch.wait_status),
        "ended_by_shim": watch.ended_by_shim,
        "termination": watch.stop.record(len(tree.descendants())) if watch.stop else None,
        "strays_ended": len(watch.strays),
        "seconds": round(watch.seconds, 6),
        "cpu_seconds": round(usage.ru_utime + usage.ru_stime, 6),
        "peak_memory_bytes": usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024),
    }


def _process(status):
    died = os.WIFSIGNALED(status)
    return {
        "exit_code": None if died else os.WEXITSTATUS(status),
        "signal": name_of(os.WTERMSIG(status)) if died else None,
    }


def _failure(watch, outcome):
    answer = watch.answer or {}
    kind = answer.get("kind")
    if watch.stop is None and (kind == "returned" or (kind == "exited" and answer["exit_code"] == 0)):
        return None
    told = {"type": answer.get("type"), "traceback": answer.get("traceback")}
    return {"reason": _reason(watch, kind), **outcome, **told}


def _reason(watch, kind):
    if watch.stop is not None:
        return watch.stop.reason
    if kind in ("exception", "entrypoint", "memory"):
        return kind
    if _ran_out_of_memory(watch):
        return "memory"
    return "timeout" if _met_cpu_limit(watch) else "crashed"


def _ran_out_of_memory(watch):
    """The kernel ends whoever asks for more than the job's control group may have; a process that has none raises."""
    killed = os.WIFSIGNALED(watch.wait_status) and os.WTERMSIG(watch.wait_status) == signal.SIGKILL
    return killed and watch.ran_out_of_memory and not watch.ended_by_shim


def _met_cpu_limit(watch):
    """The kernel sends SIGXCPU at the limit, and SIGKILL one second later to who has caught that (setrlimit(2))."""
    limit = cpu_limit(watch.directory.limits["cpu_seconds"])
    if limit is None or watch.ended_by_shim or not os.WIFSIGNALED(watch.wait_status):
        return False
    share = _SHARE_OF_LIMIT.get(os.WTERMSIG(watch.wait_status))
    return share is not None and watch.own_cpu_seconds >= share * limit


def _sentence(watch, outcome):
    """One line a person understands."""
    answer, seconds = watch.answer, watch.seconds
    if watch.stop is not None:
        what = "Cancelled by" if watch.stop.reason == "cancelled" else "Stopped at its limit"
        return "%s %s after %.1f s" % (what, watch.stop.requested_by, seconds)
    if answer and answer["kind"] != "exited":
        return answer["error"]
    if _ran_out_of_memory(watch):
        limit = watch.directory.limits["memory_bytes"]
        return "Out of memory: memory_bytes = %d, killed by SIGKILL after %.1f s" % (limit, seconds)
    if _met_cpu_limit(watch):
        limit = cpu_limit(watch.directory.limits["cpu_seconds"])
        return "Stopped at its limit cpu_seconds = %d after %.1f s" % (limit, seconds)
    if outcome["signal"]:
        return "Killed by %s after %.1f s" % (outcome["signal"], seconds)
    sentence = "Exited with code %d after %.1f s" % (outcome["exit_code"], seconds)
    if answer is None:
        return sentence + ", before the callable had answered"
    return sentence + (": " + answer["error"] if answer["error"] else "")
