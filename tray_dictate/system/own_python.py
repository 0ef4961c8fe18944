"""Commands that start our own Python, never with code from the working directory.

`python -m` and `python -c` put the working directory first on the path of imports, so that a folder
with a `json.py`, as a download may be, would run as the user. -P leaves it out. -I would, too, but
it also ignores PYTHONPATH and the packages that `pip install --user` has installed.
"""

from __future__ import annotations

import sys

SAFELY = "-P"
PIP = f"{sys.executable} -m pip"  # to be read and typed by the user: as in pip's own manual


def module(name: str, *words: str, python: str = sys.executable) -> list[str]:
    """Return the command that runs a module with these words."""
    return [python, SAFELY, "-m", name, *words]


def script(code: str, *words: str) -> list[str]:
    """Return the command that runs this code with these words."""
    return [sys.executable, SAFELY, "-c", code, *words]


def program(path: str) -> list[str]:
    """Return the command that runs a program of ours that needs the standard library only."""
    return [sys.executable, "-I", "-S", path]
