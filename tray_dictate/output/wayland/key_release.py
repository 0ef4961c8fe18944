"""Waits until the user holds no key that ours must not meet, where both come from one seat.

Windows cannot tell the portal's or the kernel's keys from the user's: with Ctrl held, a typed w
closes one. Nor can a desktop that watches the hotkey for us: any other key meanwhile ends the hold
that KDE reports (measured on 5.27 and 6.3, by its portal and by KGlobalAccel), and what is said
after it would be lost. GNOME 48 does not report a release at all that comes among our keys.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from typing import TypeVar

from tray_dictate.core.errors import DeliveryError
from tray_dictate.core.keys.names import MODIFIERS
from tray_dictate.core.ports import Notifier
from tray_dictate.output.base import FocusCheck, MovedError
from tray_dictate.output.user_keys import KeyState

T = TypeVar("T")

LET_GO = 300.0  # seconds that a modifier may stay down
FIRST_NOTICE = 10.0  # seconds of a hold after which the user is told why no text appears: once
_LOOK = 0.01  # seconds between two looks at the keys
_HOTKEY, _MODIFIER = "The hotkey", "A modifier key"
_WAITS = (
    "Text appears when you release the hotkey: the desktop would take the keys of a paste for its "
    "end. If you have released it, press it once more."
)
_HELD = "{} is held down, so no other key can be pressed here. Release it."


class KeyRelease:
    """Decides when our keys may be pressed; waits on the output's thread."""

    def __init__(
        self,
        keys: KeyState,
        stop: threading.Event,
        notices: Notifier | None = None,
        tell_after: float = FIRST_NOTICE,
    ) -> None:
        """`notices`, which may be told on any thread, explain a long hold, after seconds."""
        self._keys, self.stop = keys, stop
        self._notices, self._tell_after = notices, tell_after
        self._dropped = threading.Event()

    def begin(self) -> None:
        """Wait for another text from now on; from any thread."""
        self._dropped.clear()

    def drop(self) -> None:
        """End the wait of the present text, which was cancelled; from any thread."""
        self._dropped.set()

    def press(
        self,
        work: Callable[[FocusCheck], T],
        check: FocusCheck,
        patience: float = LET_GO,
        hold: float = math.inf,
    ) -> T:
        """Do the work, which presses keys, once that disturbs nothing.

        The work gets a FocusCheck to ask right before its first key: it says no, and nothing may
        be pressed, also where the user has pressed something at the last moment. The limits, in
        seconds, are of modifiers and of a `hold` of the hotkey, which has none for a text: what is
        said until its end waits behind that.

        Raises what the work does, MovedError where `check` says no, and DeliveryError, so that no
        other method takes over: it would press keys, too.
        """
        while True:
            self._wait(check, patience, hold)
            free = _FreeKeys(self._keys, check)
            try:
                return work(free)
            except MovedError:
                if not free.held:
                    raise

    def _wait(self, check: FocusCheck, patience: float, hold: float) -> None:
        """Raises MovedError and DeliveryError."""
        began = since = time.monotonic()
        told = False
        while held := _held(self._keys):
            now = time.monotonic()
            if held == _HOTKEY:
                since = now  # its own modifiers may come up a little later
                if self._notices and not told and now - began > self._tell_after:
                    told, self._tell_after = True, LET_GO  # then its release may have been lost
                    self._notices.tell(_WAITS, "hotkey")
            if self.stop.is_set() or self._dropped.is_set():
                raise DeliveryError("Dictation ended before the text was inserted.")
            if now - since > patience or now - began > hold:
                raise DeliveryError(_HELD.format(held))
            # a hold may be long: the window counts that has the focus at its end
            if held != _HOTKEY and not check.is_focused():
                raise MovedError
            time.sleep(_LOOK)
        if not check.is_focused():
            raise MovedError


def _held(keys: KeyState) -> str:
    """Return what is held that our keys must not meet; "" for nothing."""
    if keys.reports_hold():
        return _HOTKEY
    return _MODIFIER if (keys.held() or frozenset()) & MODIFIERS else ""


class _FreeKeys:
    """A FocusCheck that also says no while something is held."""

    def __init__(self, keys: KeyState, check: FocusCheck) -> None:
        self._keys, self._check = keys, check
        self.held = False

    def is_focused(self) -> bool:
        """Tell whether keys can be pressed for the window now. Raises DeliveryError."""
        focused = self._check.is_focused()
        self.held = bool(_held(self._keys))  # last: it changes quicker
        if focused and not self.held:
            self._keys.disturb()
            return True
        return False
