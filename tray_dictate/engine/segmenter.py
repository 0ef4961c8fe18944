"""Finds segments and pauses in speech probabilities, and decides when to decode what.

`Segmenter` has no sound, no clock and no thread; time is counted in samples of the take. It gets
one hop after the other, and decides on:

- a partial pass about every second during speech, or less often if passes are slow;
- a speculative pass at a pause: if the key goes up in it, the text exists already;
- a commit at a longer pause: the segment is closed, its final text comes while the key is held;
- once the key is up, a speculative pass at the first quiet moment.

Committed segments never overlap, and all voiced sound is in one of them, except for clicks.

`PauseDetector` does the same for a take that a server transcribes, with the offline engine's
detector and segmenter, so that both engines deliver text at the same pauses.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from tray_dictate.core.pcm import SAMPLE
from tray_dictate.core.samples import Resampler
from tray_dictate.engine.models import HOP, Detector, Segmentation
from tray_dictate.engine.sound_buffer import Sound, level

RATE = 16000  # samples per second

_VOICED, _STILL_VOICED = 0.5, 0.35  # probabilities: speech begins, speech continues
_CLICK = 4 * HOP  # less voiced than this is no speech

_WORTH = RATE * 3 // 10  # of speech before the first partial pass

_MOMENT = HOP  # pause: speculate, when the key is up
_PAUSE = RATE * 70 // 100  # pause: commit a phrase
_SILENCE = RATE * 150 // 100  # pause: commit a word, drop a click
_PHRASE = RATE * 4  # shorter speech waits for more: the model needs context
_LONG = RATE * 12  # longer speech is committed at any breath
_SEARCH = RATE * 3  # before the end of the longest: the cut is here,
_KEEP = RATE // 2  # but not here: the rest needs context, too
_QUIETEST = 3  # hops that are quiet together: about 100 ms


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of the take in samples, and the number of voiced ones."""

    start: int
    end: int
    voiced: int


@dataclass(frozen=True, slots=True)
class _Hop:
    start: int
    end: int
    level: float
    voiced: bool


