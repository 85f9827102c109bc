"""Any value as JSON text. What JSON cannot hold gets the nearest form it can: the README lists them."""

import base64
import json
import re
import sys
from collections import abc

_LEAVES = (str, int, float, bool, type(None))
_STRING_OR_NOT_A_NUMBER = re.compile(r'"(?:[^"\\]|\\.)*"|-?Infinity|NaN')


def encode(value):
    """One line of strict JSON (RFC 8259). Never raises for a value: what has no form becomes `str(value)`."""
    if hasattr(sys, "set_int_max_str_digits"):
        sys.set_int_max_str_digits(0)
    try:
        return json.dumps(value, allow_nan=False, default=_plain)
    except (TypeError, ValueError, RecursionError):
        return _encode_what_json_refuses(value)


def _encode_what_json_refuses(value):
    try:
        text = json.dumps(value, default=_plain)
    except (TypeError, ValueError, RecursionError):
        return "".join(_walk(value))
    return _STRING_OR_NOT_A_NUMBER.sub(lambda found: found[0] if found[0][0] == '"' else "null", text)


def _walk(root):
    """The slow way round, for other keys, cycles and any depth: its stack is a list."""
    pending, closers, open_now = [iter([("", root)])], [("", None)], set()
    while pending:
        for prefix, value in pending[-1]:
            value = _plain(value)
            if isinstance(value, _LEAVES):
                yield prefix + _leaf(value)
            elif id(value) in open_now:
                yield prefix + json.dumps(_text(value))
            else:
                open_now.add(id(value))
                opener, closer, parts = _parts(value)
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
            (("" if first else ", ") + json.dumps(_key(name)) + ": ", member)
            for first, (name, member) in zip(_first_of(members), members)
        )
    return "[", "]", (("" if first else ", ", item) for first, item in zip(_first_of(value), value))


def _first_of(items):
    return (position == 0 for position in range(len(items)))


def _leaf(value):
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return "null"
    return json.dumps(value)


def _key(name):
    name = _plain(name)
    if isinstance(name, str):
        return str.__str__(name)
    if isinstance(name, _LEAVES):
        return json.dumps(name)
    return _text(name)


def _plain(value):
    """A value json.dumps knows: a leaf, a dict, a list or a tuple. Its items may need the same again."""
    if isinstance(value, (dict, list, tuple) + _LEAVES):
        return value
    try:
        form = _form(value)
    except Exception:  # a foreign type's own conversion failed: its text is still worth having
        return _text(value)
    return form if isinstance(form, (dict, list, tuple) + _LEAVES) else _text(value)


def _form(value):
    kind = type(value)
    package = kind.__module__.partition(".")[0]
    if package == "pandas" and (hasattr(kind, "tolist") or hasattr(kind, "to_dict")):
        return _pandas(value, kind)
    if package == "numpy" and hasattr(kind, "tolist"):
        return _numpy(value)
    if isinstance(value, (bytes, bytearray, memoryview)):
        return base64.b64encode(value).decode("ascii")
    if hasattr(kind, "isoformat"):
        return value.isoformat() if value == value else None
    if hasattr(kind, "total_seconds"):
        return value.total_seconds() if value == value else None
    if hasattr(kind, "__dataclass_fields__"):
        return {name: getattr(value, name) for name in kind.__dataclass_fields__}
    return _form_by_protocol(value, kind)


def _form_by_protocol(value, kind):
    if kind.__name__ == "NAType":
        return None
    if hasattr(kind, "__members__"):
        return _plain(value.value)
    if isinstance(value, abc.Mapping):
        return dict(value)
    if isinstance(value, abc.Set):
        return _sorted(value)
    if isinstance(value, (abc.Sequence, abc.ValuesView)) or hasattr(kind, "popleft"):
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
    if value.dtype.kind in "mM":
        value = value.astype(value.dtype.str[1:3] + "[us]")
    form = value.tolist()
    return _text(value) if isinstance(form, type(value)) else form


def _sorted(items):
    try:
        return sorted(items)
    except TypeError:
        return list(items)


def _text(value):
    try:
        return str(value)
    except Exception:  # str() may run anybody's code
        return "<%s that cannot be shown>" % type(value).__name__
