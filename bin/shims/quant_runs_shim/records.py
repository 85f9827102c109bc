"""The run directory as the shim sees it: which files it reads and writes, and how."""

import os
import stat
import sys
import time

from . import files, json_text
from .group import Group
from .moments import now

RESULT_BYTES_IN_STATUS = 1024 * 1024
"""A result larger than this stands in result.json alone, and status.json says where."""

_NO_LIMITS = {
    "timeout_seconds": None,
    "silence_timeout_seconds": None,
    "cancel_grace_seconds": 10,
    "memory_bytes": None,
    "cpu_seconds": None,
    "open_files": None,
    "file_bytes": None,
    "processes": None,
}
"""What job.json of an older server says nothing of."""

_STATUS_FROM_JOB = ("entrypoint", "runtime", "labels", "parameters")


class RunDirectory:
    """`<QUANT_RUNS_DIR>/<job_id>`. Every file is replaced whole, and created anew should the job have deleted it."""

    def __init__(self, path):
        self.path = os.path.abspath(path)
        self._text_of_job = files.read_text(self._path_of("job.json"))
        self.claim_record = self.text_of_claim = None
        self._job = self._limits = None
        self.group = Group(os.environ.pop("QUANT_RUNS_CGROUP", None))  # a shim that the job itself starts has none
        self.keeps_strays = os.environ.get("QUANT_RUNS_KEEP_STRAYS") == "1"
        self._survives_power_loss = os.environ.get("QUANT_RUNS_DURABILITY") != "process"

    @property
    def job(self):
        """What is asked for. Raises ValueError when it is no JSON."""
        if self._job is None:
            self._job = _parse(self._text_of_job)
        return self._job

    @property
    def limits(self):
        if self._limits is None:
            self._limits = {**_NO_LIMITS, **self.job.get("limits", {})}
        return self._limits

    def hold_alive(self):
        """Opens the FIFO that tells the server this shim lives, for as long as the process holds the descriptor (fifo(7))."""
        path = self._path_of("alive")
        try:
            os.mkfifo(path, 0o600)
        except FileExistsError:
            if not stat.S_ISFIFO(os.lstat(path).st_mode):
                raise
        return os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW)

    def claim(self, claimed_at, identity):
        """True for the one process that may run this job, whose identity this is; everyone later gets False."""
        self.claim_record = {"version": 1, "holder": "shim", "attempt": 1, "claimed_at": claimed_at, **identity}
        self.text_of_claim = json_text.to_record(self.claim_record)
        temporary = self._path_of(".claim.%d" % os.getpid())
        descriptor = files.create(temporary)
        try:
            files.write(descriptor, [self.text_of_claim], self._survives_power_loss)
            os.link(temporary, self._path_of("claim"))  # whole at once, and for one process only: link(2), EEXIST
            self._sync_directory()
        except FileExistsError:
            return False
        except OSError:
            self.release_claim()
            raise
        finally:
            files.remove(temporary)
        return True

    def is_claimed(self):
        """Whether somebody has the job, this process or another."""
        return os.path.lexists(self._path_of("claim"))

    def read_cancel(self):
        """Who wants the job stopped and since when; None when nobody does."""
        text = self._read("cancel.json")
        if text is None:
            return None
        try:
            request = json_text.from_text(text)
            return {name: str(request[name]) for name in ("requested_by", "requested_at")}
        except (ValueError, KeyError, TypeError, RecursionError):
            return {"requested_by": "a cancel.json that cannot be read", "requested_at": now()}

    def _read(self, name):
        """Text of a small file; None when there is none, or something else stands there."""
        flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
        try:
            with open(self._path_of(name), errors="replace", opener=lambda path, _: os.open(path, flags)) as file:
                return file.read(1024 * 1024)
        except OSError:
            return None

    def write_result(self, encoded):
        """Stores `{"result": value}` of a value that is already JSON text; returns the file's size in bytes."""
        self._replace("result.json", '{"result": ', encoded, "}\n", durable=True)
        return len('{"result": ') + len(encoded) + len("}\n")

    def write_exit(self, ending):
        """Tries for ever: without this record nobody would know how the job ended, and an end is never invented."""
        wait = 0.1
        while True:
            try:
                self._restore()
                self._replace("exit.json", json_text.to_record(ending), durable=True)
                self._sync_directory()
                return
            except OSError as problem:
                if self._was_removed_from_sandbox():
                    files.note("the run directory was removed, and there is no place for exit.json: %s" % problem)
                    return
                files.note("cannot write exit.json, trying again: %s" % problem)
                files.make_writable(self.path)
                time.sleep(wait)
                wait = min(wait * 2, 5.0)

    def _was_removed_from_sandbox(self):
        """A folder without a name in which nothing can be made: its mount keeps it, though it is removed outside (stat(2))."""
        try:
            return os.stat(self.path).st_nlink == 0
        except OSError:
            return False

    def write_answer(self, text):
        """For a callable that has closed the pipe to its shim, as daemons do with every descriptor."""
        self._replace(".answer", text)

    def read_answer(self):
        return self._read(".answer") or ""

    def release_claim(self):
        """Nothing has run: whoever comes next may take the job. A claim of somebody else's stays."""
        if self._read("claim") == self.text_of_claim:
            files.remove(self._path_of("claim"))

    def write_status(self, status, started_at, ending=None):
        """The public record: what was asked word for word as in job.json, and where the job stands.

        A copy of what other records prove: a disk that will not take it costs no job its life.
        """
        try:
            self._replace("status.json", self._status_text(status, started_at, ending or {}))
        except OSError as problem:
            files.note("cannot write status.json: %s" % problem)

    def _status_text(self, status, started_at, ending):
        asked = json_text.members_of(self._text_of_job)
        members = {
            "job_id": asked["job_id"],
            "status": json_text.to_text(status),
            "created_at": asked["created_at"],
            "started_at": json_text.to_text(started_at),
            "completed_at": json_text.to_text(ending.get("completed_at")),
            "error": json_text.to_text(ending.get("error")),
            "failure": json_text.to_text(ending.get("failure")),
            "termination": json_text.to_text(ending.get("termination")),
            "usage": json_text.to_text(_usage(ending)),
        }
        members.update(self._result_members(ending.get("result_bytes")))
        members.update((name, asked[name]) for name in _STATUS_FROM_JOB if name in asked)
        lines = ",\n".join(json_text.to_text(name) + ": " + text for name, text in members.items())
        return "{\n" + lines + "\n}\n"

    def announce(self, news):
        """Tells a living server to look at this job; without one the directory is found by its next sweep."""
        runs, job_id = os.path.split(self.path)
        try:
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
            os.close(os.open(os.path.join(runs, ".events", job_id + "." + news), flags, 0o600))
        except OSError:
            pass  # news is a hint: the records in the run directory are what counts

    def _result_members(self, size):
        if size is None:
            return {"result": "null"}
        if size > RESULT_BYTES_IN_STATUS:
            url = "/jobs/%s/result" % self.job["job_id"]
            return {"result": "null", "result_bytes": str(size), "result_url": json_text.to_text(url)}
        flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
        try:
            with open(self._path_of("result.json"), "rb", opener=lambda path, _: os.open(path, flags)) as file:
                content = file.read(size + 1)
            if len(content) != size:
                raise ValueError("it has not the %d bytes that were written" % size)
            return {"result": content.decode("utf-8").strip().replace("\n", " ")}
        except (OSError, ValueError) as problem:
            files.note("result.json cannot be read: %s" % problem)
            return {"result": "null"}

    def _replace(self, name, *texts, durable=False):
        temporary = self._path_of(".%s.%d" % (name, os.getpid()))
        try:
            descriptor = files.create(temporary)
        except FileNotFoundError:
            self._restore()
            descriptor = files.create(temporary)
        files.write_and_rename(descriptor, temporary, self._path_of(name), texts, durable and self._survives_power_loss)

    def _restore(self):
        """What the job has deleted of its own records. First the claim comes back, so that nobody runs the job again."""
        if not os.path.isdir(self.path):
            os.mkdir(self.path, 0o700)
        for name, text in (("claim", self.text_of_claim), ("job.json", self._text_of_job)):
            if not os.path.lexists(self._path_of(name)):
                temporary = self._path_of(".%s.%d" % (name, os.getpid()))
                files.write_and_rename(files.create(temporary), temporary, self._path_of(name), [text], False)

    def _sync_directory(self):
        if self._survives_power_loss:
            files.sync_folder(self.path)

    def _path_of(self, name):
        return os.path.join(self.path, name)


def _usage(ending):
    """What a job used from its start to its end; None before that."""
    if "cpu_seconds" not in ending:
        return None
    return {
        "cpu_seconds": ending["cpu_seconds"],
        "memory_bytes": None,
        "peak_memory_bytes": ending["peak_memory_bytes"],
        "processes": None,
    }


def _parse(text):
    limit = getattr(sys, "get_int_max_str_digits", lambda: None)()
    if limit is None:
        return json_text.from_text(text)
    sys.set_int_max_str_digits(0)
    try:
        return json_text.from_text(text)
    finally:
        sys.set_int_max_str_digits(limit)
