"""Words that a program can hear: 60 ms blocks of sound that carry a number.

    start (2 symbols) | number (16 bits) | check (16 bits) | 0101 | end (2 symbols)

A symbol is 1.5 ms of one level; the start and the end are louder than what they enclose, so that a
block is found at any sample. Every sample counts: a block with one missing or one too many is torn.
"""

from __future__ import annotations

import functools
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

SECONDS = 0.06
MOST = 60_000
TORN = "torn"
_SYMBOLS = 40
_START, _END, _BIT = 24_000, 14_000, 8_000
_LOUD = 3_000


class Heard(NamedTuple):
    """One word, or what is left of one, and where it ends."""

    word: str
    end: int  # samples


@functools.cache
def word(number: int, rate: int) -> bytes:
    """Return the block of sound that says the number; PCM16 mono."""
    assert 0 <= number <= MOST
    return np.repeat(_levels(number), _symbol(rate)).astype("<i2").tobytes()


def silence(seconds: float, rate: int) -> bytes:
    """Return that much of nothing."""
    return bytes(2 * round(seconds * rate))


def heard(pcm: bytes, rate: int) -> list[str]:
    """Return the words in the sound: ["w17", "w18"], "torn" for a part of one."""
    return [found.word for found in spans(pcm, rate)]


def spans(pcm: bytes, rate: int) -> list[Heard]:
    """Return the words and where each ends."""
    samples = np.frombuffer(pcm[: len(pcm) // 2 * 2], "<i2")
    block = _symbol(rate) * _SYMBOLS
    found: list[Heard] = []
    blocks = _blocks(samples, block)
    for begin, end in _runs(samples):
        at = begin
        while at < end:
            ahead = [start for start in blocks.near(at, end) if start + block <= end]
            start = ahead[0] if ahead else end
            if start > at:
                found.append(Heard(TORN, start))
            if ahead:
                found.append(Heard(f"w{blocks.numbers[start]}", start + block))
                start += block
            at = start
    return found


class _Blocks:
    """Where whole blocks begin, and what each says."""

    def __init__(self, starts: NDArray[np.int64], numbers: NDArray[np.int64]) -> None:
        self._starts = starts
        self.numbers = dict(zip(starts.tolist(), numbers.tolist(), strict=True))

    def near(self, at: int, end: int) -> list[int]:
        """Return the first start from `at` up to `end`, if there is one."""
        index = int(np.searchsorted(self._starts, at))
        return [start for start in self._starts[index : index + 1].tolist() if start < end]


def _blocks(samples: NDArray[np.int16], block: int) -> _Blocks:
    high = samples > (_START + _END) // 2
    starts = np.flatnonzero(high & ~np.concatenate(([False], high[:-1])))
    starts = starts[starts + block <= len(samples)]
    numbers, whole = _read(samples, starts, block // _SYMBOLS)
    following = np.append(starts[1:], len(samples))
    whole &= following - starts >= block  # what lost samples in its middle is not whole
    return _Blocks(starts[whole], numbers[whole])


def _read(
    samples: NDArray[np.int16], starts: NDArray[np.int64], symbol: int
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return what each candidate says and whether it is whole, by every symbol's two ends."""
    first = np.arange(_SYMBOLS) * symbol
    heads = samples[starts[:, None] + first].astype(np.int64)
    tails = samples[starts[:, None] + first + symbol - 1].astype(np.int64)
    bits = heads[:, 2:18] > 0
    numbers = bits @ (1 << np.arange(15, -1, -1))
    expected = np.array([_levels(n) for n in numbers.tolist()]).reshape(-1, _SYMBOLS)
    whole = (np.abs(heads - expected) < _LOUD).all(axis=1)
    return numbers, whole & (np.abs(tails - expected) < _LOUD).all(axis=1)


def _runs(samples: NDArray[np.int16]) -> list[tuple[int, int]]:
    loud = np.abs(samples.astype(np.int32)) > _LOUD
    edges = np.flatnonzero(np.diff(np.concatenate(([False], loud, [False]))))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


@functools.cache
def _levels(number: int) -> NDArray[np.int64]:
    check = (number * 40_503 + 12_345) & 0xFFFF
    bits = [(number >> place) & 1 for place in range(15, -1, -1)]
    bits += [(check >> place) & 1 for place in range(15, -1, -1)] + [0, 1, 0, 1]
    middle = [_BIT if bit else -_BIT for bit in bits]
    return np.array([_START, -_START, *middle, -_END, _END])


def _symbol(rate: int) -> int:
    samples = rate * SECONDS / _SYMBOLS
    assert samples == int(samples), f"no whole number of samples at {rate} Hz"
    return int(samples)
