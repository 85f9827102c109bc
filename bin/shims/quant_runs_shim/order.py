"""What a launcher is asked for, and what bin/run-entrypoint would make of it."""

import os

from .shown import variables_of
from .surroundings import SHIMS

_RUNTIME = "python"


class Order:
    """One shim to be started; `environment` is None for the usual one, and `runtime` where a server does not name it."""

    def __init__(self, launch, directory, runtime=None, environment=None):
        self.launch, self.runtime = launch, runtime
        self.directory = os.fsdecode(_bytes(directory))
        self.environment = environment and {_bytes(name): _bytes(value) for name, value in environment.items()}

    @property
    def is_for_python(self):
        return self.runtime == _RUNTIME


def can_execute(environment):
    """Whether it is known what bin/run-entrypoint executes with these variables."""
    python = environment.get(b"QUANT_RUNS_PYTHON", b"")
    return os.path.isabs(python) and os.access(python, os.X_OK)


def command_in(environment):
    """What that is, before its parameters."""
    return [environment[b"QUANT_RUNS_PYTHON"], os.path.join(SHIMS, "python.py")]


def with_own_variables(environment, directory):
    """And with those that bin/run-entrypoint adds to them."""
    own = {"PYTHONUNBUFFERED": "1", **variables_of(directory)}
    return {**environment, **{os.fsencode(name): os.fsencode(value) for name, value in own.items()}}


def _bytes(text):
    """As the server means it, whatever the locale."""
    return text.encode("utf-8", "surrogatepass")
