"""Decides whether the larger of two models works too, or only the small one."""

from __future__ import annotations

from typing import Literal

Wanted = Literal["auto", "light", "full"]

_DEAR = 0.15  # seconds that a pass takes per second of sound: its text is too old at the release
_SHORT = 2.0  # seconds of sound; of less, a pass says little about the machine
_PASSES = 6  # that are too slow, one after the other
_REST = 600.0  # seconds until the larger model is tried again


class Effort:
    """Follows engine.effort, the supply of power, and how long the larger model's passes take.

    Times are in seconds, of any clock that never goes back.
    """

    def __init__(self, wanted: Wanted) -> None:
        self._wanted = wanted
        self._slow = 0  # passes, one after the other
        self._again = 0.0  # when the larger model may work again

    def is_full(self, now: float, *, on_battery: bool) -> bool:
        """Whether the larger model is to make the next pass."""
        if self._wanted != "auto":
            return self._wanted == "full"
        return not on_battery and now >= self._again

    def count(self, cost: float, sound: float, now: float) -> bool:
        """Add a pass of the larger model over `sound`; return whether it is to rest from now on."""
        if self._wanted != "auto" or sound < _SHORT:
            return False
        self._slow = self._slow + 1 if cost > sound * _DEAR else 0
        if self._slow < _PASSES:
            return False
        self._slow, self._again = 0, now + _REST
        return True
