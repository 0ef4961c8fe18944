"""Presses keys by XTEST, and deals with modifiers that the user holds meanwhile.

The default hotkey is a modifier and is down while text arrives. Keys that are down are released
first, and pressed again afterwards only by the very keyboard that still has them down, so that the
user's own release ends them. Every event is announced, so that the hotkey does not take our keys
for the user's.

Text goes in bursts. In one burst the server serves no other program, so that the layout cannot
change between our look and our keys; a modifier of the user's that goes down in it reaches us
instead of the window (modifier_guard.py). All keys of a burst are one write, and it outlives us
(keeper.hold_connections): killed at any moment, we leave none down, and Caps Lock as it was.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from Xlib import XK, X
from Xlib.display import Display
from Xlib.ext import xtest
from Xlib.protocol import request

from tray_dictate.output.user_keys import UNKNOWN_KEYS, UserKeys
from tray_dictate.output.x11.modifier_guard import ModifierGuard
from tray_dictate.system.desktop.x11_requests import GetState, LatchLockState, bits_set, open_xkb

_LEVEL3, _LEVEL5 = 0xFE03, 0xFE11  # AltGr and the like
LOCKS = {XK.XK_Caps_Lock, XK.XK_Shift_Lock, XK.XK_Num_Lock, XK.XK_Scroll_Lock}
HELD = {*range(XK.XK_Shift_L, XK.XK_Hyper_R + 1), XK.XK_Mode_switch, _LEVEL3, _LEVEL5} - LOCKS
OPENS_MENUS = {*range(XK.XK_Meta_L, XK.XK_Hyper_R + 1)}  # when let go with nothing in between
_SWITCHES = {*range(0xFE01, 0xFE12), *LOCKS}  # of the group or of a lock

FIRST, LAST = 209, 254  # keycodes of exotic XF86 keys, which typing borrows

Row = tuple[int, ...]


class Layout(NamedTuple):
    """What the keys give now."""

    rows: tuple[Row, ...]  # of every keycode from the server's first on
    group: int


class Stroke(NamedTuple):
    """One character: a key, with or without Shift."""

    keycode: int
    shifted: bool = False


def modifiers(layout: Layout, first: int) -> set[int]:
    """Return the keys that change what other keys give."""
    wanted = HELD | _SWITCHES
    return {code for code, row in enumerate(layout.rows, first) if not wanted.isdisjoint(row)}


def idle_key(layout: Layout, first: int) -> int | None:
    """Return a key that gives nothing and is not among those that typing borrows."""
    idle = (code for code, row in enumerate(layout.rows, first) if not any(row))
    return next((code for code in idle if code < FIRST), None)


LET_GO_LIMIT = 60.0  # seconds that we wait for the user to let go of the modifiers
LOOK = 0.03  # seconds between two looks at them meanwhile

_CORE_KEYBOARD = 0x100
_ALL = 0xFF
_NUM_LOCK = X.Mod2Mask  # has no say in what we type


class SyntheticKeyboard:
    """Presses synthetic keys; for one thread, with that thread's connection."""

    def __init__(
        self,
        display: Display,
        user_keys: UserKeys = UNKNOWN_KEYS,
        let_go: float = LET_GO_LIMIT,
    ) -> None:
        """Each event is announced to `user_keys`, on the calling thread.

        `let_go` is how long the user may take to release the modifiers, in seconds.
        """
        self._display, self._user_keys, self._let_go = display, user_keys, let_go
        self._down: list[int] = []
        self._cleared: set[int] = set()  # released by us while the user may have it down
        self._xkb = open_xkb(display)
        self._guard = ModifierGuard(display) if display.has_extension("XInputExtension") else None

    def announced(self) -> bool:
        """Tell whether the hotkey expects our keys, so that they end no hold of the user's."""
        return self._user_keys.filters_own_keys()

    def event(self, keycode: int, *, down: bool) -> None:
        """Send one event; what is pressed must be released, or `release_all` does it."""
        self._user_keys.expect(keycode, down)
        if down:
            self._down.append(keycode)
        xtest.fake_input(self._display, X.KeyPress if down else X.KeyRelease, keycode)
        if not down and keycode in self._down:
            self._down.remove(keycode)

    def announce_again(self, keycode: int) -> None:
        """Announce that the user's own keyboard releases this key and presses it again."""
        self._user_keys.expect(keycode, None)

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

        Without announcements our release of a key would end the user's hold: then it waits for the
        user to let go, at most for a limit or until `stop`.
        """
        if not self.announced():
            self._wait_for_user(stop)
        held = self.keys_down() if self.announced() else self.modifiers_down()
        self._release(held)
        self._display.sync()

    def put_back(self) -> None:
        """Give effect to the modifiers that we released and that are still physically down."""
        cleared, self._cleared = self._cleared, set[int]()
        held = {code for code in cleared if HELD.intersection(self._row(code)[:1])}
        if self._guard and held:
            self._guard.press_again(held, self, self._idle(held))

    def chord(self, keycodes: Sequence[int]) -> None:
        """Press keys together, once; no other key is down, and none that the user presses then."""
        with self.guarded():
            self._cover(self.layout(), set(keycodes))
            while True:
                with self._undisturbed():
                    if self.announced():
                        self._release(self.keys_down())
                    self.tap(*keycodes)
                if not self._swallowed(keycodes[-1:]):
                    self._cleared.update(keycodes[:-1])  # the user may have pressed it, too
                    return

    # Text

    @contextmanager
    def guarded(self) -> Generator[None]:
        """A modifier that the user presses meanwhile does not reach the window."""
        try:
            yield
        finally:
            self.release_all()
            if self._guard:
                self._guard.lift()
            self._display.sync()

    def layout(self) -> Layout:
        """Return what the keys give now."""
        ask = self._ask_mapping()
        ask.reply()
        return Layout(_rows(ask), self._state()[0])

    def burst(
        self, strokes: Sequence[Stroke], layout: Layout, stop: threading.Event, *, shift_key: bool
    ) -> int:
        """Type, if the layout is still this one; return how many reached the window.

        Without `shift_key` Shift is locked around a key instead of pressed, which leaves no moment
        for the user's own; programs that send scan codes on need the key.
        """
        if not self.announced():
            self._wait_for_user(stop)
        if stop.is_set():
            return 0
        shift = self.keycode(XK.XK_Shift_L) if shift_key or not self._xkb else None
        self._cover(layout, {shift or 0})
        with self._undisturbed():
            sent = self._burst(strokes, layout, shift)
        return sent - self._swallowed([stroke.keycode for stroke in strokes[:sent]])

    def _cover(self, layout: Layout, own: set[int]) -> None:
        if self._guard:
            self._guard.cover(modifiers(layout, self._first()) - own)

    @contextmanager
    def _undisturbed(self) -> Generator[None]:
        """No other program is served meanwhile, and what the user presses springs the guard."""
        self._display.grab_server()
        try:
            if self._guard:
                self._guard.pass_on()
            yield
        finally:
            self._display.ungrab_server()
            self._display.sync()

    def _swallowed(self, sent: Sequence[int]) -> int:
        """Return how many of the last keys sent came to us, because the guard had sprung."""
        return self._guard.swallowed(sent) if self._guard and self._guard.sprung() else 0

    def _burst(self, strokes: Sequence[Stroke], layout: Layout, shift: int | None) -> int:
        keymap = request.QueryKeymap(display=self._display.display, defer=True)
        mapping = self._ask_mapping()
        group, locked = self._state()  # one write, one wait for all three
        for ask in (keymap, mapping):
            ask.reply()
        if Layout(_rows(mapping), group) != layout:
            return 0
        down: Any = keymap.map
        self._release(
            [
                code
                for code in sorted(bits_set(down))
                if LOCKS.isdisjoint(layout.rows[code - self._first()][:1])
            ]
        )
        self._lock(_ALL & ~_NUM_LOCK, 0)
        for keycode, shifted in strokes:
            if shifted and shift:
                self.tap(shift, keycode)
                self._cleared.add(shift)
                continue
            if shifted:
                self._lock(X.ShiftMask, X.ShiftMask)
            self.tap(keycode)
            if shifted:
                self._lock(X.ShiftMask, 0)
        self._lock(_ALL & ~_NUM_LOCK, locked)
        return len(strokes)

    def _wait_for_user(self, stop: threading.Event) -> None:
        end = time.monotonic() + self._let_go
        while self.modifiers_down() and time.monotonic() < end and not stop.wait(LOOK):
            pass

    def _release(self, keycodes: Sequence[int]) -> None:
        self.tap(*self._idle(keycodes))
        for keycode in keycodes:
            self.event(keycode, down=False)
            self._cleared.add(keycode)
        if self._xkb:  # sticky keys
            LatchLockState(
                display=self._display.display, opcode=self._xkb, device=_CORE_KEYBOARD,
                affect_locks=0, locks=0, affect_latches=_ALL, latches=0,
            )  # fmt: skip

    def _idle(self, keycodes: Iterable[int]) -> list[int]:
        """Return a key that gives nothing if one of these, let go alone, would open a menu."""
        if any(OPENS_MENUS.intersection(self._row(keycode)[:1]) for keycode in keycodes):
            idle = idle_key(self.layout(), self._first())
            return [idle] if idle else []
        return []

    def _lock(self, affected: int, locks: int) -> None:
        if self._xkb:
            LatchLockState(
                display=self._display.display, opcode=self._xkb, device=_CORE_KEYBOARD,
                affect_locks=affected, locks=locks, affect_latches=0, latches=0,
            )  # fmt: skip

    def _state(self) -> tuple[int, int]:
        """Return the active group and the locked modifiers."""
        if not self._xkb:
            return 0, 0
        state: Any = GetState(
            display=self._display.display, opcode=self._xkb, device=_CORE_KEYBOARD
        )
        return state.group, state.locked

    def _first(self) -> int:
        return self._display.display.info.min_keycode

    def _ask_mapping(self) -> Any:
        info = self._display.display.info
        return request.GetKeyboardMapping(
            display=self._display.display, defer=True, first_keycode=info.min_keycode,
            count=info.max_keycode - info.min_keycode + 1,
        )  # fmt: skip

    def _row(self, keycode: int) -> Row:
        return tuple(self._display.get_keyboard_mapping(keycode, 1)[0])

    def _is_lock(self, keycode: int) -> bool:
        return not LOCKS.isdisjoint(self._row(keycode)[:1])


def _rows(mapping: Any) -> tuple[Row, ...]:
    return tuple(tuple(row) for row in mapping.keysyms)
