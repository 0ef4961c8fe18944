"""Measures and resamples the samples of PCM16, in numpy: core.pcm is for those who only count."""

from __future__ import annotations

import math
from typing import Any, cast

import numpy as np
import soxr

from tray_dictate.core.pcm import SAMPLE


def peak(chunk: bytes) -> float:
    """Return the largest sample, 0.0 to 1.0 of full scale; 0.0 for no samples."""
    samples = np.frombuffer(chunk, "<i2")
    return float(np.abs(samples.astype(np.int32)).max()) / 32768 if len(samples) else 0.0


def power(chunk: bytes) -> float:
    """Return the mean of the squared samples, 0.0 to 1.0 of full scale; 0.0 for no samples."""
    samples = np.frombuffer(chunk, "<i2").astype(np.float64)
    return float(samples @ samples) / (len(samples) * 32768**2) if len(samples) else 0.0


class Resampler:
    """Converts a stream from one rate to another; the filter's tail comes with `last`.

    One stream for the whole recording: a resampler per chunk distorts the sound at every seam.
    """

    def __init__(self, rate_in: int, rate_out: int) -> None:
        self._stream: Any = cast("Any", soxr).ResampleStream(rate_in, rate_out, 1, dtype="int16")

    def feed(self, chunk: bytes, *, last: bool = False) -> bytes:
        """Return the sound that is ready after `chunk`, at the new rate."""
        return self._stream.resample_chunk(np.frombuffer(chunk, "<i2"), last=last).tobytes()


_INTERVAL = 0.1  # seconds of sound for one level
_QUIETEST, _LOUDEST = -52.0, -14.0  # dB of full scale: a quiet room, and speech close by
_DECAY = 0.6  # of the last level: it falls more slowly than it rises, as meters do


class Meter:
    """Measures the level of a recording for the icon, ten times per second of sound."""

    def __init__(self, rate: int) -> None:
        self._wanted = int(rate * _INTERVAL) * SAMPLE  # bytes
        self._sound, self._level = bytearray(), 0.0

    def feed(self, chunk: bytes) -> float | None:
        """Process a chunk; return the level, 0.0 to 1.0, or None if it is not due yet."""
        self._sound += chunk
        if len(self._sound) < self._wanted:
            return None
        self._level = max(level(power(bytes(self._sound))), self._level * _DECAY)
        self._sound.clear()
        return self._level


def level(mean_square: float) -> float:
    """Return the perceived loudness, 0.0 to 1.0; `mean_square` of full scale."""
    decibels = 10 * math.log10(max(mean_square, 1e-10))
    return min(max((decibels - _QUIETEST) / (_LOUDEST - _QUIETEST), 0.0), 1.0)
