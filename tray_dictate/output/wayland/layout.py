"""Which characters the session's layout has where a US keyboard has them.

For what presses keys by their places and cannot bring a keymap of its own.
"""

from __future__ import annotations

import os
import re

from tray_dictate.core.errors import UnavailableError
from tray_dictate.system.wayland import Arguments, Connection, WaylandError

_CAPABILITIES, _HAS_KEYBOARD, _GET_KEYBOARD, _KEYMAP, _XKB_V1 = 0, 2, 1, 0, 1
_ROWS = {
    "AE": "1!2@3#4$5%6^7&8*9(0)-_=+",
    "AD": "qQwWeErRtTyYuUiIoOpP[{]}",
    "AC": "aAsSdDfFgGhHjJkKlL;:'\"",
    "AB": "zZxXcCvVbBnNmM,<.>/?",
}
_KEYS = {
    f"{row}{at // 2 + 1:02}": pair[at : at + 2]
    for row, pair in _ROWS.items()
    for at in range(0, len(pair), 2)
} | {"TLDE": "`~", "BKSL": "\\|"}  # xkb's name of a key, and what it gives without Shift and with
_KEY = re.compile(r"key\s*<(\w+)>\s*\{([^}]*)\}")
_GROUP = re.compile(r"\[\s*Group\s*\d+\s*\]")  # which one is named, where there are several
_SYMBOLS = re.compile(r"\[([^\]]*)\]")
_NAMED = (
    "exclam at numbersign dollar percent asciicircum ampersand asterisk parenleft parenright minus "
    "underscore equal plus bracketleft braceleft bracketright braceright semicolon colon "
    "apostrophe quotedbl comma less period greater slash question grave asciitilde backslash bar"
).split()
_NAMES = dict(zip(_NAMED, "!@#$%^&*()-_=+[{]};:'\",<.>/?`~\\|", strict=True))


def session_characters() -> frozenset[str]:
    """Return what the session's keyboard has where a US one has it. Raises UnavailableError."""
    connection = Connection()
    try:
        return like_us(session_keymap(connection))
    finally:
        connection.close()


def session_keymap(connection: Connection) -> str:
    """Return the keymap of the seat's keyboard, empty if it has none. Raises UnavailableError."""
    found = list[str]()
    capabilities = list[int]()

    def on_seat(opcode: int, event: Arguments) -> None:
        if opcode == _CAPABILITIES:
            capabilities.append(event.uint())

    def on_keyboard(opcode: int, event: Arguments) -> None:
        if opcode == _KEYMAP:
            kind, file, size = event.uint(), event.file(), event.uint()
            try:
                if kind == _XKB_V1:
                    found.append(os.pread(file, size, 0).rstrip(b"\0").decode(errors="replace"))
            finally:
                os.close(file)

    try:
        seat = connection.bind("wl_seat", on_event=on_seat)
        connection.roundtrip()
        if capabilities and capabilities[-1] & _HAS_KEYBOARD:
            connection.request(seat, _GET_KEYBOARD, connection.create(on_keyboard))
            connection.roundtrip()
    except WaylandError as reason:
        raise UnavailableError(f"The keyboard's layout cannot be had: {reason}.") from None
    return found[-1] if found else ""


def like_us(keymap: str) -> frozenset[str]:
    """Return the characters that this keymap has where a US keyboard has them.

    None where it has several layouts: which of them is in use is not told.
    """
    same = set[str](" \n\t")
    for name, body in _KEY.findall(keymap):
        groups = _SYMBOLS.findall(_GROUP.sub("", body))
        if name not in _KEYS:
            continue
        if len(groups) > 1:
            return frozenset()
        given = [_NAMES.get(one.strip(), one.strip()) for one in ",".join(groups).split(",")]
        same.update(one for one, is_it in zip(_KEYS[name], given, strict=False) if one == is_it)
    return frozenset(same) if len(same) > 3 else frozenset()
