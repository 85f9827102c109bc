"""Callables for which a limit of each process is none: what they want is in all of them together."""

import os
import signal
import subprocess
import sys
import time


def takes_in_two_processes(count):
    """Half in itself, half in a process that it starts; neither alone is over the limit."""
    held = bytearray(count // 2)
    command = "held = bytearray(%d); print(len(held))" % (count // 2)
    return len(held) + int(subprocess.check_output([sys.executable, "-c", command]))


def forks_until_refused():
    """How many processes it may have beside itself, and why no more."""
    children = []
    try:
        while len(children) < 1000:
            children.append(os.fork())
            if children[-1] == 0:
                signal.pause()
    except OSError as problem:
        return [len(children), problem.strerror]


def bombs():
    """Every process forks as long as there is room for one more, and minds nothing."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    print("ready", flush=True)
    while True:
        try:
            os.fork()
        except OSError:
            time.sleep(0.05)


def hides():
    """Has a child in a session of its own, with nothing in its environment that tells whose it is."""
    hidden = subprocess.Popen(["sleep", "600"], env={}, start_new_session=True)
    print(hidden.pid, flush=True)
    hidden.wait()


def tells_group():
    with open("/proc/self/cgroup") as file:
        return file.read().strip()


def tries_to_raise_its_limit():
    """What becomes of writing to the files of its own group."""
    folder = "/sys/fs/cgroup" + tells_group()[len("0::"):]
    try:
        with open(os.path.join(folder, "memory.max"), "w") as file:
            file.write("max")
        return "raised"
    except OSError as problem:
        return problem.strerror
