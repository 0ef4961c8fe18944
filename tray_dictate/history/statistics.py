"""Statistics of the dictations, without their words: times, counts, minutes sent to clouds.

They have their own file, so that the minutes of cloud speech stay counted when the history of texts
is off or cleared.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from tray_dictate.core.errors import EngineError
from tray_dictate.core.ports import Notifier, WallClock
from tray_dictate.history.database import BUSY, SqliteFile, is_number
from tray_dictate.history.worker import PATIENCE, FileWorker
from tray_dictate.system import files
from tray_dictate.system.logs import LoggedNotices
from tray_dictate.system.threads import TaskSet

_MIGRATIONS = (
    (
        "CREATE TABLE take (id INTEGER PRIMARY KEY AUTOINCREMENT, at REAL NOT NULL, "
        "engine TEXT NOT NULL, words INTEGER NOT NULL, seconds REAL NOT NULL, "
        "failed INTEGER NOT NULL, heard_ms REAL, engine_ms REAL, text_ms REAL)",
        "CREATE TABLE sent (month TEXT NOT NULL, engine TEXT NOT NULL, seconds REAL NOT NULL, "
        "PRIMARY KEY (month, engine)) WITHOUT ROWID",
    ),
)
Sent = tuple[str, str]  # month, engine
_KEEP = 10_000  # dictations
_LEAST = 1.0  # second: with less left of the cap, connecting is refused
_SOON = 2.0  # seconds until sent sound is counted in the file

_LOGGED = LoggedNotices(logging.WARNING)


@dataclass(frozen=True, slots=True)
class Timings:
    """How long the stages of a dictation took, in ms; None if not measured."""

    heard_ms: float | None = None  # from the key-down to the first sample
    engine_ms: float | None = None  # from the release to the text of the last segment
    text_ms: float | None = None  # from the release to its last character in the window


@dataclass(frozen=True, slots=True)
class Numbers:
    """The figures of one dictation; `at` is time.time()."""

    at: float
    engine: str
    words: int
    seconds: float  # of sound
    failed: bool
    timings: Timings


@dataclass(frozen=True, slots=True)
class Quantiles:
    """The number of values, their median and their 95th percentile, in milliseconds."""

    count: int
    p50: float
    p95: float


@dataclass(frozen=True, slots=True)
class Summary:
    """The figures of one engine; None if not measured."""

    engine: str
    takes: int
    failed: int
    words: int
    minutes: float
    heard: Quantiles | None
    spoken: Quantiles | None  # from the release to the engine's last text
    text: Quantiles | None  # from the release to the last character in the window


class Stats:
    """The open file; each method blocks, a second or two at most, and raises HistoryError."""

    def __init__(
        self, path: Path | None = None, *, notices: Notifier = _LOGGED, busy: float = BUSY
    ) -> None:
        """Open or create the file; a corrupt one is moved aside, and the user is told where.

        `busy` is how long to wait for another process that is writing, in seconds.
        """
        what = "The statistics file, with the minutes of cloud speech,"
        self._file = SqliteFile(path or files.stats_file(), _MIGRATIONS, what, notices, busy)

    def add(self, numbers: Numbers) -> None:
        """Add the figures of a dictation."""
        timings = numbers.timings
        row = (
            numbers.at, numbers.engine, numbers.words, numbers.seconds, numbers.failed,
            timings.heard_ms, timings.engine_ms, timings.text_ms,
        )  # fmt: skip

        def work(connection: sqlite3.Connection) -> None:
            connection.execute(
                "INSERT INTO take (at, engine, words, seconds, failed, heard_ms, engine_ms, "
                "text_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                row,
            )
            connection.execute(
                "DELETE FROM take WHERE id <= "
                "(SELECT id FROM take ORDER BY id DESC LIMIT 1 OFFSET ?)",
                (_KEEP,),
            )

        self._file.do(work)

    def send(self, sent: Mapping[Sent, float], month: str) -> float:
        """Add seconds of sound sent to clouds; return the total of a month over all clouds."""

        def work(connection: sqlite3.Connection) -> float:
            connection.executemany(
                "INSERT INTO sent VALUES (?, ?, ?) "
                "ON CONFLICT DO UPDATE SET seconds = seconds + excluded.seconds",
                [(*key, seconds) for key, seconds in sent.items()],
            )
            query = (
                "SELECT total(seconds) FROM sent WHERE month = ? AND typeof(seconds) = 'real' "
                "AND seconds BETWEEN 0 AND 1e15"
            )
            (total,) = connection.execute(query, (month,)).fetchone()
            return total

        return self._file.do(work)

    def sent(self, month: str) -> dict[str, float]:
        """Return the seconds of sound sent to each cloud in a month."""
        query = "SELECT engine, seconds FROM sent WHERE month = ? ORDER BY engine"
        rows = self._file.do(lambda connection: connection.execute(query, (month,)).fetchall())
        whole = {
            engine: seconds for engine, seconds in rows
            if isinstance(engine, str) and is_number(seconds)
        }  # fmt: skip
        self._file.skip(len(rows) - len(whole))
        return whole

    def summaries(self) -> list[Summary]:
        """Return the figures of each engine."""
        query = (
            "SELECT engine, words, seconds, failed, heard_ms, engine_ms, text_ms FROM take "
            "ORDER BY engine"
        )
        rows = self._file.do(lambda connection: connection.execute(query).fetchall())
        engines: dict[str, list[tuple[Any, ...]]] = {}
        whole = [row for row in rows if _is_whole(row)]
        self._file.skip(len(rows) - len(whole))
        for engine, *row in whole:
            engines.setdefault(engine, []).append(tuple(row))
        return [_summary(engine, takes) for engine, takes in engines.items()]

    def close(self) -> None:
        """Close the file; idempotent."""
        self._file.close()


def month_of(at: float) -> str:
    """Return the month of a time.time(), as the user's clock has it: "2026-11"."""
    return time.strftime("%Y-%m", time.localtime(at))


