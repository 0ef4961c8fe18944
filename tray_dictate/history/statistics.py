"""Numbers of the dictations, without a word of them: how fast, how many, how much went to a cloud.

They are in a file of their own, so that the history of texts can be off, or cleared, without the
minutes of cloud speech being forgotten.
"""

from __future__ import annotations

import logging
import sqlite3
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tray_dictate.history.database import SqliteFile, is_number
from tray_dictate.history.timings import Timings
from tray_dictate.system import files as paths

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

log = logging.getLogger(__name__)


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

    def __init__(
        self, path: Path | None = None, *, tell: Callable[[str], None] = log.warning
    ) -> None:
        """Open it, or make it; the path :memory: keeps nothing on disk."""
        what = "The file of numbers, with the minutes of cloud speech,"
        self._file = SqliteFile(path or paths.stats_file(), _MIGRATIONS, what, tell)

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
