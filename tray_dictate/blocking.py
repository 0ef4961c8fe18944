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


class Blocking(Generic[T]):
    """One blocking call, one at a time: whoever asks meanwhile gets the same answer."""

    def __init__(self, call: Callable[[], T]) -> None:
        self._call = call
        self._answer: asyncio.Future[T] | None = None

    async def answer(self, limit: float) -> T:
        """Return what the call returns; TimeoutError after `limit` seconds, and it goes on."""
        if self._answer is None or self._answer.done():
            loop = asyncio.get_running_loop()
            self._answer = loop.create_future()
            # asyncio complains of errors that nobody asks for; after a timeout nobody does
            self._answer.add_done_callback(lambda answer: answer.exception())
            threading.Thread(target=self._run, args=(loop, self._answer), daemon=True).start()
        async with asyncio.timeout(limit):
            return await asyncio.shield(self._answer)

    def _run(self, loop: asyncio.AbstractEventLoop, answer: asyncio.Future[T]) -> None:
        """Run on the thread; what the call raises is raised where the answer is awaited."""
        try:
            settle = partial(answer.set_result, self._call())
        except Exception as error:  # noqa: BLE001 - a thread's boundary; whoever awaits it decides
            settle = partial(answer.set_exception, error)
        with suppress(RuntimeError):  # the loop has closed: nobody waits any more
            loop.call_soon_threadsafe(settle)
