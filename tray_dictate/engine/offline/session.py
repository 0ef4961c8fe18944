"""The skeleton of a take on this computer: divides the sound, and has one worker decode it.

The loop owns all state. The one worker thread only decodes: what it gets does not change.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import AsyncIterator
from typing import Generic, TypeVar

from tray_dictate.core.segments import Committed, Completed, Delta, SessionEvent
from tray_dictate.core.text.archaic_spelling import modernize_spelling
from tray_dictate.core.text.filters import drop_noise_words
from tray_dictate.core.text.sentence_starts import capitalize_sentences
from tray_dictate.engine.models import HOP, Detector, Segmentation
from tray_dictate.engine.segmenter import RATE, Segmenter, Span
from tray_dictate.engine.sound_buffer import Sound, level

_TURN = 64  # hops, 0.1 ms each, between two yields to the other tasks of the loop
_AHEAD = 4  # segments that wait for the worker before `send` waits, too: files come fast

Work = TypeVar("Work")  # what the worker does at once


class LocalSession(ABC, Generic[Work]):
    """One take; lives on the loop. Segments are decoded in spoken order."""

    def __init__(self, detector: Detector, segmentation: Segmentation) -> None:
        self._detector, self._segmenter = detector, Segmenter(segmentation)
        self._sound = Sound()
        self._heard = 0  # samples
        self._number = 1  # of the open segment
        self._owed: deque[Work] = deque()
        self._finished = False
        self._wake, self._room = asyncio.Event(), asyncio.Event()
        self._events: asyncio.Queue[SessionEvent | None] = asyncio.Queue()
        self._work = asyncio.create_task(self._decode_all())

    @property
    def rescued(self) -> bool:
        """Always False: this is the offline engine itself."""
        return False

    async def send(self, chunk: bytes) -> None:
        """Add PCM16 at 16 kHz; wait while the worker is far behind."""
        self._sound.append(chunk)
        turn = 0
        while self._sound.end - self._heard >= HOP:
            self._hear(HOP)
            turn += 1
            if turn % _TURN == 0:
                await self._others()
        await self._others()

    def silence_seconds(self) -> float:
        """Return the length of the trailing silence in the audio sent so far, in seconds."""
        return (self._segmenter.quiet + self._sound.end - self._heard) / RATE

    def key_released(self) -> None:
        """Drop all passes but the last word's, so that its text is ready when the tail is over."""
        self._segmenter.key_released()
        self._drop_pass(unless=self._segmenter.open)
        self._wake.set()

    async def finish(self) -> None:
        """Commit the last segment: no more chunks will come."""
        rest = self._sound.end - self._heard
        if rest:
            self._hear(rest)
        if segment := self._segmenter.finish():
            self._commit(segment)
        else:
            self._drop_pass()
        self._finished = True
        self._wake.set()

    async def events(self) -> AsyncIterator[SessionEvent]:
        """Yield events until nothing is owed. Raises EngineError."""
        while (event := await self._events.get()) is not None:
            yield event
        if not self._work.cancelled():
            self._work.result()  # raises the error that ended it

    async def give_up(self) -> None:
        """Stop decoding; owed texts stay owed."""
        self._drop_pass()
        self._work.cancel()
        await asyncio.wait([self._work])

    async def _others(self) -> None:
        self._sound.forget(self._segmenter.needed)
        self._wake.set()
        await asyncio.sleep(0)
        while len(self._owed) > _AHEAD and not self._work.done():
            self._room.clear()
            await self._room.wait()

    def _hear(self, samples: int) -> None:
        hop = self._sound.samples(self._heard, self._heard + samples)
        self._heard += samples
        if segment := self._segmenter.hear(self._detector.hear(hop), level(hop), samples):
            self._commit(segment)

    def _commit(self, segment: Span) -> None:
        before = str(self._number - 1) if self._number > 1 else None
        span = segment.start / RATE, segment.end / RATE
        self._events.put_nowait(Committed(str(self._number), before, span))
        self._owed.append(self._final(segment))
        self._number += 1
        self._drop_pass(unless=segment)

    def _report(self, number: int, text: str, final: Span | None) -> None:
        """Report the text of a segment; `final` is its place if it is closed."""
        text = capitalize_sentences(modernize_spelling(text))
        if final:
            text = drop_noise_words(text, final.voiced / RATE)
            self._events.put_nowait(Completed(str(number), text))
        else:
            self._events.put_nowait(Delta(str(number), text))

    async def _decode_all(self) -> None:
        try:
            while work := await self._next():
                await self._decode(work)
        finally:
            self._events.put_nowait(None)
            self._room.set()

    async def _next(self) -> Work | None:
        """Return the most urgent work; None when all is done."""
        while True:
            if self._owed:
                self._room.set()
                return self._owed.popleft()
            if self._finished:
                return None
            if ahead := self._ahead():
                return ahead
            self._wake.clear()
            await self._wake.wait()

    @abstractmethod
    def _final(self, segment: Span) -> Work:
        """Return the work that completes the open segment, which is closed now."""

    @abstractmethod
    def _ahead(self) -> Work | None:
        """Return the work on the open segment that is due now, if any."""

    @abstractmethod
    def _drop_pass(self, unless: Span | None = None) -> None:
        """Cancel work ahead of time that does not decode this very segment."""

    @abstractmethod
    async def _decode(self, work: Work) -> None:
        """Do the work, and report the text."""
