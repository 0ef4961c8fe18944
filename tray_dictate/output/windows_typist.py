"""Types text on Windows in batches that no other key can interrupt: SendInput takes many keys.

A modifier that the user holds, such as the hotkey's, would make shortcuts of the text, and the
keyboard itself repeats its press many times a second. So each batch releases it first and presses
it again at its end.

NOT RUN by us on Windows: structures and numbers are as Microsoft documents them.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from typing import Protocol

from tray_dictate.core.errors import DeliveryError
from tray_dictate.output.user_keys import UserKeys, hotkey_modifiers, may_hold
from tray_dictate.system.physical_keys import PhysicalKeys

_KEYBOARD = 1  # INPUT_KEYBOARD
_EXTENDED, _UP, _UNICODE = 1, 2, 4  # KEYEVENTF_*
_KEYS = {"\n": 0x0D, "\r": 0x0D, "\t": 0x09}
_RIGHT = frozenset({0xA3, 0xA5, 0x5B, 0x5C})  # keys whose codes begin with E0
_MENUS = frozenset({0xA4, 0xA5, 0x5B, 0x5C})  # Alt and Windows: alone, they open a menu
_NO_KEY = 0xE8  # which is assigned to none


class _Key(ctypes.Structure):
    _fields_ = [
        ("vk", ctypes.c_uint16), ("scan", ctypes.c_uint16), ("flags", ctypes.c_uint32),
        ("time", ctypes.c_uint32), ("extra", ctypes.c_void_p),
    ]  # fmt: skip


class _Mouse(ctypes.Structure):
    """The largest of what may be in an Input: it decides its size."""

    _fields_ = [
        ("x", ctypes.c_int32), ("y", ctypes.c_int32), ("data", ctypes.c_uint32),
        ("flags", ctypes.c_uint32), ("time", ctypes.c_uint32), ("extra", ctypes.c_void_p),
    ]  # fmt: skip


class _Any(ctypes.Union):
    _fields_ = [("key", _Key), ("mouse", _Mouse)]


class Input(ctypes.Structure):
    """Microsoft's INPUT."""

    _fields_ = [("kind", ctypes.c_uint32), ("any", _Any)]


class User32(Protocol):
    """The functions of user32.dll that are used."""

    def SendInput(self, count: int, inputs: ctypes.Array[Input], size: int, /) -> int:  # noqa: N802
        """Return how many were accepted."""
        ...


class WindowsTypist:
    """Types a few characters at once, with the hotkey's modifiers released meanwhile."""

    def __init__(self, user32: User32, keys: PhysicalKeys, user_keys: UserKeys) -> None:
        self._user32, self._keys, self._user_keys = user32, keys, user_keys

    def type(self, text: str) -> None:
        """Type them all. Raises DeliveryError."""
        own = hotkey_modifiers(self._user_keys, self._keys)
        codes = {name: self._keys.modifiers[name] for name in own}
        held = {name: code for name, code in codes.items() if self._keys.is_down(code)}
        for code in held.values():
            self._user_keys.expect(code, False)
        try:
            if not send(self._user32, text, list(held.values())):
                raise DeliveryError("Windows did not accept the keys: another program blocks them.")
        finally:
            for name, code in held.items():
                self._user_keys.expect(code, True)
                if not may_hold(self._user_keys, name):  # let go meanwhile, before our press of it
                    release(self._user32, code)


def send(user32: User32, text: str, held: Sequence[int]) -> bool:
    """Type a text while the keys of these codes are held; return whether all of it was taken."""
    events = [*_released(held), *_typed(text), *((code, 0, _flags(code)) for code in held)]
    return _send(user32, events)


def release(user32: User32, code: int) -> None:
    """Release a key."""
    _send(user32, [(code, 0, _flags(code) | _UP)])


def _released(held: Sequence[int]) -> list[tuple[int, int, int]]:
    events: list[tuple[int, int, int]] = []
    if not _MENUS.isdisjoint(held):
        events += [(_NO_KEY, 0, 0), (_NO_KEY, 0, _UP)]
    return [*events, *((code, 0, _flags(code) | _UP) for code in held)]


def _typed(text: str) -> list[tuple[int, int, int]]:
    events: list[tuple[int, int, int]] = []
    for character in text:
        if key := _KEYS.get(character):
            events += [(key, 0, 0), (key, 0, _UP)]
            continue
        units = character.encode("utf-16-le")
        for at in range(0, len(units), 2):
            code = int.from_bytes(units[at : at + 2], "little")
            events += [(0, code, _UNICODE), (0, code, _UNICODE | _UP)]
    return events


def _flags(code: int) -> int:
    return _EXTENDED if code in _RIGHT else 0


def _send(user32: User32, events: Sequence[tuple[int, int, int]]) -> bool:
    inputs = (Input * len(events))()
    for event, (vk, scan, flags) in zip(inputs, events, strict=True):
        event.kind = _KEYBOARD
        event.any.key.vk, event.any.key.scan, event.any.key.flags = vk, scan, flags
    return user32.SendInput(len(events), inputs, ctypes.sizeof(Input)) == len(events)
