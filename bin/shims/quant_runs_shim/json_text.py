"""JSON by the C parts of Python's package `json` alone: to import all of it takes half as long as an interpreter's start."""

import sys

_SPACE = " \t\n\r"
"""RFC 8259, section 2."""


class _Defaults:
    """What the scanner asks for; json.JSONDecoder says the same unless it is told otherwise."""

    strict = True
    object_hook = object_pairs_hook = None
    parse_float = parse_constant = float
    parse_int = int


class _Refusal(ValueError):
    """Why a text is no JSON, as the scanner says it."""

    def __init__(self, message, _, position):
        super().__init__("%s at character %d" % (message, position))


class _Decoder:
    """Stands in for the module in which the scanner looks for its exception: to import that may run a json.py of the user's."""

    JSONDecodeError = _Refusal


def _refuse(value):
    raise TypeError("%s has no form in JSON" % type(value).__name__)


def from_text(text):
    """The value of one JSON text. Raises ValueError for any other text, RecursionError for one that nests too deep."""
    lent = dict.fromkeys([name for name in ("json", "json.decoder") if name not in sys.modules], _Decoder)
    sys.modules.update(lent)
    try:
        value, end = _scan(text, len(text) - len(text.lstrip(_SPACE)))
    except StopIteration:
        raise ValueError("no JSON value begins where one is expected") from None
    finally:
        for name in lent:
            del sys.modules[name]
    if text[end:].strip(_SPACE):
        raise ValueError("something follows the JSON value")
    return value


def to_text(value, default=_refuse):
    """One line of ASCII; `default` gives a form to what JSON does not know. Raises what json.dumps raises."""
    return "".join(_encoder(default)(value, 0))


def to_record(members):
    """An object that stands one member a line, as all records of a run directory do."""
    return "{\n" + ",\n".join("%s: %s" % (to_text(name), to_text(value)) for name, value in members.items()) + "\n}\n"


def members_of(record):
    """The raw text of each member of an object that stands one member a line."""
    lines = [line[:-1] if line.endswith(",") else line for line in record.strip().split("\n")[1:-1]]
    return {from_text(name): value for name, value in (line.split(": ", 1) for line in lines)}


def _encoder_of_parts(default):
    return make_encoder({}, default, encode_basestring_ascii, None, ": ", ", ", False, False, True)


def _encoder_of_package(default):
    return json.JSONEncoder(default=default).iterencode


try:
    from _json import encode_basestring_ascii, make_encoder, make_scanner

    _scan, _encoder = make_scanner(_Defaults), _encoder_of_parts
    _encoder(_refuse)
except (ImportError, AttributeError, TypeError):  # another Python than CPython, or a later one that has other parts
    import json

    _scan, _encoder = json.JSONDecoder().scan_once, _encoder_of_package
