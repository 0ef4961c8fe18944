"""Runs the event loop on its thread, background tasks on the loop, and blocking calls beside it.

The loop owns all state. Other threads (the tray's main loop, PortAudio's callback, the hotkey's
reader) pass it a callback by `Bridge.post`, the only crossing between threads, and return.

A call without a time limit, such as a keyring that waits for its password, runs on a daemon thread
and not in asyncio's executor: the program waits for the executor's threads when it ends, and so for
a password prompt that stays unanswered.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import logging
import threading
from collections.abc import Callable, Coroutine
from contextlib import suppress
from functools import partial
from typing import Any, Generic, TypeVar, TypeVarTuple

T = TypeVar("T")

log = logging.getLogger(__name__)
_MOMENT = 2.0  # seconds for tasks that a cancelled task starts to clean up
Ts = TypeVarTuple("Ts")


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
        """Cancel running tasks, end the loop and its thread; call from another thread."""
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
    if last := _others():  # started by the cancelled ones, to give back their resources
        await asyncio.wait(last, timeout=_MOMENT)


def _others() -> set[asyncio.Task[Any]]:
    return {task for task in asyncio.all_tasks() if task is not asyncio.current_task()}


class TaskSet:
    """Background tasks, kept alive until they end: the loop itself keeps only weak references."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()

    def __bool__(self) -> bool:
        return bool(self._tasks)

    def start(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Run a coroutine as a task until it ends; return the task."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def wait(self, limit: float | None = None) -> None:
        """Wait until the tasks that run now have ended, for at most `limit` seconds."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=limit)


def run_in_thread(call: Callable[[], T]) -> asyncio.Future[T]:
    """Run a call on a new daemon thread; return the future of its result."""
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[T] = loop.create_future()
    # asyncio logs errors that are never retrieved; after a timeout none is
    answer.add_done_callback(lambda done: done.cancelled() or done.exception())
    threading.Thread(target=_run, args=(loop, call, answer), daemon=True).start()
    return answer


class Blocking(Generic[T]):
    """A blocking call that runs once at a time: callers meanwhile share its answer."""

    def __init__(self, call: Callable[[], T]) -> None:
        self._call = call
        self._answer: asyncio.Future[T] | None = None

    async def answer(self, limit: float) -> T:
        """Return the call's result; after `limit` seconds raise TimeoutError, and let it go on."""
        if self._answer is None or self._answer.done():
            self._answer = run_in_thread(self._call)
        async with asyncio.timeout(limit):
            return await asyncio.shield(self._answer)


def _run(loop: asyncio.AbstractEventLoop, call: Callable[[], T], answer: asyncio.Future[T]) -> None:
    """Run a call on its thread; its error is raised where the answer is awaited."""
    try:
        settle = partial(answer.set_result, call())
    except Exception as error:  # noqa: BLE001 - a thread's boundary; the awaiting caller decides
        settle = partial(answer.set_exception, error)
    with suppress(RuntimeError):  # the loop has closed
        loop.call_soon_threadsafe(lambda: answer.cancelled() or settle())
