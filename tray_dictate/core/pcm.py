"""PCM16 little-endian mono: its size and its length."""

from __future__ import annotations

SAMPLE = 2  # bytes
HOP = 0.032  # seconds: the sound that the voice detector judges at once


def seconds(size: int, rate: int) -> float:
    """Return the length of `size` bytes in seconds, at `rate` samples per second."""
    return size / (SAMPLE * rate)
