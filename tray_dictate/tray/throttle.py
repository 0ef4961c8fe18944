"""How often the user may be told: each message once in a while, and never a storm of them."""

from __future__ import annotations

from collections import deque

SPAN = 10.0  # seconds within which a message is said once
MOST = 5  # messages within that span


class Throttle:
    """Lets a message through once within SPAN, and MOST of them at all; the clock is yours."""

    def __init__(self) -> None:
        self._said: deque[tuple[float, str]] = deque()

    def allows(self, message: str, now: float) -> bool:
        """Return whether it may be said now, and count it as said if so."""
        while self._said and self._said[0][0] <= now - SPAN:
            self._said.popleft()
        if len(self._said) >= MOST or any(said == message for _, said in self._said):
            return False
        self._said.append((now, message))
        return True
