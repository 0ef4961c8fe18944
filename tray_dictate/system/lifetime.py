"""Acquires resources so that a cancelled caller leaks none, and releases them in any case.

A call on a thread cannot be cancelled: the device opens although the key was released long ago.
Without an owner its result would stay open until the program ends; PortAudio would even call
functions that Python has freed. So a call that acquires a resource (a stream, a connection, a grab,
a session, a file, a child process) is awaited through `acquire`, or through `obtain` if it is a
coroutine; a call that must be carried out in any case through `release`, or `finish`.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor, Future
from functools import partial
from typing import Any, ParamSpec, TypeVar

from typing_extensions import override

log = logging.getLogger(__name__)
P = ParamSpec("P")
T = TypeVar("T")


class OwnThreads(Executor):
    """An executor with a daemon thread for each call: the program can end while one still runs."""

    @override
    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Begin the call."""
        answer: Future[T] = Future()
        answer.set_running_or_notify_cancel()
        work = partial(settle, answer, partial(fn, *args, **kwargs))
        threading.Thread(target=work, daemon=True).start()
        return answer


_OWN = OwnThreads()
_owed: set[asyncio.Future[Any]] = set()  # the loop itself keeps only weak references to tasks


async def acquire(
    make: Callable[[], T], give_back: Callable[[T], object], worker: Executor = _OWN
) -> T:
    """Return the resource that `make` acquires on the worker, or `give_back` it there.

    If this is cancelled, before or after the resource was acquired, or by the end of the loop, the
    resource is given back and not returned. If it was not acquired yet, the worker gives it back
    before any other call. Callbacks that the worker posted to the loop run before this returns.
    """
    coming = _submit(worker, make)
    try:
        acquired = await asyncio.wrap_future(coming)
        await asyncio.sleep(0)  # since 3.14, what was there already overtakes what was posted
    except BaseException:
        # runs on the worker when the resource is acquired, or here and now if it already is
        coming.add_done_callback(partial(_return, give_back, worker, threading.get_ident()))
        raise
    return acquired


async def release(give_back: Callable[[], T], worker: Executor = _OWN) -> T:
    """Run `give_back` on the worker, also where this is cancelled; return its result."""
    answer: Future[T] = Future()
    answer.set_running_or_notify_cancel()  # a running future cannot be cancelled
    _submit(worker, partial(settle, answer, give_back))
    return await asyncio.wrap_future(answer)


async def obtain(work: Coroutine[Any, Any, T], give_back: Callable[[T], object]) -> T:
    """Return the resource that a coroutine acquires, or `give_back` it as soon as it is acquired.

    If this is cancelled, the coroutine still runs to its end: interrupted, it could not clean up.
    """
    coming = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(coming)
    except BaseException:
        _owed.add(coming)
        coming.add_done_callback(_owed.discard)
        coming.add_done_callback(partial(_give_up, give_back))
        raise


async def finish(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end, however often this is cancelled; then raise CancelledError."""
    task = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled:
        raise cancelled from (None if task.cancelled() else task.exception())
    return task.result()


def settle(answer: Future[T], work: Callable[[], T]) -> None:
    """Make a call, and settle the future with its result or error."""
    try:
        result = work()
    except BaseException as error:  # noqa: BLE001 - a thread's boundary; the awaiting caller decides
        answer.set_exception(error)
    else:
        answer.set_result(result)


def _submit(worker: Executor, work: Callable[[], T]) -> Future[T]:
    try:
        return worker.submit(work)
    except RuntimeError:  # the worker was shut down, so its own calls cannot conflict with this one
        return _OWN.submit(work)


def _return(
    give_back: Callable[[T], object], worker: Executor, waiter: int, coming: Future[T]
) -> None:
    if coming.cancelled() or coming.exception():
        return  # nothing was acquired
    work = partial(_quietly, give_back, coming.result())
    if threading.get_ident() == waiter:  # it may block
        _submit(worker, work)
    else:
        work()


def _give_up(give_back: Callable[[T], object], coming: asyncio.Future[T]) -> None:
    if not coming.cancelled() and coming.exception() is None:
        _quietly(give_back, coming.result())


def _quietly(give_back: Callable[[T], object], acquired: T) -> None:
    try:
        give_back(acquired)
    except Exception:
        log.exception("%s could not be given back", type(acquired).__name__)
