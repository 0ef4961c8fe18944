"""Statistics of the dictations, without a word of them: times, counts, minutes sent to clouds.

They are in a file of their own, so that the history of texts can be off, or cleared, while the
minutes of cloud speech are remembered.
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
from tray_dictate.history.database import SqliteFile, is_number
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

_LOGGED = LoggedNotices(logging.WARNING)


@dataclass(frozen=True, slots=True)
class Timings:
    """How long a dictation's stages took, in ms; None for what did not happen or is not known."""

    heard_ms: float | None = None  # from the key-down to the first sample
    engine_ms: float | None = None  # from the release to the text of the last segment
    text_ms: float | None = None  # from the release to its last character in the window


@dataclass(frozen=True, slots=True)
class Numbers:
    """What is counted of one dictation; `at` is time.time()."""

    at: float
    engine: str
    words: int
    seconds: float  # of sound
    failed: bool
    timings: Timings


@dataclass(frozen=True, slots=True)
class Quantiles:
    """Of how many, and the milliseconds that half of them, and 95 of 100, took at most."""

    count: int
    p50: float
    p95: float


@dataclass(frozen=True, slots=True)
class Summary:
    """The dictations with one engine; None for what nobody has measured."""

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

    def __init__(self, path: Path | None = None, *, notices: Notifier = _LOGGED) -> None:
        """Open or create the file; a corrupt one is moved aside, and the user is told where."""
        what = "The statistics file, with the minutes of cloud speech,"
        self._file = SqliteFile(path or files.stats_file(), _MIGRATIONS, what, notices)

    def add(self, numbers: Numbers) -> None:
        """Count a dictation."""
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
        """Count seconds of sound that went to clouds; return those of a month, of all clouds."""

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
        """Return the seconds of sound that each cloud got in a month."""
        query = "SELECT engine, seconds FROM sent WHERE month = ? ORDER BY engine"
        rows = self._file.do(lambda connection: connection.execute(query, (month,)).fetchall())
        whole = {
            engine: seconds for engine, seconds in rows
            if isinstance(engine, str) and is_number(seconds)
        }  # fmt: skip
        self._file.skip(len(rows) - len(whole))
        return whole

    def summaries(self) -> list[Summary]:
        """Return the numbers, engine by engine."""
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
        """Let go of the file; idempotent."""
        self._file.close()


def month_of(at: float) -> str:
    """Return the month of a time.time(), as the user's clock has it: "2026-11"."""
    return time.strftime("%Y-%m", time.localtime(at))


def quantiles(values: Sequence[float]) -> Quantiles | None:
    """Return them, by the nearest rank; None of nothing."""
    if not values:
        return None
    ranked = sorted(values)
    p50, p95 = (ranked[-(-len(ranked) * percent // 100) - 1] for percent in (50, 95))
    return Quantiles(len(ranked), p50, p95)


def _is_whole(row: tuple[Any, ...]) -> bool:
    """Tell whether the columns hold what was written into them: SQLite takes any kind in each."""
    engine, words, seconds, failed, *times = row
    return (
        isinstance(engine, str)
        and isinstance(words, int)
        and all(is_number(one) for one in (words, seconds))
        and failed in (0, 1)
        and all(one is None or is_number(one) for one in times)
    )


def _summary(engine: str, takes: list[tuple[Any, ...]]) -> Summary:
    words, seconds, failed, *stages = zip(*takes, strict=True)
    heard, spoken, text = (
        quantiles([value for value in stage if value is not None]) for stage in stages
    )
    return Summary(
        engine, len(takes), sum(failed), sum(words), sum(seconds) / 60, heard, spoken, text
    )


_LEAST = 1.0  # second: for less nobody need connect
_SOON = 2.0  # seconds until what was sent is in the file


def open_statistics(
    notices: Notifier,
    path: Path | None = None,
    thread: ThreadPoolExecutor | None = None,
    patience: float = PATIENCE,
) -> FileWorker[Stats]:
    """Return the file of statistics for use on the loop; the rest is as in FileWorker."""
    trouble = "Your statistics are not saved to disk: "
    return FileWorker(_StatsOpener(path), notices, trouble, thread, patience)


@dataclass(frozen=True, slots=True)
class _StatsOpener:
    path: Path | None

    def open(self, notices: Notifier) -> Stats:
        return Stats(self.path, notices=notices)


class CloudUsage:
    """Counts the sound that goes to clouds, and refuses what is over the cap; a CloudQuota.

    Sound is counted in memory first, and is in the file two seconds later. While the file fails,
    the counting goes on in memory.
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
        """Read what was sent this month. Raises EngineError where it is all of the cap."""
        if cap:
            await self._write({}, patiently=False)  # reads what other processes have sent
            self._refuse(_LEAST, cap)

    def consume(self, engine: str, seconds: float, cap: float) -> None:
        """Count sound that is about to go to a cloud. Raises EngineError: it must not go."""
        if cap:
            self._refuse(seconds, cap)
        self._count({(month_of(self._clock.time()), engine): seconds})
        if self._soon is None:
            self._soon = asyncio.get_running_loop().call_later(_SOON, self._flush_soon)

    async def flush(self) -> None:
        """Write what was counted into the file, however long that takes."""
        await self._flush(patiently=True)

    async def close(self) -> None:
        """Write what is left, and close the file; idempotent. Call nothing else after it."""
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
        """Add seconds to the file, and read those of this month; return whether that was done."""
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
        """Raise EngineError where so much more would be above the cap."""
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
