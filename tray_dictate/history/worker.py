"""Uses a file on a thread, so that a slow disk delays nothing else; reports trouble once.

Work that has begun is finished even if its caller is cancelled: a write must not get lost, nor be
taken for lost and repeated.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Generic, Protocol, TypeVar

from tray_dictate.core.errors import HistoryError
from tray_dictate.core.ports import Cause, Notifier

PATIENCE = 3.0  # seconds: a disk that hangs must not hang a dictation

log = logging.getLogger(__name__)


class File(Protocol):
    """A file that is used and closed on the thread; its methods raise HistoryError."""

    def close(self) -> None:
        """Close the file; idempotent."""
        ...


F = TypeVar("F", bound=File)
F_co = TypeVar("F_co", bound=File, covariant=True)
T = TypeVar("T")


class Opener(Protocol[F_co]):
    """Opens a file when it is first used."""

    def open(self, notices: Notifier) -> F_co:
        """Open the file, on the thread; `notices` can be told from there. Raises HistoryError."""
        ...


class FileWorker(Generic[F]):
    """Uses a file in the order of the calls; called on the loop, and raises nothing."""

    def __init__(
        self,
        opener: Opener[F],
        notices: Notifier,
        trouble: str,
        thread: ThreadPoolExecutor | None = None,
        patience: float = PATIENCE,
    ) -> None:
        """Prepare to open the file when it is first used.

        `trouble` is what a message says before the reason. A `thread` is shared with other files,
        and the caller shuts it down. `patience` is in seconds.
        """
        self._opener, self._notices, self._trouble = opener, notices, trouble
        self._owns_thread = thread is None
        self._thread = thread or ThreadPoolExecutor(1, thread_name_prefix="file")
        self._patience = patience
        self._file: F | None = None  # used on the thread only
        self._reported = self._closed = False

    def do(
        self, work: Callable[[F], T], default: T, *, patiently: bool = False
    ) -> Coroutine[Any, Any, T]:
        """Begin `work` at once; the coroutine returns its answer, or `default` if it fails.

        A disk that does not answer in time is reported. The coroutine then returns `default` while
        the work goes on, or, `patiently`, waits until the work is over.
        """
        if self._closed:
            return _immediately(default)
        loop = asyncio.get_running_loop()
        working = loop.run_in_executor(self._thread, self._work, loop, work)
        working.add_done_callback(_retrieve)
        return self._answer(working, default, patiently=patiently)

    def reopen(self) -> None:
        """Close the file, so that its next use opens it again."""
        if not self._closed:
            self._thread.submit(self._close)

    async def close(self) -> None:
        """Close the file after the work already asked for; idempotent. Later calls do nothing."""
        if self._closed:
            return
        self._closed = True
        loop = asyncio.get_running_loop()
        await self._in_time(loop.run_in_executor(self._thread, self._close))
        if self._owns_thread:  # work that has begun is finished all the same
            self._thread.shutdown(wait=False)

    async def _answer(self, working: asyncio.Future[T], default: T, *, patiently: bool) -> T:
        late = not await self._in_time(working)
        if late:
            if not patiently:
                return default
            await asyncio.wait([working])
        try:
            answer = working.result()
        except HistoryError as trouble:
            self._report(str(trouble))
            return default
        self._reported = late
        return answer

    async def _in_time(self, working: asyncio.Future[Any]) -> bool:
        """Wait for work; report a disk that does not answer in time, and return whether it did."""
        await asyncio.wait([working], timeout=self._patience)
        if not working.done():
            self._report(f"The disk did not answer within {self._patience:g} s.")
        return working.done()

    def _work(self, loop: asyncio.AbstractEventLoop, work: Callable[[F], T]) -> T:
        if self._file is None:
            self._file = self._opener.open(_LoopNotices(loop, self._notices))
        return work(self._file)

    def _close(self) -> None:
        if self._file:
            self._file.close()
            self._file = None

    def _report(self, reason: str) -> None:
        if self._reported:
            log.info("%s%s", self._trouble, reason)
        else:
            self._reported = True
            self._notices.tell(f"{self._trouble}{reason}", "history")


class _LoopNotices:
    """ports.Notifier for the thread: passes each message on to the loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop, notices: Notifier) -> None:
        self._loop, self._notices = loop, notices

    def tell(self, message: str, cause: Cause = "") -> None:
        """Pass the message on; see ports.Notifier."""
        self._loop.call_soon_threadsafe(self._notices.tell, message, cause)


async def _immediately(answer: T) -> T:
    return answer


def _retrieve(done: asyncio.Future[Any]) -> None:
    """Retrieve an error that no caller waits for, else asyncio logs it."""
    if not done.cancelled():
        done.exception()
