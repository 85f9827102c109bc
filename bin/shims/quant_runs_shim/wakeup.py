"""Signals as something select(2) can wait for: the self-pipe trick."""

import os

from .signals import signal


def wake_on_signals(numbers):
    """A pipe that becomes readable with the number of each of these signals that comes, and what they did before."""
    readable, writable = os.pipe()
    os.set_blocking(readable, False)
    os.set_blocking(writable, False)
    signal.set_wakeup_fd(writable, warn_on_full_buffer=False)
    return (readable, writable), {number: signal.signal(number, lambda *_: None) for number in numbers}


def forget_signals(before):
    """In a forked process: the signals do again what they did."""
    signal.set_wakeup_fd(-1)
    for number, handler in before.items():
        signal.signal(number, signal.SIG_DFL if handler is None else handler)


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
