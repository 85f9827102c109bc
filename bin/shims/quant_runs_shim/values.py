"""Any value as JSON text. What JSON cannot hold gets the nearest form it can: the README lists them."""

import _collections_abc as abc  # collections.abc, without the package around it
import binascii
import sys

from . import json_text

_LEAVES = (str, int, float, bool, type(None))
_READY = (dict, list, tuple) + _LEAVES
_DEEPEST_RECURSION = 1000


def encode(value):
    """One line of strict JSON (RFC 8259). What has no form becomes `str(value)`."""
    if hasattr(sys, "set_int_max_str_digits"):
        sys.set_int_max_str_digits(0)
    # A callable that raised the limit would have the encoder overflow the stack where it should give up.
    sys.setrecursionlimit(min(_DEEPEST_RECURSION, sys.getrecursionlimit()))
    try:
        text = json_text.to_text(value, _plain)
    except (TypeError, ValueError, RecursionError):
        return "".join(_walk(value))
    if "NaN" in text or "Infinity" in text:
        return _without_others_than_numbers(text)
    return text


def _without_others_than_numbers(text):
    """NaN and Infinity as null, but where a string says so: between quotes, once no quote within a string is left."""
    parts = text.replace("\\\\", "\0").replace('\\"', "\1").split('"')  # JSON text holds no such characters as they are
    for name in ("-Infinity", "Infinity", "NaN"):
        parts[::2] = [part.replace(name, "null") for part in parts[::2]]
    return '"'.join(parts).replace("\1", '\\"').replace("\0", "\\\\")


def _walk(root):
    """The slow way round, for other keys, cycles and any depth: its stack is a list."""
    pending, closers, open_now = [iter([("", root)])], [("", None)], set()
    while pending:
        for prefix, value in pending[-1]:
            form = _plain(value)
            if isinstance(form, _LEAVES):
                yield prefix + _leaf(form)
            elif id(value) in open_now:
                yield prefix + ('"{...}"' if isinstance(form, dict) else '"[...]"')
            else:
                open_now.add(id(value))
                opener, closer, parts = _parts(form)
                yield prefix + opener
                pending.append(parts)
                closers.append((closer, value))
                break
        else:
            pending.pop()
            closer, value = closers.pop()
            open_now.discard(id(value))
            yield closer


def _parts(value):
    if isinstance(value, dict):
        members = value.items()
        return "{", "}", (
            (("" if first else ", ") + json_text.to_text(_key(name)) + ": ", member)
            for first, (name, member) in zip(_first_of(members), members)
        )
    return "[", "]", (("" if first else ", ", item) for first, item in zip(_first_of(value), value))


def _first_of(items):
    return (position == 0 for position in range(len(items)))


def _leaf(value):
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return "null"
    return json_text.to_text(value)


def _key(name):
    name = _plain(name)
    if isinstance(name, str):
        return str.__str__(name)
    if isinstance(name, _LEAVES):
        return json_text.to_text(name)
    return _text(name)


def _plain(value):
    """A value JSON knows: a leaf, a dict, a list or a tuple. Its items may need the same again."""
    try:
        if isinstance(value, _READY):
            return value
        form = _form(value)
        return form if isinstance(form, _READY) else _plain(form)
    except MemoryError:
        raise  # its text would be a smaller result, and a wrong one
    except Exception:  # a foreign type's own conversion failed: its text is still worth having
        return _text(value)


def _form(value):
    kind = type(value)
    packages = {base.__module__.partition(".")[0] for base in kind.__mro__}
    if "pandas" in packages and (hasattr(kind, "tolist") or hasattr(kind, "to_dict")):
        return _pandas(value, kind)
    if "numpy" in packages and hasattr(kind, "tolist"):
        return _numpy(value)
    if isinstance(value, (bytes, bytearray, memoryview)):
        return binascii.b2a_base64(value, newline=False).decode("ascii")
    if hasattr(kind, "total_seconds"):
        return value.total_seconds() if value == value else None
    if hasattr(kind, "isoformat"):
        return value.isoformat() if value == value else None
    if hasattr(kind, "__dataclass_fields__"):
        from dataclasses import fields  # loaded already: the value's class was made with it

        return {field.name: getattr(value, field.name) for field in fields(value)}
    return _form_by_protocol(value, kind)


def _form_by_protocol(value, kind):
    if kind.__name__ == "NAType":
        return None
    if hasattr(kind, "__members__"):
        return value.value
    if isinstance(value, abc.Mapping):
        return dict(value)
    if isinstance(value, (set, frozenset)):
        return _sorted(value)
    if any((base.__module__, base.__name__) == ("collections", "UserString") for base in kind.__mro__):
        return _text(value)
    if isinstance(value, (abc.Sequence, abc.Set, abc.ValuesView)) or kind.__module__ == "array":
        return list(value)
    return _text(value)


def _pandas(value, kind):
    """DataFrame(**form) and Series(**form) build the same again; an index is a list."""
    if hasattr(kind, "columns"):
        return value.to_dict(orient="split")
    if hasattr(kind, "to_frame") and hasattr(kind, "to_dict"):
        return {"name": value.name, "index": value.index.tolist(), "data": value.tolist()}
    return value.tolist()


def _numpy(value):
    if value.dtype.kind == "M":
        return _numpy_dates(value)
    if value.dtype.kind == "m":
        value = value / value.dtype.type(1, "s")
    form = value.tolist()
    return _text(value) if isinstance(form, type(value)) else form


def _numpy_dates(value):
    """ISO 8601 to the unit they were kept in, nanoseconds too."""
    if value.ndim == 0:
        return str(value) if value == value else None
    texts = value.astype(str).astype(object)
    texts[value != value] = None
    return texts.tolist()


def _sorted(items):
    try:
        return sorted(items)
    except TypeError:
        return list(items)


def _text(value):
    try:
        return str(value)
    except MemoryError:
        raise
    except Exception:  # str() may run anybody's code
        return "<%s that cannot be shown>" % type(value).__name__
