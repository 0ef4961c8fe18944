"""Our memory: what the C library holds for later is kept small, and none of it is dumped."""

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


def without_core_dump() -> None:
    """Leave no image of us on the disk when we crash: what was said and keys would be in it.

    Not by PR_SET_DUMPABLE: desktop portals would not see any more which program asks them.
    """
    if sys.platform != "win32":
        import resource  # noqa: PLC0415 - Windows has none

        _, most = resource.getrlimit(resource.RLIMIT_CORE)
        resource.setrlimit(resource.RLIMIT_CORE, (0, most))


def _libc(name: str, *arguments: int) -> None:
    if sys.platform == "linux":
        call = getattr(ctypes.CDLL(None), name, None)
        if call:  # musl has neither
            call(*arguments)
