"""Finds the process that reads at the other end of a pipe, in /proc.

Wayland reports that a selection is read, but not by which program. A program that was started only
for this read (the `cat` of `wl-paste --watch cat`) counts as the program that started it.
"""

from __future__ import annotations

import os
import socket
import stat
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import NamedTuple, Protocol

from tray_dictate.system.programs import processes

# the process of a reader that cannot be found: not a pipe, no /proc, another user's program
UNKNOWN = 0

_REMEMBERED = 16  # programs that have read lately and are looked at first
_LOOKS = 3  # a program may hand its end to a child, or to a child's child, while it is looked for


class Reader(NamedTuple):
    """The process that reads a pipe, and its end of it."""

    process: int
    end: str = ""  # its end of the pipe, a path in /proc
    pipe: str = ""

    def is_reading(self) -> bool:
        """Tell whether it still has its end of the pipe open."""
        return bool(self.end) and _leads_to(self.end, self.pipe)


class ProcessTable(Protocol):
    """The processes of this machine, as the module system.processes has them."""

    def every(self) -> set[int]:
        """Return all that run now."""
        ...


class Readers:
    """Finds the readers of pipes; for one thread."""

    def __init__(self, connection: int, table: ProcessTable = processes) -> None:
        """`connection` is a socket to the compositor, which reads for all programs on Xwayland."""
        self._table = table
        self._server = _peer(connection)
        self._recent: list[int] = []

    def find(self, file: int, since: float) -> Reader:
        """Return the reader of a pipe that we write to; its process is UNKNOWN if not found.

        A process started after `since`, a time of the boot clock, counts as its parent.
        """
        status = os.fstat(file)
        if not stat.S_ISFIFO(status.st_mode):
            return Reader(UNKNOWN)
        wanted = f"pipe:[{status.st_ino}]"
        for pid in self._candidates():
            if end := _end(pid, wanted):
                found = _older(pid, since)
                self._recent = [found, *(one for one in self._recent if one != found)]
                del self._recent[_REMEMBERED:]
                return Reader(found, end, wanted)
        return Reader(UNKNOWN)

    def is_compositor(self, pid: int) -> bool:
        """Tell whether this is the compositor itself."""
        if pid == self._server:
            return True
        # kwin_wayland_wrapper opens the socket, kwin_wayland serves it
        name = processes.name
        return processes.parent(pid) == self._server and name(self._server).startswith(name(pid))

    def _candidates(self) -> Iterator[int]:
        yield from self._recent
        seen = {os.getpid()}
        for _ in range(_LOOKS):
            fresh = self._table.every() - seen
            yield from sorted(fresh, reverse=True)  # services come before sessions and applications
            seen |= fresh


def boot_time() -> float:
    """Return the time of the clock that start times of processes are of, in seconds."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def _end(pid: int, wanted: str) -> str:
    """Return where a process reads from a pipe."""
    folder = f"/proc/{pid}/fd"
    try:
        names = os.listdir(folder)  # noqa: PTH208 - three times as fast, and there are thousands
    except OSError:
        return ""
    for name in names:
        path = f"{folder}/{name}"
        with suppress(OSError):
            if _leads_to(path, wanted) and os.lstat(path).st_mode & stat.S_IRUSR:
                return path
    return ""


def _leads_to(path: str, wanted: str) -> bool:
    try:
        return os.readlink(path) == wanted  # noqa: PTH115
    except OSError:
        return False


def _older(pid: int, since: float) -> int:
    """Return the nearest of a process and its ancestors that was there before."""
    found = pid
    while found > 1:
        parent, started = processes.parent(found), processes.started(found)
        if started <= since - processes.TICK:  # it is rounded down
            return found
        found = parent
    return pid


def _peer(connection: int) -> int:
    with socket.socket(fileno=os.dup(connection)) as same:
        found = same.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
    return int.from_bytes(found[:4], "little", signed=True)
