"""Codes of keys, compared with the kernel's own header as the package linux-libc-dev has it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tray_dictate.core.keycodes import CODES, NAMES
from tray_dictate.core.keys import KNOWN, SIDED

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


@pytest.mark.parametrize(("name", "code"), CODES.items())
def test_a_code_is_the_kernels(name, code):
    defined = dict(re.findall(r"#define KEY_(\w+)\s+(\d+)", HEADER.read_text()))
    assert code == int(defined[SPELLED.get(name, name.upper())])


def test_every_key_that_can_be_configured_has_a_code():
    assert set(CODES) >= KNOWN - set(SIDED)


def test_a_code_has_one_name():
    assert len(NAMES) == len(set(NAMES.values())) == len(CODES) - 1
    assert NAMES[100] == "alt_r"
