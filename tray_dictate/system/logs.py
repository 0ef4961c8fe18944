"""Logging to stderr and to a private file: lengths and ids, never what was said, never a key.

A name that others have chosen, such as a window's or a microphone's, can neither forge a line nor
command the terminal that shows it.
"""

from __future__ import annotations

import logging
import logging.handlers
import os
import sys
import traceback
from typing import Any, TextIO

from tray_dictate.core.ports import Cause
from tray_dictate.system import files

# at "debug" they fill the log, and some write into it what is said, or a key
_QUIET = (
    "PIL", "asyncio", "pystray", "dbus_fast", "websockets", "openai", "httpx", "httpx2", "httpcore",
    "msal", "urllib3", "keyring", "watchdog", "filelock",
)  # fmt: skip
_LONGEST = 1_000_000  # bytes; then the file is the older one, and a new one is begun
_log = logging.getLogger(__name__)
_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


class _Format(logging.Formatter):
    """Begins a line with each record and with nothing else; escapes what is not printable."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record's lines, those after the first indented."""
        text = "\n    ".join(super().format(record).split("\n"))
        if text.isascii() and text.replace("\n", "").isprintable():
            return text
        return "".join(c if c.isprintable() or c == "\n" else _escape(c) for c in text)


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode()


class _OwnTracebacks(logging.Filter):
    """Keeps the tracebacks that lead through our code.

    Where a connection breaks off, websockets may fail in a callback of its own, for which nobody
    waits; what became of the connection is reported by the code that uses it.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether the record is to be written."""
        if not record.exc_info or record.exc_info[1] is None:
            return True
        frames = traceback.walk_tb(record.exc_info[2])
        names = (str(frame.f_globals.get("__name__")) for frame, _ in frames)
        if any(name.startswith("tray_dictate") for name in names):
            return True
        _log.info("a library failed in a callback: %s", type(record.exc_info[1]).__name__)
        return False


class _PrivateFile(logging.handlers.RotatingFileHandler):
    """A log that only its owner may read, also after a rotation."""

    def _open(self) -> Any:
        return open(
            self.baseFilename, self.mode, encoding=self.encoding, errors="backslashreplace",
            opener=files.open_private,
        )  # fmt: skip


def start(level: str) -> None:
    """Log to stderr, and to a file of the user's own where one can be written."""
    handlers: list[logging.Handler] = [logging.StreamHandler(_own_stderr())]
    unwritable = None
    try:
        path = files.log_file()
        files.private_folder(path.parent)
        handlers.append(_PrivateFile(path, maxBytes=_LONGEST, backupCount=1, encoding="utf-8"))
    except OSError as reason:
        unwritable = reason
    for handler in handlers:
        _tame(handler, _FORMAT)
    logging.basicConfig(level=level.upper(), handlers=handlers, force=True)
    logging.getLogger("tray_dictate").setLevel(level.upper())
    silence_libraries()
    if unwritable:
        logging.getLogger(__name__).warning("no log file: %s", unwritable)


def start_for_command() -> None:
    """Log only errors, to stderr: commands print their own messages."""
    handler = logging.StreamHandler()
    _tame(handler, logging.BASIC_FORMAT)
    logging.basicConfig(level="ERROR", handlers=[handler])
    silence_libraries()


def _tame(handler: logging.Handler, form: str) -> None:
    handler.setFormatter(_Format(form))
    handler.addFilter(_OwnTracebacks())


def silence_libraries() -> None:
    """Let the libraries log warnings and errors only."""
    for library in _QUIET:
        logging.getLogger(library).setLevel(logging.WARNING)
    logging.getLogger("azure").setLevel(logging.ERROR)  # it warns in pages of what it tries next


def _own_stderr() -> TextIO:
    """Return a stderr that stays: sounddevice points the first one elsewhere while it starts."""
    try:
        return os.fdopen(os.dup(sys.stderr.fileno()), "w", buffering=1, errors="backslashreplace")
    except (OSError, ValueError, AttributeError):  # closed, or missing (pythonw)
        return sys.stderr


class LoggedNotices:
    """ports.Notifier where no user is to be told: logs each message."""

    def __init__(self, level: int = logging.INFO) -> None:
        self._level = level

    def tell(self, message: str, cause: Cause = "") -> None:
        """Log the message; from any thread."""
        _log.log(self._level, "%s: %s", cause, message)


def set_level(level: str) -> None:
    """Log records of at least this level from now on."""
    for name in ("", "tray_dictate"):
        logging.getLogger(name).setLevel(level.upper())
