"""Codes of keys, compared with the kernel's own header as the package linux-libc-dev has it."""

from __future__ import annotations

import re
from pathlib import Path

from tray_dictate.core.keys.keycodes import CODES, NAMES, code_of
from tray_dictate.core.keys.names import KNOWN, SIDED

HEADER = Path("/usr/include/linux/input-event-codes.h")
SPELLED = {
    "escape": "ESC", "ctrl_l": "LEFTCTRL", "ctrl_r": "RIGHTCTRL", "shift_l": "LEFTSHIFT",
    "shift_r": "RIGHTSHIFT", "alt_l": "LEFTALT", "alt_r": "RIGHTALT", "alt_gr": "RIGHTALT",
    "super_l": "LEFTMETA", "super_r": "RIGHTMETA", "caps_lock": "CAPSLOCK", "num_lock": "NUMLOCK",
    "scroll_lock": "SCROLLLOCK", "print_screen": "SYSRQ", "page_up": "PAGEUP",
    "page_down": "PAGEDOWN", "menu": "COMPOSE", "-": "MINUS", "=": "EQUAL", "[": "LEFTBRACE",
    "]": "RIGHTBRACE", ";": "SEMICOLON", "'": "APOSTROPHE", "`": "GRAVE", "\\": "BACKSLASH",
    ",": "COMMA", ".": "DOT", "/": "SLASH",
}  # fmt: skip


SPELLED |= {
    **{f"kp_{n}": f"KP{n}" for n in range(10)}, "kp_add": "KPPLUS", "kp_subtract": "KPMINUS",
    "kp_multiply": "KPASTERISK", "kp_divide": "KPSLASH", "kp_decimal": "KPDOT",
    "kp_equal": "KPEQUAL", "kp_separator": "KPCOMMA", "kp_enter": "KPENTER", "hangul": "HANGEUL",
    "hangul_hanja": "HANJA", "hiragana_katakana": "KATAKANAHIRAGANA", "redo": "AGAIN",
    "cancel": "STOP", "xf86audiomicmute": "MICMUTE", "xf86audiomute": "MUTE",
    "xf86calculator": "CALC", "xf86dictate": "DICTATE",
}  # fmt: skip
BUTTONS = {"mouse2": "MIDDLE", "mouse8": "SIDE", "mouse9": "EXTRA", "mouse10": "FORWARD",
           "mouse11": "BACK", "mouse12": "TASK"}  # fmt: skip


def defined() -> dict[str, int]:
    found = re.findall(r"#define ((?:KEY|BTN)_\w+)\s+(0x[0-9a-f]+|\d+)", HEADER.read_text())
    return {name: int(number, 0) for name, number in found}


def test_a_code_is_the_kernels():
    header = defined()
    for name, number in CODES.items():
        if name in BUTTONS:
            assert number == header[f"BTN_{BUTTONS[name]}"], name
        elif not name.startswith("xf86") or name in SPELLED:  # X has other words for the rest
            assert number == header[f"KEY_{SPELLED.get(name, name.upper())}"], name


def test_every_key_that_can_be_configured_has_a_code():
    assert set(CODES) >= KNOWN - set(SIDED)


def test_a_key_with_several_names_is_called_by_the_first():
    assert NAMES[100] == "alt_r"
    assert NAMES[CODES["xf86launch5"]] == "f14"
    assert set(NAMES) == set(CODES.values())


def test_a_place_is_a_code_eight_less():
    assert [code_of(key) for key in ("keycode 191", "f13", "mouse8", "ф")] == [
        183,
        183,
        0x113,
        None,
    ]
