"""Knows whether Windows shows the lock screen or a prompt of UAC instead of the user's desktop.

NOT RUN by us on Windows: the calls are as Microsoft documents them.
"""

from __future__ import annotations

from typing import Protocol

_SWITCH = 0x0100  # DESKTOP_SWITCHDESKTOP: the right that is asked for


class User32(Protocol):
    """The part of user32.dll that is used."""

    def OpenInputDesktop(self, flags: int, inherit: bool, access: int, /) -> int | None:  # noqa: N802
        """Return a handle of the desktop that has the keyboard; None if that is not ours."""
        ...

    def CloseDesktop(self, handle: int, /) -> int:  # noqa: N802
        """Give a handle back."""
        ...


class WindowsLock:
    """ports.Lock."""

    def __init__(self, user32: User32) -> None:
        self._user32 = user32

    def is_locked(self) -> bool:
        """Return whether another desktop is shown now."""
        handle = self._user32.OpenInputDesktop(0, False, _SWITCH)
        if handle:
            self._user32.CloseDesktop(handle)
        return not handle
