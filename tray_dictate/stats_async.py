"""The numbers as the daemon uses them: on a thread of their own, and in nobody's way.

Sound that goes to a cloud is counted in memory first, and is in the file two seconds later; other
processes (`tray-dictate transcribe`) count into the same file. A file that fails is told of once;
the counting goes on in memory.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path

from tray_dictate.errors import EngineError, HistoryError
from tray_dictate.stats import Numbers, Sent, Stats, month_of

_LONGEST = 3.0  # seconds: a disk that hangs must not hang a dictation
_LEAST = 1.0  # second: for less nobody need connect
_SOON = 2.0  # seconds until what was sent is in the file

log = logging.getLogger(__name__)


class AsyncStats:
    """Counts, from the loop; only what is over the cap raises. It is the engines' Allowance."""

    def __init__(
        self,
        tell: Callable[[str], None],
        path: Path | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._tell, self._path, self._clock = tell, path, clock
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="stats")
        self._file: Stats | None = None  # of the worker
        self._month = ""
        self._known = 0.0  # seconds sent in that month, as far as the file knows
        self._pending: dict[Sent, float] = {}  # seconds that are not in the file yet
        self._soon: asyncio.TimerHandle | None = None
        self._flushing: set[asyncio.Task[None]] = set()
        self._told = False

    async def check(self, cap: float) -> None:
        """Learn what was sent this month; raises EngineError where it is all of the cap."""
        if cap:
            await self.flush()
            self._refuse(_LEAST, cap)

    def spend(self, engine: str, seconds: float, cap: float) -> None:
        """Count sound that is about to go to a cloud. Raises EngineError: it must not go."""
        if cap:
            self._refuse(seconds, cap)
        self._count({(month_of(self._clock()), engine): seconds})
        if self._soon is None:
            self._soon = asyncio.get_running_loop().call_later(_SOON, self._flush_soon)

    async def add(self, numbers: Numbers) -> None:
        """Count a dictation that is over."""
        await self._try(lambda file: file.add(numbers))

    async def flush(self) -> None:
        """Put what was counted into the file, and learn what others have put there."""
        pending, self._pending = self._pending, {}
        month = month_of(self._clock())
        loop = asyncio.get_running_loop()

        def work(file: Stats) -> None:
            try:
                total = file.send(pending, month)
            except HistoryError:
                loop.call_soon_threadsafe(self._count, pending)
                raise
            loop.call_soon_threadsafe(self._learn, month, total)

        await self._try(work)

    async def close(self) -> None:
        """Write what is left, and let go of the file; idempotent. Call nothing else after it."""
        if self._soon:
            self._soon.cancel()
        await asyncio.gather(*self._flushing)
        if self._pending:
            await self.flush()
        if self._file:
            await self._try(lambda file: file.close())
            self._file = None
        self._worker.shutdown(wait=False, cancel_futures=True)

    def _count(self, pending: Mapping[Sent, float]) -> None:
        for sent, seconds in pending.items():
            self._pending[sent] = self._pending.get(sent, 0.0) + seconds

    def _learn(self, month: str, total: float) -> None:
        self._month, self._known = month, total

    def _refuse(self, seconds: float, cap: float) -> None:
        """Raise EngineError where so much more would be above the cap."""
        month = month_of(self._clock())
        known = self._known if month == self._month else 0.0
        sent = known + sum(seconds for (of, _), seconds in self._pending.items() if of == month)
        if sent + seconds > cap * 60:
            raise EngineError(
                f"The {cap:g} minutes of cloud speech that you allow for a month "
                f"(engine.cap_minutes) are used up; no more is sent before {_next(self._clock())}."
            )

    def _flush_soon(self) -> None:
        self._soon = None
        task = asyncio.get_running_loop().create_task(self.flush())
        self._flushing.add(task)
        task.add_done_callback(self._flushing.discard)

    async def _try(self, work: Callable[[Stats], None]) -> None:
        """Do it on the worker; tell what stands in the way."""
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(_LONGEST):
                await loop.run_in_executor(self._worker, self._on_worker, loop, work)
        except HistoryError as trouble:
            self._fail(str(trouble))
        except TimeoutError:
            self._fail(f"The disk did not answer within {_LONGEST:g} s.")
        else:
            self._told = False

    def _on_worker(self, loop: asyncio.AbstractEventLoop, work: Callable[[Stats], None]) -> None:
        if self._file is None:

            def tell(message: str) -> None:
                loop.call_soon_threadsafe(self._tell, message)

            self._file = Stats(self._path, tell=tell)
        work(self._file)

    def _fail(self, reason: str) -> None:
        if self._told:
            log.info("not counted on disk: %s", reason)
        else:
            self._told = True
            self._tell(f"Your minutes and times are not counted on disk: {reason}")


def _next(at: float) -> str:
    """Return the first day of the month after a time.time(): "1 December"."""
    today = datetime.fromtimestamp(at)  # noqa: DTZ006 - the user's own clock
    first = (today.replace(day=1) + timedelta(days=32)).replace(day=1)
    return f"1 {first:%B}"
