"""What the C library holds for later: kept small, and given back to the system (glibc)."""

from __future__ import annotations

import ctypes
import sys

_ARENA_MAX = -8  # M_ARENA_MAX of malloc.h


def one_arena() -> None:
    """Have all threads share one pool; before any starts.

    Each would have its own and leave holes in it: 2 MB, and ours hardly ever want memory at once.
    """
    _libc("mallopt", _ARENA_MAX, 1)


def trim() -> None:
    """Give back what is free."""
    _libc("malloc_trim", 0)


def _libc(name: str, *arguments: int) -> None:
    if sys.platform == "linux":
        call = getattr(ctypes.CDLL(None), name, None)
        if call:  # musl has neither
            call(*arguments)
