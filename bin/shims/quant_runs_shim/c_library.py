"""Functions of the C library that Python itself does not offer, by the C part of its package `ctypes` alone."""

try:
    from _ctypes import FUNCFLAG_CDECL, FUNCFLAG_PYTHONAPI, CFuncPtr, dlopen, dlsym

    _library = dlopen(None, 0)

    class _Function(CFuncPtr):
        _flags_ = FUNCFLAG_CDECL | FUNCFLAG_PYTHONAPI
        _restype_ = None

    def call(name, *numbers):
        """Calls a function with int arguments, whose value is not wanted. No other thread of Python's runs meanwhile."""
        _Function(dlsym(_library, name))(*numbers)

except ImportError:  # another Python than CPython, or a later one that has other parts
    import ctypes

    _library = ctypes.PyDLL(None)

    def call(name, *numbers):
        """As above."""
        getattr(_library, name)(*numbers)
