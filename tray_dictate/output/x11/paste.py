"""Pastes into a window: its chord is pressed, and its own client's read is the receipt."""

from __future__ import annotations

import threading
import time

from Xlib import XK
from Xlib.display import Display

from tray_dictate.core.keys.names import MODIFIERS, SIDED, parse_chord
from tray_dictate.core.ports import Receipt
from tray_dictate.output.base import MovedError, UnawareError, UnsavedError
from tray_dictate.output.rules import Treatment
from tray_dictate.output.x11.focus import HeldFocus, be_heard
from tray_dictate.output.x11.keyboard import SyntheticKeyboard
from tray_dictate.output.x11.selection_server import X11Offer
from tray_dictate.output.x11.selections import X11Selections
from tray_dictate.output.x11.typist import keysym_of
from tray_dictate.system.desktop.x11 import Focus, focus

NOTICE = 2.0  # seconds for a target whose own copy we took over to learn of it; it takes some ms
FETCH = 1.0  # seconds for the target to read a paste; it takes 1 to 40 ms where it does at all
BUSY = 2.5  # the same if its application is known to accept pastes: it may be busy
PROBE = 0.5  # seconds for a clipboard manager to read what appears; it takes some ms
CALM = 0.25  # seconds without a question until a target that asks many has done with a paste
CURIOUS = 4  # questions after one key; most programs ask for the formats and for one of them
LONGEST = 1.0  # seconds until it counts as finished although it goes on asking
REST = 5.0  # seconds more for a target that has begun to read a large text

XK.load_keysym_group("xkb")  # ISO_Level3_Shift
_SYMBOLS = {
    "alt_gr": "ISO_Level3_Shift", "enter": "Return", "backspace": "BackSpace", "page_up": "Prior",
    "page_down": "Next", "print_screen": "Print",
}  # fmt: skip


class Paster:
    """Pastes into windows; for one thread, with that thread's connection."""

    def __init__(
        self,
        display: Display,
        keyboard: SyntheticKeyboard,
        selections: X11Selections,
        stop: threading.Event,
    ) -> None:
        self._display, self._keyboard, self._selections = display, keyboard, selections
        self._stop = stop
        self._last: X11Offer | None = None

    def paste(
        self, text: str, target: Focus, treatment: Treatment, *, known: bool = False
    ) -> Receipt | None:
        """Paste; return None where no program read the text, and none can any more.

        A target that is `known` to take pastes gets more time for it.
        Raises MovedError, and UnsavedError where a paste would destroy the user's clipboard.
        """
        keycodes = self.keycodes(treatment.chord)
        if keycodes is None:
            return None
        self._keyboard.clear(self._stop)  # it may wait: the clipboard is ours only after it
        be_heard(self._display)  # else the chord would go to a locked screen, which may paste, too
        self._await_calm()
        self._last = offer = self._selections.offer(text, target, treatment)
        if offer is None:
            raise UnsavedError
        try:
            if not offer.known.wait(NOTICE):
                raise UnawareError
            with HeldFocus(self._display, target.window) as check:
                if not check.is_focused():  # the wait, or saving the clipboard, took its time
                    raise MovedError
                offer.pressed = True
                self._keyboard.chord(keycodes)
            return self._await_read(offer, BUSY if known else FETCH)
        finally:
            if not offer.settled:
                self._selections.withdraw(offer)

    def _await_calm(self) -> None:
        """Wait until the target of the previous paste has finished it.

        Chromium inserts nothing where the clipboard changes between its questions, and it asks some
        more after it has read the text.
        """
        end = time.monotonic() + LONGEST
        while self._last and self._last.asked >= CURIOUS:
            left = min(self._last.asked_at + CALM, end) - time.monotonic()
            if left <= 0 or self._stop.wait(left):
                return

    def _await_read(self, offer: X11Offer, patience: float) -> Receipt | None:
        fetched = offer.fetched.wait(patience) or (offer.begun and offer.fetched.wait(REST))
        if not fetched and offer.foreign and not offer.begun:
            self._selections.probe(offer)
            if offer.unasked.wait(PROBE) and not offer.fetched.is_set():
                return None  # only clipboard managers have read it
        if offer.fetched.is_set():
            return Receipt(confirmed=True, method="paste")
        if offer.foreign or offer.begun:
            self._selections.settle(offer)
            return Receipt(confirmed=False, method="paste")
        return None

    def keycodes(self, chord: str) -> list[int] | None:
        """Return the keys of a chord in the order of pressing; None where one is not there."""
        codes = [self._keyboard.keycode(keysym) for keysym in keysyms(chord)]
        present = [code for code in codes if code]
        return present if len(present) == len(codes) else None


def require_focus(display: Display, target: Focus) -> None:
    """Raise MovedError unless the window still has the focus."""
    now = focus(display)
    if now is None or now.window != target.window:
        raise MovedError


def keysyms(chord: str) -> list[int]:
    """Return the keysyms of a chord, its modifiers first and on the left."""
    names = sorted((max(slot, key=_left) for slot in parse_chord(chord)), key=_is_key)
    return [_keysym(name) for name in names]


def _left(name: str) -> bool:
    return name.endswith("_l")


def _is_key(name: str) -> bool:
    return name not in MODIFIERS


def _keysym(name: str) -> int:
    if len(name) == 1:
        return keysym_of(name)
    stem, _, side = name.rpartition("_")
    if stem in SIDED:
        stem = {"ctrl": "control"}.get(stem, stem)
        return XK.string_to_keysym(f"{stem.title()}_{side.upper()}")
    symbol = _SYMBOLS.get(name, name)
    titled = "_".join(part.title() for part in symbol.split("_"))
    return XK.string_to_keysym(symbol) or XK.string_to_keysym(titled)
