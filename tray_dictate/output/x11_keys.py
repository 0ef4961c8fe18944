"""Keys pressed by XTEST, and the modifiers that the user holds meanwhile.

The default hotkey is a modifier and is down while text arrives. What is down is released and not
pressed again: restoring it would leave it stuck where the user let go in between, and a hotkey is
wanted for no effect. Every event is announced first, so that the hotkey does not take our release
for the user's.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager

from Xlib import XK, X
from Xlib.display import Display
from Xlib.ext import xtest
from Xlib.protocol import rq

log = logging.getLogger(__name__)

OnSynthetic = Callable[[int, bool], None]
LET_GO_LIMIT = 60.0  # seconds that we wait for the user to let go of the modifiers
LOOK = 0.03  # seconds between two looks at them meanwhile

_LOCKS = {XK.XK_Caps_Lock, XK.XK_Shift_Lock, XK.XK_Num_Lock, XK.XK_Scroll_Lock}
_CORE_KEYBOARD = 0x100
_ALL = 0xFF


class Keys:
    """The synthetic keyboard; for one thread, with that thread's connection."""

    def __init__(self, display: Display, on_synthetic: OnSynthetic | None = None) -> None:
        """`on_synthetic(keycode, down)` is called before each event, on the calling thread."""
        self._display = display
        self._announce = on_synthetic
        self._down: list[int] = []
        self._xkb = _open_xkb(display)

    def event(self, keycode: int, *, down: bool) -> None:
        """Send one event; what is pressed must be released, or `release_all` does it."""
        if self._announce:
            self._announce(keycode, down)
        if down:
            self._down.append(keycode)
        xtest.fake_input(self._display, X.KeyPress if down else X.KeyRelease, keycode)
        if not down and keycode in self._down:
            self._down.remove(keycode)

    def tap(self, *keycodes: int) -> None:
        """Press keys in this order and release them in the other; nothing stays down."""
        try:
            for keycode in keycodes:
                self.event(keycode, down=True)
        finally:
            self.release_all()

    def release_all(self) -> None:
        """Release what we have down, the last one first; idempotent."""
        while self._down:
            self.event(self._down[-1], down=False)

    def keycode(self, keysym: int) -> int | None:
        """Return the first key that gives this keysym without a modifier or with Shift."""
        return self._display.keysym_to_keycode(keysym) or None

    def keys_down(self) -> list[int]:
        """Return the keycodes of the keys that are down now, locks left out."""
        keymap = self._display.query_keymap()
        down = [code for code in range(8, 256) if keymap[code // 8] & 1 << code % 8]
        return [code for code in down if not self._is_lock(code)]

    def modifiers_down(self) -> list[int]:
        """Return those of them that are modifiers."""
        codes = {code for row in self._display.get_modifier_mapping() for code in row if code}
        return [code for code in self.keys_down() if code in codes]

    def clear(self, stop: threading.Event) -> None:
        """Make sure that no key is down and no modifier latched; waits for the user where it must.

        A key of the hotkey's that is down and does not repeat could not be typed either.

        Without announcements a release of ours would end the user's hold: then it waits, at most
        LET_GO_LIMIT or until `stop`, for the user to let go.
        """
        if self._announce is None:
            end = time.monotonic() + LET_GO_LIMIT
            while self.modifiers_down() and time.monotonic() < end and not stop.wait(LOOK):
                pass
        for keycode in self.keys_down() if self._announce else self.modifiers_down():
            self.event(keycode, down=False)
        if self._xkb:  # sticky keys
            _LatchLockState(
                display=self._display.display, opcode=self._xkb, device=_CORE_KEYBOARD,
                affect_locks=0, locks=0, affect_latches=_ALL, latches=0,
            )  # fmt: skip
        self._display.sync()

    @contextmanager
    def caps_lock_off(self) -> Generator[None]:
        """Caps Lock has no say in the letters meanwhile."""
        on = bool(self._display.screen().root.query_pointer().mask & X.LockMask)
        if not on or not self._xkb:
            yield
            return
        self._lock(0)
        try:
            yield
        finally:
            self._lock(X.LockMask)
            self._display.sync()

    def _lock(self, locks: int) -> None:
        _LatchLockState(
            display=self._display.display, opcode=self._xkb, device=_CORE_KEYBOARD,
            affect_locks=X.LockMask, locks=locks, affect_latches=0, latches=0,
        )  # fmt: skip

    def _is_lock(self, keycode: int) -> bool:
        rows = self._display.get_keyboard_mapping(keycode, 1)
        return not _LOCKS.isdisjoint(rows[0][:1])


def _open_xkb(display: Display) -> int:
    """Return the major opcode of the XKEYBOARD extension; 0 where there is none."""
    found = display.query_extension("XKEYBOARD")
    if not found or not found.present:
        return 0
    _UseExtension(display=display.display, opcode=found.major_opcode, major=1, minor=0)
    return found.major_opcode


class _UseExtension(rq.ReplyRequest):
    """XkbUseExtension, which python-xlib lacks: without it the other request is refused."""

    _request = rq.Struct(
        rq.Card8("opcode"), rq.Opcode(0), rq.RequestLength(), rq.Card16("major"), rq.Card16("minor")
    )
    _reply = rq.Struct(
        rq.ReplyCode(), rq.Bool("supported"), rq.Card16("sequence_number"), rq.ReplyLength(),
        rq.Card16("server_major"), rq.Card16("server_minor"), rq.Pad(20),
    )  # fmt: skip


class _LatchLockState(rq.Request):
    """XkbLatchLockState: the locked and latched modifiers, without any key."""

    _request = rq.Struct(
        rq.Card8("opcode"), rq.Opcode(5), rq.RequestLength(), rq.Card16("device"),
        rq.Card8("affect_locks"), rq.Card8("locks"), rq.Pad(2),
        rq.Card8("affect_latches"), rq.Card8("latches"), rq.Pad(4),
    )  # fmt: skip
