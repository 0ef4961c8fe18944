"""What another process is to serve once we have ended, however we end; in memory that it has, too.

It is there before each selection is ours, and read only then. A kill may come at any time, so what
is in force is said by one short write: one of two sheets, of which the other may be torn.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from tray_dictate.output.keeper import pack, unpack
from tray_dictate.output.x11.selection_transfer import Contents, Value

_HEAD = 4096  # bytes: one page, which a write fills whole or not at all


@dataclass(frozen=True, slots=True)
class Kept:
    """What a selection is to hold."""

    contents: Contents
    acquired: int  # the server's time when it became ours
    origin: int = 0  # the window it was copied from; 0 where that is gone, or it is ours
    parted: float = 0.0  # when it was taken over from there, on the monotonic clock


@dataclass(frozen=True, slots=True)
class Will:
    """What is to be done for us; `selections` are known by their atoms."""

    window: int = 0  # ours, which owns them
    selections: Mapping[int, Kept] = field(default_factory=dict[int, Kept])
    belated: frozenset[int] = frozenset()  # clients that may still ask for what was dictated


class Bequest:
    """The memory; `files` are what the other process needs of it."""

    def __init__(self, files: Iterable[int] = ()) -> None:
        """Without files it is made. Raises OSError."""
        self.files = [*files] or [os.memfd_create("clipboard") for _ in range(3)]
        self._in_force, self._written = 0, dict[int, Contents]()
        self.will = Will()  # the one in force

    def leave(self, will: Will) -> None:
        """Have this will in force from now on; at once where the same contents were there.

        Raises OSError, where no more memory may be written; then none is in force.
        """
        if will == self.will:
            return
        try:
            self._write(will)
        except OSError:
            os.ftruncate(self.files[0], 0)  # the one before would bring back what is gone
            self.will, self._written = Will(), {}
            raise

    def _write(self, will: Will) -> None:
        contents = {atom: kept.contents for atom, kept in will.selections.items()}
        old = self._in_force
        if not _same(contents, self._written):
            self._in_force = 1 - old
            self._write_sheet(contents)
        whence = {
            atom: (kept.acquired, kept.origin, kept.parted)
            for atom, kept in will.selections.items()
        }
        head = [self._in_force, will.window, whence, sorted(will.belated)]
        os.pwrite(self.files[0], json.dumps(head).encode().ljust(_HEAD), 0)
        self.will, self._written = will, contents
        if self._in_force != old:
            os.ftruncate(self.files[1 + old], 0)  # nobody is to find it there

    def read(self) -> Will:
        """Return the will in force; an empty one where there is none."""
        head = os.pread(self.files[0], _HEAD, 0)
        if not head:
            return Will()
        sheet, window, whence, belated = json.loads(head)
        kept = {
            atom: Kept(_value_by_target(formats), *whence[str(atom)])
            for atom, formats in self._read_sheet(sheet).items()
        }
        return Will(window, kept, frozenset(belated))

    def close(self) -> None:
        """Let go of the memory; idempotent."""
        for file in self.files:
            with suppress(OSError):
                os.close(file)
        self.files = []

    def _write_sheet(self, contents: Mapping[int, Contents]) -> None:
        file = self.files[1 + self._in_force]
        os.ftruncate(file, 0)
        os.lseek(file, 0, os.SEEK_SET)
        if contents:
            named = {atom: _data_by_name(one) for atom, one in contents.items()}
            with os.fdopen(file, "wb", closefd=False) as sheet:
                pack(sheet, named)

    def _read_sheet(self, number: int) -> dict[int, dict[str, bytes]]:
        file = self.files[1 + number]
        if not os.fstat(file).st_size:
            return {}
        os.lseek(file, 0, os.SEEK_SET)
        with os.fdopen(file, "rb", closefd=False) as sheet:
            return unpack(sheet)


def _data_by_name(contents: Contents) -> dict[str, bytes]:
    return {f"{target} {one.kind} {one.bits}": one.data for target, one in contents.items()}


def _value_by_target(formats: Mapping[str, bytes]) -> Contents:
    found: Contents = {}
    for name, data in formats.items():
        target, kind, bits = map(int, name.split())
        found[target] = Value(kind, bits, data)
    return found


def _same(one: Mapping[int, Any], other: Mapping[int, Any]) -> bool:
    return one.keys() == other.keys() and all(one[key] is other[key] for key in one)
