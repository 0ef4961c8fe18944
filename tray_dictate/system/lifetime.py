"""What is acquired for somebody who may not wait for it any more: taken, or given back.

A call on a thread cannot be cancelled: the device opens although the key is up long since. What it
brings then would belong to nobody and stay open for as long as the program lives; PortAudio would
even call what Python has freed. So whoever awaits a call that acquires something (a stream, a
connection, a grab, a session, a file, a child) does it by `acquire`, or by `obtain` where a
coroutine does it; and what must not be left undone by `release`, or by `finish`.
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
    """A thread for each call, for which the end of the program does not wait."""

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
    """Return what `make` acquires on the worker, or have it given back there, never both.

    It is given back where this is cancelled, before or after it was there, also at the end of the
    loop. Where it was not there yet, nothing else that the worker does comes before that. What the
    worker has posted to the loop until then is done before this returns.
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
    """Return what `give_back` returns on the worker, which does it also where this is cancelled."""
    answer: Future[T] = Future()
    answer.set_running_or_notify_cancel()  # so that nobody can cancel it
    _submit(worker, partial(_settle, answer, give_back))
    return await asyncio.wrap_future(answer)


async def obtain(work: Coroutine[Any, Any, T], give_back: Callable[[T], object]) -> T:
    """Return what a coroutine acquires, or have it given back as soon as it is there, never both.

    The coroutine goes on where this is cancelled: half-way it could not clear up.
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
    """Do it all, however often this is cancelled meanwhile; CancelledError comes afterwards."""
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
    except RuntimeError:  # it was sent home: nothing that it does can be in the way any more
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
