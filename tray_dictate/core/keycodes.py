"""Canonical key names and Linux's codes for them (linux/input-event-codes.h).

The kernel's input events carry these, so do Wayland's and the portals' key requests; an X11 or xkb
keycode is 8 more. A letter is where a US keyboard has it: a code is a place, not a character.
"""

from __future__ import annotations

XKB = 8  # what X and xkb add to a code

_ROWS = {
    2: "1234567890-=", 16: "qwertyuiop[]", 30: "asdfghjkl;'`", 43: "\\zxcvbnm,./",
}  # fmt: skip
_NAMED = {
    "escape": 1, "backspace": 14, "tab": 15, "enter": 28, "ctrl_l": 29, "shift_l": 42,
    "shift_r": 54, "alt_l": 56, "space": 57, "caps_lock": 58, "num_lock": 69, "scroll_lock": 70,
    "f11": 87, "f12": 88, "ctrl_r": 97, "print_screen": 99, "alt_r": 100, "home": 102, "up": 103,
    "page_up": 104, "left": 105, "right": 106, "end": 107, "down": 108, "page_down": 109,
    "insert": 110, "delete": 111, "pause": 119, "super_l": 125, "super_r": 126, "menu": 127,
}  # fmt: skip

CODES: dict[str, int] = {
    **{key: first + at for first, row in _ROWS.items() for at, key in enumerate(row)},
    **{f"f{number}": 58 + number for number in range(1, 11)},
    **{f"f{number}": 170 + number for number in range(13, 25)},
    **_NAMED,
    "alt_gr": 100,
}
NAMES: dict[int, str] = {code: name for name, code in CODES.items() if name != "alt_gr"}
