"""Our own ear beside a server's: where the pauses are, and whether anybody still speaks.

The same detector and segmenter as the embedded engine's, so that text comes at the same pauses
whoever transcribes. It hears at 16 kHz what is sent at the engine's rate.
"""

from __future__ import annotations

from tray_dictate.core.pcm import SAMPLE, Resampler
from tray_dictate.engine.models import HOP, Detector
from tray_dictate.engine.segmenter import RATE, Segmenter
from tray_dictate.engine.sound_buffer import Sound, level


class Listener:
    """Hears one take; positions are in samples at the engine's rate."""

    def __init__(self, detector: Detector, rate: int) -> None:
        self._detector, self._rate = detector, rate
        self._resampler = Resampler(rate, RATE) if rate != RATE else None
        self._segmenter = Segmenter()
        self._sound = Sound()
        self._heard = 0  # samples at 16 kHz
        self._received = 0  # samples at the engine's rate

    def hear(self, chunk: bytes) -> bool:
        """Take a chunk; return whether a phrase is over, so that a turn may end here."""
        self._received += len(chunk) // SAMPLE
        self._sound.append(self._resampler.feed(chunk) if self._resampler else chunk)
        over = False
        while self._sound.end - self._heard >= HOP:
            hop = self._sound.samples(self._heard, self._heard + HOP)
            self._heard += HOP
            closed = self._segmenter.hear(self._detector.hear(hop), level(hop), HOP)
            # a segment that is cut in mid-speech, being long, is no place for a server to cut
            over = (over or closed is not None) and self._segmenter.quiet > 0
        self._sound.forget(self._heard)
        return over

    def hurry(self) -> None:
        """The key is up."""
        self._segmenter.hurry()

    @property
    def quiet(self) -> float:
        """For how many seconds nobody has spoken, up to the end of what was received."""
        return self._segmenter.quiet / RATE + self._unheard

    @property
    def spoken_until(self) -> int:
        """Where the last speech ended; clicks are none."""
        return round(self._segmenter.spoken_until * self._rate / RATE)

    @property
    def _unheard(self) -> float:
        return max(0.0, self._received / self._rate - self._heard / RATE)
