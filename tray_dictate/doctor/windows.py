"""A small window of our own, as a program's: keys become text in it, and so does a paste.

It needs nothing but python-xlib, so that what arrives is what the X server sends and no toolkit's
reading of it.
"""

# pyright: basic
# python-xlib carries no types.

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from Xlib import XK, X, Xutil, error

from tray_dictate.core.ports import Target
from tray_dictate.doctor.own_window import CLASS, HEIGHT, TITLE, WIDTH, OwnWindow
from tray_dictate.system import flush as x11_flush
from tray_dictate.system.wakeup import WakeUp
from tray_dictate.system.x11 import connect, disconnect
from tray_dictate.system.x11_requests import open_xkb

_BORDER = 1  # pixels
_GROUP = 13  # the first of the two bits of an event's state that tell the active group
_UNICODE = 0x01000000  # keysyms from here on are code points
_WHITESPACE = {XK.XK_Return: "\n", XK.XK_KP_Enter: "\n", XK.XK_Tab: "\t", XK.XK_space: " "}


class CheckWindow(OwnWindow):
    """Where keys and a paste become text."""

    gone = (error.ConnectionClosedError, OSError)

    def __init__(self) -> None:
        """Raises UnavailableError where there is no X server."""
        super().__init__()
        self._display = connect()
        open_xkb(self._display)  # from now on events tell the group; no modifier stands for it
        atom = self._display.intern_atom
        self._clipboard, self._utf8 = atom("CLIPBOARD"), atom("UTF8_STRING")
        self._property = atom("_TRAY_DICTATE_PASTED")
        self._window = self._make()
        self.target = Target(f"{self._window.id:#x}", CLASS)
        self._start()

    def _make(self) -> Any:
        screen = self._display.screen()
        x = (screen.width_in_pixels - WIDTH) // 2
        y = (screen.height_in_pixels - HEIGHT) // 2
        window = screen.root.create_window(
            x, y, WIDTH, HEIGHT, _BORDER, screen.root_depth,
            background_pixel=screen.white_pixel, event_mask=X.KeyPressMask,
        )  # fmt: skip
        window.set_wm_name(TITLE)
        window.set_wm_class(CLASS, CLASS)
        window.set_wm_hints(flags=Xutil.InputHint, input=1)
        window.map()
        self._display.sync()
        return window

    # From here on, everything runs on the thread.

    def _hear(self, wake_up: WakeUp) -> None:
        while self._display.pending_events():
            self._take(self._display.next_event())
        x11_flush.wait(self._display, wake_up)

    def _disconnect(self) -> None:
        disconnect(self._display)

    def _take(self, event: Any) -> None:
        if event.type == X.KeyPress:
            self._press(event)
        elif event.type == X.SelectionNotify and event.property != X.NONE:
            found = self._window.get_full_property(self._property, X.AnyPropertyType)
            self._window.delete_property(self._property)
            if found and isinstance(found.value, bytes):
                self._text += found.value.decode("utf-8", "replace")

    def _press(self, event: Any) -> None:
        # of this moment: who asks for the group is not told when the map changes
        [row] = self._display.get_keyboard_mapping(event.detail, 1)
        if (row[0] == XK.XK_Insert and event.state & X.ShiftMask) or (
            event.state & X.ControlMask and row[0] == XK.XK_v
        ):
            self._window.convert_selection(self._clipboard, self._utf8, self._property, event.time)
        elif not event.state & (X.ControlMask | X.Mod1Mask | X.Mod4Mask):
            self._text += _character(row, event.state)


def _character(row: Sequence[int], state: int) -> str:
    """Return what a key gives in the layout's active group."""
    shifted = bool(state & X.ShiftMask)
    first, second = row[:2], row[2:4]
    pair = second if state >> _GROUP & 3 == 1 and any(second[:1]) else first
    keysym = pair[-1] if shifted else pair[0]  # where there is no second one, ...
    character = of_keysym(keysym or pair[0])  # ... or it gives nothing, the first counts
    return character.swapcase() if state & X.LockMask and len(character) == 1 else character


def of_keysym(keysym: int) -> str:
    """Return the character of a keysym, empty for a key that is none."""
    if keysym in _WHITESPACE:
        return _WHITESPACE[keysym]
    if 0x20 <= keysym <= 0x7E or 0xA0 <= keysym <= 0xFF:
        return chr(keysym)
    point = keysym - _UNICODE
    return chr(point) if 0x20 <= point <= 0x10FFFF else ""
