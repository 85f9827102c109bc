"""The shim of the Python runtime: `python.py RUN_DIRECTORY` runs one job. Standard library only, Python 3.9 or later.

What it does stands in quant_runs_shim/program.py: of a program itself Python keeps no compiled form, and each start would
compile it again.
"""

import sys

if __name__ == "__main__":
    sys.path.insert(0, __file__.rpartition("/")[0])  # which PYTHONSAFEPATH leaves out
    from quant_runs_shim import program

    program.run()
