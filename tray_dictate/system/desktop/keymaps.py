"""Reads keymaps with libxkbcommon, which every Wayland compositor and toolkit uses for that.

They are not parsed here: how a compositor spells a keymap depends on its version of the library
(from 1.13 on keysyms are numbers, and so are layouts).
"""

from __future__ import annotations

import ctypes
import unicodedata
from collections.abc import Callable, Generator
from contextlib import contextmanager
from functools import cache
from typing import Any

from tray_dictate.core.errors import UnavailableError

Layouts = list[list[str]]  # of a key, for each layout, the character of each level, or ""

_TEXT_V1, _NO_FLAGS, _CRITICAL = 1, 0, 10
_POINTER, _NUMBER = ctypes.c_void_p, ctypes.c_uint32
_SYMBOLS = ctypes.POINTER(_NUMBER)
_FUNCTIONS: dict[str, tuple[Any, ...]] = {  # name, result, arguments
    "xkb_context_new": (_POINTER, ctypes.c_int),
    "xkb_context_unref": (None, _POINTER),
    "xkb_context_set_log_level": (None, _POINTER, ctypes.c_int),
    "xkb_keymap_new_from_string": (
        _POINTER, _POINTER, ctypes.c_char_p, ctypes.c_int, ctypes.c_int
    ),
    "xkb_keymap_unref": (None, _POINTER),
    "xkb_keymap_min_keycode": (_NUMBER, _POINTER),
    "xkb_keymap_max_keycode": (_NUMBER, _POINTER),
    "xkb_keymap_num_layouts_for_key": (_NUMBER, _POINTER, _NUMBER),
    "xkb_keymap_num_levels_for_key": (_NUMBER, _POINTER, _NUMBER, _NUMBER),
    "xkb_keymap_key_get_syms_by_level": (
        ctypes.c_int, _POINTER, _NUMBER, _NUMBER, _NUMBER, ctypes.POINTER(_SYMBOLS)
    ),
    "xkb_keysym_to_utf32": (_NUMBER, _NUMBER),
}  # fmt: skip


@cache
def library() -> ctypes.CDLL:
    """Load libxkbcommon. Raises UnavailableError."""
    try:
        loaded = ctypes.CDLL("libxkbcommon.so.0")
        for name, (result, *arguments) in _FUNCTIONS.items():
            function: Any = getattr(loaded, name)
            function.restype, function.argtypes = result, arguments
    except (OSError, AttributeError) as reason:
        raise UnavailableError(
            f"libxkbcommon, which reads the keyboard layout, is missing: {reason}.",
            "Install it: libxkbcommon0 on Debian and Ubuntu, libxkbcommon elsewhere.",
        ) from reason
    return loaded


def read_keymap(text: str) -> dict[int, Layouts]:
    """Return what each X keycode gives, nothing of a keymap with faults. Raises UnavailableError.

    Enter gives a line feed, Tab a tab; keys of other control characters give nothing.
    """
    with _compiled(text) as keymap:
        if not keymap:
            return {}
        codes = range(
            library().xkb_keymap_min_keycode(keymap), library().xkb_keymap_max_keycode(keymap) + 1
        )
        return {code: found for code in codes if (found := _layouts(keymap, code))}


@contextmanager
def _compiled(text: str) -> Generator[int | None]:
    """Give the address of the keymap, None where it has faults."""
    xkb = library()
    context: int | None = xkb.xkb_context_new(_NO_FLAGS)
    keymap: int | None = None
    try:
        if context:
            xkb.xkb_context_set_log_level(context, _CRITICAL)  # it warns of keys of no concern
            keymap = xkb.xkb_keymap_new_from_string(context, text.encode(), _TEXT_V1, _NO_FLAGS)
        yield keymap
    finally:
        xkb.xkb_keymap_unref(keymap)  # None is allowed
        xkb.xkb_context_unref(context)


def _layouts(keymap: int, code: int) -> Layouts:
    count: Callable[..., int] = library().xkb_keymap_num_levels_for_key
    return [
        [_character(keymap, code, layout, level) for level in range(count(keymap, code, layout))]
        for layout in range(library().xkb_keymap_num_layouts_for_key(keymap, code))
    ]


def _character(keymap: int, code: int, layout: int, level: int) -> str:
    symbols = _SYMBOLS()
    if library().xkb_keymap_key_get_syms_by_level(keymap, code, layout, level, symbols) != 1:
        return ""  # several keysyms at once are not a character
    character = chr(library().xkb_keysym_to_utf32(symbols[0])).replace("\r", "\n")
    is_text = character in "\n\t" or unicodedata.category(character) != "Cc"
    return character if is_text else ""
