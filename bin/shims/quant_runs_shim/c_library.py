"""Functions of the C library that Python itself does not offer, by the C part of its package `ctypes` alone."""

try:
    from _ctypes import FUNCFLAG_CDECL, FUNCFLAG_PYTHONAPI, CFuncPtr, dlopen, dlsym

    _library = dlopen(None, 0)

    class _Function(CFuncPtr):
        _flags_ = FUNCFLAG_CDECL | FUNCFLAG_PYTHONAPI
        _restype_ = None

    def call(name, *arguments):
        """Calls a function whose value is not wanted, with ints or None for NULL. No other thread of Python's runs meanwhile."""
        _Function(dlsym(_library, name))(*arguments)

except ImportError:  # another Python than CPython, or a later one that has other parts
    import ctypes

    _library = ctypes.PyDLL(None)

    def call(name, *arguments):
        """As above."""
        getattr(_library, name)(*arguments)
