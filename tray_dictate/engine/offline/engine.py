"""The offline engine: nothing leaves this computer, and little is left to do at the release.

    chunks ──▶ detector ──▶ segmenter ──▶ committed segments ─────▶ worker ──▶ events
               (on the loop)         └──▶ passes ahead of time ──▶ worker ──▶ drafts

The loop owns all state. The one worker thread only decodes: immutable samples in, tokens out, one
pass at a time. A pass is cancelled when its segment is closed with more sound in it; the tokens
found until then are the draft of the last pass.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tray_dictate.core.errors import EngineError, UnavailableError
from tray_dictate.engine.models import Cancel, Models, Samples, StreamingModels, Tokens
from tray_dictate.engine.offline.effort import Wanted
from tray_dictate.engine.offline.session import LocalSession
from tray_dictate.engine.offline.streaming import StreamingSession
from tray_dictate.engine.segmenter import RATE, Span
from tray_dictate.system.programs import own_python


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


class OfflineSession(LocalSession[_Pass]):
    """One take with a model that decodes a segment as a whole."""

    def __init__(self, models: Models, worker: ThreadPoolExecutor, *, live: bool) -> None:
        self._models, self._worker, self._live = models, worker, live
        self._hypothesis = _Hypothesis(0, None, "", ())
        self._running: tuple[_Pass, Cancel] | None = None
        self._cost = 0.0  # seconds that the last pass took
        super().__init__(models.detector(), models.segmentation)

    def key_released(self) -> None:
        """Drop or hurry the running pass: the user waits for the last word's text."""
        super().key_released()
        if self._running:
            _, cancel = self._running
            cancel.hurry()

    def _drop_pass(self, unless: Span | None = None) -> None:
        """Cancel a pass ahead of time that does not decode this very segment."""
        if self._running:
            running, cancel = self._running
            if not running.final and running.span != unless:
                cancel.cancel()

    def _pass(self, segment: Span, *, final: bool) -> _Pass:
        samples = self._sound.samples(segment.start, segment.end)
        return _Pass(self._number, segment, samples, final)

    def _final(self, segment: Span) -> _Pass:
        return self._pass(segment, final=True)

    def _ahead(self) -> _Pass | None:
        if self._live and (segment := self._segmenter.due(self._cost)):
            return self._pass(segment, final=False)
        return None

    async def _decode(self, work: _Pass) -> None:
        known = self._hypothesis
        if known.number != work.number or known.of != work.span:
            known = self._hypothesis = await self._run(work, known)
        if work.final or known.of:
            self._report(work.number, known.text, work.span if work.final else None)

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
        self,
        models: Callable[[], Models] | None = None,
        *,
        live: bool = True,
        unload_minutes: float = 0,
    ) -> None:
        """`models` loads them on the worker, and may raise UnavailableError.

        They are freed after `unload_minutes` without a session, 0: never; the next session
        loads them again.
        """
        self._make, self._live = models or load_models, live
        self._unload_after = unload_minutes * 60  # seconds
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="engine")
        self._loading: Future[Models] | None = None
        self._sessions = 0  # with those that wait for the models
        self._unloading: asyncio.TimerHandle | None = None
        self._turn = asyncio.Lock()  # of the session that has a stream
        self._closed = False

    async def load(self) -> None:
        """Load the models, on the worker thread. Raises UnavailableError."""
        with self._use():
            await self._loaded()

    @asynccontextmanager
    async def session(
        self,
        recording: bytearray | None = None,  # noqa: ARG002 - a session keeps only the open segment
    ) -> AsyncGenerator[OfflineSession | StreamingSession]:
        """Open a session when the models are loaded. Raises EngineError."""
        with self._use():
            try:
                models = await self._loaded()
            except UnavailableError as reason:
                raise EngineError(str(reason)) from reason
            session = self._open(models)
            try:
                yield session
            finally:
                await session.give_up()
                if self._loading and self._sessions == 1:  # this is the last
                    self._worker.submit(models.rest)

    def _open(self, models: Models) -> OfflineSession | StreamingSession:
        if self._live and isinstance(models, StreamingModels):
            return StreamingSession(models, self._worker, self._turn)
        return OfflineSession(models, self._worker, live=self._live)

    async def after_resume(self) -> None:
        """Do nothing: there is no connection."""

    async def close(self) -> None:
        """Free the models when no session uses them any more; idempotent."""
        self._closed = True
        self._cancel_unloading()
        if not self._sessions:
            self._end()

    async def _loaded(self) -> Models:
        loading = self._loading = self._loading or self._worker.submit(self._make)
        try:  # it continues if a waiting session is given up
            return await asyncio.shield(asyncio.wrap_future(loading))
        except UnavailableError:
            if self._loading is loading:  # once the remedy is applied, the next try may succeed
                self._loading = None
            raise

    @contextmanager
    def _use(self) -> Generator[None]:
        """Keep the models loaded meanwhile."""
        self._cancel_unloading()
        self._sessions += 1
        try:
            yield
        finally:
            self._sessions -= 1
            if not self._sessions:
                self._unused()

    def _unused(self) -> None:
        if self._closed:
            self._end()
        elif self._unload_after and self._loading:
            loop = asyncio.get_running_loop()
            self._unloading = loop.call_later(self._unload_after, self._unload)

    def _end(self) -> None:
        self._unload()
        self._worker.shutdown(wait=False)

    def _cancel_unloading(self) -> None:
        if self._unloading:
            self._unloading.cancel()
            self._unloading = None

    def _unload(self) -> None:
        """Free the models on the worker, after the passes that still use them."""
        loading, self._loading = self._loading, None
        if loading and not loading.cancel():
            self._worker.submit(_free, loading)


def _free(loading: Future[Models]) -> None:
    if not loading.exception():
        loading.result().close()


def load_models(
    larger: Path | None = None,
    effort: Wanted = "auto",
    *,
    folder: Path | None = None,
    words: Sequence[str] = (),
) -> Models:
    """Load the built-in English model, and the `larger` one in that folder if it is to work too.

    `folder` has another model of the Moonshine family, in place of both; `words` are the user's
    terms. Raises UnavailableError.
    """
    try:
        from tray_dictate.engine.offline import moonshine, relay  # noqa: PLC0415 - it takes 0.2 s
    except ImportError as reason:
        raise UnavailableError(
            f"The offline engine cannot load onnxruntime: {reason}.",
            f"Install it again: {own_python.PIP} install --force-reinstall onnxruntime",
        ) from reason
    if folder or larger is None or effort == "light":
        return moonshine.OfflineModels(folder, words)
    return relay.Relay(larger, effort, words)
