"""No icon: what would be shown and said goes to the log."""

from __future__ import annotations

import logging
import sys
import threading

from tray_dictate.core.dictation import Status
from tray_dictate.tray.words import plain, tooltip

log = logging.getLogger(__name__)

# Windows runs no signal handler while the main thread waits: look once a second there.
_LOOK = 1.0 if sys.platform == "win32" else None


def wait(over: threading.Event) -> None:
    """Block until the event, in the main thread; signal handlers run meanwhile."""
    while not over.wait(_LOOK):
        pass


class Headless:
    """A Tray without anything to see."""

    def __init__(self) -> None:
        self._over = threading.Event()

    def run(self) -> None:
        """Block until `stop`."""
        wait(self._over)

    def show(self, status: Status, detail: str = "") -> None:
        """Log the status."""
        log.debug("%s", tooltip(status, detail))

    def notify(self, message: str) -> None:
        """Log the message."""
        log.warning("%s", plain(message))

    def stop(self) -> None:
        """End `run`."""
        self._over.set()
