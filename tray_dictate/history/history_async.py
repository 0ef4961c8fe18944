"""The history as the daemon uses it: on a thread of its own, and never in a dictation's way.

It is an ornament: a file that is broken, locked or on a full disk is told of once, until it works
again; what it could not take is kept in memory.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Literal, TypeVar

from tray_dictate.config.schema import HistorySettings
from tray_dictate.core.errors import HistoryError
from tray_dictate.history import tray_dictate_recordings as recordings
from tray_dictate.history.entries import Entry, History, State
from tray_dictate.history.stats_async import AsyncStats
from tray_dictate.history.worker import FileWorker

T = TypeVar("T")

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
        self._settings, self._path, self.stats = settings, path, stats
        self._file = FileWorker("history", self._open, tell, "What you say is not kept on disk: ")
        self._memory = History(Path(":memory:"), keep=settings.entries)
        self._stored: dict[int, int] = {}  # ids in memory -> those in the file, of late writes
        self._file.aside(self._expire_recordings)

    def change(self, settings: HistorySettings) -> None:
        """Go on with other settings."""
        self._settings = settings
        self._file.reopen()

    async def add(self, entry: Entry) -> int:
        """Store an entry; return its id."""
        kept = 0

        def late(stored: int) -> None:
            """Learn that the disk has taken it after all: it is needed in one place."""
            if kept:
                self._memory.forget(kept)
                self._stored[-kept] = stored

        self._file.aside(self._expire_recordings)
        stored = await self._ask(lambda file: _add(file, entry), 0, late)
        if not stored:
            kept = self._memory.add(entry)
        return stored or -kept

    async def last(self, count: int = 1) -> list[Entry]:
        """Return the newest entries, the newest first."""
        stored = await self._ask(lambda file: file.last(count), list[Entry]())
        memory = [replace(entry, id=-entry.id) for entry in self._memory.last(count)]
        if not memory:
            return stored
        return sorted(memory + stored, key=lambda entry: entry.at, reverse=True)[:count]

    async def update(self, id: int, state: State) -> None:
        """Say what became of an entry."""
        id = self._stored.get(id, id)
        if id < 0:
            self._memory.update(-id, state)
        else:
            await self._ask(lambda file: file.update(id, state), None)

    async def forget(self, id: int | Literal["all"]) -> bool:
        """Remove an entry, or all; return whether none of it is left."""
        if id != "all":
            id = self._stored.get(id, id)
        if id == "all" or id < 0:
            self._memory.forget(id if id == "all" else -id)
            if id != "all":
                return True
        return await self._ask(lambda file: file.forget(id) or True, not self._settings.enabled)

    async def close(self) -> None:
        """Let go of the file, in which everything is by then; call nothing after it."""
        await self._file.close()
        self._memory.close()

    async def _ask(
        self, work: Callable[[History], T], otherwise: T, late: Callable[[T], None] = lambda _: None
    ) -> T:
        """Return what `work` returns on the thread, or `otherwise` where that fails."""
        if not self._settings.enabled:
            return otherwise
        return await self._file.do(work, otherwise, late=late)

    def _open(self, tell: Callable[[str], None]) -> History:
        keep, days = self._settings.entries, self._settings.days
        return History(self._path, keep=keep, days=days, tell=tell)

    def _expire_recordings(self) -> None:
        try:
            recordings.expire(self._settings.days)
        except OSError as reason:
            log.warning("old recordings could not be deleted: %s", reason)


def _add(file: History, entry: Entry) -> int:
    """Store an entry, and delete recordings of expired ones: nobody could find them any more."""
    id = file.add(entry)
    try:
        recordings.sweep(*file.recorded())
    except (OSError, HistoryError) as reason:  # the entry is stored all the same
        log.warning("old recordings could not be deleted: %s", reason)
    return id
