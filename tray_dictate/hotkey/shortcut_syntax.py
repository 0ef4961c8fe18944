"""Spells chords as the portals and KDE do, and reads a desktop's description of a shortcut.

A desktop does not distinguish the sides of modifiers and needs one other key: neither "right Ctrl"
alone nor two letters can be a shortcut there.
"""

from __future__ import annotations

import re

from tray_dictate.core.keys.keysyms import keysym
from tray_dictate.core.keys.names import (
    MODIFIERS,
    Chord,
    button_of,
    in_words,
    parse_chord,
    place_of,
    without_side,
)

_ACCELERATOR = re.compile(r"((?:<\w+>)+)(\w+)")  # as GTK writes it
_GTK = {
    "control": "Ctrl", "ctrl": "Ctrl", "primary": "Ctrl", "alt": "Alt", "mod1": "Alt",
    "shift": "Shift", "super": "Super", "meta": "Super", "mod4": "Super",
}  # fmt: skip
_PORTAL = {"ctrl": "CTRL", "alt": "ALT", "shift": "SHIFT", "super": "LOGO"}
_QT_MODIFIERS = {"shift": 1 << 25, "ctrl": 1 << 26, "alt": 1 << 27, "super": 1 << 28}
_QT_KEYS = {
    "space": 0x20, "escape": 0x01000000, "tab": 0x01000001, "backspace": 0x01000003,
    "enter": 0x01000004, "insert": 0x01000006, "delete": 0x01000007, "pause": 0x01000008,
    "print_screen": 0x01000009, "home": 0x01000010, "end": 0x01000011, "left": 0x01000012,
    "up": 0x01000013, "right": 0x01000014, "down": 0x01000015, "page_up": 0x01000016,
    "page_down": 0x01000017, "caps_lock": 0x01000024, "num_lock": 0x01000025,
    "scroll_lock": 0x01000026, "menu": 0x01000055, "kp_enter": 0x21000005,
    "multi_key": 0x01001120, "xf86back": 0x01000061, "xf86forward": 0x01000062,
    "xf86audiolowervolume": 0x01000070, "xf86audiomute": 0x01000071,
    "xf86audioraisevolume": 0x01000072, "xf86audioplay": 0x01000080, "xf86audiostop": 0x01000081,
    "xf86audioprev": 0x01000082, "xf86audionext": 0x01000083, "xf86audiomicmute": 0x01000113,
} | {f"f{n}": 0x0100002F + n for n in range(1, 25)}  # fmt: skip


def portal_trigger(chord: Chord) -> str | None:
    """Return a chord as the portals spell it, "CTRL+ALT+space"; None if they cannot."""
    parts = _parts(chord)
    if parts is None or not parts[0] <= _PORTAL.keys() or _is_place(parts[1]):
        return None
    modifiers, key = parts
    return "+".join([*(_PORTAL[name] for name in _PORTAL if name in modifiers), keysym(key)])


def qt_key(chord: Chord) -> int | None:
    """Return a chord as the number that Qt and KDE use; None if it cannot be a shortcut."""
    parts = _parts(chord)
    if parts is None or not parts[0] <= _QT_MODIFIERS.keys():
        return None
    modifiers, key = parts
    number = ord(key.upper()) if len(key.upper()) == 1 else _QT_KEYS.get(key)
    return None if number is None else number | sum(_QT_MODIFIERS[name] for name in modifiers)


def is_other(keys: str, chord: Chord) -> bool:
    """Return whether a desktop's "Ctrl+Alt+D" is certainly another chord, in any language.

    Sides do not count: a desktop does not name them. It keeps what the user once chose there.
    """
    try:
        named = parse_chord(keys)
    except ValueError:
        return False
    return {without_side(min(slot)) for slot in named} != {
        without_side(min(slot)) for slot in chord
    }


def spoken_keys(description: str) -> str:
    """Return the keys that a desktop names: "Press <Control><Alt>space" -> "Ctrl+Alt+Space".

    The words around them are in the desktop's language. Where no keys are found in it, it is
    returned as it is.
    """
    if found := _ACCELERATOR.search(description):
        names: list[str] = re.findall(r"<(\w+)>", found[1])
        modifiers = [_GTK.get(name.lower(), name) for name in names]
        return "+".join([*modifiers, _in_words(found[2])])
    words = description.split()
    for length in range(len(words), 0, -1):
        for at in range(len(words) - length, -1, -1):
            span = " ".join(words[at : at + length])
            if len(span) > 1 and _in_words(span, ""):
                return span
    return description.strip()


def _in_words(keys: str, other: str | None = None) -> str:
    try:
        return in_words(parse_chord(keys))
    except ValueError:
        return keys if other is None else other


def _parts(chord: Chord) -> tuple[set[str], str] | None:
    """Return the modifiers without sides, and the other key; None without exactly one."""
    keys = [min(slot) for slot in chord if not slot <= MODIFIERS]
    modifiers = {without_side(min(slot)) for slot in chord if slot <= MODIFIERS}
    return (modifiers, keys[0]) if len(keys) == 1 else None


def _is_place(key: str) -> bool:
    return place_of(key) is not None or button_of(key) is not None
