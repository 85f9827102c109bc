"""When the callable was entered, on the clock that all processes of a machine share (CLOCK_MONOTONIC)."""

import time


def main():
    return time.monotonic_ns()
