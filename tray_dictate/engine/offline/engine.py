"""The offline engine: nothing leaves this computer, and little is left to do at the release.

    chunks ──▶ detector ──▶ segmenter ──▶ committed segments ─────▶ worker ──▶ events
               (on the loop)         └──▶ passes ahead of time ──▶ worker ──▶ drafts

The loop owns all state. The one worker thread only decodes: immutable samples in, tokens out, one
pass at a time. A pass is cancelled when its segment is closed with more sound in it; the tokens
found until then are the draft of the last pass.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tray_dictate.core.errors import EngineError, UnavailableError
from tray_dictate.core.segments import Committed, Completed, Delta, SessionEvent
from tray_dictate.core.text.archaic_spelling import modernize_spelling
from tray_dictate.core.text.filters import drop_noise_words
from tray_dictate.core.text.sentence_starts import capitalize_sentences
from tray_dictate.engine.models import HOP, Cancel, Models, Samples, Tokens
from tray_dictate.engine.offline.effort import Wanted
from tray_dictate.engine.offline.english import REMEDY
from tray_dictate.engine.segmenter import RATE, Segmenter, Span
from tray_dictate.engine.sound_buffer import Sound, level
from tray_dictate.system.programs import own_python

_TURN = 64  # hops, 0.1 ms each, between two yields to the other tasks of the loop
_AHEAD = 4  # segments that wait for the worker before `send` waits, too: files come fast


@dataclass(frozen=True, slots=True)
class _Pass:
    """One decoding of one segment: ahead of time, or the final one."""

    number: int
    span: Span
    samples: Samples
    final: bool


@dataclass(frozen=True, slots=True)
class _Hypothesis:
    """What the last pass over segment `number` found; `of` is None if it was cancelled."""

    number: int
    of: Span | None
    text: str
    tokens: Tokens


class OfflineSession:
    """One take; lives on the loop."""

    def __init__(self, models: Models, worker: ThreadPoolExecutor, *, live: bool) -> None:
        self._models, self._worker, self._live = models, worker, live
        self._detector = models.detector()
        self._segmenter = Segmenter(models.segmentation)
        self._sound = Sound()
        self._heard = 0  # samples
        self._number = 1  # of the open segment
        self._owed: deque[_Pass] = deque()
        self._hypothesis = _Hypothesis(0, None, "", ())
        self._running: tuple[_Pass, Cancel] | None = None
        self._cost = 0.0  # seconds that the last pass took
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
        self._drop_pass()
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
        self._owed.append(self._pass(segment, final=True))
        self._number += 1
        self._drop_pass(unless=segment)

    def _drop_pass(self, unless: Span | None = None) -> None:
        """Cancel a pass ahead of time that does not decode this very segment."""
        if self._running:
            running, cancel = self._running
            if not running.final and running.span != unless:
                cancel.cancel()

    def _pass(self, segment: Span, *, final: bool) -> _Pass:
        samples = self._sound.samples(segment.start, segment.end)
        return _Pass(self._number, segment, samples, final)

    async def _decode_all(self) -> None:
        try:
            while work := await self._next():
                await self._decode(work)
        finally:
            self._events.put_nowait(None)
            self._room.set()

    async def _next(self) -> _Pass | None:
        """Return the most urgent pass; None when all is done."""
        while True:
            if self._owed:
                self._room.set()
                return self._owed.popleft()
            if self._finished:
                return None
            if self._live and (segment := self._segmenter.due(self._cost)):
                return self._pass(segment, final=False)
            self._wake.clear()
            await self._wake.wait()

    async def _decode(self, work: _Pass) -> None:
        known = self._hypothesis
        if known.number != work.number or known.of != work.span:
            known = self._hypothesis = await self._run(work, known)
        text = capitalize_sentences(modernize_spelling(known.text))
        if work.final:
            text = drop_noise_words(text, work.span.voiced / RATE)
            self._events.put_nowait(Completed(str(work.number), text))
        elif known.of:
            self._events.put_nowait(Delta(str(work.number), text))

    async def _run(self, work: _Pass, known: _Hypothesis) -> _Hypothesis:
        draft = known.tokens if known.number == work.number else ()
        cancel = self._models.cancellation()
        decode = partial(
            self._models.decode, work.samples, draft, cancel, urgent=self._segmenter.key_is_up
        )
        loop = asyncio.get_running_loop()
        started = loop.time()
        self._running = work, cancel
        try:
            found = await loop.run_in_executor(self._worker, decode)
        finally:
            self._running = None
        self._cost = loop.time() - started
        span = None if found.cancelled else work.span
        return _Hypothesis(work.number, span, found.text, found.tokens)


class OfflineEngine:
    """Loads the models once; its sessions share them and the worker.

    Without `live` all sound exists already, as in a file: each segment is decoded once, and the
    text does not depend on the speed of this machine.
    """

    rate = RATE

    def __init__(
        self, models: Callable[[], Models] | None = None, *, live: bool = True, misfit: str = ""
    ) -> None:
        """`misfit` says why the engine must not be used; then it loads nothing."""
        self._make, self._live, self._misfit = models or load_models, live, misfit
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="engine")
        self._loading: asyncio.Future[Models] | None = None
        self._sessions = 0

    async def load(self) -> None:
        """Load the models, on the worker thread. Raises UnavailableError."""
        await self._loaded()

    @asynccontextmanager
    async def session(
        self,
        recording: bytearray | None = None,  # noqa: ARG002 - a session keeps only the open segment
    ) -> AsyncGenerator[OfflineSession]:
        """Open a session when the models are loaded. Raises EngineError."""
        try:
            models = await self._loaded()
        except UnavailableError as reason:
            raise EngineError(str(reason)) from reason
        session = OfflineSession(models, self._worker, live=self._live)
        self._sessions += 1
        try:
            yield session
        finally:
            self._sessions -= 1
            await session.give_up()
            if self._loading and not self._sessions:
                self._worker.submit(models.rest)

    async def after_resume(self) -> None:
        """Do nothing: there is no connection."""

    async def close(self) -> None:
        """Free the models; idempotent."""
        self._loading = None
        self._worker.shutdown(wait=False, cancel_futures=True)

    async def _loaded(self) -> Models:
        if self._misfit:
            raise UnavailableError(self._misfit, REMEDY)
        loop = asyncio.get_running_loop()
        loading = self._loading = self._loading or loop.run_in_executor(self._worker, self._make)
        try:
            return await asyncio.shield(loading)  # it continues if a waiting session is given up
        except UnavailableError:
            if self._loading is loading:  # once the remedy is applied, the next try may succeed
                self._loading = None
            raise


def load_models(larger: Path | None = None, effort: Wanted = "auto") -> Models:
    """Load the built-in English model, and the `larger` one in that folder if it is to work too.

    Raises UnavailableError.
    """
    try:
        from tray_dictate.engine.offline.moonshine import OfflineModels  # noqa: PLC0415 - it takes 0.2 s
    except ImportError as reason:
        raise UnavailableError(
            f"The offline engine cannot load onnxruntime: {reason}.",
            f"Install it again: {own_python.PIP} install --force-reinstall onnxruntime",
        ) from reason
    if larger is None or effort == "light":
        return OfflineModels()
    from tray_dictate.engine.offline.relay import Relay  # noqa: PLC0415 - as above

    return Relay(larger, effort)
