"""Requests to an X server that are really sent; the hotkey, the output, the tray and doctor ask.

python-xlib 0.33's own flush gives up where the server is busy and its socket is filled for the
moment: an answer to a paste, or the end of a grab, would wait for whatever is asked next.
"""

# pyright: basic
# python-xlib carries no types.

from __future__ import annotations

import select
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the tray reads this module where there may be no X11
    from Xlib.display import Display

    from tray_dictate.system.wakeup import WakeUp


def flush(display: Display) -> None:
    """Send what is queued; waits for a server that does not read it yet."""
    display.flush()
    while display.display.data_send:
        select.select([], [display.fileno()], [])
        display.flush()


def wait(display: Display, wake_up: WakeUp | None = None, *, seconds: float | None = None) -> bool:
    """Send what is queued, then wait for an event or to be woken; return whether it was that.

    It waits for nothing where an event is here already.
    """
    flush(display)
    if display.display.event_queue:
        seconds = 0
    files = [display, wake_up] if wake_up else [display]
    if wake_up not in select.select(files, [], [], seconds)[0]:
        return False
    wake_up.clear()
    return True
