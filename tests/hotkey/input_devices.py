"""Keyboards and mice as pipes that carry the kernel's records."""

from __future__ import annotations

import errno
import os
import struct
from collections.abc import Collection
from contextlib import suppress

from tray_dictate.core.errors import UnavailableError
from tray_dictate.core.keys.keycodes import CODES

RECORD = struct.Struct("llHHi")
SYN, KEY, MSC = 0, 1, 4


def record(kind: int, code: int, value: int) -> bytes:
    return RECORD.pack(1700000000, 123456, kind, code, value)


def key(name: str | int, value: int) -> bytes:
    """What a keyboard sends: its scan code, the key, the end of this report."""
    code = CODES[name] if isinstance(name, str) else name
    return record(MSC, 4, 0x70000) + record(KEY, code, value) + record(SYN, 0, 0)


class Pipes:
    """Devices that are pipes; `plug` is what a user does."""

    def __init__(self, *names: str) -> None:
        self.ends: dict[str, int] = {}
        self.files: dict[str, int] = {}
        self.pressed: dict[int, frozenset[int]] = {}
        self._changed, self._change = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self.closed = False
        for name in names:
            self.plug(name)

    def plug(self, name: str) -> None:
        self.files[name], self.ends[name] = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self.pressed[self.files[name]] = frozenset()
        os.write(self._change, b".")

    def unplug(self, name: str) -> None:
        os.close(self.ends.pop(name))

    def send(self, name: str, data: bytes) -> None:
        if len(data) % RECORD.size == 0:
            self._press(self.files[name], data)
        os.write(self.ends[name], data)

    def _press(self, file: int, data: bytes) -> None:
        for _, _, kind, code, value in RECORD.iter_unpack(data):
            if kind == KEY:
                self.pressed[file] = self.pressed[file] - {code} | ({code} if value else set())

    def fileno(self) -> int:
        return self._changed

    def open(self, known: Collection[str]) -> dict[str, int]:
        with suppress(BlockingIOError):
            os.read(self._changed, 64)
        return {name: file for name, file in self.files.items() if name not in known}

    def down(self, file: int) -> frozenset[int]:
        if file not in self.pressed:
            raise OSError(errno.ENODEV, "unplugged")
        return self.pressed[file]

    peek = down

    def has_keyboard(self) -> bool:
        return bool(self.files)

    def lacking(self) -> UnavailableError:
        return UnavailableError("None is there.", "Plug one in.")

    def close(self) -> None:
        os.close(self._changed)
        os.close(self._change)
        self.closed = True
