"""A callable that tries what a job in a sandbox must not be able to do, and tells how far it came."""

import errno
import os
import socket


def attempts(**wanted):
    """For each kind of attempt and each target, `done` or the name of the error."""
    return {kind: {str(target): _outcome(kind, target) for target in targets} for kind, targets in wanted.items()}


def lists(path):
    return sorted(os.listdir(path))


def reads(path):
    with open(path) as file:
        return file.read()


def deletes_fifo_and_waits(path):
    """Until somebody creates the file."""
    import basic

    os.unlink(os.path.join(os.environ["QUANT_RUNS_RUN_DIR"], "alive"))
    return basic.waits_for_file(path)


def _outcome(kind, target):
    try:
        _attempts[kind](target)
    except OSError as problem:
        return errno.errorcode[problem.errno]
    return "done"


def _write(folder):
    with open(os.path.join(folder, "written-by-a-job"), "w") as file:
        file.write("written")


def _connect(port):
    socket.create_connection(("127.0.0.1", port), timeout=10).close()


def _connect_path(path):
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(path)


_attempts = {
    "write": _write,
    "set": lambda path: os.close(os.open(path, os.O_WRONLY)),
    "read": reads,
    "kill": lambda pid: os.kill(pid, 0),
    "connect": _connect,
    "connect_path": _connect_path,
}
