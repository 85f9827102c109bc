"""Which entrypoints this server lets run: QUANT_RUNS_ALLOW, read as src/access/pattern.ts reads it."""

import os
import re

_ANYTHING = "[^:]*"


def permits(entrypoint):
    """Whether an entrypoint may be run; any may where the server was told nothing."""
    told = os.environb.get(b"QUANT_RUNS_ALLOW")  # UTF-8 in every locale
    return told is None or matches_any(told.decode("utf-8").split(","), entrypoint)


def matches_any(patterns, text):
    """Whether a text matches one of these patterns from its first character to its last; `*` is anything but a colon."""
    return any(re.fullmatch(_ANYTHING.join(map(re.escape, pattern.split("*"))), text) for pattern in patterns)
