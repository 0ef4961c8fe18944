"""Names X keycodes as `core.keys` does, by the current keyboard map."""

# pyright: basic
# python-xlib carries no types.

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from Xlib import XK

from tray_dictate.core.keys.keycodes import CODES, XKB
from tray_dictate.core.keys.keysyms import BY_NUMBER, keysym
from tray_dictate.core.keys.names import FUNCTION, NAMED, Slot, in_words, parse_key, place_of

_NAMED = {
    "Control_L": "ctrl_l", "Control_R": "ctrl_r", "Alt_L": "alt_l", "Alt_R": "alt_r",
    "Meta_L": "alt_l", "Meta_R": "alt_r", "Shift_L": "shift_l", "Shift_R": "shift_r",
    "Super_L": "super_l", "Super_R": "super_r", "ISO_Level3_Shift": "alt_gr",
    "Mode_switch": "alt_gr", **{keysym(name): name for name in (*NAMED, *FUNCTION)},
}  # fmt: skip
XK.load_keysym_group("xkb")  # ISO_Level3_Shift
_NAMES = BY_NUMBER | {XK.string_to_keysym(symbol): name for symbol, name in _NAMED.items()}
_UNICODE = 0x01000000  # what a keysym of a character beyond Latin-1 begins with

# Where the map has no Latin letters (a purely Russian one), a letter means its place on a US
# keyboard. X keycodes are the kernel's plus 8.
_US_ROWS = {10: "1234567890", 24: "qwertyuiop", 38: "asdfghjkl", 52: "zxcvbnm"}
_US_PLACES = {first + n: key for first, row in _US_ROWS.items() for n, key in enumerate(row)}

_SELDOM = ("pause", "scroll_lock", "f9")  # keys that most keyboards have and few programs use

Rows = list[Any]  # of keysyms, for each keycode from the first on


class KeyMap:
    """The current keyboard map: the names of its keys, and which of the wanted keys it lacks.

    A wanted key that no key has as its name is searched for among all that the keys give, with
    Shift or in another layout. A function key is searched for by its place, too: f13 is where it
    always is, whatever the map makes of it. A modifier is not: a right Ctrl that composes
    characters would do so while it is held.
    """

    def __init__(self, display: Any, wanted: Iterable[str] = ()) -> None:
        self._first = display.display.info.min_keycode
        count = display.display.info.max_keycode - self._first + 1
        self._rows: Rows = display.get_keyboard_mapping(self._first, count)
        self.names = self._named()
        self.missing: frozenset[str] = frozenset(
            key for key in wanted if not (key in self.names.values() or self._find(key))
        )

    def gives(self, key: str) -> str:
        """Return in words what the key in the usual place of this one gives; "" for nothing."""
        code = CODES.get(key)
        row = self._row(code + XKB) if code else ()
        return next((_spelt(number) for number in row if number), "")

    def _named(self) -> dict[int, str]:
        """Return a name for every keycode, "keycode 123" for a nameless key."""
        rows = enumerate(self._rows, self._first)
        names = {code: _name(row) or f"keycode {code}" for code, row in rows}
        taken = set(names.values())
        missing = {code: key for code, key in _US_PLACES.items() if key not in taken}
        return names | missing

    def _find(self, key: str) -> bool:
        """Name the keycodes that a wanted key means after it; return whether there are any."""
        place = place_of(key)
        if place is not None:
            found = [place] if place in self.names else []
        elif key in BY_NUMBER.values() or key in _NAMED.values():
            found = [code for code in self.names if self._can_give(code, key)]
            by_place = CODES.get(key, 0) + XKB
            if not found and key in FUNCTION and by_place in self.names:
                found = [by_place]
        else:
            found = list[int]()
        self.names |= dict.fromkeys(found, key)
        return bool(found)

    def _can_give(self, code: int, key: str) -> bool:
        return any(_NAMES.get(number) == key for number in self._row(code))

    def _row(self, code: int) -> Any:
        at = code - self._first
        return self._rows[at] if 0 <= at < len(self._rows) else ()


def _name(keysyms: Any) -> str:
    """Return the name of what a key gives unshifted, in the first layout with a known name."""
    for number in keysyms[::2]:  # every second column is the shifted one
        if number in _NAMES:
            return _NAMES[number]
        if 0x20 < number < 0x7F or 0xA0 < number < 0x100:  # these are their characters
            return chr(number).lower()
        if number == 0x20AC or number > _UNICODE:
            return _character(number)
    return ""


def _character(number: int) -> str:
    point = number & (_UNICODE - 1)
    return chr(point).lower() if point < 0x110000 and chr(point).isprintable() else ""


def _spelt(number: int) -> str:
    name = _name([number])
    if name:
        return in_words((parse_key(name),))
    return XK.keysym_to_string(number) or f"keysym {number:#x}"


def missing_keys(lacking: frozenset[Slot], keys: KeyMap) -> str:
    """Return the message to the user about keys that nothing on the keyboard gives."""
    words: list[str] = []
    for slot in sorted(lacking, key=min):
        given = keys.gives(min(slot))
        instead = f": the key in its place gives {given}" if given else ""
        words.append(f"No key on your keyboard gives {in_words((slot,))}{instead}.")
    there = [in_words((frozenset({key}),)) for key in _SELDOM if key in keys.names.values()]
    offered = " or ".join(f"{name}" for name in there)
    return f"{' '.join(words)} The hotkey does not work. Set hotkey.keys to another: {offered}."
