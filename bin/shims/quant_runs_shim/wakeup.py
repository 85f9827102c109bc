"""Signals as something select(2) can wait for: the self-pipe trick."""

import os
import signal


def wake_on_signals(numbers):
    """The two ends of a pipe that becomes readable with the number of each of these signals that comes."""
    readable, writable = os.pipe()
    os.set_blocking(readable, False)
    os.set_blocking(writable, False)
    signal.set_wakeup_fd(writable, warn_on_full_buffer=False)
    for number in numbers:
        signal.signal(number, lambda *_: None)
    return readable, writable


def forget_signals(numbers):
    """In a forked process: they do again what they do by default."""
    signal.set_wakeup_fd(-1)
    for number in numbers:
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)


def drain(descriptor):
    """All that can be read now of a descriptor that does not block."""
    received = b""
    try:
        while True:
            part = os.read(descriptor, 512)
            if not part:
                return received
            received += part
    except BlockingIOError:
        return received
