"""Reads whether a key is physically down on Windows and macOS.

Never run on either: calls and key numbers are as their makers document them.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Mapping
from typing import Protocol

_WINDOWS = {
    "shift_l": 0xA0, "shift_r": 0xA1, "ctrl_l": 0xA2, "ctrl_r": 0xA3, "alt_l": 0xA4, "alt_r": 0xA5,
    "super_l": 0x5B, "super_r": 0x5C,
}  # fmt: skip
_MACOS = {
    "shift_l": 0x38, "shift_r": 0x3C, "ctrl_l": 0x3B, "ctrl_r": 0x3E, "alt_l": 0x3A, "alt_r": 0x3D,
    "super_l": 0x37, "super_r": 0x36,
}  # fmt: skip
_DOWN = 0x8000  # of GetAsyncKeyState: now, and not only since it was asked last
_HARDWARE = 1  # kCGEventSourceStateHIDSystemState


class PhysicalKeys(Protocol):
    """Whether keys are down; `modifiers` are the system's numbers of them, by canonical names."""

    modifiers: Mapping[str, int]

    def is_down(self, code: int) -> bool:
        """Return whether a key is down now; from any thread."""
        ...


class User32(Protocol):
    """The part of user32.dll that is used."""

    def GetAsyncKeyState(self, code: int, /) -> int:  # noqa: N802
        """Return bits of a virtual key's state."""
        ...


class Quartz(Protocol):
    """The part of macOS's module of that name that is used."""

    def CGEventSourceKeyState(self, source: int, code: int, /) -> bool:  # noqa: N802
        """Return whether a key is down."""
        ...


class WindowsKeys:
    """PhysicalKeys by virtual key codes."""

    modifiers: Mapping[str, int] = _WINDOWS

    def __init__(self, user32: User32) -> None:
        self._user32 = user32

    def is_down(self, code: int) -> bool:
        """Return whether a key is down now."""
        return bool(self._user32.GetAsyncKeyState(code) & _DOWN)


class MacKeys:
    """PhysicalKeys by the numbers of Apple's keyboards."""

    modifiers: Mapping[str, int] = _MACOS

    def __init__(self, quartz: Quartz) -> None:
        self._quartz = quartz

    def is_down(self, code: int) -> bool:
        """Return whether a key is down now."""
        return bool(self._quartz.CGEventSourceKeyState(_HARDWARE, code))


def physical_keys() -> PhysicalKeys | None:
    """Return the PhysicalKeys of this system; None if it has none."""
    if sys.platform == "win32":
        return WindowsKeys(ctypes.windll.user32)
    if sys.platform == "darwin":
        import Quartz  # noqa: PLC0415 - there only, with pynput

        return MacKeys(Quartz)
    return None
