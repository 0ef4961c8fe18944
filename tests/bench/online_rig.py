"""What the online benchmarks share: an engine on the fake server, and sound at the speed of speech.

Times are time.monotonic(), on Linux the same clock in every process.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import time
from collections.abc import AsyncGenerator, AsyncIterator, Iterable
from contextlib import asynccontextmanager

import numpy as np

from tests.bench.engine import takes
from tests.engine.spoken_words import WordsEngine
from tests.fakes import FakeNotices
from tests.servers.realtime.server import RealtimeServer
from tests.servers.realtime.words import word
from tests.speech import pcm16, resampled
from tray_dictate.config.engine_settings import EngineSettings
from tray_dictate.core.errors import UnavailableError
from tray_dictate.core.ports import Engine
from tray_dictate.engine import load_detector
from tray_dictate.engine.models import DetectorModel
from tray_dictate.engine.realtime.engine import OnlineEngine

RATE = 24000
CHUNK = 0.02  # seconds
CHUNK_BYTES = int(RATE * CHUNK) * 2
TRANSPORTS = ("websocket", "sdk")
LATENCIES = (0, 0.05, 0.15)  # seconds, each way
_UNHEARD = 2900 / 32768  # the loudest that the fake's ear takes for silence

os.environ["TRAY_DICTATE_KEY"] = "test-key"


def spread(seconds: Iterable[float]) -> str:
    """Return p50 / p95 in ms."""
    ordered = sorted(value * 1000 for value in seconds)
    worst = ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]
    return f"{statistics.median(ordered):>8.1f} /{worst:>7.1f}"


def speech(seconds: int) -> list[bytes]:
    """Return takes of real speech, each ending in a word of its own that the fake hears: w0, w1.

    The speech is brought below what the fake's ear hears; to the voice detector it is speech.
    """
    sounds = []
    for number, samples in enumerate(takes(seconds)):
        sound = resampled(samples, 16000, RATE)
        sounds.append(pcm16(sound * (_UNHEARD / np.abs(sound).max())) + word(number, RATE))
    return sounds


class Models:
    """A voice detector, if `hears`; without one turns end at the release only."""

    def __init__(self, *, hears: bool) -> None:
        self._hears = hears

    def offline_engine(self) -> Engine:
        return WordsEngine("the server was to do all of it")

    def warning(self) -> str:
        return ""

    def load_detector(self) -> DetectorModel:
        if not self._hears:
            raise UnavailableError("This benchmark wants none.", "")
        return load_detector()


def make(server: RealtimeServer, *, hears: bool = True, **settings: object) -> OnlineEngine:
    """Return the engine as the app composes it, on the fake server."""
    given = {"name": server.kind, "endpoint": server.endpoint, **settings}
    return OnlineEngine(EngineSettings(**given), FakeNotices(), Models(hears=hears))


@asynccontextmanager
async def loaded(
    server: RealtimeServer, *, hears: bool = True, **settings: object
) -> AsyncGenerator[OnlineEngine]:
    """Have the engine as it is after the daemon's start: loaded, not connected."""
    engine = make(server, hears=hears, **settings)
    try:
        await engine.load()
        yield engine
    finally:
        await engine.close()


async def paced(
    chunks: Iterable[bytes], began: float, pace: float = 1.0, held: asyncio.Event | None = None
) -> AsyncIterator[bytes]:
    """Yield each chunk once its last sample was spoken; after the first one wait for `held`."""
    for number, chunk in enumerate(chunks):
        due = began + (number + 1) * CHUNK * pace
        await asyncio.sleep(max(0, due - time.monotonic()))
        yield chunk
        if number == 0 and held is not None:
            await held.wait()
            began = time.monotonic() - CHUNK * pace


def chunks_of(sound: bytes) -> Iterable[bytes]:
    return (sound[at : at + CHUNK_BYTES] for at in range(0, len(sound), CHUNK_BYTES))


class ScriptedMicrophone:
    """ports.Microphone: opens at once, brings these chunks, then silence until it is stopped."""

    def __init__(
        self, chunks: Iterable[bytes], pace: float = 1.0, held: asyncio.Event | None = None
    ) -> None:
        self.opened = 0.0  # the first sample is captured now
        self.over = asyncio.Event()  # all was said
        self._chunks, self._pace, self._held = chunks, pace, held
        self._stopped = False

    def capture(self, rate: int) -> ScriptedMicrophone:
        assert rate == RATE
        return self

    @asynccontextmanager
    async def open(self) -> AsyncGenerator[AsyncIterator[bytes]]:
        self.opened = time.monotonic()
        yield self._iterate()

    def stop(self) -> None:
        self._stopped = True

    async def warm_up(self, rate: int) -> None: ...

    async def after_resume(self) -> None: ...

    async def close(self) -> None: ...

    async def _iterate(self) -> AsyncIterator[bytes]:
        async for chunk in paced(self._all(), self.opened, self._pace, self._held):
            if self._stopped:
                return
            yield chunk

    def _all(self) -> Iterable[bytes]:
        yield from self._chunks
        self.over.set()
        while True:
            yield bytes(CHUNK_BYTES)
