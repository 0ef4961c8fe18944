"""Hides the hotkey's keys and buttons from the windows of an X server, by passive grabs.

A chord with an ordinary key in it (ctrl+alt+space, f9) is hidden by a grab that is released at
once. It repeats while it is down, and each repetition is grabbed and released again: the server
decides at the press whether a key repeats. Claimed keys, such as Escape while a dictation records,
are hidden in the same way. A mouse button is hidden until it is up: "back" acts at the release.
"""

# pyright: basic
# python-xlib carries no types.

from __future__ import annotations

import logging
from typing import Any

from Xlib import X, error

from tray_dictate.core.keys.names import MODIFIERS, Chord, is_bare, spell
from tray_dictate.system.desktop import x11

log = logging.getLogger(__name__)

_LOCKS = (0, X.LockMask, X.Mod2Mask, X.LockMask | X.Mod2Mask)  # Caps Lock and Num Lock may be on
_TAKEN = "another program has taken %s; windows will see it, too"


class Grabs:
    """The grabs of one connection; for the thread that reads it."""

    def __init__(self, display: Any, chord: Chord, others: tuple[Chord, ...]) -> None:
        """`chord` is the hotkey, `others` are other shortcuts."""
        self._display, self._root = display, display.screen().root
        self._chord, self._others = chord, others
        self.hidden: set[int] = set()  # the hotkey's own keycodes
        self._claimed: set[int] = set()
        self._grabbed: dict[Chord, tuple[set[int], list[int]]] = {}  # keycodes, modifiers

    def hide(self, names: dict[int, str], buttons: dict[int, str]) -> None:
        """Hide the chords, whose keys and buttons have these names."""
        self._hide_keys(names)
        for chord in (self._chord, *self._others):
            self._hide_buttons(chord, names, buttons)

    def hide_again(self, names: dict[int, str]) -> None:
        """Hide the chords again, if a new keyboard map has moved their keys."""
        if all(self._wanted(chord, names) == grabbed for chord, grabbed in self._grabbed.items()):
            return
        for keycodes, masks in self._grabbed.values():
            for keycode in keycodes:
                for mask in masks:
                    self._root.ungrab_key(keycode, mask)
        self._hide_keys(names)
        x11.flush(self._display)

    def claim(self, keycodes: set[int]) -> None:
        """Hide these keys instead of those that were claimed before."""
        for keycode in self._claimed:
            self._root.ungrab_key(keycode, X.AnyModifier)
        self._claimed = keycodes - self.hidden  # the hotkey's own grab is there already
        self._grab(self._claimed, [X.AnyModifier])

    def _hide_keys(self, names: dict[int, str]) -> None:
        if not is_bare(self._chord):
            self.hidden = self._hide_chord(self._chord, names)
        for chord in self._others:
            self._hide_chord(chord, names)

    def _hide_chord(self, chord: Chord, names: dict[int, str]) -> set[int]:
        hidden, masks = self._grabbed[chord] = self._wanted(chord, names)
        if not self._grab(hidden, masks):
            log.warning(_TAKEN, spell(chord))
        return hidden

    def _hide_buttons(self, chord: Chord, names: dict[int, str], buttons: dict[int, str]) -> None:
        own = {key for slot in chord for key in slot}
        caught = error.CatchError(error.BadAccess)
        for button in (button for button, name in buttons.items() if name in own):
            for mask in self._wanted(chord, names)[1]:
                self._root.grab_button(
                    button, mask, False, X.ButtonPressMask | X.ButtonReleaseMask,
                    X.GrabModeAsync, X.GrabModeAsync, X.NONE, X.NONE, onerror=caught,
                )  # fmt: skip
        self._display.sync()
        if caught.get_error():
            log.warning(_TAKEN, spell(chord))

    def _wanted(self, chord: Chord, names: dict[int, str]) -> tuple[set[int], list[int]]:
        """Return the keycodes and modifiers by which a chord is hidden."""
        modifiers = self._modifier_masks(names)
        masks = 0
        for slot in chord:
            if slot <= MODIFIERS:
                masks |= next((modifiers[key] for key in sorted(slot) if key in modifiers), 0)
        own = {key for slot in chord for key in slot} - MODIFIERS
        hidden = {keycode for keycode, name in names.items() if name in own}
        return hidden, [masks | locks for locks in _LOCKS]

    def _modifier_masks(self, names: dict[int, str]) -> dict[str, int]:
        """Return which modifier bit each modifier key sets."""
        rows = self._display.get_modifier_mapping()
        return {
            names[keycode]: 1 << bit
            for bit, row in enumerate(rows)
            for keycode in row
            if keycode and keycode in names
        }

    def _grab(self, keycodes: set[int], modifiers: list[int]) -> bool:
        """Grab these keys; return False if another program has grabbed some of them."""
        caught = error.CatchError(error.BadAccess)
        for keycode in keycodes:
            for mask in modifiers:
                self._root.grab_key(
                    keycode, mask, 0, X.GrabModeAsync, X.GrabModeAsync, onerror=caught
                )
        self._display.sync()
        return not caught.get_error()
