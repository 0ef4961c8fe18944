"""The history as the daemon uses it: on a thread of its own, and never in a dictation's way.

It is an ornament: a file that is broken, locked or on a full disk is told of once, until it works
again; what it could not take is kept in memory.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Literal, TypeVar

from tray_dictate import recordings
from tray_dictate.config import HistorySettings
from tray_dictate.errors import HistoryError
from tray_dictate.history import Entry, History, State
from tray_dictate.stats_async import AsyncStats

T = TypeVar("T")

_LONGEST = 3.0  # seconds: a disk that hangs must not hang a dictation

log = logging.getLogger(__name__)


class AsyncHistory:
    """The history, from the loop; nothing here raises. Ids below 0 are of entries in memory."""

    def __init__(
        self,
        settings: HistorySettings,
        tell: Callable[[str], None],
        path: Path | None = None,
        stats: AsyncStats | None = None,
    ) -> None:
        """`stats` gets the numbers, also where the history is off."""
        self._settings, self._tell, self._path, self.stats = settings, tell, path, stats
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="history")
        self._file: History | None = None  # of the worker
        self._memory = History(Path(":memory:"), keep=settings.entries)
        self._told = False
        self._worker.submit(self._expire_recordings)

    def change(self, settings: HistorySettings) -> None:
        """Go on with other settings."""
        self._settings = settings
        self._worker.submit(self._let_go)

    async def add(self, entry: Entry) -> int:
        """Store an entry; return its id."""
        self._worker.submit(self._expire_recordings)
        stored = await self._ask(lambda file: file.add(entry), 0)
        return stored or -self._memory.add(entry)

    async def last(self, count: int = 1) -> list[Entry]:
        """Return the newest entries, the newest first."""
        stored = await self._ask(lambda file: file.last(count), list[Entry]())
        memory = [replace(entry, id=-entry.id) for entry in self._memory.last(count)]
        if not memory:
            return stored
        return sorted(memory + stored, key=lambda entry: entry.at, reverse=True)[:count]

    async def update(self, id: int, state: State) -> None:
        """Say what became of an entry."""
        if id < 0:
            self._memory.update(-id, state)
        else:
            await self._ask(lambda file: file.update(id, state), None)

    async def forget(self, id: int | Literal["all"]) -> bool:
        """Remove an entry, or all; return whether none of it is left."""
        if id == "all" or id < 0:
            self._memory.forget(id if id == "all" else -id)
            if id != "all":
                return True
        return await self._ask(lambda file: file.forget(id) or True, not self._settings.enabled)

    async def close(self) -> None:
        """Let go of the file; call nothing after it."""
        if self._file:
            await self._ask(lambda file: file.close(), None)
        self._memory.close()
        self._worker.shutdown(wait=False, cancel_futures=True)

    async def _ask(self, work: Callable[[History], T], otherwise: T) -> T:
        """Return what `work` returns on the worker, or `otherwise` where that fails."""
        if not self._settings.enabled:
            return otherwise
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(_LONGEST):
                answer = await loop.run_in_executor(self._worker, self._on_worker, loop, work)
        except HistoryError as trouble:
            self._fail(str(trouble))
            return otherwise
        except TimeoutError:
            self._fail(f"The disk did not answer within {_LONGEST:g} s.")
            return otherwise
        self._told = False
        return answer

    def _on_worker(self, loop: asyncio.AbstractEventLoop, work: Callable[[History], T]) -> T:
        if self._file is None:

            def tell(message: str) -> None:
                loop.call_soon_threadsafe(self._tell, message)

            keep, days = self._settings.entries, self._settings.days
            self._file = History(self._path, keep=keep, days=days, tell=tell)
        return work(self._file)

    def _expire_recordings(self) -> None:
        try:
            recordings.expire(self._settings.days)
        except OSError as reason:
            log.warning("old recordings could not be deleted: %s", reason)

    def _let_go(self) -> None:
        if self._file:
            self._file.close()
            self._file = None

    def _fail(self, reason: str) -> None:
        if self._told:
            log.info("not kept on disk: %s", reason)
        else:
            self._told = True
            self._tell(f"What you say is not kept on disk: {reason}")
