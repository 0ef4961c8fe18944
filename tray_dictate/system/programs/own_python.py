"""Builds commands that start our own Python without importing from the working directory.

`python -m` and `python -c` put the working directory first on the import path, so that a `json.py`
in it, perhaps a download, would run as the user. -P prevents that. So does -I, but it also ignores
PYTHONPATH and the packages installed by `pip install --user`.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from typing import NoReturn

SAFELY = "-P"
PIP = f"{sys.executable} -m pip"  # for messages: the user types it, as in pip's own manual


def module(name: str, *words: str, python: str = sys.executable) -> list[str]:
    """Return the command that runs a module with these words."""
    return [python, SAFELY, "-m", name, *words]


def script(code: str, *words: str) -> list[str]:
    """Return the command that runs this code with these words."""
    return [sys.executable, SAFELY, "-c", code, *words]


def program(path: str) -> list[str]:
    """Return the command that runs one of our files with the standard library only."""
    return [sys.executable, "-I", "-S", path]


def begin_again(environment: Mapping[str, str]) -> NoReturn:
    """Replace this process by a new one with the same command, and outside Windows the same id."""
    command = [sys.executable, *sys.orig_argv[1:]]
    if sys.platform == "win32":  # its exec splits words at spaces
        subprocess.Popen(command, env=environment)
        os._exit(0)
    os.execve(sys.executable, command, environment)  # noqa: S606 - no shell is wanted
