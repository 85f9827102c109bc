"""Bare interpreter start: `start.py PYTHON MODULE DIRECTORY COUNT` prints, in ms, from the spawn to the callable.

Spawned from this small process (posix_spawn), not from Node, whose own spawn would be counted as the interpreter's.
"""

import json
import os
import sys
import time

CALL = os.path.join(os.path.dirname(os.path.abspath(__file__)), "call.py")


def start(python, module, directory):
    asked = time.monotonic_ns()
    os.waitpid(os.posix_spawn(python, [python, CALL, module, directory], os.environ), 0)
    with open(os.path.join(directory, "result.json")) as file:
        return (json.load(file)["result"] - asked) / 1e6


def main(python, module, directory, count):
    seconds = []
    for number in range(int(count)):
        seconds.append(start(python, module, os.path.join(directory, str(number))))
        time.sleep(0.03)
    print(json.dumps(seconds))


main(*sys.argv[1:])
