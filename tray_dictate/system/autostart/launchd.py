"""Start at login on macOS by a LaunchAgent. Its text is tested; it was never run by launchd."""

from __future__ import annotations

import os
import plistlib
import re
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import Any
from xml.parsers.expat import ExpatError

from tray_dictate.system.autostart.entry import Entry
from tray_dictate.system.files import write_atomic
from tray_dictate.system.key_variables import without_keys

_LABEL = "org.tray-dictate.daemon"
_TIMEOUT = 10.0  # seconds


class LaunchAgent:
    """~/Library/LaunchAgents/org.tray-dictate.daemon.plist, which launchd loads at login."""

    name = "LaunchAgent"

    def __init__(self) -> None:
        self._path = Path.home() / "Library" / "LaunchAgents" / f"{_LABEL}.plist"

    def read(self) -> Entry | None:
        """Return the entry, if there is one. Raises OSError."""
        try:
            written = self._path.read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
        disabled = switched_off(_launchctl("print-disabled", _domain()))
        return Entry(str(self._path), parse(written), on=not disabled)

    def write(self, command: tuple[str, ...]) -> None:
        """Create the entry, switched on, for the next login. Raises OSError."""
        write_atomic(self._path, render(command))
        _launchctl("enable", f"{_domain()}/{_LABEL}")

    def remove(self) -> None:
        """Remove the entry; idempotent. Raises OSError."""
        self._path.unlink(missing_ok=True)  # no bootout: that would end the daemon that runs


def render(command: tuple[str, ...]) -> str:
    """Return the text of the property list."""
    agent: dict[str, Any] = {
        "Label": _LABEL,
        "ProgramArguments": list(command),
        "RunAtLoad": True,
        "KeepAlive": {"SuccessfulExit": False},  # again after a failure, not after Quit
        "ThrottleInterval": 10,  # seconds between starts
        "LimitLoadToSessionType": "Aqua",  # where there are windows
        "ProcessType": "Interactive",
    }
    return plistlib.dumps(agent).decode()


def parse(written: bytes) -> tuple[str, ...]:
    """Return the command that a property list starts; none if it cannot be understood."""
    try:
        agent: Any = plistlib.loads(written)
        return tuple(str(word) for word in agent["ProgramArguments"])
    except (ExpatError, ValueError, TypeError, KeyError):  # a ValueError: InvalidFileException
        return ()


def switched_off(printed: str) -> bool:
    """Return whether `launchctl print-disabled` lists ours as disabled."""
    return bool(re.search(rf'"{re.escape(_LABEL)}" => (disabled|true)', printed))


def _domain() -> str:
    return f"gui/{os.getuid()}"


def _launchctl(*words: str) -> str:
    """Return the output of launchctl, empty if it cannot be run."""
    with suppress(OSError, subprocess.TimeoutExpired):
        done = subprocess.run(
            ["launchctl", *words],
            capture_output=True,
            text=True,
            check=False,
            timeout=_TIMEOUT,
            env=without_keys(),
        )
        return done.stdout
    return ""
