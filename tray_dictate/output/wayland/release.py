"""Waiting until the user has let go of the modifiers.

Where our keys come from the same seat as the user's, KDE's, GNOME's or the kernel's, theirs and
ours are one to the windows: with Ctrl held, a typed w closes one.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from tray_dictate.core.errors import DeliveryError
from tray_dictate.core.keys import MODIFIERS
from tray_dictate.core.ports import Receipt
from tray_dictate.output.base import MovedError
from tray_dictate.output.rules import Treatment
from tray_dictate.output.wayland.chain import Stays, Way

LET_GO = 300.0  # seconds that a modifier may be held, such as the hotkey's during a dictation
_LOOK = 0.01

Held = Callable[[], frozenset[str] | None]


def await_release(
    held: Held, stop: threading.Event, stays: Stays, patience: float = LET_GO
) -> None:
    """Return once no modifier is down, as far as `held` knows: None where it does not.

    Raises MovedError where `stays` says no meanwhile, and DeliveryError, so that no other way takes
    over: it would press keys, too.
    """
    end = time.monotonic() + patience
    while (held() or frozenset()) & MODIFIERS:
        if not stays():
            raise MovedError
        if stop.is_set():
            raise DeliveryError("Dictation was ended before the text was delivered.")
        if time.monotonic() > end:
            raise DeliveryError(
                "A modifier key is held down, with which nothing can be pressed here. Let go of it."
            )
        time.sleep(_LOOK)


class Released:
    """A way that begins once no modifier is down."""

    def __init__(self, way: Way, held: Held, stop: threading.Event) -> None:
        self._way, self._held, self._stop = way, held, stop

    def insert(self, text: str, treatment: Treatment, stays: Stays) -> Receipt:
        """As the way does; `stays` is asked meanwhile, too."""
        await_release(self._held, self._stop, stays)
        return self._way.insert(text, treatment, stays)
