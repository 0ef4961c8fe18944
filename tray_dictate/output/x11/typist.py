"""Types any Unicode text by XTEST: characters that the layout lacks borrow unused keycodes.

A whole batch is mapped in one request (with one per key, programs need a second to follow). The map
is given back late: a program translates a key when it reads it, with the map of that moment.

A window that shows another machine's screen sends the keys on. That machine may first have to map a
letter to one of its own keys, which its programs notice a little later; it takes a capital without
Shift for Caps Lock; and its very first key may meet the old map. A VNC server has a few free keys
for letters that its keyboard lacks (TigerVNC's has 18) and drops all further letters. Of letters
with a keysym from before Unicode it puts both cases on one key.
"""

from __future__ import annotations

import logging
import threading
import time
from typing import NamedTuple

from Xlib import XK, Xatom
from Xlib.display import Display

from tray_dictate.output.base import ANY_WINDOW, FocusCheck
from tray_dictate.output.x11.keyboard import FIRST, LAST, Layout, Row, Stroke, SyntheticKeyboard

log = logging.getLogger(__name__)

SETTLE = 0.1  # seconds for programs to notice a new map; on a busy machine Chromium wants 50 ms
DRAIN, DRAIN_EACH = 0.15, 0.003  # seconds for them to read what was typed, and more per character
LONGEST_DRAIN = 3.0  # seconds
STRIDE = 32  # characters in a burst, which takes the server 2 ms and one write of some KB
AHEAD = 500  # characters that are looked at for what the layout lacks
REMOTE_STRIDE, REMOTE_REST = 8, 0.02  # the same, and seconds after it, on another machine's screen
REMOTE_NEW = 0.06  # seconds there after a letter that it may have had to find a key for
_NAMED = {"\n": XK.XK_Return, "\t": XK.XK_Tab}
_UNICODE = 0x01000000
_OLD = ((0, "iso8859-1"), (1, "iso8859-2"), (2, "iso8859-3"), (3, "iso8859-4"), (6, "koi8-u"))


class TypingStyle(NamedTuple):
    """How a window is to be typed into."""

    shift_key: bool = False  # capitals come by a press of Shift, for what sends scan codes on
    remote: bool = False  # another machine's screen: no more at once than it can follow
    composed: bool = False  # an input method reads along: each key gives a character by its number

    def keysym(self, character: str) -> int:
        """Return the keysym that gives this character there.

        Letters of ASCII are what input methods compose of; of Latin-1 an xterm wants the old ones.
        """
        if self.composed and character.isascii() and character not in _NAMED:
            return _UNICODE | ord(character)
        return (self.remote and _old_keysym(character)) or keysym_of(character)


