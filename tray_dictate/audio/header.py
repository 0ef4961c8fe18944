"""Repairs the header of sound files that were never finished: their length reads 0 or endless.

A recorder writes the length when it ends. One that was killed, or that writes into a pipe, leaves
0, 0xFFFFFFFF or a guess; readers trust that, and find nothing.
"""

from __future__ import annotations

import io
import os
import struct
from typing import BinaryIO

_LARGEST = 0xFFFFFFFF
_MOST_CHUNKS = 64  # before the sound


class WholeFile(io.RawIOBase):
    """A seekable file as it would read with its header finished.

    An error in `readinto` is kept in `trouble`: libsndfile's callbacks cannot raise.
    """

    def __init__(self, file: BinaryIO) -> None:
        """Raises OSError."""
        self._file = file
        self.trouble: OSError | None = None
        self._finished: dict[int, bytes] = {}  # offset -> the right bytes
        self._long = 0  # the offset of the lengths of 64 bits, which few files have
        try:
            self._size = file.seek(0, os.SEEK_END)
            self._finish()
            file.seek(0)
        except OSError as error:
            self.trouble = error

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Seek; return the position, which an impossible one leaves unchanged."""
        try:
            return self._file.seek(offset, whence)
        except (OSError, ValueError):
            return self._file.tell()

    def tell(self) -> int:
        """Return the position."""
        return self._file.tell()

    def readinto(self, buffer: bytearray | memoryview) -> int:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Read; return the number of bytes, 0 at the end and after an error."""
        start = self._file.tell()
        try:
            data = bytearray(self._file.read(len(buffer)))
        except OSError as error:
            self.trouble = error
            return 0
        for offset, right in self._finished.items():
            first, last = max(offset, start), min(offset + len(right), start + len(data))
            if first < last:
                data[first - start : last - start] = right[first - offset : last - offset]
        buffer[: len(data)] = data
        return len(data)

    def _finish(self) -> None:
        """Find the right lengths of an unfinished header."""
        self._file.seek(0)
        head = self._file.read(12)
        order = {b"RIFF": "<", b"RIFX": ">", b"RF64": "<"}.get(head[:4])
        if head[:4] == b".snd" and head[8:] == bytes(4):  # Sun's
            self._finished[8] = b"\xff" * 4  # its own word for a length that is not known
        elif head[:4] == b"caff":
            self._finish_caf()
        elif order and head[8:] == b"WAVE":
            self._finish_wave(order)

    def _finish_caf(self) -> None:
        at = 8
        for _ in range(_MOST_CHUNKS):
            length = self._number(at + 4, ">q")
            if self._chunk(at, ">")[0] == b"data":
                if length <= 0:
                    self._finished[at + 4] = struct.pack(">q", self._size - at - 12)
                return
            at += 12 + max(0, length)

    def _finish_wave(self, order: str) -> None:
        at = 12
        for _ in range(_MOST_CHUNKS):
            name, length = self._chunk(at, order)
            if name == b"ds64":
                self._long = at + 8
            if name == b"data":
                self._finish_data(at, length, order)
                return
            if not name:
                return
            at += 8 + length + length % 2

    def _finish_data(self, at: int, length: int, order: str) -> None:
        there = self._size - at - 8
        if self._long and length == _LARGEST:  # a long file has its lengths elsewhere
            length = self._number(self._long + 8, "<Q")
        if 0 < length <= there or there <= 0:
            return
        if length == 0 and self._only_chunks(at + 8, order):  # empty, and said to be
            return
        if self._long:
            self._finished[self._long] = struct.pack("<QQ", self._size - 8, there)
            return
        right = min(there, _LARGEST)
        self._finished[at + 4] = struct.pack(f"{order}I", right)
        self._finished[4] = struct.pack(f"{order}I", min(self._size - 8, _LARGEST))

    def _only_chunks(self, at: int, order: str) -> bool:
        """Return whether only whole chunks follow, such as titles; sound looks different."""
        while at < self._size:
            name, length = self._chunk(at, order)
            if not (len(name) == 4 and name.isascii() and name.decode().isprintable()):
                return False
            at += 8 + length + length % 2
        return at in (self._size, self._size + 1)  # the last pad byte may be missing

    def _chunk(self, at: int, order: str) -> tuple[bytes, int]:
        """Return a chunk's name and length; no name at the end of the file."""
        self._file.seek(at)
        head = self._file.read(8)
        if len(head) < 8:
            return b"", 0
        return head[:4], struct.unpack(f"{order}I", head[4:])[0]

    def _number(self, at: int, form: str) -> int:
        self._file.seek(at)
        found = self._file.read(struct.calcsize(form))
        return struct.unpack(form, found)[0] if len(found) == struct.calcsize(form) else 0
