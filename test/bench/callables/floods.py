"""Writes a gigabyte to descriptor 1, in lines, as a job that prints a lot does through a buffer."""

import os
import time

BLOCK = (b"2026-11-23 15:22:33,104 INFO fold 3 of 8: loss 0.2831, validation 0.3174, learning rate 0.001\n" * 700)[:65536]


def main(megabytes=1000):
    left, start = megabytes * 1000 * 1000, time.monotonic_ns()
    while left > 0:
        left -= os.write(1, BLOCK[:left])
    return (time.monotonic_ns() - start) / 1e6