class X11Typist:
    """Types text; for one thread, with that thread's connection."""

    def __init__(self, display: Display, keyboard: SyntheticKeyboard) -> None:
        self._display, self._keyboard = display, keyboard
        self._root = display.screen().root
        self._first = display.display.info.min_keycode
        self._note = display.intern_atom("_TRAY_DICTATE_KEYMAP")
        self._original: list[Row] = []  # what was on the block before; empty when it is there
        self._borrowed: dict[int, int] = {}  # keysym -> keycode
        self._unread_until = 0.0  # a time of the monotonic clock
        self._repair()

    def type(
        self,
        text: str,
        stop: threading.Event,
        check: FocusCheck = ANY_WINDOW,
        style: TypingStyle = TypingStyle(),  # noqa: B008 - it cannot change
    ) -> int:
        """Type the text; return how much of it, less where `stop` or `check` ends it.

        `check` is asked right before each burst, with nothing but the burst between.
        """
        done = 0
        with self._keyboard.guarded():
            while done < len(text) and not stop.is_set():
                layout = self._keyboard.layout()
                self._check_block(layout)
                native = self._native(layout, style)
                part = self._part(text, done, native, style)
                if part:
                    first = self._first_keys(style) if not done else []
                    strokes = first + self._strokes(part, native, style)
                    if not check.is_focused():
                        break
                    sent = self._keyboard.burst(strokes, layout, stop, shift_key=style.shift_key)
                    done += max(sent - len(first), 0)
                    self._rest(part, style)
        return done

    def _first_keys(self, style: TypingStyle) -> list[Stroke]:
        """Return keys without a character: a remote server's first key may meet another map."""
        shift = self._keyboard.keycode(XK.XK_Shift_L)
        return [Stroke(shift)] if style.remote and shift else []

    def _rest(self, part: str, style: TypingStyle) -> None:
        """Wait for the programs that read the keys."""
        self._unread_until = max(
            self._unread_until + DRAIN_EACH * len(part), time.monotonic() + DRAIN
        )
        if style.remote:
            time.sleep(REMOTE_REST if part.isascii() else REMOTE_NEW)

    def press(
        self,
        keycode: int,
        times: int,
        stop: threading.Event,
        check: FocusCheck = ANY_WINDOW,
    ) -> int:
        """Press one key `times` times; return how often, less where `stop` or `check` ends it."""
        done = 0
        with self._keyboard.guarded():
            while done < times and not stop.is_set():
                layout = self._keyboard.layout()
                strokes = [Stroke(keycode)] * min(times - done, STRIDE)
                if not check.is_focused():
                    break
                done += self._keyboard.burst(strokes, layout, stop, shift_key=False)
        return done

    def give_back(self) -> None:
        """Restore the borrowed keycodes, unless another program has changed them."""
        self._check_block(self._keyboard.layout())
        if self._original:
            self._await_readers()
            self._display.change_keyboard_mapping(FIRST, self._original)
            self._root.delete_property(self._note)
            self._display.sync()
        self._original, self._borrowed = [], {}

    def _strokes(self, part: str, native: dict[int, Stroke], style: TypingStyle) -> list[Stroke]:
        keysyms = [style.keysym(character) for character in part]
        return [native.get(keysym) or Stroke(self._borrowed[keysym]) for keysym in keysyms]

    def _part(self, text: str, start: int, native: dict[int, Stroke], style: TypingStyle) -> str:
        """Return what can be typed now; empty where the keymap had to be changed for it."""
        part = text[start : start + STRIDE]
        if style.remote:
            part = _followed(part[:REMOTE_STRIDE])
        missing = [
            keysym
            for keysym in dict.fromkeys(map(style.keysym, part))
            if keysym not in native and keysym not in self._borrowed
        ]
        if missing:
            ahead = dict.fromkeys(map(style.keysym, text[start : start + AHEAD]))
            self._borrow([keysym for keysym in ahead if keysym not in native][: LAST - FIRST + 1])
            return ""
        return part

    def _borrow(self, needed: list[int]) -> None:
        missing = [keysym for keysym in needed if keysym not in self._borrowed]
        if len(self._borrowed) + len(missing) > LAST - FIRST + 1:
            self._await_readers()
            self._borrowed, missing = {}, needed
        if not self._original:
            rows = self._display.get_keyboard_mapping(FIRST, LAST - FIRST + 1)
            self._original = [tuple(row) for row in rows]
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

    def _native(self, layout: Layout, style: TypingStyle) -> dict[int, Stroke]:
        """Return what the active layout gives and may be used: keysym -> key, with Shift or not."""
        native: dict[int, Stroke] = {}
        group = layout.group
        for keycode, row in enumerate(layout.rows, self._first):
            if FIRST <= keycode <= LAST:
                continue
            pair = row[2 * group : 2 * group + 2] if group < 2 else ()  # the core map has but two
            for shifted, keysym in enumerate(pair):
                if keysym:
                    native.setdefault(keysym, Stroke(keycode, bool(shifted)))
            if row and row[0] in _NAMED.values():
                native.setdefault(row[0], Stroke(keycode))
        if style.composed:
            return {keysym: native[keysym] for keysym in _NAMED.values() if keysym in native}
        return native

    def _check_block(self, layout: Layout) -> None:
        """Forget what was borrowed if another program (setxkbmap) has replaced the map."""
        at = FIRST - self._first
        rows = layout.rows[at : at + LAST - FIRST + 1]
        if any(rows[code - FIRST][0] != keysym for keysym, code in self._borrowed.items()):
            self._root.delete_property(self._note)
            self._original, self._borrowed = [], {}
            time.sleep(SETTLE)

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


def _followed(part: str) -> str:
    """Return as much as another machine can follow at once: up to a letter that may be new."""
    plain = next((i for i, character in enumerate(part) if not character.isascii()), len(part))
    return part[: max(plain, 1)]


def _old_keysym(character: str) -> int:
    """Return a letter's keysym from before Unicode; 0 where it has none that is known here.

    X11's keysyms of these blocks are the standards' bytes (X Window System Protocol, appendix A).
    """
    for block, encoding in _OLD:
        encoded = character.encode(encoding, "ignore")
        if character.isalpha() and encoded and encoded[0] > 0xA0:
            return block << 8 | encoded[0]
    return 0


def keysym_of(character: str) -> int:
    """Return the keysym that gives this character."""
    if character in _NAMED:
        return _NAMED[character]
    point = ord(character)
    return point if 0x20 <= point <= 0x7E or 0xA0 <= point <= 0xFF else _UNICODE | point
