"""Canonical key names and what xkb calls them, as compositors' configuration files do."""

from __future__ import annotations

_NAMED = {
    "ctrl_l": "Control_L", "ctrl_r": "Control_R", "alt_l": "Alt_L", "alt_r": "Alt_R",
    "shift_l": "Shift_L", "shift_r": "Shift_R", "super_l": "Super_L", "super_r": "Super_R",
    "alt_gr": "ISO_Level3_Shift", "enter": "Return", "tab": "Tab", "escape": "Escape",
    "backspace": "BackSpace", "insert": "Insert", "delete": "Delete", "home": "Home", "end": "End",
    "page_up": "Prior", "page_down": "Next", "up": "Up", "down": "Down", "left": "Left",
    "right": "Right", "caps_lock": "Caps_Lock", "num_lock": "Num_Lock",
    "scroll_lock": "Scroll_Lock", "pause": "Pause", "print_screen": "Print", "menu": "Menu",
    "space": "space",
}  # fmt: skip
_SIGNS = dict(zip(
    "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~",
    "exclam quotedbl numbersign dollar percent ampersand apostrophe parenleft parenright asterisk "
    "plus comma minus period slash colon semicolon less equal greater question at bracketleft "
    "backslash bracketright asciicircum underscore grave braceleft bar braceright "
    "asciitilde".split(),
    strict=True,
))  # fmt: skip


def keysym(key: str) -> str:
    """Return xkb's name of a key: "F9", "space", "comma", "U00FC"."""
    if key in _NAMED:
        return _NAMED[key]
    if len(key) > 1:
        return key.upper()  # a function key
    if key in _SIGNS:
        return _SIGNS[key]
    return key if key.isascii() else f"U{ord(key):04X}"
