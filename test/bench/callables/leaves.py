"""Notes the clock as the last thing its process does: only the kernel's own part of the end is left after it."""

import atexit
import os
import time


def main():
    atexit.register(_leave)
    time.sleep(0.1)  # whoever waits for the end does so by then


def _leave():
    path = os.path.join(os.environ["QUANT_RUNS_RUN_DIR"], "left")
    file = os.open(path, os.O_WRONLY | os.O_CREAT)
    os.write(file, str(time.monotonic_ns()).encode())
    os._exit(0)
