"""A file on a thread of its own: a slow disk makes nobody wait, and trouble is told of once.

What was begun is done even where nobody waits for it any more: a write must not get lost, nor be
taken for lost and be made a second time.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Generic, Protocol, TypeVar

from tray_dictate.core.errors import HistoryError

LONGEST = 3.0  # seconds: a disk that hangs must not hang a dictation

log = logging.getLogger(__name__)


class File(Protocol):
    """What is opened, used and closed on the thread; each raises HistoryError."""

    def close(self) -> None:
        """Let go of it; idempotent."""
        ...


F = TypeVar("F", bound=File)
T = TypeVar("T")


class FileWorker(Generic[F]):
    """The thread; from the loop, where nothing here raises."""

    def __init__(
        self,
        name: str,
        open: Callable[[Callable[[str], None]], F],
        tell: Callable[[str], None],
        trouble: str,
    ) -> None:
        """`open` runs on the thread, with what tells the user; `trouble` goes before a reason."""
        self._open, self._tell, self._trouble = open, tell, trouble
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=name)
        self._file: F | None = None  # of the thread
        self._told = self._closed = False

    async def do(
        self,
        work: Callable[[F], T],
        otherwise: T,
        *,
        late: Callable[[T], None] = lambda _: None,
        failed: Callable[[], None] = lambda: None,
    ) -> T:
        """Return what `work` returns, or `otherwise` where it fails or takes too long.

        Too long, and it goes on: `late` gets what it has returned then. `failed` is called where
        it has failed, early or late.
        """
        if self._closed:
            return otherwise
        loop = asyncio.get_running_loop()
        doing = loop.run_in_executor(self._thread, self._on_thread, loop, work)
        try:
            await asyncio.wait([doing], timeout=LONGEST)
        finally:
            if not doing.done():  # also where who waits for it has been cancelled
                doing.add_done_callback(partial(self._done_late, late, failed))
        if not doing.done():
            self._fail(f"The disk did not answer within {LONGEST:g} s.")
            return otherwise
        try:
            answer = doing.result()
        except HistoryError as trouble:
            self._fail(str(trouble))
            failed()
            return otherwise
        self._told = False
        return answer

    def aside(self, work: Callable[[], object]) -> None:
        """Do something on the thread in its turn, for which nobody waits; it raises nothing."""
        if not self._closed:
            self._thread.submit(work)

    def reopen(self) -> None:
        """Open the file anew, when it is needed next."""
        self.aside(self._let_go)

    async def close(self) -> None:
        """Let go of the file after what is still to be done with it, boundedly; idempotent."""
        if self._closed:
            return
        self._closed = True
        letting_go = asyncio.get_running_loop().run_in_executor(self._thread, self._let_go)
        await asyncio.wait([letting_go], timeout=LONGEST)
        if not letting_go.done():
            self._fail(f"The disk did not answer within {LONGEST:g} s.")
        self._thread.shutdown(
            wait=False
        )  # what was begun is done, and the file closed, all the same

    def _on_thread(self, loop: asyncio.AbstractEventLoop, work: Callable[[F], T]) -> T:
        if self._file is None:

            def tell(message: str) -> None:
                loop.call_soon_threadsafe(self._tell, message)

            self._file = self._open(tell)
        return work(self._file)

    def _let_go(self) -> None:
        if self._file:
            self._file.close()
            self._file = None

    @staticmethod
    def _done_late(
        late: Callable[[T], None], failed: Callable[[], None], done: asyncio.Future[T]
    ) -> None:
        if done.cancelled() or isinstance(done.exception(), HistoryError):
            failed()
        else:
            late(done.result())

    def _fail(self, reason: str) -> None:
        if self._told:
            log.info("%s%s", self._trouble, reason)
        else:
            self._told = True
            self._tell(f"{self._trouble}{reason}")
