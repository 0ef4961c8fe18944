"""Which window our keys reach, as the connection that sends them hears it.

Between a look at the focus and the keys after it the compositor may give the focus to another
window: nothing in the protocols binds keys to a window. But a connection hears of the windows in
order with what it has sent, so it is known afterwards which window had the focus when the
compositor dealt with the keys.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress

from tray_dictate.core.errors import UnavailableError
from tray_dictate.output.wayland.windows import WindowList
from tray_dictate.system.wayland import Connection

_LOOKS = 5  # at the focus, while it moves between each two


class FocusCheck:
    """Whether the window of `stays` has the focus, before and after keys."""

    def __init__(
        self, connection: Connection, windows: WindowList | None, stays: Callable[[], bool] | None
    ) -> None:
        self._connection, self._windows, self._stays = connection, windows, stays
        self._wanted: str | None = None

    def is_there(self) -> bool:
        """Tell whether it has the focus now, right before keys. Raises WaylandError."""
        if self._stays is None:
            return True
        if self._windows and self._wanted is None:
            return self._find(self._windows, self._stays)
        return self._stays()

    def was_there(self) -> bool:
        """Tell whether it had the focus when the compositor sent its last event."""
        return self._windows is None or self._windows.focused() == self._wanted

    def _find(self, windows: WindowList, stays: Callable[[], bool]) -> bool:
        """Find out which window of this connection `stays` is about."""
        for _ in range(_LOOKS):
            moves = windows.moves
            if not stays():
                return False
            self._connection.roundtrip()
            if windows.moves == moves:
                self._wanted = windows.focused()
                return True
        return False


@contextmanager
def focus_check(connection: Connection, stays: Callable[[], bool] | None) -> Generator[FocusCheck]:
    """Yield a check for the keys that are sent in this context. Raises WaylandError."""
    windows = None
    if stays:
        with suppress(UnavailableError):  # the compositor tells no windows apart
            windows = WindowList(connection)
    try:
        yield FocusCheck(connection, windows, stays)
    finally:
        if windows:
            windows.close()
