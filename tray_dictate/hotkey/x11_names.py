"""X keycodes -> the canonical names of `core.keys`, following the keyboard map in force."""

# pyright: basic
# python-xlib carries no types.

from __future__ import annotations

from typing import Any

from Xlib import XK

_NAMED = {
    "Control_L": "ctrl_l", "Control_R": "ctrl_r", "Alt_L": "alt_l", "Alt_R": "alt_r",
    "Meta_L": "alt_l", "Meta_R": "alt_r", "Shift_L": "shift_l", "Shift_R": "shift_r",
    "Super_L": "super_l", "Super_R": "super_r", "ISO_Level3_Shift": "alt_gr",
    "Mode_switch": "alt_gr", "space": "space", "Return": "enter", "Tab": "tab",
    "Escape": "escape", "BackSpace": "backspace", "Insert": "insert", "Delete": "delete",
    "Home": "home", "End": "end", "Prior": "page_up", "Next": "page_down", "Up": "up",
    "Down": "down", "Left": "left", "Right": "right", "Caps_Lock": "caps_lock",
    "Num_Lock": "num_lock", "Scroll_Lock": "scroll_lock", "Pause": "pause",
    "Print": "print_screen", "Menu": "menu",
} | {f"F{n}": f"f{n}" for n in range(1, 25)}  # fmt: skip
XK.load_keysym_group("xkb")  # ISO_Level3_Shift
_NAMES = {XK.string_to_keysym(symbol): name for symbol, name in _NAMED.items()}

# Where the map has no Latin letters (a purely Russian one), a letter means its place on a US
# keyboard. X keycodes are the kernel's plus 8.
_US_ROWS = {10: "1234567890", 24: "qwertyuiop", 38: "asdfghjkl", 52: "zxcvbnm"}
_US_PLACES = {first + n: key for first, row in _US_ROWS.items() for n, key in enumerate(row)}


def key_names(display: Any) -> dict[int, str]:
    """Return a name for every keycode on the map; nameless keys are called "keycode 123"."""
    first = display.display.info.min_keycode
    rows = display.get_keyboard_mapping(first, display.display.info.max_keycode - first + 1)
    names = {first + n: _name(row) or f"keycode {first + n}" for n, row in enumerate(rows)}
    taken = set(names.values())
    missing = {code: key for code, key in _US_PLACES.items() if key not in taken}
    return names | missing


def _name(keysyms: Any) -> str:
    """Name a key by what it gives unshifted, in whichever layout gives a name that we know."""
    for keysym in keysyms[::2]:  # every second column is the shifted one
        if keysym in _NAMES:
            return _NAMES[keysym]
        if 0x20 < keysym < 0x7F or 0xA0 < keysym < 0x100:  # Latin-1 keysyms are their characters
            return chr(keysym).lower()
    return ""
