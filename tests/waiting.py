"""Wait for a state that has no event: of a thread, a process, a window, or this loop."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def wait_until(ready: Callable[[], T], timeout: float, what: str) -> T:
    """Return the first true answer of `ready`, asked every 10 ms; AssertionError at the end."""
    end = time.monotonic() + timeout
    while True:
        if answer := ready():
            return answer
        assert time.monotonic() < end, f"{what}: not within {timeout:g} s"
        time.sleep(0.01)


async def until(ready: Callable[[], T], seconds: float = 20) -> T:
    """Return the first true answer of `ready`, asked every 2 ms; TimeoutError at the end."""
    async with asyncio.timeout(seconds):
        while not (answer := ready()):  # noqa: ASYNC110 - there is no event to wait for
            await asyncio.sleep(0.002)
    return answer
