"""Caps Lock and Num Lock of an X server, put back as they were before the hotkey's press.

A key that locks does so in the server, whoever gets the key.
"""

# pyright: basic
# python-xlib carries no types.

from __future__ import annotations

from typing import Any

from Xlib import X
from Xlib.protocol import rq

_KEYBOARD = 0x100  # XkbUseCoreKbd
_VERSION = (1, 0)


class _UseExtension(rq.ReplyRequest):
    _request = rq.Struct(
        rq.Card8("opcode"), rq.Opcode(0), rq.RequestLength(), rq.Card16("major"), rq.Card16("minor")
    )
    _reply = rq.Struct(
        rq.ReplyCode(), rq.Card8("supported"), rq.Card16("sequence_number"), rq.ReplyLength(),
        rq.Card16("major"), rq.Card16("minor"), rq.Pad(20),
    )  # fmt: skip


class _LatchLockState(rq.Request):
    _request = rq.Struct(
        rq.Card8("opcode"), rq.Opcode(5), rq.RequestLength(), rq.Card16("device"),
        rq.Card8("affected"), rq.Card8("locked"), rq.Pad(8),
    )  # fmt: skip


class Locks:
    """What of the server's locks is to be as before; on the hotkey's reader's thread."""

    def __init__(self, display: Any) -> None:
        self._display = display
        found = display.query_extension("XKEYBOARD")
        self._opcode = found.major_opcode if found else None
        self._before: dict[int, tuple[int, int]] = {}  # keycode -> its modifiers, those locked
        if self._opcode is not None:
            _UseExtension(
                display=display.display, opcode=self._opcode, major=_VERSION[0], minor=_VERSION[1]
            )

    def pressed(self, event: Any) -> None:
        """Undo what a press of the hotkey has locked: the event says how it was before it."""
        modifiers = self._modifiers(event.detail)
        if modifiers and self._opcode is not None:
            self._before.setdefault(event.detail, (modifiers, event.state & modifiers))
            self._restore(event.detail)

    def released(self, keycode: int) -> None:
        """Undo what its release has unlocked."""
        if keycode in self._before:
            self._restore(keycode)
            del self._before[keycode]

    def _restore(self, keycode: int) -> None:
        modifiers, locked = self._before[keycode]
        _LatchLockState(
            display=self._display.display, opcode=self._opcode, device=_KEYBOARD,
            affected=modifiers, locked=locked,
        )  # fmt: skip

    def _modifiers(self, keycode: int) -> int:
        """Return the modifiers that a key locks: Caps Lock's, Num Lock's."""
        rows = enumerate(self._display.get_modifier_mapping())
        mask = sum(1 << bit for bit, row in rows if keycode in row)
        return mask & ~(X.ShiftMask | X.ControlMask | X.Mod1Mask | X.Mod4Mask)
