"""Keeps the sound of a take for as long as it is needed: a take may last an hour."""

from __future__ import annotations

import math

import numpy as np

from tray_dictate.engine.models import Samples

_SAMPLE = 2  # bytes
_UNIT = np.float32(1 / 32768)


class Sound:
    """PCM16 that grows at the end and is forgotten from the start; addressed by sample."""

    def __init__(self) -> None:
        self._pcm = bytearray()
        self._start = 0  # of the sound that is left

    def append(self, chunk: bytes) -> None:
        """Add PCM16 little-endian mono."""
        self._pcm += chunk

    @property
    def end(self) -> int:
        """The number of all samples so far."""
        return self._start + len(self._pcm) // _SAMPLE

    @property
    def held(self) -> int:
        """The number of samples that are kept."""
        return self.end - self._start

    def samples(self, start: int, end: int) -> Samples:
        """Return a copy of the sound between two positions, filled up with silence at the end."""
        samples = np.frombuffer(self.pcm(start, end), "<i2") * _UNIT
        missing = end - start - len(samples)
        return np.pad(samples, (0, missing)) if missing else samples

    def pcm(self, start: int, end: int) -> bytes:
        """Return the sound between two positions as PCM16, as far as there is any."""
        first, last = ((at - self._start) * _SAMPLE for at in (start, end))
        return bytes(self._pcm[first:last])

    def forget(self, before: int) -> None:
        """Free the sound before a position."""
        if before > self._start:
            del self._pcm[: (before - self._start) * _SAMPLE]
            self._start = before


def level(samples: Samples) -> float:
    """Return the RMS, 0 to 1."""
    return math.sqrt(float(samples @ samples) / len(samples))


def quietest(samples: Samples, together: int) -> int:
    """Return the quietest place in the middle third, where `together` samples are quiet.

    The sound must be at least four times as long as that.
    """
    third = len(samples) // 3
    power = np.cumsum(np.square(samples[third:-third], dtype=np.float64))
    return third + together // 2 + int(np.argmin(power[together:] - power[:-together]))
