"""The time: of day, as records have it, and as what goes on whatever happens to the clock on the wall."""

import time


def now():
    """The time as the contract writes it: UTC, microseconds, explicit offset."""
    seconds, microseconds = divmod(time.time_ns() // 1000, 1_000_000)
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + ".%06d+00:00" % microseconds


def clock():
    """Seconds that no change of the wall clock moves and that go on while the machine sleeps (clock_gettime(2))."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))
