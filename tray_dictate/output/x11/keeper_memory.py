"""The memory that the daemon shares with its keeper: what to serve once the daemon has ended.

The daemon writes it before it owns a selection; the keeper reads it only after the daemon's end. A
kill may come at any time, so one short write says what is valid: one of two sheets, of which the
other may be torn.
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
class KeptSelection:
    """What one selection is to hold."""

    contents: Contents
    acquired: int  # the server's time when it became ours
    origin: int = 0  # the window it was copied from; 0 where that is gone, or it is ours
    parted: float = 0.0  # when it was taken over from there, on the monotonic clock


@dataclass(frozen=True, slots=True)
class KeeperState:
    """What the keeper is to serve; the keys of `selections` are atoms."""

    window: int = 0  # ours, which owns them
    selections: Mapping[int, KeptSelection] = field(default_factory=dict[int, KeptSelection])
    belated: frozenset[int] = frozenset()  # clients that may still ask for what was dictated


class KeeperMemory:
    """The memory; the keeper needs its `files`."""

    def __init__(self, files: Iterable[int] = ()) -> None:
        """Without `files` it is new. Raises OSError."""
        self.files = [*files] or [os.memfd_create("clipboard") for _ in range(3)]
        self._sheet, self._written = 0, dict[int, Contents]()
        self.state = KeeperState()  # what the memory says

    def write(self, state: KeeperState) -> None:
        """Replace the state; in one step where the contents are the same.

        Raises OSError where no more memory may be written; the state is empty then.
        """
        if state == self.state:
            return
        try:
            self._write(state)
        except OSError:
            os.ftruncate(self.files[0], 0)  # the one before would bring back what is gone
            self.state, self._written = KeeperState(), {}
            raise

    def _write(self, state: KeeperState) -> None:
        contents = {atom: kept.contents for atom, kept in state.selections.items()}
        old = self._sheet
        if not _same(contents, self._written):
            self._sheet = 1 - old
            self._write_sheet(contents)
        origins = {
            atom: (kept.acquired, kept.origin, kept.parted)
            for atom, kept in state.selections.items()
        }
        head = [self._sheet, state.window, origins, sorted(state.belated)]
        os.pwrite(self.files[0], json.dumps(head).encode().ljust(_HEAD), 0)
        self.state, self._written = state, contents
        if self._sheet != old:
            os.ftruncate(self.files[1 + old], 0)  # it may hold a secret

    def read(self) -> KeeperState:
        """Return the state; an empty one where none was written."""
        head = os.pread(self.files[0], _HEAD, 0)
        if not head:
            return KeeperState()
        sheet, window, origins, belated = json.loads(head)
        kept = {
            atom: KeptSelection(_value_by_target(formats), *origins[str(atom)])
            for atom, formats in self._read_sheet(sheet).items()
        }
        return KeeperState(window, kept, frozenset(belated))

    def close(self) -> None:
        """Close the files; idempotent."""
        for file in self.files:
            with suppress(OSError):
                os.close(file)
        self.files = []

    def _write_sheet(self, contents: Mapping[int, Contents]) -> None:
        file = self.files[1 + self._sheet]
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
