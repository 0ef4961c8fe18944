"""A take with a model that transcribes speech while it is spoken.

Each segment has a stream of its own: it begins at the first word, gets the sound as it comes, and
ends where the segment is closed, so that what is left to do at the release is the last moment. The
sound of a segment is kept until then. If the stream has heard more than belongs to the segment,
which was cut in mid-speech, or cannot keep up with the speaker, the segment is decoded as a whole.
Once the key is up, the stream ends at the first quiet moment: the text may exist before the tail of
the recording is over.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from tray_dictate.engine.models import Cancel, Samples, SpeechStream, StreamingModels
from tray_dictate.engine.offline.session import LocalSession
from tray_dictate.engine.segmenter import RATE, Span

log = logging.getLogger(__name__)

_STEP = RATE * 16 // 100  # samples that a stream gets at once, at least
_JUDGED = 2.0  # seconds of sound after which the speed is judged
_SHARE = 0.8  # of the time that the streams may take

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Piece:
    """Sound of one segment."""

    number: int
    samples: Samples
    ends: Span | None = None  # the segment, if nothing follows
    final: bool = False  # whether it is certain that nothing follows
    whole: bool = False  # the samples are all of it, to be decoded without a stream


class StreamingSession(LocalSession[_Piece]):
    """One take; only one at a time has a stream, the next one keeps its sound until then."""

    def __init__(
        self, models: StreamingModels, worker: ThreadPoolExecutor, turn: asyncio.Lock
    ) -> None:
        """`turn` is held by the session that has a stream."""
        self._worker, self._turn, self._has_turn = worker, turn, False
        self._cancel = models.cancellation()
        self._transcript = _Transcript(models, self._cancel)
        self._fed: int | None = None  # end of the sound that the stream has; None: no stream
        self._known: tuple[Span | None, str] = None, ""  # the segment if nothing follows; its text
        self._shown = ""
        self._spent = self._streamed = 0.0  # seconds that streams took, and of their sound
        super().__init__(models.detector(), models.segmentation)

    async def give_up(self) -> None:
        """Stop transcribing; owed texts stay owed."""
        self._cancel.cancel()
        await super().give_up()
        self._worker.submit(self._transcript.close)
        self._end_turn()

    def _final(self, segment: Span) -> _Piece:
        return self._end(segment, final=True)

    def _ahead(self) -> _Piece | None:
        if self._segmenter.key_is_up and (segment := self._segmenter.due(0)):
            return self._end(segment, final=False)
        segment = None if self._is_slow else self._segmenter.open
        if segment is None or segment == self._known[0]:
            return None
        start = segment.start if self._fed is None else self._fed
        end = min(segment.end, self._heard)
        if end - start < _STEP:
            return None
        self._fed = end
        return _Piece(self._number, self._sound.samples(start, end))

    def _end(self, segment: Span, *, final: bool) -> _Piece:
        fed, self._fed = self._fed, None
        whole = fed is None or fed > segment.end or self._is_slow
        start = segment.start if fed is None or whole else fed
        samples = self._sound.samples(start, segment.end)
        return _Piece(self._number, samples, segment, final, whole)

    def _drop_pass(self, unless: Span | None = None) -> None:
        """Do nothing: what a stream has computed is never in vain."""

    async def _decode(self, work: _Piece) -> None:
        known, text = self._known
        if known is None or known != work.ends:
            text = await self._transcribe(work)
        if work.final or text != self._shown:
            self._report(work.number, text, work.ends if work.final else None)
        self._shown = "" if work.final else text

    async def _transcribe(self, work: _Piece) -> str:
        await self._take_turn()
        if work.whole:
            urgent = self._segmenter.key_is_up
            text = await self._run(lambda: self._transcript.decode(work.samples, urgent=urgent))
        else:
            text = await self._stream(work)
        if work.ends:
            self._end_turn()
            self._known = work.ends, text
        return text

    async def _stream(self, work: _Piece) -> str:
        loop = asyncio.get_running_loop()
        add = self._transcript.finish if work.ends else self._transcript.feed
        started = loop.time()
        text = await self._run(lambda: add(work.samples))
        self._spent += loop.time() - started
        self._streamed += len(work.samples) / RATE
        if self._is_slow:
            log.info("the model takes %.1f s for %.1f s of speech: this dictation goes on without "
                     "a stream", self._spent, self._streamed)  # fmt: skip
        return text

    @property
    def _is_slow(self) -> bool:
        return self._streamed >= _JUDGED and self._spent > _SHARE * self._streamed

    async def _run(self, compute: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._worker, compute)

    async def _take_turn(self) -> None:
        if not self._has_turn:
            await self._turn.acquire()
            self._has_turn = True

    def _end_turn(self) -> None:
        if self._has_turn:
            self._has_turn = False
            self._turn.release()


class _Transcript:
    """The text of one segment after the other; used on the worker thread only."""

    def __init__(self, models: StreamingModels, cancel: Cancel) -> None:
        self._models, self._cancel = models, cancel
        self._stream: SpeechStream | None = None

    def feed(self, samples: Samples) -> str:
        """Add sound to the stream of the open segment; return the text so far."""
        self._stream = self._stream or self._models.stream(self._cancel)
        return self._stream.feed(samples)

    def finish(self, samples: Samples) -> str:
        """Return the text of the open segment, which ends with this sound."""
        if len(samples):
            self.feed(samples)
        assert self._stream is not None  # it was fed before it was closed
        text = self._stream.finish()
        self.close()
        return text

    def decode(self, samples: Samples, *, urgent: bool) -> str:
        """Return the text of a whole segment."""
        self.close()
        return self._models.decode(samples, (), self._cancel, urgent=urgent).text

    def close(self) -> None:
        """Free what is left of the open segment's stream."""
        if self._stream:
            self._stream.close()
            self._stream = None
