"""The history: dictations with their text, time and outcome, in a private SQLite file.

The daemon uses the file through store.py; commands open it themselves, also while the daemon runs.
"""

from __future__ import annotations

import logging
import sqlite3
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

from tray_dictate.core.ports import Notifier, WallClock
from tray_dictate.history.database import BUSY, SqliteFile, is_number, storable
from tray_dictate.history.recordings import CAUTIOUS_CLOCK
from tray_dictate.history.statistics import Timings
from tray_dictate.system import files
from tray_dictate.system.logs import LoggedNotices

_LOGGED = LoggedNotices(logging.WARNING)

State = Literal["delivered", "partly", "unconfirmed", "kept", "dropped", "failed"]

_MIGRATIONS = (  # the n-th (from 1) leads to user_version n; released ones never change
    (
        "CREATE TABLE entry (id INTEGER PRIMARY KEY AUTOINCREMENT, at REAL NOT NULL, "
        "text TEXT NOT NULL, raw TEXT NOT NULL, state TEXT NOT NULL, application TEXT NOT NULL)",
        "CREATE INDEX entry_at ON entry (at)",
    ),
    (
        "ALTER TABLE entry ADD COLUMN engine TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE entry ADD COLUMN language TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE entry ADD COLUMN seconds REAL NOT NULL DEFAULT 0",
        "ALTER TABLE entry ADD COLUMN audio TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE entry ADD COLUMN heard_ms REAL",
        "ALTER TABLE entry ADD COLUMN engine_ms REAL",
        "ALTER TABLE entry ADD COLUMN text_ms REAL",
    ),
)
_COLUMNS = (
    "at", "text", "raw", "state", "application", "engine", "language", "seconds", "audio",
    "heard_ms", "engine_ms", "text_ms",
)  # fmt: skip
_SELECT = f"SELECT id, {', '.join(_COLUMNS)} FROM entry"  # noqa: S608 - our own names
_INSERT = (
    f"INSERT INTO entry ({', '.join(_COLUMNS)}) "  # noqa: S608
    f"VALUES ({', '.join('?' * len(_COLUMNS))})"
)
_LATEST = 250e9  # a time.time() of the year 9892: later times are damaged


@dataclass(frozen=True, slots=True)
class Entry:
    """One dictation: `id` is 0 while it is not in the file, `at` is time.time().

    `text` is the text for the window, inserted or not, `raw` the engine's text. `audio` is the
    path of a recording that is not fully transcribed.
    """

    id: int
    at: float
    text: str
    raw: str
    state: State
    application: str
    engine: str = ""
    language: str = ""
    seconds: float = 0.0  # of sound
    audio: str = ""
    timings: Timings = field(default_factory=Timings)


