"""Limits the memory that the C library reserves, and disables core dumps."""

from __future__ import annotations

import ctypes
import sys

if sys.platform != "win32":
    import resource

_ARENA_MAX = -8  # M_ARENA_MAX of malloc.h


def one_arena() -> None:
    """Make all threads share one memory pool; call it before any thread starts.

    Separate pools waste 2 MB, and our threads hardly ever allocate at the same time.
    """
    _libc("mallopt", _ARENA_MAX, 1)


def trim() -> None:
    """Give free memory back to the system."""
    _libc("malloc_trim", 0)


def without_core_dump() -> None:
    """Disable core dumps, which would contain keys and dictated text.

    Not by PR_SET_DUMPABLE: desktop portals could no longer identify the program that calls them.
    """
    if sys.platform != "win32":
        _, most = resource.getrlimit(resource.RLIMIT_CORE)
        resource.setrlimit(resource.RLIMIT_CORE, (0, most))


def _libc(name: str, *arguments: int) -> None:
    if sys.platform == "linux":
        call = getattr(ctypes.CDLL(None), name, None)
        if call:  # musl has neither
            call(*arguments)
