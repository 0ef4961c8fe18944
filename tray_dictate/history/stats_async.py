"""The numbers as the daemon uses them: on a thread of their own, and in nobody's way.

Sound that goes to a cloud is counted in memory first, and is in the file two seconds later; other
processes (`tray-dictate transcribe`) count into the same file. A file that fails is told of once;
the counting goes on in memory.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from tray_dictate.core.errors import EngineError
from tray_dictate.history.statistics import Numbers, Sent, Stats, month_of
from tray_dictate.history.worker import FileWorker

_LEAST = 1.0  # second: for less nobody need connect
_SOON = 2.0  # seconds until what was sent is in the file


class AsyncStats:
    """Counts, from the loop; only what is over the cap raises. It is the engines' Allowance."""

    def __init__(
        self,
        tell: Callable[[str], None],
        path: Path | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._clock = clock
        self._file = FileWorker(
            "stats",
            lambda tell: Stats(path, tell=tell),
            tell,
            "Your minutes and times are not counted on disk: ",
        )
        self._month = ""
        self._known = 0.0  # seconds sent in that month, as far as the file knows
        self._pending: dict[Sent, float] = {}  # seconds that are not in the file yet
        self._soon: asyncio.TimerHandle | None = None
        self._flushing: set[asyncio.Task[None]] = set()

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
        await self._file.do(lambda file: file.add(numbers), None)

    async def flush(self) -> None:
        """Put what was counted into the file, and learn what others have put there."""
        pending, self._pending = self._pending, {}
        month = month_of(self._clock())
        learn = partial(self._learn, month)
        total = await self._file.do(
            lambda file: file.send(pending, month), None, late=learn,
            failed=lambda: self._count(pending),
        )  # fmt: skip
        learn(total)

    async def close(self) -> None:
        """Write what is left, and let go of the file; idempotent. Call nothing else after it."""
        if self._soon:
            self._soon.cancel()
        await asyncio.gather(*self._flushing)
        if self._pending:
            await self.flush()
        await self._file.close()

    def _count(self, pending: Mapping[Sent, float]) -> None:
        for sent, seconds in pending.items():
            self._pending[sent] = self._pending.get(sent, 0.0) + seconds

    def _learn(self, month: str, total: float | None) -> None:
        if total is not None:
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


def _next(at: float) -> str:
    """Return the first day of the month after a time.time(): "1 December"."""
    today = datetime.fromtimestamp(at)  # noqa: DTZ006 - the user's own clock
    first = (today.replace(day=1) + timedelta(days=32)).replace(day=1)
    return f"1 {first:%B}"
