"""Start at login on Windows by the Run key. Its value is tested; it was never run on Windows."""

from __future__ import annotations

import importlib
import re
import subprocess
from typing import Any

from tray_dictate.core.errors import UnavailableError
from tray_dictate.system.autostart.entry import Entry

_VALUE = "tray_dictate"
_RUN = r"Software\Microsoft\Windows\CurrentVersion\Run"
# where the Task Manager keeps what was switched off in it
_APPROVED = r"Software\Microsoft\Windows\CurrentVersion\Explorer\StartupApproved\Run"
_LONGEST = 260  # characters; Windows ignores a longer value


class RunKey:
    r"""HKEY_CURRENT_USER\...\Run."""

    name = "Run key"

    def __init__(self) -> None:
        self._registry: Any = importlib.import_module("winreg")  # elsewhere there is none

    def read(self) -> Entry | None:
        """Return the entry, if there is one. Raises OSError."""
        command = self._value(_RUN)
        if command is None:
            return None
        where = rf"HKEY_CURRENT_USER\{_RUN}\{_VALUE}"
        return Entry(where, parse(str(command)), on=not switched_off(self._value(_APPROVED)))

    def write(self, command: tuple[str, ...]) -> None:
        """Create the entry, switched on. Raises OSError or UnavailableError."""
        value = render(command)
        winreg = self._registry
        with winreg.CreateKey(winreg.HKEY_CURRENT_USER, _RUN) as key:
            winreg.SetValueEx(key, _VALUE, 0, winreg.REG_SZ, value)
        self._delete(_APPROVED)

    def remove(self) -> None:
        """Remove the entry; idempotent. Raises OSError."""
        self._delete(_RUN)
        self._delete(_APPROVED)

    def _value(self, path: str) -> Any:
        winreg = self._registry
        try:
            with winreg.OpenKey(winreg.HKEY_CURRENT_USER, path) as key:
                return winreg.QueryValueEx(key, _VALUE)[0]
        except FileNotFoundError:
            return None

    def _delete(self, path: str) -> None:
        winreg = self._registry
        try:
            with winreg.OpenKey(winreg.HKEY_CURRENT_USER, path, 0, winreg.KEY_SET_VALUE) as key:
                winreg.DeleteValue(key, _VALUE)
        except FileNotFoundError:
            return


def render(command: tuple[str, ...]) -> str:
    """Return the value of the Run key. Raises UnavailableError."""
    value = subprocess.list2cmdline(command)
    if len(value) > _LONGEST:
        raise UnavailableError(
            f"Windows runs no command of more than {_LONGEST} characters at login: {value}.",
            "Install tray-dictate in a folder with a shorter path.",
        )
    return value


def parse(value: str) -> tuple[str, ...]:
    """Return the words of a value; a path on Windows holds no quotation mark."""
    words = re.findall(r'"([^"]*)"|(\S+)', value)
    return tuple(quoted or bare for quoted, bare in words)


def switched_off(approved: object) -> bool:
    """Return whether the Task Manager has disabled the entry: the first byte is odd."""
    return isinstance(approved, bytes) and bool(approved[:1]) and approved[0] % 2 == 1
