"""Acquires resources so that a cancelled caller leaks none, and releases them in any case.

A call on a thread cannot be cancelled: the device opens although the key is up long since. Its
result would then belong to nobody and stay open for as long as the program lives; PortAudio would
even call what Python has freed. So a call that acquires a resource (a stream, a connection, a grab,
a session, a file, a child) is awaited by `acquire`, or by `obtain` where it is a coroutine; and a
call that must not be left undone by `release`, or by `finish`.
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
    """An executor with a daemon thread for each call: the end of the program waits for none."""

    @override
    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Begin the call."""
        answer: Future[T] = Future()
        answer.set_running_or_notify_cancel()
        work = partial(_settle, answer, partial(fn, *args, **kwargs))
        threading.Thread(target=work, daemon=True).start()
        return answer


_OWN = OwnThreads()
_owed: set[asyncio.Future[Any]] = set()  # a task needs someone to hold it


async def acquire(
    make: Callable[[], T], give_back: Callable[[T], object], worker: Executor = _OWN
) -> T:
    """Return the resource that `make` acquires on the worker, or have it given back there.

    It is given back, and never returned too, where this is cancelled, before or after it was there,
    also at the end of the loop. Where it was not there yet, the worker does nothing else before it
    gives it back. What the worker has posted to the loop until then is done before this returns.
    """
    coming = _submit(worker, make)
    try:
        acquired = await asyncio.wrap_future(coming)
        await asyncio.sleep(0)  # since 3.14, what was there already overtakes what was posted
    except BaseException:
        # called on the worker as soon as it is there, or here and now if it is there already
        coming.add_done_callback(partial(_return, give_back, worker, threading.get_ident()))
        raise
    return acquired


async def release(give_back: Callable[[], T], worker: Executor = _OWN) -> T:
    """Run `give_back` on the worker, also where this is cancelled; return its result."""
    answer: Future[T] = Future()
    answer.set_running_or_notify_cancel()  # so that nobody can cancel it
    _submit(worker, partial(_settle, answer, give_back))
    return await asyncio.wrap_future(answer)


async def obtain(work: Coroutine[Any, Any, T], give_back: Callable[[T], object]) -> T:
    """Return the resource that a coroutine acquires, or give it back as soon as it is there.

    Where this is cancelled, the coroutine goes on: half-way it could not clear up.
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


def _settle(answer: Future[T], work: Callable[[], T]) -> None:
    try:
        result = work()
    except BaseException as error:  # noqa: BLE001 - a thread's boundary; who awaits it decides
        answer.set_exception(error)
    else:
        answer.set_result(result)


def _submit(worker: Executor, work: Callable[[], T]) -> Future[T]:
    try:
        return worker.submit(work)
    except RuntimeError:  # it was shut down: no call of its own can be in the way
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
