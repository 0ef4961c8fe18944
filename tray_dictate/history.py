"""What was said, when, and what became of it: a private SQLite file.

Removed text is overwritten, not only unlinked. A corrupt file is moved aside, never deleted, and
one that a newer version wrote is left alone. The daemon uses it through history_async.py.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import sys
import time
from collections.abc import Callable
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Literal, TypeVar

import filelock

from tray_dictate import paths
from tray_dictate.errors import HistoryError

State = Literal["delivered", "partly", "unconfirmed", "kept", "dropped"]
T = TypeVar("T")

_MIGRATIONS = (  # the n-th (from 1) leads to user_version n; what is here never changes again
    (
        "CREATE TABLE entry (id INTEGER PRIMARY KEY AUTOINCREMENT, at REAL NOT NULL, "
        "text TEXT NOT NULL, raw TEXT NOT NULL, state TEXT NOT NULL, application TEXT NOT NULL)",
        "CREATE INDEX entry_at ON entry (at)",
    ),
)
_MEMORY = Path(":memory:")
_CORRUPT = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_COMPANIONS = ("", "-wal", "-shm", "-journal")
_LONGEST_WAIT = 1.0  # seconds for another process that is writing

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Entry:
    """One dictation: `id` is 0 before it is stored, `at` is time.time().

    `text` is what was, or should have been, inserted, `raw` what the engine said.
    """

    id: int
    at: float
    text: str
    raw: str
    state: State
    application: str


class History:
    """The open file; each method blocks, a second or two at most, and raises HistoryError."""

    def __init__(
        self,
        path: Path | None = None,
        *,
        keep: int = 500,
        days: float = 0,
        tell: Callable[[str], None] = log.warning,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Open it, or make it; `keep` and `days` may be 0: everything, for ever.

        `tell` hears where a corrupt file was put; the path :memory: keeps nothing on disk.
        """
        self._path, self._keep, self._days = path or paths.history_file(), keep, days
        self._tell, self._clock = tell, clock
        self._lock = filelock.FileLock(f"{self._path}.lock", timeout=_LONGEST_WAIT, mode=0o600)
        self._connection: sqlite3.Connection | None = None
        self._do(self._expire)

    def add(self, entry: Entry) -> int:
        """Store an entry; return its id."""
        _, at, *words = astuple(entry)

        def work(connection: sqlite3.Connection) -> int:
            added = connection.execute(
                "INSERT INTO entry (at, text, raw, state, application) VALUES (?, ?, ?, ?, ?)",
                (at, *map(_storable, words)),
            )
            self._expire(connection)
            return added.lastrowid or 0

        return self._do(work)

    def last(self, count: int = 1) -> list[Entry]:
        """Return the newest entries, the newest first."""
        query = "SELECT id, at, text, raw, state, application FROM entry ORDER BY id DESC LIMIT ?"
        return self._do(
            lambda connection: [Entry(*row) for row in connection.execute(query, (count,))]
        )

    def update(self, id: int, state: State) -> None:
        """Say what became of an entry; one that is gone stays gone."""
        self._do(
            lambda connection: connection.execute(
                "UPDATE entry SET state = ? WHERE id = ?", (state, id)
            )
        )

    def forget(self, id: int | Literal["all"]) -> None:
        """Remove an entry, or all of them, so that the file no longer holds the words."""
        self._do(
            lambda connection: (
                connection.execute("DELETE FROM entry")
                if id == "all"
                else connection.execute("DELETE FROM entry WHERE id = ?", (id,))
            )
        )
        # the log holds the old words until it is emptied; while another process reads: later
        self._do(
            lambda connection: connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        )

    def close(self) -> None:
        """Let go of the file; idempotent. A later call opens it again."""
        if self._connection:
            self._connection.close()
            self._connection = None

    def _expire(self, connection: sqlite3.Connection) -> None:
        if self._days:
            oldest = self._clock() - self._days * 86400
            connection.execute("DELETE FROM entry WHERE at < ?", (oldest,))
        if self._keep:
            connection.execute(
                "DELETE FROM entry WHERE id <= "
                "(SELECT id FROM entry ORDER BY id DESC LIMIT 1 OFFSET ?)",
                (self._keep,),
            )

    def _do(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Return what `work` returns, in one transaction; a corrupt file is replaced, once."""
        try:
            try:
                return self._once(work)
            except sqlite3.DatabaseError as error:
                if not _is_corrupt(error):
                    raise
            self.close()
            self._replace()
            return self._once(work)
        except (sqlite3.Error, OSError) as error:
            self.close()  # whatever is wrong, the next call begins anew
            raise HistoryError(f"{self._path} cannot be used: {_reason(error)}.") from error

    def _once(self, work: Callable[[sqlite3.Connection], T]) -> T:
        if self._connection is None:
            self._connection = self._open()
        with self._connection:
            return work(self._connection)

    def _open(self) -> sqlite3.Connection:
        """Return a connection to a file that is private, whole and of our version."""
        if self._path == _MEMORY:
            return _connect(self._path)
        paths.private_folder(self._path.parent)
        with self._lock:  # two that make the same file at once would be in each other's way
            _make_private(self._path)
            return _connect(self._path)

    def _replace(self) -> None:
        """Move a corrupt file aside, unless another process has done so already."""
        with self._lock:
            try:
                _connect(self._path).close()
            except sqlite3.DatabaseError as error:
                if not _is_corrupt(error):
                    raise
            else:
                return
            aside = _unused(self._path.with_suffix(time.strftime(".corrupt-%Y%m%d-%H%M%S")))
            for end in _COMPANIONS:
                if (old := Path(f"{self._path}{end}")).exists():
                    old.rename(f"{aside}{end}")
        self._tell(
            f"The history was corrupt; a new one has been begun. The old one is {aside}: "
            "delete it if you do not need it."
        )


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=_LONGEST_WAIT, check_same_thread=False)
    try:
        connection.execute("PRAGMA secure_delete = ON")
        _check(connection)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        _migrate(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


def _check(connection: sqlite3.Connection) -> None:
    (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if verdict != "ok":
        error = sqlite3.DatabaseError("the file is corrupt")
        error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        raise error


def _migrate(connection: sqlite3.Connection, path: Path) -> None:
    """Bring the tables to our version, each step together with the number that says so."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > len(_MIGRATIONS):
        raise HistoryError(
            f"{path} is from a newer tray_dictate (its version is {version}) and is left as it is. "
            "Install the newer one again, or move the file away."
        )
    for number, statements in enumerate(_MIGRATIONS[version:], version + 1):
        with connection:
            connection.execute("BEGIN IMMEDIATE")
            for statement in statements:
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {number}")


def _make_private(path: Path) -> None:
    """Make the file, or its mode; SQLite gives the same mode to -wal and -shm."""
    file = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
    try:
        if sys.platform != "win32":
            os.fchmod(file, 0o600)
    finally:
        os.close(file)


def _unused(path: Path) -> Path:
    return path if not path.exists() else _unused(path.with_name(f"{path.name}-"))


def _storable(text: str) -> str:
    """Return the text without lone surrogates, which UTF-8 has no place for."""
    return text.encode("utf-8", "replace").decode()


def _is_corrupt(error: sqlite3.Error) -> bool:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in _CORRUPT


def _reason(error: sqlite3.Error | OSError) -> str:
    return (isinstance(error, OSError) and error.strerror) or str(error)