class Segmenter:
    """Divides one take into segments by its speech probabilities."""

    def __init__(self, model: Segmentation = Segmentation()) -> None:  # noqa: B008 - it is frozen
        self._before, self._after = round(model.before * RATE), round(model.after * RATE)
        self._longest = round(model.longest * RATE)
        self._step, self._share = round(model.step * RATE), model.share
        self._pause = round(model.pause * RATE)  # speculate
        # at a breath a long speech is committed, with all the sound after it that the model wants
        self._breath = max(self._pause, self._after)
        self._end = 0  # of the sound so far
        self._floor = 0  # end of the last committed segment
        self._onset: int | None = None  # of the open segment
        self._last = 0  # end of the last voiced hop
        self._spoken = 0  # end of the last speech that was committed
        self._voiced = 0  # in the open segment
        self._speaking = False
        self._cut_off = False  # the open segment continues one that was cut: it is no click
        self._passed: Span | None = None  # the last pass that was due,
        self._passed_end = 0  # and when
        self._recent: deque[_Hop] = deque()
        self.key_is_up = False  # only the tail is still to come

    def key_released(self) -> None:
        """Decide sooner: the key is up, only the tail is still to come."""
        self.key_is_up = True

    def hear(self, probability: float, level: float, samples: int) -> Span | None:
        """Add one hop's speech probability and RMS; return the segment that it closes, if any."""
        start, self._end = self._end, self._end + samples
        self._speaking = probability >= (_STILL_VOICED if self._speaking else _VOICED)
        self._remember(_Hop(start, self._end, level, self._speaking))
        if self._speaking:
            if self._onset is None:
                self._onset, self._voiced = start, 0
            self._last = self._end
            self._voiced += samples
            return self._cut() if self._last - self._onset >= self._longest else None
        return self._at_pause() if self._onset is not None else None

    def due(self, cost: float) -> Span | None:
        """Return the stretch to decode now, once; `cost`: seconds that the last pass took."""
        if self._onset is None or self._is_click:
            return None
        if self._speaking:
            if self.key_is_up or not self._step:
                return None  # the worker must be free when the last word is over
            step = max(self._step, round(cost / self._share * RATE))
            if self._end - self._passed_end < step or self._last - self._onset < _WORTH:
                return None
        span = self._open(self._onset)
        pause = _MOMENT if self.key_is_up else self._pause
        if not self._speaking and (self.quiet < pause or span == self._passed):
            return None
        self._passed, self._passed_end = span, self._end
        return span

    def finish(self) -> Span | None:
        """Return the last segment, if any: the sound is over."""
        return self._closed()

    @property
    def open(self) -> Span | None:
        """The stretch so far of the segment that is open; None while it may still be a click."""
        return None if self._onset is None or self._is_click else self._open(self._onset)

    @property
    def quiet(self) -> int:
        """The length of the trailing silence in samples."""
        return self._end - self._last

    @property
    def spoken_until(self) -> int:
        """The end of the last speech; clicks do not count."""
        return self._spoken if self._onset is None or self._is_click else self._last

    @property
    def needed(self) -> int:
        """The first sample that any later segment may start with."""
        return max(self._floor, (self._end if self._onset is None else self._onset) - self._before)

    @property
    def _is_click(self) -> bool:
        return self._voiced < _CLICK and not self._cut_off

    def _remember(self, hop: _Hop) -> None:
        self._recent.append(hop)
        while self._recent[0].end <= self._end - _SEARCH:
            self._recent.popleft()

    def _at_pause(self) -> Span | None:
        assert self._onset is not None
        speech = self._last - self._onset
        least = self._breath if speech >= _LONG else _PAUSE if speech >= _PHRASE else _SILENCE
        return self._closed() if self.quiet >= least else None

    def _open(self, onset: int) -> Span:
        start, end = max(self._floor, onset - self._before), self._last + self._after
        # after the last word it will be quiet: its pass need not wait for that
        ended = self.key_is_up or self.quiet >= self._pause
        return Span(start, end if ended else min(self._end, end), self._voiced)

    def _closed(self) -> Span | None:
        onset, self._onset = self._onset, None
        if onset is None or self._is_click:
            return None
        self._cut_off = False
        self._spoken = self._last
        segment = self._open(onset)
        self._floor = segment.end
        return segment

    def _cut(self) -> Span:
        """Close the segment in the quietest place, in mid-speech; the rest stays open."""
        assert self._onset is not None
        hops = [hop for hop in self._recent if hop.end <= self._end - _KEEP]
        windows = [hops[at : at + _QUIETEST] for at in range(len(hops) - _QUIETEST + 1)]
        quietest = min(windows, key=lambda window: sum(hop.level for hop in window))
        cut = (quietest[0].start + quietest[-1].end) // 2
        after = sum(h.end - max(cut, h.start) for h in self._recent if h.voiced and h.end > cut)
        segment = Span(max(self._floor, self._onset - self._before), cut, self._voiced - after)
        self._floor = self._onset = cut
        self._voiced, self._cut_off = after, True
        return segment


class PauseDetector:
    """Finds the pauses in one take; positions are in samples at the engine's rate."""

    def __init__(self, detector: Detector, rate: int) -> None:
        self._detector, self._rate = detector, rate
        self._resampler = Resampler(rate, RATE) if rate != RATE else None
        self._segmenter = Segmenter()
        self._sound = Sound()
        self._heard = 0  # samples at 16 kHz
        self._received = 0  # samples at the engine's rate

    def hear(self, chunk: bytes) -> bool:
        """Add a chunk; return whether a phrase is over, so that a turn may end here."""
        self._received += len(chunk) // SAMPLE
        self._sound.append(self._resampler.feed(chunk) if self._resampler else chunk)
        over = False
        while self._sound.end - self._heard >= HOP:
            hop = self._sound.samples(self._heard, self._heard + HOP)
            self._heard += HOP
            closed = self._segmenter.hear(self._detector.hear(hop), level(hop), HOP)
            # a long segment is cut in mid-speech; a server's turn must not end there
            over = (over or closed is not None) and self._segmenter.quiet > 0
        self._sound.forget(self._heard)
        return over

    def key_released(self) -> None:
        """Find pauses sooner: the key is up."""
        self._segmenter.key_released()

    @property
    def quiet(self) -> float:
        """The length of the trailing silence in seconds."""
        return self._segmenter.quiet / RATE + self._unheard

    @property
    def spoken_until(self) -> int:
        """The end of the last speech; clicks do not count."""
        return round(self._segmenter.spoken_until * self._rate / RATE)

    @property
    def _unheard(self) -> float:
        return max(0.0, self._received / self._rate - self._heard / RATE)
