"""Removes a DC offset from a stream of sound: some microphones and cables add one.

Under quiet speech an offset of a tenth of full scale makes an engine recognize wrong words. Two
first-order filters pass a voice and block a constant, without delay. `python -m tests.bench.offset`
measures how many words an offset and the filter cost.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

_CORNER = 30.0  # Hz: the deepest voices, at 80 Hz, lose 1 dB
_BLOCK = 512  # samples at once: powers of the filter's pole stay far from a float's limits


class HighPass:
    """Removes the offset from one recording of `rate` samples per second, PCM16 mono."""

    def __init__(self, rate: int) -> None:
        self._stages = _Stage(_CORNER / rate), _Stage(_CORNER / rate)

    def feed(self, chunk: bytes) -> bytes:
        """Return the chunk without its constant part, in the same length."""
        samples = np.frombuffer(chunk, "<i2").astype(np.float64)
        if not len(samples):
            return chunk
        for stage in self._stages:
            samples = stage.feed(samples)
        return np.clip(np.rint(samples), -32768, 32767).astype("<i2").tobytes()


class _Stage:
    """A filter of first order, 1 at the highest tone; `corner` in cycles per sample."""

    def __init__(self, corner: float) -> None:
        self._pole = math.exp(-2 * math.pi * corner)
        self._powers = self._pole ** np.arange(_BLOCK)
        self._before: float | None = None  # the last sample that went in
        self._out = 0.0  # the last sample that came out

    def feed(self, samples: NDArray[np.float64]) -> NDArray[np.float64]:
        first = samples[0] if self._before is None else self._before  # no click at the beginning
        steps = np.empty_like(samples)
        steps[0] = samples[0] - first
        np.subtract(samples[1:], samples[:-1], out=steps[1:])
        steps *= (1 + self._pole) / 2
        self._before = float(samples[-1])
        passed = np.empty_like(steps)
        for at in range(0, len(steps), _BLOCK):
            block = steps[at : at + _BLOCK]
            powers = self._powers[: len(block)]
            # out[n] = pole * out[n - 1] + step[n], for a whole block at once
            block = powers * (self._pole * self._out + np.cumsum(block / powers))
            passed[at : at + _BLOCK] = block
            self._out = float(block[-1])
        return passed
