"""Typing any Unicode by XTEST: what the layout lacks is put on keycodes that no keyboard has.

All of a batch is mapped in one request (one per key takes programs a second to digest) and the map
is given back late: a program translates a key when it gets round to it, with the map of then.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterable

from Xlib import XK, Xatom
from Xlib.display import Display

from tray_dictate.output.x11_keys import Keys

log = logging.getLogger(__name__)

FIRST, LAST = 209, 254  # keycodes of exotic XF86 keys
SETTLE = 0.02  # seconds for programs to notice a new map
DRAIN, DRAIN_EACH = 0.15, 0.003  # seconds for them to read what was typed, and more per character
LONGEST_DRAIN = 3.0  # seconds
STRIDE = 32  # characters between two looks at the modifiers
_NAMED = {"\n": XK.XK_Return, "\t": XK.XK_Tab}
_UNICODE = 0x01000000
_GROUP_SHIFT = 13  # bits 13 and 14 of the pointer's mask are the layout's active group

Row = tuple[int, ...]


class Typer:
    """Types text; for one thread, with that thread's connection."""

    def __init__(self, display: Display, keys: Keys) -> None:
        self._display, self._keys = display, keys
        self._root = display.screen().root
        self._note = display.intern_atom("_TRAY_DICTATE_KEYMAP")
        self._original: list[Row] = []  # what was on the block before; empty when it is there
        self._borrowed: dict[int, int] = {}  # keysym -> keycode
        self._unread_until = 0.0  # a time of the monotonic clock
        self._repair()

    def type(self, text: str, stop: threading.Event) -> None:
        """Type the text; ends early, between two keys, when `stop` is set."""
        self._check_block()
        native = self._native()
        with self._keys.caps_lock_off():
            try:
                for part in self._batches(text, native):
                    self._type_part(part, native, stop)
            finally:
                self._keys.release_all()
                self._display.sync()

    def press(self, keycode: int, times: int, stop: threading.Event) -> None:
        """Press one key so often; ends early, between two presses, when `stop` is set."""
        for index in range(times):
            if index % STRIDE == 0:
                self._keys.clear(stop)
                if stop.is_set():
                    return
            self._keys.tap(keycode)
        self._display.sync()

    def give_back(self) -> None:
        """Put the borrowed keycodes back as they were, unless somebody else has changed them."""
        self._check_block()
        if self._original:
            self._await_readers()
            self._display.change_keyboard_mapping(FIRST, self._original)
            self._root.delete_property(self._note)
            self._display.sync()
        self._original, self._borrowed = [], {}

    def _type_part(
        self, part: str, native: dict[int, tuple[int, bool]], stop: threading.Event
    ) -> None:
        shift = self._keys.keycode(XK.XK_Shift_L)
        for index, character in enumerate(part):
            if index % STRIDE == 0:
                self._keys.clear(stop)
                if stop.is_set():
                    return
            keysym = keysym_of(character)
            keycode, shifted = native.get(keysym) or (self._borrowed[keysym], False)
            self._keys.tap(*([shift] if shifted and shift else []), keycode)
        self._display.sync()

    def _batches(self, text: str, native: dict[int, tuple[int, bool]]) -> Iterable[str]:
        """Yield the text in parts, each with all that it needs mapped meanwhile."""
        room = LAST - FIRST + 1
        start = 0
        while start < len(text):
            needed: dict[int, None] = {}
            end = start
            while end < len(text):
                keysym = keysym_of(text[end])
                if keysym not in native and keysym not in needed:
                    if len(needed) == room:
                        break
                    needed[keysym] = None
                end += 1
            missing = [keysym for keysym in needed if keysym not in self._borrowed]
            if missing:
                self._borrow(missing, list(needed))
            yield text[start:end]
            self._unread_until = time.monotonic() + DRAIN + DRAIN_EACH * (end - start)
            start = end

    def _borrow(self, missing: list[int], needed: list[int]) -> None:
        if len(self._borrowed) + len(missing) > LAST - FIRST + 1:
            self._await_readers()
            self._borrowed, missing = {}, needed
        if not self._original:
            self._original = self._block()
            self._remember()
        for keysym in missing:
            self._borrowed[keysym] = FIRST + len(self._borrowed)
        # both levels alike, so that neither Shift nor the layout's group matters
        rows = [(keysym, keysym) for keysym in self._borrowed]
        self._display.change_keyboard_mapping(FIRST, rows)
        self._display.sync()
        time.sleep(SETTLE)

    def _await_readers(self) -> None:
        """Give programs the time to translate what was typed: the map is about to change."""
        time.sleep(min(max(self._unread_until - time.monotonic(), 0), LONGEST_DRAIN))

    def _native(self) -> dict[int, tuple[int, bool]]:
        """Return the keys of the active layout: keysym -> keycode, with Shift or not."""
        info = self._display.display.info
        first, count = info.min_keycode, info.max_keycode - info.min_keycode + 1
        group = self._root.query_pointer().mask >> _GROUP_SHIFT & 3
        native: dict[int, tuple[int, bool]] = {}
        for keycode, row in enumerate(self._display.get_keyboard_mapping(first, count), first):
            if FIRST <= keycode <= LAST:
                continue
            pair = row[2 * group : 2 * group + 2] if group < 2 else ()  # the core map has but two
            for shifted, keysym in enumerate(pair):
                if keysym:
                    native.setdefault(keysym, (keycode, bool(shifted)))
            if row and row[0] in _NAMED.values():
                native.setdefault(row[0], (keycode, False))
        return native

    def _block(self) -> list[Row]:
        rows = self._display.get_keyboard_mapping(FIRST, LAST - FIRST + 1)
        return [tuple(row) for row in rows]

    def _check_block(self) -> None:
        """Forget what was borrowed where somebody (setxkbmap) has set the map anew."""
        if not self._original:
            return
        rows = self._block()
        if any(rows[code - FIRST][0] != keysym for keysym, code in self._borrowed.items()):
            self._root.delete_property(self._note)
            self._original, self._borrowed = [], {}

    # A process that is killed while it types leaves the map altered; the note outlives it.

    def _remember(self) -> None:
        width = len(self._original[0])
        words = [width, *(keysym for row in self._original for keysym in row)]
        self._root.change_property(self._note, Xatom.CARDINAL, 32, words)

    def _repair(self) -> None:
        found = self._root.get_full_property(self._note, Xatom.CARDINAL)
        if not found or found.format != 32 or not found.value:
            return
        width, *words = found.value
        rows = [tuple(words[i : i + width]) for i in range(0, len(words), max(width, 1))]
        if width and len(rows) == LAST - FIRST + 1 and len(rows[-1]) == width:
            log.info("gave back the keycodes that a killed process had borrowed")
            self._display.change_keyboard_mapping(FIRST, rows)
        self._root.delete_property(self._note)
        self._display.sync()


def keysym_of(character: str) -> int:
    """Return the keysym that gives this character."""
    if character in _NAMED:
        return _NAMED[character]
    point = ord(character)
    return point if 0x20 <= point <= 0x7E or 0xA0 <= point <= 0xFF else _UNICODE | point
