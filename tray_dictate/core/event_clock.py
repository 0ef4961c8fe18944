"""Converts the times of events from a server's or the kernel's clock to our own.

On a busy machine we may read an event long after it happened; its own time is right, but counts
from another moment. The event that arrived fastest shows how far the two clocks are apart.
"""

from __future__ import annotations

from dataclasses import dataclass

LONGEST = (
    5.0  # seconds that an event may take to arrive; if it takes longer, its clock has been set
)
_DRIFT = 1e-3  # seconds that the clocks may part in a second


@dataclass(slots=True)
class EventClock:
    """Compares two clocks, in seconds; the other restarts at 0 after `wrap` seconds (0: never)."""

    wrap: float = 0.0
    _apart: float | None = None
    _last: float = 0.0
    _round: float = 0.0

    def at(self, event: float, now: float) -> float:
        """Return an event's time on our clock, never later than now."""
        event = self._unwrapped(event)
        apart = now - event
        before = self._apart
        if before is not None and apart - before <= LONGEST:
            apart = min(apart, before + _DRIFT * max(0.0, event - self._last))
        self._apart, self._last = apart, event
        return event + apart

    def _unwrapped(self, event: float) -> float:
        if self.wrap and event + self._round < self._last - self.wrap / 2:
            self._round += self.wrap
        return event + self._round
