"""JSON by the C parts of Python's package `json` alone: to import all of it takes half as long as an interpreter's start."""

_SPACE = " \t\n\r"
"""RFC 8259, section 2."""


class _Defaults:
    """What the scanner asks for; json.JSONDecoder says the same unless it is told otherwise."""

    strict = True
    object_hook = object_pairs_hook = None
    parse_float = parse_constant = float
    parse_int = int


def _refuse(value):
    raise TypeError("%s has no form in JSON" % type(value).__name__)


def from_text(text):
    """The value of one JSON text. Raises ValueError for any other text, RecursionError for one that nests too deep."""
    try:
        value, end = _scan(text, len(text) - len(text.lstrip(_SPACE)))
    except StopIteration:
        raise ValueError("no JSON value begins where one is expected") from None
    if text[end:].strip(_SPACE):
        raise ValueError("something follows the JSON value")
    return value


def to_text(value, default=_refuse):
    """One line of ASCII; `default` gives a form to what JSON does not know. Raises what json.dumps raises."""
    return "".join(_encoder(default)(value, 0))


def to_record(members):
    """An object that stands one member a line, as all records of a run directory do."""
    return "{\n" + ",\n".join("%s: %s" % (to_text(name), to_text(value)) for name, value in members.items()) + "\n}\n"


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
