"""Knows whether the user's screen is locked, by queries of back ends and reports of services.

The back ends are asked only while the user dictates.
"""

from __future__ import annotations

import logging
import os
import sys
import time
from collections.abc import Sequence

from tray_dictate.core.errors import UnavailableError
from tray_dictate.core.ports import Lock
from tray_dictate.core.signals import Signal
from tray_dictate.system.desktop.wayland import compositor_answers

if sys.platform == "win32":
    import ctypes

    from tray_dictate.system.screen_lock.windows import WindowsLock

log = logging.getLogger(__name__)

_SETTLING = 10.0  # seconds for a locker that was asked to lock: not each reports that it has


class ScreenLock:
    """ports.Lock that combines the reports of services and the answers of back ends."""

    def __init__(self, asked: Sequence[Lock] = (), settling: float = _SETTLING) -> None:
        self._asked, self._settling = asked, settling
        self._reported = dict[str, bool]()  # by service
        self._asked_at = float("-inf")  # when the session was last asked to lock
        self.reported: Signal[()] = Signal()  # after each report, which may change nothing

    def is_locked(self) -> bool:
        """Return whether the screen is locked now."""
        if any(self._reported.values()) or time.monotonic() - self._asked_at < self._settling:
            return True
        return any(lock.is_locked() for lock in self._asked)

    def report(self, service: str, *, locked: bool) -> None:
        """Store what a service reports, and emit `reported`."""
        self._reported[service] = locked
        if not locked:
            self._asked_at = float("-inf")
        self.reported.emit()

    def lock_soon(self) -> None:
        """Treat the screen as locked for a while: the session was asked to lock."""
        self._asked_at = time.monotonic()
        self.reported.emit()


def screen_lock() -> ScreenLock:
    """Return a ScreenLock with the back ends of this system."""
    if sys.platform == "win32":
        return ScreenLock([WindowsLock(ctypes.windll.user32)])
    if sys.platform != "linux" or not os.environ.get("DISPLAY") or compositor_answers():
        return ScreenLock()
    try:
        from tray_dictate.system.screen_lock.x11 import X11Lock  # noqa: PLC0415 - X only

        return ScreenLock([X11Lock()])
    except (ImportError, UnavailableError) as reason:
        log.info("the X server is not asked whether the screen is locked: %s", reason)
        return ScreenLock()
