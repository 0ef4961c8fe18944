"""Tones taken out of sound as it comes: the cues', which the microphone hears of the speakers.

A notch takes out what is within some Hz of its tone, whatever the room made of it, and lets speech
through: `python -m tests.bench.cue` says what a cue and what a notch costs in words.
"""

from __future__ import annotations

import math
from collections.abc import Collection

import numpy as np

_WIDTH = 200.0  # Hz, where half of the power is let through; a short tone is broad


class Notches:
    """Filters one recording of `rate` samples per second."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._notches: dict[float, _Notch] = {}

    def feed(self, chunk: bytes, tones: Collection[float]) -> bytes:
        """Return the chunk without these tones, in Hz; no sample is held back."""
        self._notches = {
            tone: self._notches.get(tone) or _Notch(tone / self._rate, _WIDTH / self._rate)
            for tone in sorted(tones)
            if tone < self._rate / 2
        }
        if not self._notches:
            return chunk
        samples: list[float] = np.frombuffer(chunk, "<i2").tolist()
        for notch in self._notches.values():
            samples = notch.feed(samples)
        return np.clip(np.rint(samples), -32768, 32767).astype("<i2").tobytes()


class _Notch:
    """One filter of second order; `tone` and `width` in cycles per sample."""

    def __init__(self, tone: float, width: float) -> None:
        radius = math.exp(-math.pi * width)
        angle = 2 * math.cos(2 * math.pi * tone)
        self._back = radius * angle, -radius * radius
        self._gain = (1 - radius * angle + radius * radius) / (2 - angle)  # 1 at 0 Hz
        self._angle = angle
        self._kept = 0.0, 0.0

    def feed(self, samples: list[float]) -> list[float]:
        (one, two), (back_one, back_two) = self._kept, self._back
        gain, sideways = self._gain, -self._gain * self._angle
        passed: list[float] = []
        for sample in samples:
            out = gain * sample + one
            one = sideways * sample + back_one * out + two
            two = gain * sample + back_two * out
            passed.append(out)
        self._kept = one, two
        return passed
