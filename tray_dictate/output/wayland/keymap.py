"""Keymaps: a US one for chords, generated ones for any text, and what the session's keymap gives.

In a generated keymap each character has a key to itself, without modifiers. Its keys are those that
give text on every keyboard and some that no keyboard has: programs and compositors that go by the
place of a key (Chromium, `bindcode`, `bindsym --to-code`) must not take a letter for Escape or the
hotkey.

A program that presses keys by their places and has no keymap of its own (ydotool) depends on which
characters the session's layout has where a US keyboard has them.
"""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterable, Mapping

from tray_dictate.core.errors import UnavailableError
from tray_dictate.core.keys.keycodes import CODES, XKB
from tray_dictate.core.keys.names import parse_chord, without_side
from tray_dictate.system.desktop.keyboard import ask_keyboard
from tray_dictate.system.desktop.keymaps import read_keymap
from tray_dictate.system.desktop.wayland import Arguments, Connection, WaylandError

US = (
    "xkb_keymap {"
    ' xkb_keycodes { include "evdev+aliases(qwerty)" };'
    ' xkb_types { include "complete" };'
    ' xkb_compat { include "complete" };'
    ' xkb_symbols { include "pc+us+inet(evdev)" };'
    " };"
)
_MASKS = {"shift": 1, "ctrl": 4, "alt": 8, "alt_gr": 8, "super": 64}  # of xkb's real modifiers
_MODIFIERS = {
    code: _MASKS[without_side(key)] for key, code in CODES.items() if without_side(key) in _MASKS
}

_FIXED = {"\n": ("Return", CODES["enter"]), "\t": ("Tab", CODES["tab"])}
_PLACES = {
    **{character: CODES[character] for character in "1234567890-=qwertyuiop[]asdfghjkl;'`"},
    **{character: CODES[character] for character in "\\zxcvbnm,./"},
    " ": CODES["space"],
}
_KEYPAD = (55, *range(71, 84), 95, 98, 117, 118, 121, 179, 180)
_ELSEWHERE = (86, 89, 124)  # text keys of European, Brazilian and Japanese keyboards
_UNUSED = (84, *range(195, 200))
_SPARE = (*_ELSEWHERE, *_UNUSED, *_KEYPAD)
_ALT_GR = 247  # no key that is typed: see `keymap`
ROOM = len(_PLACES) + len(_SPARE)  # characters of one keymap
_COMMON = "abcdefghijklmnopqrstuvwxyz .,'-?!ABCDEFGHIJKLMNOPQRSTUVWXYZ1234567890"
_AHEAD = 2000  # characters that are looked at for what the next keymap has to have


def assign_keys(text: str) -> dict[str, int]:
    """Return a code for each character at the beginning of a text, as many as there is room for.

    Room that is left is for common characters: the next text may need no other keymap then.
    """
    wanted = list(dict.fromkeys(filter(is_typed, text[:_AHEAD] + _COMMON)))
    wanted = [character for character in wanted if character not in _FIXED][:ROOM]
    codes = {character: _PLACES[character] for character in wanted if character in _PLACES}
    taken = set(codes.values())
    free = (code for code in (*_PLACES.values(), *_SPARE) if code not in taken)
    codes |= {character: next(free) for character in wanted if character not in codes}
    return codes | {character: code for character, (_, code) in _FIXED.items()}


def keymap(codes: Mapping[str, int]) -> str:
    """Return the text of a keymap in which these codes give these characters.

    AltGr makes it one that Xwayland takes. libxkbcommon 1.13 passes on only those interpretations
    of keysyms that a key has a use for, and of a keymap without any Xwayland takes none: it goes
    back to a US layout.
    """
    keysyms = {code: _keysym(character) for character, code in codes.items()}
    keysyms[_ALT_GR] = "ISO_Level3_Shift"
    keys = [(f"<K{code}>", code + XKB, keysym) for code, keysym in keysyms.items()]
    names = " ".join(f"{name} = {code};" for name, code, _ in keys)
    symbols = " ".join(f"key {name} {{[{keysym}]}};" for name, _, keysym in keys)
    return (
        "xkb_keymap {"
        f' xkb_keycodes "typed" {{ minimum = {XKB}; maximum = 255; {names} }};'
        ' xkb_types "typed" { include "complete" };'
        ' xkb_compat "typed" { include "complete" };'
        f' xkb_symbols "typed" {{ {symbols} }};'
        " };"
    )


def is_typed(character: str) -> bool:
    """Tell whether a key can give this: not control characters, nor halves of surrogate pairs."""
    return character in _FIXED or unicodedata.category(character) not in ("Cc", "Cs")


def chord_codes(chord: str) -> list[int]:
    """Return the US keymap's codes of "shift+insert"; the left key of two. Raises ValueError."""
    try:
        return [CODES[min(slot)] for slot in parse_chord(chord)]
    except KeyError as missing:
        raise ValueError(f"a US keyboard has no key {missing}") from None


def mask(codes: Iterable[int]) -> int:
    """Return the modifiers that are down with these keys of the US keymap."""
    held = 0
    for code in codes:
        held |= _MODIFIERS.get(code, 0)
    return held


def _keysym(character: str) -> str:
    fixed = _FIXED.get(character)
    return fixed[0] if fixed else f"U{ord(character):04X}"


_KEYMAP, _XKB_V1 = 0, 1
_SHIFTED = dict(zip("`1234567890-=[]\\;',./", '~!@#$%^&*()_+{}|:"<>?', strict=True))
_US = {  # X keycode -> what a US keyboard gives there without Shift and with
    code + XKB: (character, _SHIFTED.get(character, character.upper()))
    for character, code in _PLACES.items()
    if character != " "
}


def session_characters() -> frozenset[str]:
    """Return the characters that are where a US keyboard has them. Raises UnavailableError."""
    connection = Connection()
    try:
        return characters_like_us(session_keymap(connection))
    finally:
        connection.close()


def session_keymap(connection: Connection) -> str:
    """Return the keymap of the seat's keyboard, empty if it has none. Raises UnavailableError."""
    found = list[str]()

    def on_keyboard(opcode: int, event: Arguments) -> None:
        if opcode == _KEYMAP:
            keymap_format, file, size = event.uint(), event.file(), event.uint()
            try:
                if keymap_format == _XKB_V1:
                    found.append(os.pread(file, size, 0).rstrip(b"\0").decode(errors="replace"))
            finally:
                os.close(file)

    try:
        ask_keyboard(connection, on_keyboard)
    except WaylandError as reason:
        raise UnavailableError(f"The keyboard layout cannot be read: {reason}.") from None
    return found[-1] if found else ""


def characters_like_us(keymap: str) -> frozenset[str]:
    """Return the characters that this keymap has where a US keyboard has them.

    Empty where it has several layouts: which one is in use cannot be found out. Raises
    UnavailableError.
    """
    layouts = read_keymap(keymap)
    if any(len(layouts.get(code, [])) > 1 for code in _US):
        return frozenset()
    same = {
        character
        for code, characters in _US.items()
        for layout in layouts.get(code, [])
        for character, found in zip(characters, layout, strict=False)
        if character == found
    }
    return frozenset(same | set(" \n\t")) if same else frozenset()
