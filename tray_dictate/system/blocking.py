"""Calls that block for as long as they like, such as a keyring that waits for its password.

Each runs on a daemon thread and not in asyncio's executor: the end of the program waits for the
executor's threads, and with them for a window that nobody answers.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Generic, TypeVar

T = TypeVar("T")


def start(call: Callable[[], T]) -> asyncio.Future[T]:
    """Begin a call on a thread of its own; return the future of its answer."""
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[T] = loop.create_future()
    # asyncio complains of errors that nobody asks for; after a timeout nobody does
    answer.add_done_callback(lambda done: done.cancelled() or done.exception())
    threading.Thread(target=_run, args=(loop, call, answer), daemon=True).start()
    return answer


class Blocking(Generic[T]):
    """One blocking call, one at a time: whoever asks meanwhile gets the same answer."""

    def __init__(self, call: Callable[[], T]) -> None:
        self._call = call
        self._answer: asyncio.Future[T] | None = None

    async def answer(self, limit: float) -> T:
        """Return what the call returns; TimeoutError after `limit` seconds, and it goes on."""
        if self._answer is None or self._answer.done():
            self._answer = start(self._call)
        async with asyncio.timeout(limit):
            return await asyncio.shield(self._answer)


def _run(loop: asyncio.AbstractEventLoop, call: Callable[[], T], answer: asyncio.Future[T]) -> None:
    """Run on the thread; what the call raises is raised where the answer is awaited."""
    try:
        settle = partial(answer.set_result, call())
    except Exception as error:  # noqa: BLE001 - a thread's boundary; whoever awaits it decides
        settle = partial(answer.set_exception, error)
    with suppress(RuntimeError):  # the loop has closed: nobody waits any more
        loop.call_soon_threadsafe(lambda: answer.cancelled() or settle())
