"""The key events that our own output has announced, told from the user's.

What our output sends by XTEST comes from a device that no keyboard has. But a modifier that the
user still holds is given its effect back by their own keyboard, which releases and presses it:
there only the count tells. Until that press is seen, one release is ours; a second one is the
user's, who has let go at that very moment, and our output releases the key again after it.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from dataclasses import dataclass

LIMIT = 2.0  # seconds after which an announced event will not come any more


@dataclass(slots=True)
class _Again:
    """What is to come of one key from the user's own keyboard."""

    until: float
    presses: int = 0
    releases: int = 0


class Expected:
    """Announced from any thread, taken on the reader's."""

    def __init__(self) -> None:
        self._sent: deque[tuple[int, bool, float]] = deque()
        self._again: dict[int, _Again] = {}
        self._lock = threading.Lock()

    def add(self, keycode: int, down: bool | None) -> None:
        """Expect an event by XTEST; with None the user's keyboard to release and press a key."""
        now = time.monotonic()
        with self._lock:
            if down is not None:
                self._sent.append((keycode, down, now + LIMIT))
                return
            again = self._again.get(keycode)
            if not again or again.until < now:
                again = self._again[keycode] = _Again(now + LIMIT)
            again.presses, again.releases = again.presses + 1, again.releases + 1

    def sent(self, keycode: int, down: bool) -> bool:
        """Tell whether this event by XTEST is ours."""
        now = time.monotonic()
        with self._lock:
            while self._sent and self._sent[0][2] < now:
                self._sent.popleft()
            entry = next((one for one in self._sent if one[:2] == (keycode, down)), None)
            if entry:
                self._sent.remove(entry)
        return entry is not None

    def again(self, keycode: int, down: bool) -> bool | None:
        """Tell whether this event of a keyboard is ours; None: it is, and the user has let go."""
        with self._lock:
            again = self._again.get(keycode)
            if not again:
                return False
            if again.until < time.monotonic():
                del self._again[keycode]
                return False
            if not down:
                again.releases -= 1
                return True
            again.presses -= 1
            if again.presses:
                return True
            del self._again[keycode]
            return None if again.releases < 0 else True
