"""The asyncio thread and `post()`, the only crossing between threads.

The loop owns all state. Everything else (the tray's main loop, PortAudio's callback, the hotkey's
reader) hands it a callback and returns.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import logging
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar, TypeVarTuple

log = logging.getLogger(__name__)
_MOMENT = 2.0  # seconds
Ts = TypeVarTuple("Ts")
T = TypeVar("T")


class Bridge:
    """One event loop on a thread of its own."""

    def __init__(self, name: str = "loop") -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Run the loop; it lives until `stop`."""
        self._thread.start()

    def post(self, callback: Callable[[*Ts], Any], *args: *Ts) -> None:
        """Run `callback` on the loop; safe from any thread, never blocks, never raises."""
        try:
            self._loop.call_soon_threadsafe(callback, *args)
        except RuntimeError:  # the loop has closed under a late callback
            log.debug("dropped %r after shutdown", callback)

    def run(self, work: Coroutine[Any, Any, T]) -> concurrent.futures.Future[T]:
        """Run a coroutine on the loop; its future may be waited for from other threads."""
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def stop(self) -> None:
        """Cancel what still runs, end the loop and its thread; call from another thread."""
        if not self._thread.is_alive():
            return
        self.run(_cancel_all()).result()
        self.post(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()


async def _cancel_all() -> None:
    tasks = _others()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    if last := _others():  # what these have begun in their end, to give back what they had
        await asyncio.wait(last, timeout=_MOMENT)


def _others() -> set[asyncio.Task[Any]]:
    return {task for task in asyncio.all_tasks() if task is not asyncio.current_task()}
