"""How loud it is, for the icon: ten times a second of sound, from nothing (0.0) to full (1.0)."""

from __future__ import annotations

import math
from collections.abc import Callable

from tray_dictate.core.pcm import SAMPLE, power

_INTERVAL = 0.1  # seconds of sound for one level
_QUIETEST, _LOUDEST = -52.0, -14.0  # dB of full scale: a quiet room, and speech close by
_DECAY = 0.6  # of the last level: it falls more slowly than it rises, as meters do


class Meter:
    """Takes a recording's chunks and tells their level."""

    def __init__(self, rate: int, on_level: Callable[[float], None]) -> None:
        self._wanted = int(rate * _INTERVAL) * SAMPLE  # bytes
        self._on_level = on_level
        self._energy, self._size, self._level = 0.0, 0, 0.0

    def feed(self, chunk: bytes) -> None:
        """Take a chunk; a long one is one level, too."""
        self._energy += power(chunk) * len(chunk)
        self._size += len(chunk)
        if self._size < self._wanted:
            return
        self._level = max(level(self._energy / self._size), self._level * _DECAY)
        self._energy, self._size = 0.0, 0
        self._on_level(self._level)


def level(mean_square: float) -> float:
    """Return how loud that sounds, 0.0 to 1.0; `mean_square` of full scale."""
    decibels = 10 * math.log10(max(mean_square, 1e-10))
    return min(max((decibels - _QUIETEST) / (_LOUDEST - _QUIETEST), 0.0), 1.0)
