"""The clock by which texts and recordings expire."""

from __future__ import annotations

import time
from collections.abc import Callable

SLACK = 3600.0  # seconds that a clock may gain; one that is set right gains no more


class Cautious:
    """time.time(), or less: a clock that is set far ahead while we run makes nothing old.

    A machine that has slept is taken for one, too, until the next start: what expires is late then.
    """

    def __init__(
        self, wall: Callable[[], float] = time.time, running: Callable[[], float] = time.monotonic
    ) -> None:
        self._wall, self._running = wall, running
        self._began = wall() - running()

    def __call__(self) -> float:
        """Return seconds since the epoch."""
        return min(self._wall(), self._began + self._running() + SLACK)


cautious = Cautious()
