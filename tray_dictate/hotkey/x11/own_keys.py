"""Distinguishes the key events of our own output from the user's.

What our output sends by XTEST comes from a device that is no keyboard. But a modifier that the user
still holds gets its effect back through their own keyboard, which releases and presses it: only
counting distinguishes these events. Until that press is seen, one release is ours; a second one is
the user's, who released the key at that very moment, and our output releases it again afterwards.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

PATIENCE = 2.0  # seconds after which an announced event is not expected any more


@dataclass(slots=True)
class _Restored:
    """The events of one key that are still to come from the user's own keyboard."""

    until: float
    presses: int = 0
    releases: int = 0


class OwnKeys:
    """The key events that our output has announced; `announce` is for any thread."""

    def __init__(
        self, patience: float = PATIENCE, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._patience, self._clock = patience, clock
        self._sent: deque[tuple[int, bool, float]] = deque()  # keycode, down, until when
        self._restored: dict[int, _Restored] = {}
        self._lock = threading.Lock()

    def announce(self, keycode: int, down: bool | None) -> None:
        """Expect an event by XTEST; with None, a release and a press by the user's keyboard."""
        now = self._clock()
        with self._lock:
            if down is not None:
                self._sent.append((keycode, down, now + self._patience))
                return
            restored = self._restored.get(keycode)
            if not restored or restored.until < now:
                restored = self._restored[keycode] = _Restored(now + self._patience)
            restored.presses, restored.releases = restored.presses + 1, restored.releases + 1

    def take_sent(self, keycode: int, down: bool) -> bool:
        """Return whether an event by XTEST is ours."""
        now = self._clock()
        with self._lock:
            while self._sent and self._sent[0][2] < now:
                self._sent.popleft()
            event = next((event for event in self._sent if event[:2] == (keycode, down)), None)
            if event:
                self._sent.remove(event)
        return event is not None

    def take_restored(self, keycode: int, down: bool) -> bool | None:
        """Return whether an event of a keyboard is ours.

        None if it is ours and the user has released the key meanwhile.
        """
        with self._lock:
            restored = self._restored.get(keycode)
            if not restored:
                return False
            if restored.until < self._clock():
                del self._restored[keycode]
                return False
            if not down:
                restored.releases -= 1
                return True
            restored.presses -= 1
            if restored.presses:
                return True
            del self._restored[keycode]
            return None if restored.releases < 0 else True
