"""Pipes on the portals' thread, which waits for none of them."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from contextlib import suppress
from typing import Any

SERVING = 10.0  # seconds for a reader to take what it asked for


async def read(file: int, most: int) -> bytes:
    """Return all that comes out of a pipe, and close it. Raises ValueError for more than `most`."""
    found, size = list[bytes](), 0
    try:
        os.set_blocking(file, False)
        while part := await _ready(file, lambda: os.read(file, 1 << 16), writing=False):
            size += len(part)
            if size > most:
                raise ValueError
            found.append(part)
    finally:
        os.close(file)
    return b"".join(found)


async def write(file: int, data: bytes) -> None:
    """Put all of it into a pipe, and close it. Raises OSError, TimeoutError among them."""
    rest = memoryview(data)
    try:
        os.set_blocking(file, False)
        async with asyncio.timeout(SERVING):
            while rest:
                rest = rest[await _ready(file, lambda: os.write(file, rest), writing=True) :]  # noqa: B023
    finally:
        os.close(file)


async def _ready(file: int, work: Callable[[], Any], *, writing: bool) -> Any:
    """Return what a system call on a pipe returns, once it does not have to wait."""
    loop = asyncio.get_running_loop()
    while True:
        with suppress(BlockingIOError):
            return work()
        ready = asyncio.Event()
        watch, unwatch = (
            (loop.add_writer, loop.remove_writer) if writing
            else (loop.add_reader, loop.remove_reader)
        )  # fmt: skip
        watch(file, ready.set)
        try:
            await ready.wait()
        finally:
            unwatch(file)
