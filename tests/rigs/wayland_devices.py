"""The person's keyboard and pointer, as far as a compositor without hardware can tell.

A headless seat has no keyboard, and then the first key of any program that types is lost: this one
stays plugged in. By a connection of its own, so that it is not the keyboard of what is tested.
"""

from __future__ import annotations

import os
import time

from tray_dictate.core.keys.keycodes import CODES
from tray_dictate.system.desktop.wayland import Connection

KEYMAP = (
    'xkb_keymap {{ xkb_keycodes {{ include "evdev+aliases(qwerty)" }};'
    ' xkb_types {{ include "complete" }}; xkb_compat {{ include "complete" }};'
    ' xkb_symbols {{ include "pc+{layout}+inet(evdev)" }}; }};'
)
MODIFIERS = {
    "shift_l": 1, "shift_r": 1, "ctrl_l": 4, "ctrl_r": 4, "alt_l": 8, "super_l": 64, "super_r": 64,
    "alt_r": 8, "alt_gr": 128,
}  # fmt: skip
_SHIFTED = dict(zip('~!@#$%^&*()_+{}|:"<>?', "`1234567890-=[]\\;',./", strict=True))
_SPACES = {" ": "space", "\n": "enter", "\t": "tab"}
BUTTONS = {1: 0x110, 2: 0x112, 3: 0x111}  # left, middle, right, numbered as in X


class PhysicalKeyboard:
    """Keys by canonical names ("ctrl_r", "space", "f9", "a"), or by Linux code ("30")."""

    def __init__(self, display: str, layout: str = "us") -> None:
        self._connection = Connection(display)
        seat = self._connection.bind("wl_seat")
        manager = self._connection.bind("zwp_virtual_keyboard_manager_v1")
        self._keyboard = self._connection.create()
        self._connection.request(manager, 0, seat, self._keyboard)
        self._down: dict[str, None] = {}  # in the order of pressing
        self.set_layout(layout)

    def set_layout(self, layout: str) -> None:
        """Be a keyboard of this country: "us", "de"."""
        text = KEYMAP.format(layout=layout).encode() + b"\0"
        file = os.memfd_create("keymap")
        try:
            os.write(file, text)
            self._connection.request(self._keyboard, 0, 1, len(text), files=[file])
            self._connection.roundtrip()
        finally:
            os.close(file)

    def keydown(self, *keys: str) -> None:
        """Press keys, in this order, and keep them down."""
        for key in keys:
            self._down[key] = None
            self._send(key, 1)

    def keyup(self, *keys: str) -> None:
        """Let go of keys, in this order."""
        for key in keys:
            self._down.pop(key, None)
            self._send(key, 0)

    def tap(self, *keys: str) -> None:
        """Press and let go; several keys are a chord."""
        self.keydown(*keys)
        self.keyup(*reversed(keys))

    def type(self, text: str) -> None:
        """Type what a US keyboard has, as fast as a quick person."""
        for character in text:
            key = _SPACES.get(character) or _SHIFTED.get(character) or character.lower()
            self.tap(*(["shift_l"] if key != character and character > " " else []), key)
            time.sleep(0.002)

    def let_go(self) -> None:
        """Let go of whatever is still down."""
        self.keyup(*reversed(self._down))

    def close(self) -> None:
        """Unplug it."""
        self._connection.close()

    def _send(self, key: str, state: int) -> None:
        code = int(key) if len(key) > 1 and key.isdigit() else CODES[key]
        milliseconds = time.monotonic_ns() // 1_000_000
        self._connection.request(self._keyboard, 1, milliseconds, code, state)
        mask = 0
        for held in self._down:
            mask |= MODIFIERS.get(held, 0)
        self._connection.request(self._keyboard, 2, mask, 0, 0, 0)  # as hardware: key, then state
        self._connection.roundtrip()


class Pointer:
    """A mouse, by the compositor's pixels."""

    def __init__(self, display: str, size: tuple[int, int]) -> None:
        self._connection = Connection(display)
        self._size = size
        seat = self._connection.bind("wl_seat")
        manager = self._connection.bind("zwlr_virtual_pointer_manager_v1")
        self._pointer = self._connection.create()
        self._connection.request(manager, 0, seat, self._pointer)
        self._connection.roundtrip()

    def move(self, x: int, y: int) -> None:
        """Move it there."""
        self._connection.request(self._pointer, 1, self._now(), x, y, *self._size)
        self._frame()

    def press(self, button: int = 1) -> None:
        """Press a button and keep it down."""
        self._connection.request(self._pointer, 2, self._now(), BUTTONS[button], 1)
        self._frame()

    def release(self, button: int = 1) -> None:
        """Let go of it."""
        self._connection.request(self._pointer, 2, self._now(), BUTTONS[button], 0)
        self._frame()

    def click(self, x: int, y: int, button: int = 1) -> None:
        """Move it there and click."""
        self.move(x, y)
        time.sleep(0.05)  # what is under it needs a moment to notice
        self.press(button)
        time.sleep(0.02)
        self.release(button)

    def close(self) -> None:
        """Unplug it."""
        self._connection.close()

    def _frame(self) -> None:
        self._connection.request(self._pointer, 4)
        self._connection.roundtrip()

    @staticmethod
    def _now() -> int:
        return time.monotonic_ns() // 1_000_000
