"""When to decode what: speech probabilities -> passes that are due, and committed segments.

Pure: no sound, no clock, no thread. Time is counted in samples of the take. It hears one hop after
the other and decides in this order of haste:

- a partial pass every half second while somebody speaks, or less often where passes are dear;
- a speculative pass at a pause: if the key goes up in it, the text exists already;
- a commit at a longer pause: the segment is closed, its final text goes out while the key is held;
- once the key is up, only what is left counts: a speculative pass at the first quiet moment.

Committed segments never overlap, and all that was voiced is in one, but for clicks.

Our own ear beside a server's: where the pauses are, and whether anybody still speaks.

The same detector and segmenter as the offline engine's, so that text comes at the same pauses
whoever transcribes. It hears at 16 kHz what is sent at the engine's rate.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from tray_dictate.core.pcm import SAMPLE, Resampler
from tray_dictate.engine.models import HOP, Detector
from tray_dictate.engine.sound_buffer import Sound, level

RATE = 16000  # samples per second

_VOICED, _STILL_VOICED = 0.5, 0.35  # probabilities: to begin to speak, to go on speaking
_BEFORE, _AFTER = RATE * 25 // 100, RATE * 20 // 100  # decoded around speech: quiet consonants
_CLICK = 4 * HOP  # less voiced than this is no speech

_STEP = RATE // 2  # between partial passes
_SHARE = 0.5  # of the time, at most, goes into partial passes
_WORTH = RATE * 3 // 10  # of speech before the first partial pass

_BREATH = RATE * 22 // 100  # pause: speculate
_MOMENT = HOP  # pause: speculate, when the key is up
_PAUSE = RATE * 70 // 100  # pause: commit a phrase
_SILENCE = RATE * 150 // 100  # pause: commit a word, forget a click
_PHRASE = RATE * 4  # shorter speech waits for more: the recogniser wants context
_LONG = RATE * 12  # longer speech is committed at any breath
_LONGEST = RATE * 24  # the recogniser gets worse, and slower than it is worth
_SEARCH = RATE * 3  # before the end of the longest: where the cut may be,
_KEEP = RATE // 2  # but not here: what is left is to be understood too
_QUIETEST = 3  # hops that are quiet together: about 100 ms


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of the take, in samples, and how many of them are voiced."""

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
    """Hears one take."""

    def __init__(self) -> None:
        self._end = 0  # of what was heard
        self._floor = 0  # of what was committed
        self._onset: int | None = None  # of the open segment
        self._last = 0  # end of the last voiced hop
        self._spoken = 0  # end of the last speech that was committed
        self._voiced = 0  # in the open segment
        self._speaking = False
        self._cut_off = False  # the open segment goes on where another was cut: it is no click
        self._asked: Span | None = None  # what was due last,
        self._asked_end = 0  # and when
        self._recent: deque[_Hop] = deque()
        self._key_is_up = False

    def key_released(self) -> None:
        """Learn that the key is up: only the tail is still to come."""
        self._key_is_up = True

    def hear(self, probability: float, level: float, samples: int) -> Span | None:
        """Take one hop's speech probability and RMS; return the segment that it closes, if any."""
        start, self._end = self._end, self._end + samples
        self._speaking = probability >= (_STILL_VOICED if self._speaking else _VOICED)
        self._remember(_Hop(start, self._end, level, self._speaking))
        if self._speaking:
            if self._onset is None:
                self._onset, self._voiced = start, 0
            self._last = self._end
            self._voiced += samples
            return self._cut() if self._last - self._onset >= _LONGEST else None
        return self._at_pause() if self._onset is not None else None

    def due(self, cost: float) -> Span | None:
        """Return what is to be decoded now, once; `cost` is what the last pass took, in seconds."""
        if self._onset is None or self._is_click:
            return None
        if self._speaking:
            if self._key_is_up:  # the worker is to be free when the last word is over
                return None
            step = max(_STEP, round(cost / _SHARE * RATE))
            if self._end - self._asked_end < step or self._last - self._onset < _WORTH:
                return None
        span = self._open(self._onset)
        pause = _MOMENT if self._key_is_up else _BREATH
        if not self._speaking and (self.quiet < pause or span == self._asked):
            return None
        self._asked, self._asked_end = span, self._end
        return span

    def finish(self) -> Span | None:
        """Return the last segment, if there is one: no more will be heard."""
        return self._closed()

    @property
    def quiet(self) -> int:
        """For how many samples nobody has spoken."""
        return self._end - self._last

    @property
    def spoken_until(self) -> int:
        """Where the last speech ended that is no click."""
        return self._spoken if self._onset is None or self._is_click else self._last

    @property
    def needed(self) -> int:
        """The first sample that any later segment may start with."""
        return max(self._floor, (self._end if self._onset is None else self._onset) - _BEFORE)

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
        least = _BREATH if speech >= _LONG else _PAUSE if speech >= _PHRASE else _SILENCE
        return self._closed() if self.quiet >= least else None

    def _open(self, onset: int) -> Span:
        start, end = max(self._floor, onset - _BEFORE), self._last + _AFTER
        # what comes after the last word will be quiet: its pass need not wait to hear that
        return Span(start, end if self._key_is_up else min(self._end, end), self._voiced)

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
        segment = Span(max(self._floor, self._onset - _BEFORE), cut, self._voiced - after)
        self._floor = self._onset = cut
        self._voiced, self._cut_off = after, True
        return segment


class PauseDetector:
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

    def key_released(self) -> None:
        """The key is up."""
        self._segmenter.key_released()

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
