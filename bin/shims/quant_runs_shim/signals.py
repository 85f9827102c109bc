"""Signals, by the C part of Python's module `signal` alone: for its names it imports `enum`, which takes a while."""

try:
    import _signal as signal
except ImportError:  # another Python than CPython
    import signal


def name_of(number):
    """As signal(7) names it."""
    names = [name for name in dir(signal) if name.startswith("SIG") and name.isalnum()]
    return next((name for name in names if getattr(signal, name) == number), "SIG%d" % number)
