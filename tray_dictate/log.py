"""The log: lengths and ids, never what was said, never a key."""

from __future__ import annotations

import logging
import logging.handlers
import os
import sys
from typing import Any, TextIO

from tray_dictate import paths

# at "debug" they fill the log, and some write into it what is said, or a key
_QUIET = (
    "PIL", "asyncio", "pystray", "dbus_fast", "websockets", "openai", "httpx", "httpx2", "httpcore",
    "msal", "urllib3", "keyring", "watchdog", "filelock",
)  # fmt: skip
_LONGEST = 1_000_000  # bytes; then the file is the older one, and a new one is begun
_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


class _PrivateFile(logging.handlers.RotatingFileHandler):
    """A log that only its owner may read, also after it was begun anew."""

    def _open(self) -> Any:
        return open(
            self.baseFilename, self.mode, encoding=self.encoding, errors="backslashreplace",
            opener=lambda path, flags: os.open(path, flags, 0o600),
        )  # fmt: skip


def start(level: str) -> None:
    """Log to stderr, and to a file of the user's own where one can be written."""
    handlers: list[logging.Handler] = [logging.StreamHandler(_own_stderr())]
    unwritable = None
    try:
        path = paths.log_file()
        paths.private_folder(path.parent)
        handlers.append(_PrivateFile(path, maxBytes=_LONGEST, backupCount=1, encoding="utf-8"))
    except OSError as reason:
        unwritable = reason
    logging.basicConfig(level=level.upper(), format=_FORMAT, handlers=handlers, force=True)
    logging.getLogger("tray_dictate").setLevel(level.upper())
    quiet()
    if unwritable:
        logging.getLogger(__name__).warning("no log file: %s", unwritable)


def start_plain() -> None:
    """Log to stderr what nobody has foreseen: such a command tells the rest itself."""
    logging.basicConfig(level="ERROR")
    quiet()


def quiet() -> None:
    """Let the libraries log only what is wrong."""
    for library in _QUIET:
        logging.getLogger(library).setLevel(logging.WARNING)
    logging.getLogger("azure").setLevel(logging.ERROR)  # it warns in pages of what it tries next


def _own_stderr() -> TextIO:
    """Return a stderr that stays: sounddevice points the first one elsewhere while it starts."""
    try:
        return os.fdopen(os.dup(sys.stderr.fileno()), "w", buffering=1, errors="backslashreplace")
    except (OSError, ValueError, AttributeError):  # closed, or none at all (pythonw)
        return sys.stderr


def set_level(level: str) -> None:
    """Write what is at least this serious from now on."""
    for name in ("", "tray_dictate"):
        logging.getLogger(name).setLevel(level.upper())
