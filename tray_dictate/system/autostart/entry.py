"""The autostart entry, the interface of its back ends, and the command in it."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from tray_dictate.system.programs import own_python

_NAME = "tray-dictate"


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry that makes a session start a program."""

    where: str  # for the user: a path, or a key of the registry
    command: tuple[str, ...]
    on: bool  # False: the user switched it off in the desktop's own settings


class AutostartBackend(Protocol):
    """A mechanism of the system that starts programs with the session."""

    name: str

    def read(self) -> Entry | None:
        """Return the entry, if there is one. Raises OSError."""
        ...

    def write(self, command: tuple[str, ...]) -> None:
        """Create the entry, switched on. Raises OSError or UnavailableError."""
        ...

    def remove(self) -> None:
        """Remove the entry; idempotent. Raises OSError."""
        ...


def program() -> tuple[str, ...]:
    """Return the command that runs the daemon of this installation from any working directory."""
    here = Path(sys.executable).absolute()  # not resolved: a venv's Python is a link
    if sys.platform == "win32":  # its other launchers open a console window
        return _by_python(here.with_name("pythonw.exe"))
    script = here.with_name(_NAME)
    if script.is_file():
        return (str(script), "run")
    called = Path(sys.argv[0]).absolute()  # where scripts are not beside Python: pip --user
    if called.name == _NAME and called.is_file():
        return (str(called), "run")
    return _by_python(here)


def _by_python(python: Path) -> tuple[str, ...]:
    return tuple(own_python.module("tray_dictate", "run", python=str(python)))
