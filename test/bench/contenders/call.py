"""Bare: `call.py MODULE DIRECTORY` imports the module, calls its main, writes the result."""

import os
import sys


def call(module, directory):
    os.mkdir(directory)
    os.chdir(directory)
    value = __import__(module).main()
    import json

    with open("result.json", "w") as file:
        json.dump({"result": value}, file)


if __name__ == "__main__":
    call(*sys.argv[1:])
