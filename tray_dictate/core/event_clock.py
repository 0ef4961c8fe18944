"""When an event happened, by the time that came with it, on the clock that all else goes by.

We may read an event long after it happened, on a busy machine; what it came with is of the server
that sent it, or of the kernel, and counts from another moment. The event that came fastest tells
how far the two are apart.
"""

from __future__ import annotations

from dataclasses import dataclass

LONGEST = 5.0  # seconds that an event may take; after more, the other clock has been set
_DRIFT = 1e-3  # seconds that the clocks may part in a second


@dataclass(slots=True)
class EventClock:
    """The two clocks, in seconds; the other begins anew after `wrap` of them, 0: never."""

    wrap: float = 0.0
    _apart: float | None = None
    _last: float = 0.0
    _round: float = 0.0

    def at(self, event: float, now: float) -> float:
        """Return when an event of this time was on our clock: never later than now."""
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
