"""Which window our keys reach, as the connection that sends them hears it.

Between a look at the focus and the keys after it the compositor may give the focus to another
window: nothing in the protocols binds keys to a window. But a connection hears of the windows in
order with what it has sent, so it is known afterwards which window had the focus when the
compositor dealt with the keys.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager, suppress

from tray_dictate.core.errors import UnavailableError
from tray_dictate.output.base import ANY_WINDOW, FocusCheck
from tray_dictate.output.wayland.windows import WindowList
from tray_dictate.system.desktop.wayland import Connection

_LOOKS = 5  # at the focus, while it moves between each two


class FocusTracker:
    """Whether the window of a check has the focus, before and after keys."""

    def __init__(
        self, connection: Connection, windows: WindowList | None, check: FocusCheck
    ) -> None:
        self._connection, self._windows, self._check = connection, windows, check
        self._wanted: str | None = None  # the window's name on this connection

    def has_focus(self) -> bool:
        """Tell whether it has the focus now, right before keys. Raises WaylandError."""
        if self._windows and self._wanted is None:
            return self._find(self._windows)
        return self._check.is_focused()

    def had_focus(self) -> bool:
        """Tell whether it had the focus when the compositor sent its last event."""
        return self._windows is None or self._windows.focused() == self._wanted

    def _find(self, windows: WindowList) -> bool:
        """Find out which window of this connection the check is about."""
        for _ in range(_LOOKS):
            moves = windows.moves
            if not self._check.is_focused():
                return False
            self._connection.roundtrip()
            if windows.moves == moves:
                self._wanted = windows.focused()
                return True
        return False


@contextmanager
def track_focus(connection: Connection, check: FocusCheck) -> Generator[FocusTracker]:
    """Yield the tracker for the keys that are sent in this context. Raises WaylandError."""
    windows = None
    if check is not ANY_WINDOW:
        with suppress(UnavailableError):  # the compositor tells no windows apart
            windows = WindowList(connection)
    try:
        yield FocusTracker(connection, windows, check)
    finally:
        if windows:
            windows.close()
