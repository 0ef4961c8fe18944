"""Facts about processes, read from /proc; empty values where it does not give them."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

_PROC = Path("/proc")
_TICKS = os.sysconf("SC_CLK_TCK")
_PARENT, _STARTED = 1, 19  # fields of /proc/PID/stat after the name of the program

TICK = 1 / _TICKS  # seconds by which `started` may be too early


def every() -> set[int]:
    """Return the ids of all processes."""
    with suppress(OSError):
        return {int(name) for name in os.listdir(_PROC) if name.isdigit()}  # noqa: PTH208
    return set()


def parent(pid: int) -> int:
    """Return the id of the parent process; 0 where that is not known."""
    fields = _fields(pid)
    return int(fields[_PARENT]) if fields else 0


def started(pid: int) -> float:
    """Return when a process was started, in seconds of the boot clock."""
    fields = _fields(pid)
    return int(fields[_STARTED]) * TICK if fields else 0.0


def name(pid: int) -> str:
    """Return the name of a process's program, cut after 15 letters."""
    try:
        return (_PROC / str(pid) / "comm").read_text(errors="replace").strip()
    except OSError:
        return "?"


def command(pid: int) -> list[str]:
    """Return a process's command line."""
    return _words(pid, "cmdline")


def environment(pid: int) -> dict[str, str]:
    """Return the environment that a process was started in; empty for another user's."""
    found = dict[str, str]()
    for word in _words(pid, "environ"):
        name, _, found[name] = word.partition("=")
    return found


def executable(pid: int) -> str:
    """Return the file that a process runs; empty for another user's."""
    try:
        return str((_PROC / str(pid) / "exe").readlink())
    except OSError:
        return ""


def is_within(pid: int, ancestors: frozenset[int]) -> bool:
    """Return whether a process is one of these, or was started by one, however indirectly."""
    while pid > 1:
        if pid in ancestors:
            return True
        pid = parent(pid)
    return False


def _words(pid: int, file: str) -> list[str]:
    try:
        found = (_PROC / str(pid) / file).read_bytes().decode(errors="replace")
    except OSError:
        return []
    return found.split("\0")[:-1]


def _fields(pid: int) -> list[str]:
    try:
        found = (_PROC / str(pid) / "stat").read_text(errors="replace")
    except OSError:
        return []
    return found.rpartition(")")[2].split()
