"""Restores Caps Lock and Num Lock of an X server as they were before the hotkey's press.

A locking key locks in the server, whichever client gets the key. Undoing that needs a connection of
its own: a client of the XKEYBOARD extension gets no MappingNotify of a new keyboard map any more.
"""

# pyright: basic
# python-xlib carries no types.

from __future__ import annotations

from typing import Any

from Xlib import X, display

from tray_dictate.system.desktop.x11_requests import LatchLockState, open_xkb

_KEYBOARD = 0x100  # XkbUseCoreKbd


class Locks:
    """The locks to restore after the hotkey's release; for the thread that reads the keys."""

    def __init__(self, reader: Any) -> None:
        self._reader = reader
        self._display: Any = None
        self._opcode = 0  # of XKEYBOARD, while the server is known to have it
        self._before: dict[int, tuple[int, int]] = {}  # keycode -> its modifiers, those locked

    def pressed(self, event: Any) -> None:
        """Remember what was locked before a press of the hotkey, as the event says."""
        if modifiers := self._modifiers(event.detail):
            self._before.setdefault(event.detail, (modifiers, event.state & modifiers))

    def released(self, keycode: int) -> None:
        """Undo what the press locked, or the release unlocked."""
        before = self._before.pop(keycode, None)
        if before and self._is_ready():
            self._restore(*before)

    def close(self) -> None:
        """End the connection."""
        if self._display:
            self._display.close()

    def _is_ready(self) -> bool:
        if self._display is None:
            self._display = display.Display(self._reader.get_display_name())
            self._opcode = open_xkb(self._display)
        return bool(self._opcode)

    def _restore(self, modifiers: int, locked: int) -> None:
        LatchLockState(
            display=self._display.display, opcode=self._opcode, device=_KEYBOARD,
            affect_locks=modifiers, locks=locked, affect_latches=0, latches=0,
        )  # fmt: skip
        self._display.sync()

    def _modifiers(self, keycode: int) -> int:
        """Return the modifiers of Caps Lock or Num Lock, if the key is one of them; else 0."""
        rows = enumerate(self._reader.get_modifier_mapping())
        mask = sum(1 << bit for bit, row in rows if keycode in row)
        return mask & ~(X.ShiftMask | X.ControlMask | X.Mod1Mask | X.Mod4Mask)
