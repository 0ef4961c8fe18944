"""PCM16 little-endian mono bytes: level, silence, rate. Pure but for the resampler's own state."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import soxr

SAMPLE = 2  # bytes


def seconds(size: int, rate: int) -> float:
    """Return how long `size` bytes last at `rate` samples per second."""
    return size / (SAMPLE * rate)


def peak(chunk: bytes) -> float:
    """Return the largest sample, 0.0 to 1.0 of full scale; 0.0 for nothing."""
    samples = np.frombuffer(chunk, "<i2")
    return float(np.abs(samples.astype(np.int32)).max()) / 32768 if len(samples) else 0.0


def power(chunk: bytes) -> float:
    """Return the mean of the squared samples, 0.0 to 1.0 of full scale; 0.0 for nothing."""
    samples = np.frombuffer(chunk, "<i2").astype(np.float64)
    return float(samples @ samples) / (len(samples) * 32768**2) if len(samples) else 0.0


class Resampler:
    """A stream from one rate to another; the filter's tail comes with `last`.

    One stream for the whole recording: a resampler per chunk distorts at every seam
    (shared/facts/asr.md, section 3).
    """

    def __init__(self, rate_in: int, rate_out: int) -> None:
        self._stream: Any = cast("Any", soxr).ResampleStream(rate_in, rate_out, 1, dtype="int16")

    def feed(self, chunk: bytes, *, last: bool = False) -> bytes:
        """Return what is ready after `chunk`, at the new rate."""
        return self._stream.resample_chunk(np.frombuffer(chunk, "<i2"), last=last).tobytes()
