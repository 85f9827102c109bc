"""Writes a gigabyte to descriptor 1, each line by a write of its own, as a Python that does not buffer prints."""

import os
import time

LINE = b"2026-11-23 15:22:33,104 INFO fold 3 of 8: loss 0.2831, validation 0.3174, learning rate 0.001".ljust(199) + b"\n"


def main(megabytes=1000):
    start = time.monotonic_ns()
    for _ in range(megabytes * 1000 * 1000 // len(LINE)):
        os.write(1, LINE)
    return (time.monotonic_ns() - start) / 1e6