def quantiles(values: Sequence[float]) -> Quantiles | None:
    """Return the median and the 95th percentile, by nearest rank; None without values."""
    if not values:
        return None
    ranked = sorted(values)
    p50, p95 = (ranked[-(-len(ranked) * percent // 100) - 1] for percent in (50, 95))
    return Quantiles(len(ranked), p50, p95)


def _is_whole(row: tuple[Any, ...]) -> bool:
    """Return whether the columns hold values of their types, which SQLite does not enforce."""
    engine, words, seconds, failed, *times = row
    return (
        isinstance(engine, str)
        and isinstance(words, int)
        and all(is_number(value) for value in (words, seconds))
        and failed in (0, 1)
        and all(value is None or is_number(value) for value in times)
    )


def _summary(engine: str, takes: list[tuple[Any, ...]]) -> Summary:
    words, seconds, failed, *stages = zip(*takes, strict=True)
    heard, spoken, text = (
        quantiles([value for value in stage if value is not None]) for stage in stages
    )
    return Summary(
        engine, len(takes), sum(failed), sum(words), sum(seconds) / 60, heard, spoken, text
    )


def open_statistics(
    notices: Notifier,
    path: Path | None = None,
    thread: ThreadPoolExecutor | None = None,
    patience: float = PATIENCE,
    busy: float = BUSY,
) -> FileWorker[Stats]:
    """Return the statistics for use on the loop; see FileWorker and Stats for the parameters."""
    trouble = "Your statistics are not saved to disk: "
    return FileWorker(_StatsOpener(path, busy), notices, trouble, thread, patience)


@dataclass(frozen=True, slots=True)
class _StatsOpener:
    path: Path | None
    busy: float

    def open(self, notices: Notifier) -> Stats:
        return Stats(self.path, notices=notices, busy=self.busy)


class CloudUsage:
    """ports.CloudQuota: counts the sound sent to clouds, and refuses more than the cap.

    Sound is counted in memory at once, and in the file two seconds later. While the file fails,
    counting continues in memory.
    """

    def __init__(self, statistics: FileWorker[Stats], clock: WallClock = time) -> None:
        self._file, self._clock = statistics, clock
        self._month = ""
        self._known = 0.0  # seconds sent in that month, as far as the file knows
        self._pending: dict[Sent, float] = {}  # seconds that are not in the file yet
        self._writing: list[dict[Sent, float]] = []  # on their way into the file
        self._soon: asyncio.TimerHandle | None = None
        self._flushing = TaskSet()

    async def check(self, cap: float) -> None:
        """Read this month's total from the file. Raises EngineError if the cap is used up."""
        if cap:
            await self._write({}, patiently=False)  # reads the total, also of other processes
            self._refuse(_LEAST, cap)

    def consume(self, engine: str, seconds: float, cap: float) -> None:
        """Count sound before it is sent. Raises EngineError if it must not be sent."""
        if cap:
            self._refuse(seconds, cap)
        self._count({(month_of(self._clock.time()), engine): seconds})
        if self._soon is None:
            self._soon = asyncio.get_running_loop().call_later(_SOON, self._flush_soon)

    async def flush(self) -> None:
        """Write all counted sound into the file, however long that takes."""
        await self._flush(patiently=True)

    async def close(self) -> None:
        """Write the rest, and close the file; idempotent. Call nothing else afterwards."""
        if self._soon:
            self._soon.cancel()
        if self._pending:
            await self._flush(patiently=False)
        await self._file.close()

    async def _flush(self, *, patiently: bool) -> None:
        pending, self._pending = self._pending, {}
        self._writing.append(pending)
        written = await self._write(pending, patiently=patiently)
        self._writing.remove(pending)
        if not written:
            self._count(pending)

    async def _write(self, pending: Mapping[Sent, float], *, patiently: bool) -> bool:
        """Add seconds to the file, and read the month's total; return whether that succeeded."""
        month = month_of(self._clock.time())
        send = partial(Stats.send, sent=pending, month=month)
        total = await self._file.do(send, None, patiently=patiently)
        if total is None:
            return False
        self._month, self._known = month, total
        return True

    def _count(self, pending: Mapping[Sent, float]) -> None:
        for sent, seconds in pending.items():
            self._pending[sent] = self._pending.get(sent, 0.0) + seconds

    def _refuse(self, seconds: float, cap: float) -> None:
        """Raise EngineError if these further seconds would exceed the cap."""
        now = self._clock.time()
        month = month_of(now)
        sent = self._known if month == self._month else 0.0
        for unwritten in (self._pending, *self._writing):
            sent += sum(part for (of, _), part in unwritten.items() if of == month)
        if sent + seconds > cap * 60:
            raise EngineError(
                f"The {cap:g} minutes of cloud speech that you allow for a month "
                f"(engine.cap_minutes) are used up; no more is sent before {_next(now)}."
            )

    def _flush_soon(self) -> None:
        self._soon = None
        self._flushing.start(self.flush())


def _next(at: float) -> str:
    """Return the first day of the month after a time.time(): "1 December"."""
    today = datetime.fromtimestamp(at)  # noqa: DTZ006 - the user's own clock
    first = (today.replace(day=1) + timedelta(days=32)).replace(day=1)
    return f"1 {first:%B}"
