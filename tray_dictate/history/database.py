"""A private SQLite file that several processes share, and that is replaced if it is corrupt.

Deleted rows are overwritten. A corrupt file is moved aside, never deleted, and the file of a newer
version is left unchanged.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import sys
import time
import weakref
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import filelock

from tray_dictate.core.errors import HistoryError
from tray_dictate.core.ports import Notifier
from tray_dictate.system import files

T = TypeVar("T")
Migrations = Sequence[Sequence[str]]  # the n-th (from 1) leads to user_version n

_CORRUPT = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_COMPANIONS = ("", "-wal", "-shm", "-journal")
BUSY = 1.0  # seconds to wait for another process that is writing

log = logging.getLogger(__name__)


class SqliteFile:
    """An SQLite file that opens when it is used; each use blocks, a second or two at most."""

    def __init__(
        self,
        path: Path,
        migrations: Migrations,
        what: str,
        notices: Notifier,
        busy: float = BUSY,
    ) -> None:
        """Name the file `what` in messages to the user.

        `busy` is how long to wait for another process that is writing, in seconds.
        """
        self._path, self._migrations, self._what, self._notices = path, migrations, what, notices
        self._busy = busy
        self._lock = filelock.FileLock(f"{self._path}.lock", timeout=busy, mode=0o600)
        self._connection: sqlite3.Connection | None = None
        self._let_go: Callable[[], object] = lambda: None
        self._skipped = False

    def do(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Return the result of `work`, which runs in one transaction; replace a corrupt file once.

        Raises HistoryError.
        """
        try:
            try:
                with self._connected() as connection:
                    return work(connection)
            except sqlite3.DatabaseError as error:
                if not _is_corrupt(error):
                    raise
            self.close()
            self._replace()
            with self._connected() as connection:
                return work(connection)
        except (sqlite3.Error, OSError) as error:
            self.close()  # the next call opens the file again
            raise HistoryError(f"{self._path} cannot be used: {_reason(error)}.") from error

    def skip(self, count: int) -> None:
        """Tell the user, once, how many damaged rows a query has left out."""
        if count and not self._skipped:
            self._skipped = True
            rows = (
                "a damaged entry, which is" if count == 1 else f"{count} damaged entries, which are"
            )
            self._notices.tell(f"{self._what} has {rows} left out: {self._path}.", "history")

    def forget_corrupt(self, before: float | None = None) -> None:
        """Delete the corrupt files that were moved aside, all or those last written before a time.

        Raises HistoryError.
        """
        try:
            for aside in self._path.parent.glob(f"{self._path.stem}.corrupt-*"):
                if before is None or aside.stat().st_mtime < before:
                    aside.unlink(missing_ok=True)
        except OSError as error:
            raise HistoryError(f"{error.filename} cannot be deleted: {_reason(error)}.") from error

    def wipe(self) -> None:
        """Truncate the write-ahead log, which still holds deleted words, unless it is in use."""
        self.do(lambda connection: connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall())

    def close(self) -> None:
        """Close the file; idempotent. A later use opens it again."""
        self._connection = None
        self._let_go()

    def _connected(self) -> sqlite3.Connection:
        """Return the connection, whose `with` is one transaction."""
        if self._connection is None:
            self._connection = self._open()
            # if `close` is never called, too: Windows cannot move a file that is open
            self._let_go = weakref.finalize(self, self._connection.close)
            self._let_go.atexit = False
        return self._connection

    def _open(self) -> sqlite3.Connection:
        """Return a connection to the file, which is private, intact and of our version."""
        files.private_folder(self._path.parent)
        with self._lock:  # two processes must not create the file at once
            _make_private(self._path)
            return self._connect()

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, timeout=self._busy, check_same_thread=False)
        try:
            connection.text_factory = _text
            connection.execute("PRAGMA secure_delete = ON")
            _check(connection)
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            self._migrate(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _migrate(self, connection: sqlite3.Connection) -> None:
        """Bring the tables to our version; each step and its version are one transaction."""
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version > len(self._migrations):
            raise HistoryError(
                f"{self._path} is from a newer tray_dictate (its version is {version}) and is left "
                "as it is. Install the newer one again, or move the file away."
            )
        for number, statements in enumerate(self._migrations[version:], version + 1):
            with connection:
                connection.execute("BEGIN IMMEDIATE")
                for statement in statements:
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {number}")

    def _replace(self) -> None:
        """Move a corrupt file aside, unless another process has done so already."""
        with self._lock:
            try:
                self._connect().close()
            except sqlite3.DatabaseError as error:
                if not _is_corrupt(error):
                    raise
            else:
                return
            aside = _unused(self._path.with_suffix(time.strftime(".corrupt-%Y%m%d-%H%M%S")))
            for end in _COMPANIONS:
                if (old := Path(f"{self._path}{end}")).exists():
                    old.rename(f"{aside}{end}")
        self._notices.tell(
            f"{self._what} was corrupt, and a new one has been started. The old one is {aside}: "
            "delete it if you do not need it.",
            "history",
        )


def is_number(value: object, most: float = 1e15) -> bool:
    """Return whether a column holds a number from 0 to `most`."""
    return isinstance(value, (int, float)) and 0 <= value <= most


def storable(text: str) -> str:
    """Return the text without lone surrogates, which UTF-8 has no place for."""
    return text.encode("utf-8", "replace").decode()


def _text(stored: bytes) -> str:
    """Decode a text; sqlite3's own decoder raises for a damaged one."""
    return stored.decode("utf-8", "replace")


def _check(connection: sqlite3.Connection) -> None:
    (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if verdict != "ok":
        error = sqlite3.DatabaseError("the file is corrupt")
        error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        raise error


def _make_private(path: Path) -> None:
    """Create the file, or set its mode; SQLite gives -wal and -shm the same mode."""
    with open(path, "ab", opener=files.open_private) as file:
        if sys.platform != "win32":
            os.fchmod(file.fileno(), 0o600)


def _unused(path: Path) -> Path:
    return path if not path.exists() else _unused(path.with_name(f"{path.name}-"))


def _is_corrupt(error: sqlite3.Error) -> bool:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in _CORRUPT


def _reason(error: sqlite3.Error | OSError) -> str:
    return (isinstance(error, OSError) and error.strerror) or str(error)
