"""A window whose program answers late when an input method comes or goes, each time on its own."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from tray_dictate.doctor.delivery.windows import WaylandWindow
from tray_dictate.system.desktop.wayland import Arguments

_ENTER = 0


class LateWindow(WaylandWindow):
    """Its times may be changed while it is shown."""

    before = after = 0.0  # seconds until it answers, and until it looks for what is next

    def _on_input(self, opcode: int, event: Arguments) -> None:
        if opcode == _ENTER:
            time.sleep(self.before)
        super()._on_input(opcode, event)
        if opcode == _ENTER:
            time.sleep(self.after)


@contextmanager
def late_window(before: float, after: float = 0.0) -> Iterator[LateWindow]:
    """Yield a focused one in the session that os.environ names."""
    window = LateWindow()
    try:
        assert window.focused.wait(10)
        window.before, window.after = before, after
        yield window
    finally:
        window.close()