class History:
    """The open file; each method blocks, a second or two at most, and raises HistoryError."""

    def __init__(
        self,
        path: Path | None = None,
        *,
        keep: int = 500,
        days: float = 0,
        notices: Notifier = _LOGGED,
        clock: WallClock = CAUTIOUS_CLOCK,
        busy: float = BUSY,
    ) -> None:
        """Open or create the file, and delete expired entries.

        At most `keep` entries are kept, for `days` days; 0 is no limit. A corrupt file is moved
        aside, and the user is told where. `busy` is how long to wait for another process that is
        writing, in seconds.
        """
        self._keep, self._days, self._clock = keep, days, clock
        self._file = SqliteFile(
            path or files.history_file(), _MIGRATIONS, "The history", notices, busy
        )
        self._file.do(self._expire)
        if self._days:
            self._file.forget_corrupt(self._clock.time() - self._days * 86400)

    def add(self, entry: Entry) -> int:
        """Store an entry; return its id."""

        def work(connection: sqlite3.Connection) -> int:
            added = connection.execute(_INSERT, _row(entry))
            self._expire(connection)
            return added.lastrowid or 0

        return self._file.do(work)

    def last(self, count: int = 1) -> list[Entry]:
        """Return the newest entries, the newest first."""
        return self._read("ORDER BY id DESC", most=count)

    def find(self, search: str = "", since: float = 0.0, limit: int = 0) -> list[Entry]:
        """Return the newest entries that contain `search`, the newest first; limit 0: all."""
        which = "WHERE at >= ? ORDER BY id DESC"
        if not search:
            return self._read(which, since, most=limit or None)
        wanted = search.casefold()  # SQLite's LIKE ignores the case of ASCII letters only
        entries = self._read(which, since)
        found = [entry for entry in entries if wanted in f"{entry.text}\n{entry.raw}".casefold()]
        return found[: limit or None]

    def get(self, id: int) -> Entry | None:
        """Return an entry, or None."""
        return next(iter(self._read("WHERE id = ?", id)), None)

    def failed(self) -> list[Entry]:
        """Return the entries with a recording to be transcribed, the newest first."""
        return self._read("WHERE audio != '' ORDER BY id DESC")

    def recorded(self) -> tuple[float, frozenset[str]]:
        """Return the time of the oldest entry within `keep`, and all recordings of entries.

        The time is 0.0 if no entry has expired by count.
        """

        def work(connection: sqlite3.Connection) -> tuple[float, frozenset[str]]:
            oldest = connection.execute(
                "SELECT at FROM entry ORDER BY id DESC LIMIT 1 OFFSET ?", (self._keep - 1,)
            ).fetchone()
            named = connection.execute("SELECT audio FROM entry WHERE audio != ''")
            before = oldest[0] if oldest and self._keep and is_number(oldest[0]) else 0.0
            return before, frozenset(name for (name,) in named if isinstance(name, str))

        return self._file.do(work)

    def transcribed(self, id: int, text: str, raw: str, engine: str) -> None:
        """Store the text of a recording; the entry then no longer names the recording."""
        words = storable(text), storable(raw), engine, id
        self._file.do(
            lambda connection: connection.execute(
                "UPDATE entry SET text = ?, raw = ?, engine = ?, state = 'kept', audio = '' "
                "WHERE id = ?",
                words,
            )
        )

    def forget(self, id: int | Literal["all"]) -> None:
        """Delete an entry, or all of them, so that the file no longer holds their words."""
        self._file.do(
            lambda connection: (
                connection.execute("DELETE FROM entry")
                if id == "all"
                else connection.execute("DELETE FROM entry WHERE id = ?", (id,))
            )
        )
        self._file.wipe()
        if id == "all":  # a corrupt copy may hold any of them
            self._file.forget_corrupt()

    def close(self) -> None:
        """Close the file; idempotent. A later call opens it again."""
        self._file.close()

    def _read(self, which: str, *values: float, most: int | None = None) -> list[Entry]:
        """Return at most `most` intact entries; report damaged ones."""

        def work(connection: sqlite3.Connection) -> tuple[list[Entry], int]:
            found, damaged = list[Entry](), 0
            rows = connection.execute(f"{_SELECT} {which}", values)
            with closing(rows):
                while (most is None or len(found) < most) and (row := rows.fetchone()):
                    if _is_whole(row):
                        found.append(_entry(row))
                    else:
                        damaged += 1
            return found, damaged

        found, damaged = self._file.do(work)
        self._file.skip(damaged)
        return found

    def _expire(self, connection: sqlite3.Connection) -> None:
        if self._days:
            oldest = self._clock.time() - self._days * 86400
            connection.execute("DELETE FROM entry WHERE at < ?", (oldest,))
        if self._keep:
            connection.execute(
                "DELETE FROM entry WHERE id <= "
                "(SELECT id FROM entry ORDER BY id DESC LIMIT 1 OFFSET ?)",
                (self._keep,),
            )


def _row(entry: Entry) -> tuple[Any, ...]:
    """Return the values of all columns."""
    timings = entry.timings
    words = entry.text, entry.raw, entry.state, entry.application, entry.engine, entry.language
    return (
        entry.at, *map(storable, words), entry.seconds, storable(entry.audio),
        timings.heard_ms, timings.engine_ms, timings.text_ms,
    )  # fmt: skip


def _is_whole(row: tuple[Any, ...]) -> bool:
    """Return whether the columns hold values of their types, which SQLite does not enforce."""
    _, at, *words, seconds, audio, heard, engine, text = row
    return (
        is_number(at, _LATEST)
        and is_number(seconds)
        and all(isinstance(value, str) for value in (*words, audio))
        and words[2] in get_args(State)
        and all(value is None or is_number(value) for value in (heard, engine, text))
    )


def _entry(row: tuple[Any, ...]) -> Entry:
    return Entry(*row[:-3], timings=Timings(*row[-3:]))
