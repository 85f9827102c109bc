"""Files as Python has them: objects that may hold what is yet to be written."""

import gc
import io

_FILE = io.IOBase.__base__
"""What all kinds of files descend from; to ask an object itself may run the user's code."""


def found():
    """Every one that the collector knows and that was not frozen (gc.freeze)."""
    return [thing for thing in gc.get_objects() if _FILE in type(thing).__mro__]


def flush(file):
    """Whether all is written, or the file is closed, or none."""
    try:
        file.flush()
        return True
    except Exception:
        return file is None or getattr(file, "closed", False)
