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
_BLOCK = 2048  # samples at once: powers of the filter's pole stay far from a float's limits


class HighPass:
    """Removes the offset from one recording of `rate` samples per second, PCM16 mono."""

    def __init__(self, rate: int) -> None:
        self._stages = _Stage(_CORNER / rate), _Stage(_CORNER / rate)

    def feed(self, chunk: bytes) -> bytes:
        """Return the chunk without its constant part, in the same length."""
        samples = np.frombuffer(chunk, "<i2").astype(np.float64)
        for at in range(0, len(samples), _BLOCK):
            block = samples[at : at + _BLOCK]
            for stage in self._stages:
                stage.filter(block)
        np.rint(samples, out=samples)
        np.maximum(samples, -32768, out=samples)
        np.minimum(samples, 32767, out=samples)
        return samples.astype("<i2").tobytes()


class _Stage:
    """A filter of first order, 1 at the highest tone; `corner` in cycles per sample."""

    def __init__(self, corner: float) -> None:
        self._pole = math.exp(-2 * math.pi * corner)
        self._powers = self._pole ** np.arange(_BLOCK)
        self._weights = (1 + self._pole) / 2 / self._powers
        self._before: float | None = None  # the last sample that went in
        self._out = 0.0  # the last sample that came out

    def filter(self, block: NDArray[np.float64]) -> None:
        """Filter the block, of at least one sample, in its place."""
        count = len(block)
        first = block[0] if self._before is None else self._before  # no click at the beginning
        self._before = float(block[-1])
        block[1:] -= block[:-1]
        block[0] -= first
        # out[n] = pole * out[n - 1] + step[n], for the whole block at once
        block *= self._weights[:count]
        np.add.accumulate(block, out=block)
        block += self._pole * self._out
        block *= self._powers[:count]
        self._out = float(block[-1])
