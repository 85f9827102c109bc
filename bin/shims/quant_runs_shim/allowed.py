"""Which entrypoints this server lets run: QUANT_RUNS_ALLOW, read as src/access/pattern.ts reads it."""

import os


def permits(entrypoint):
    """Whether an entrypoint may be run; any may where the server was told nothing."""
    told = os.environb.get(b"QUANT_RUNS_ALLOW")  # UTF-8 in every locale
    return told is None or matches_any(told.decode("utf-8").split(","), entrypoint)


def matches_any(patterns, text):
    """Whether a text matches one of these patterns from its first character to its last; `*` is anything but a colon."""
    return any(_matches(pattern.split(":"), text.split(":")) for pattern in patterns)


def _matches(patterns, parts):
    return len(patterns) == len(parts) and all(map(_part_matches, patterns, parts))


def _part_matches(pattern, part):
    """Each piece between two stars is best taken as early as it comes (the expression's import would take a while)."""
    first, *middle = pattern.split("*")
    if not middle:
        return part == pattern
    last = middle.pop()
    if not part.startswith(first):
        return False
    position = len(first)
    for piece in middle:
        position = part.find(piece, position)
        if position < 0:
            return False
        position += len(piece)
    return part[position:].endswith(last)
