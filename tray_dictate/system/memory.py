"""Keeps the C library's reserve of memory small, and memory out of core dumps."""

from __future__ import annotations

import ctypes
import sys

if sys.platform != "win32":
    import resource

_ARENA_MAX = -8  # M_ARENA_MAX of malloc.h


def one_arena() -> None:
    """Have all threads share one memory pool; call it before any starts.

    Pools of their own have holes, 2 MB in all, and our threads hardly ever want memory at once.
    """
    _libc("mallopt", _ARENA_MAX, 1)


def trim() -> None:
    """Give free memory back to the system."""
    _libc("malloc_trim", 0)


def without_core_dump() -> None:
    """Write no core dump when we crash: it would contain keys and what was said.

    Not by PR_SET_DUMPABLE: desktop portals would not see any more which program asks them.
    """
    if sys.platform != "win32":
        _, most = resource.getrlimit(resource.RLIMIT_CORE)
        resource.setrlimit(resource.RLIMIT_CORE, (0, most))


def _libc(name: str, *arguments: int) -> None:
    if sys.platform == "linux":
        call = getattr(ctypes.CDLL(None), name, None)
        if call:  # musl has neither
            call(*arguments)
