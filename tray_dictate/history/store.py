"""The store of the running daemon: history, statistics and recordings, all on one thread.

Failures never affect dictation: they are reported once until the file works again, and entries are
kept in memory meanwhile.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Awaitable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tray_dictate.config.schema import HistorySettings
from tray_dictate.core.errors import HistoryError
from tray_dictate.core.ports import Notifier
from tray_dictate.history import recordings
from tray_dictate.history.database import BUSY
from tray_dictate.history.entries import Entry, History
from tray_dictate.history.statistics import CloudUsage, Numbers, Stats, open_statistics
from tray_dictate.history.worker import PATIENCE, FileWorker
from tray_dictate.system import files
from tray_dictate.system.threads import TaskSet

log = logging.getLogger(__name__)


class Store:
    """Stores dictations and their statistics; called on the loop, and raises nothing."""

    def __init__(
        self,
        settings: HistorySettings,
        notices: Notifier,
        folder: Path | None = None,
        patience: float = PATIENCE,
        busy: float = BUSY,
    ) -> None:
        """Prepare to use the files in `folder`, by default the user's own.

        In seconds, `patience` is how long to wait for a disk that does not answer, and `busy` for
        another process that is writing.
        """
        self._settings = settings
        history, statistics = files.history_file(), files.stats_file()
        path = folder / history.name if folder else history
        self._opener = _HistoryOpener(path, settings, busy)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="store")
        self._history = FileWorker(
            self._opener, notices, "Your dictations are not saved to disk: ", self._thread, patience
        )
        self._statistics = open_statistics(
            notices, folder / statistics.name if folder else statistics, self._thread, patience,
            busy,
        )  # fmt: skip
        self.usage = CloudUsage(self._statistics)
        # entries that are not in the file: yet, or because the history is off
        self._unwritten: deque[Entry] = deque(maxlen=settings.entries or None)
        self._tasks = TaskSet()
        self._closed = False
        self._expire_recordings()

    def change(self, settings: HistorySettings) -> None:
        """Apply other settings."""
        self._settings = self._opener.settings = settings
        self._unwritten = deque(self._unwritten, settings.entries or None)
        self._history.reopen()

    def record(self, entry: Entry) -> None:
        """Store a dictation, only in memory if the history is off, and add its figures."""
        self._expire_recordings()
        self._unwritten.append(entry)
        if self._settings.enabled:
            adding = self._history.do(partial(_add, entry), False, patiently=True)
            self._tasks.start(self._forget_written(entry, adding))
        self._tasks.start(self._statistics.do(partial(Stats.add, numbers=_numbers(entry)), None))

    async def last(self, count: int = 1) -> list[Entry]:
        """Return the newest entries, the newest first."""
        stored = list[Entry]()
        if self._settings.enabled:
            stored = await self._history.do(partial(History.last, count=count), stored)
        if not self._unwritten:
            return stored
        return sorted([*reversed(self._unwritten), *stored], key=_date, reverse=True)[:count]

    async def clear(self) -> bool:
        """Delete every text; return whether that succeeded."""
        self._unwritten.clear()
        if not self._settings.enabled:
            return True
        return await self._history.do(_clear, False)

    async def close(self) -> None:
        """Finish writing and close the files, in bounded time; idempotent; call it last."""
        await self._history.close()
        await self.usage.close()
        self._closed = True
        self._thread.shutdown(wait=False)  # work that has begun is finished all the same

    def _expire_recordings(self) -> None:
        if not self._closed:
            self._thread.submit(_expire_recordings, self._settings.days)

    async def _forget_written(self, entry: Entry, adding: Awaitable[bool]) -> None:
        """Remove an entry from memory once it is in the file, however late that is."""
        if await adding:
            with suppress(ValueError):  # the history was cleared meanwhile
                self._unwritten.remove(entry)


@dataclass(slots=True)
class _HistoryOpener:
    path: Path
    settings: HistorySettings
    busy: float

    def open(self, notices: Notifier) -> History:
        settings = self.settings
        return History(
            self.path, keep=settings.entries, days=settings.days, notices=notices, busy=self.busy
        )


def _add(entry: Entry, history: History) -> bool:
    """Store an entry, and delete the recordings of entries that have expired."""
    history.add(entry)
    try:
        recordings.sweep(*history.recorded())
    except (OSError, HistoryError) as reason:  # the entry is stored all the same
        log.warning("old recordings could not be deleted: %s", reason)
    return True


def _clear(history: History) -> bool:
    history.forget("all")
    return True


def _expire_recordings(days: float) -> None:
    try:
        recordings.expire(days)
    except OSError as reason:
        log.warning("old recordings could not be deleted: %s", reason)


def _numbers(entry: Entry) -> Numbers:
    words = 0 if entry.state == "dropped" else len(entry.text.split())
    failed = entry.state == "failed"
    return Numbers(entry.at, entry.engine, words, entry.seconds, failed, entry.timings)


def _date(entry: Entry) -> float:
    return entry.at
