"""Whether some bytes are in a process's memory, its files without a name among it."""

from __future__ import annotations

import gc
import os
import re
import sys
from contextlib import suppress
from pathlib import Path
from types import FrameType


def copies(pid: int, wanted: bytes) -> int:
    """Return how often they are in what a process can write to, and in what it has mapped."""
    found = 0
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:  # noqa: PTH123 - it is no file
        for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
            where, rights, *_ = line.split()
            if not rights.startswith("r"):
                continue
            begin, end = (int(number, 16) for number in where.split("-"))
            with suppress(OSError, ValueError):  # of the kernel's own
                memory.seek(begin)
                found += memory.read(end - begin).count(wanted)
    for file in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(OSError):
            if "memfd:" in os.readlink(file):  # noqa: PTH115
                found += file.read_bytes().count(wanted)
    return found


def family(pid: int) -> list[int]:
    """Return a process and all that it has begun."""
    found = [pid]
    for one in found:
        for task in Path(f"/proc/{one}/task").iterdir():
            found += map(int, task.joinpath("children").read_text().split())
    return found


def living(pattern: bytes) -> int:
    """Return how many objects of this process hold bytes of a pattern, for whoever asks for them.

    CPython frees memory without a word over it, so that `copies` finds what nobody can reach.
    """
    wanted, seen, found = re.compile(pattern), set[int](), 0
    gc.collect()
    holders: list[object] = [*gc.get_objects(), *_variables()]
    while holders:
        for one in gc.get_referents(holders.pop()):
            if id(one) in seen:
                continue
            seen.add(id(one))
            found += bool(wanted.search(_bytes_of(one)))
            if isinstance(one, dict | tuple) and not gc.is_tracked(one):
                holders.append(one)  # of nothing but bytes, say: not among the collector's
    return found


def _bytes_of(one: object) -> bytes:
    if isinstance(one, str):
        return one.encode(errors="replace")
    with suppress(ValueError):  # a view that was let go of
        return bytes(one) if isinstance(one, bytes | bytearray | memoryview) else b""
    return b""


def _variables() -> list[dict[str, object]]:
    """Return those of every function that runs now, in whichever thread."""
    found: list[dict[str, object]] = []
    for top in sys._current_frames().values():
        frame: FrameType | None = top
        while frame:
            found.append(dict(frame.f_locals))
            frame = frame.f_back
    return found
