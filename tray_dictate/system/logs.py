"""Configures logging to stderr and to a private file.

The log holds lengths and ids, never dictated text or keys. A name that comes from elsewhere, such
as a window's or a microphone's, can neither forge a log line nor send a command to the terminal
that shows it.
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

# at "debug" these libraries fill the log, and some of them write dictated text or a key into it
_QUIET = (
    "PIL", "asyncio", "pystray", "dbus_fast", "websockets", "openai", "httpx", "httpx2", "httpcore",
    "msal", "urllib3", "keyring", "watchdog", "filelock",
)  # fmt: skip
_LONGEST = 1_000_000  # bytes of the file; then it is renamed to the older one, and a new one begins
_log = logging.getLogger(__name__)
_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


class _Format(logging.Formatter):
    """Starts a line for each record only, and escapes characters that are not printable."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record's lines, those after the first indented."""
        text = "\n    ".join(super().format(record).split("\n"))
        if text.isascii() and text.replace("\n", "").isprintable():
            return text
        return "".join(c if c.isprintable() or c == "\n" else _escape(c) for c in text)


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode()


class _OwnTracebacks(logging.Filter):
    """Drops tracebacks that do not lead through our code.

    If a connection breaks, websockets may fail in a callback of its own; our code reports the end
    of the connection anyway.
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
    """A log file that only its owner can read, also after a rotation."""

    def _open(self) -> Any:
        return open(
            self.baseFilename, self.mode, encoding=self.encoding, errors="backslashreplace",
            opener=files.open_private,
        )  # fmt: skip


def start(level: str) -> None:
    """Log to stderr, and to the user's log file if it can be written."""
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
    logging.getLogger("azure").setLevel(logging.ERROR)  # each attempt is a warning of many lines


def _own_stderr() -> TextIO:
    """Return a copy of stderr: sounddevice redirects the original while it starts."""
    try:
        return os.fdopen(os.dup(sys.stderr.fileno()), "w", buffering=1, errors="backslashreplace")
    except (OSError, ValueError, AttributeError):  # closed, or missing (pythonw)
        return sys.stderr


class LoggedNotices:
    """ports.Notifier without a user: logs each message."""

    def __init__(self, level: int = logging.INFO) -> None:
        self._level = level

    def tell(self, message: str, cause: Cause = "") -> None:
        """Log the message; from any thread."""
        _log.log(self._level, "%s: %s", cause, message)


def set_level(level: str) -> None:
    """Log records of at least this level from now on."""
    for name in ("", "tray_dictate"):
        logging.getLogger(name).setLevel(level.upper())
