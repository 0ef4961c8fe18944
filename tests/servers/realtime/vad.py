"""Turn detection by loudness, on the timeline of the sound itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

_FRAME = 0.02  # seconds
_TRIGGER = 2  # frames of speech that it takes to believe in it
_FULL = 0.03  # the RMS, of 1, that threshold 1 would ask for


class Edge(NamedTuple):
    """Speech began or ended, at this sample of the stream."""

    kind: Literal["started", "stopped"]
    at: int


@dataclass
class Vad:
    """One session's detector; a threshold of 1 hears nothing at all."""

    rate: int
    at: int  # the next sample to be heard
    threshold: float = 0.5
    prefix_ms: int = 300
    silence_ms: int = 500
    least: int = 0  # samples of one turn, at the least
    speaking: bool = False
    _pending: bytes = b""
    _loud: int = 0  # frames in a row
    _quiet: int = 0
    _since: int = 0  # where this turn's sound begins

    def hear(self, pcm: bytes) -> list[Edge]:
        """Return the edges in the sound, with the padding of the first."""
        pcm = self._pending + pcm
        size = round(self.rate * _FRAME)
        count = len(pcm) // (2 * size)
        self._pending = pcm[count * size * 2 :]
        frames = np.frombuffer(pcm[: count * size * 2], "<i2").reshape(count, size)
        levels = np.sqrt((frames.astype(np.float32) ** 2).mean(axis=1)) / 32768
        edges: list[Edge] = []
        for loud in (levels > self.threshold * _FULL).tolist():
            self.at += size
            if edge := self._frame(loud and self.threshold < 1):
                edges.append(edge)
        return edges

    def interrupt(self) -> None:
        """Forget that somebody speaks: the client has committed."""
        self.speaking, self._loud, self._quiet = False, 0, 0
        self._since = self.at

    def _frame(self, loud: bool) -> Edge | None:
        self._loud = self._loud + 1 if loud else 0
        self._quiet = 0 if loud else self._quiet + 1
        if not self.speaking and self._loud >= _TRIGGER:
            self.speaking = True
            return Edge("started", max(0, self.at - self.prefix_ms * self.rate // 1000))
        enough = self.at - self._since > self.least
        if self.speaking and enough and self._quiet * _FRAME * 1000 >= self.silence_ms:
            self.interrupt()
            return Edge("stopped", self.at)
        return None
