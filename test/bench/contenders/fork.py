"""Bare fork: `fork.py MODULE DIRECTORY COUNT` forks one loaded interpreter for each job, two at a time; prints seconds."""

import json  # noqa: F401 loaded ahead, as the module is
import os
import sys
import time

from call import call


def main(module, directory, count):
    __import__(module)
    start = time.monotonic()
    for number in range(int(count)):
        if number >= 2:
            os.wait()
        if os.fork() == 0:
            call(module, os.path.join(directory, str(number)))
            os._exit(0)
    for _ in range(min(2, int(count))):
        os.wait()
    print(time.monotonic() - start)


main(*sys.argv[1:])
