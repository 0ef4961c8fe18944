"""Numbered words through an engine: what was said is known exactly, and so is what was heard.

The offline engine's place is taken by one that hears these words after resampling, too.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable

import numpy as np

from tests.engine.fakes import FakeDetector
from tests.fakes import FakeNotices
from tests.servers.realtime.server import RealtimeServer
from tests.servers.realtime.words import SECONDS, silence, word
from tray_dictate.config.engine_settings import EngineSettings
from tray_dictate.core.errors import UnavailableError
from tray_dictate.core.ports import CloudQuota
from tray_dictate.core.segments import Committed, Completed, SessionEvent, SpokenOrder
from tray_dictate.engine.realtime.engine import OnlineEngine
from tray_dictate.engine.segmenter import RATE

CHUNK = 0.02  # seconds
PAUSE = 1.6  # seconds: a short phrase is over
_SYMBOLS = 40


def phrases(*sizes: int, rate: int = 24000, pause: float = PAUSE, first: int = 0) -> bytes:
    """Return words numbered from `first`, so many in each phrase, a pause after every phrase."""
    sound, number = [], first
    for size in sizes:
        sound += [word(number + index, rate) for index in range(size)]
        sound.append(silence(pause, rate))
        number += size
    return b"".join(sound)


def said(count: int, first: int = 0) -> list[str]:
    return [f"w{number}" for number in range(first, first + count)]


def understood(pcm: bytes, rate: int) -> list[tuple[str, float]]:
    """Return the words and where each ends in seconds, by their sign in each symbol's middle."""
    samples = np.frombuffer(pcm, "<i2").astype(np.int32)
    symbol = rate * SECONDS / _SYMBOLS
    block = round(symbol * _SYMBOLS)
    found, at = [], 0
    while len(high := np.flatnonzero(samples[at:] > 19000)):
        start = at + int(high[0])
        if start + block - symbol > len(samples):
            break
        middles = start + ((np.arange(_SYMBOLS) + 0.5) * symbol).astype(int)
        bits = samples[np.minimum(middles, len(samples) - 1)][2:18] > 0
        found.append((f"w{int(bits @ (1 << np.arange(15, -1, -1)))}", (start + block) / rate))
        at = start + block - int(symbol)
    return found


class WordsSession:
    """Hears all at the end, and tells each phrase as a segment."""

    rescued = False

    def __init__(self) -> None:
        self._pcm = bytearray()
        self._events: asyncio.Queue[SessionEvent | None] = asyncio.Queue()

    async def send(self, chunk: bytes) -> None:
        self._pcm += chunk

    def silence_seconds(self) -> float:
        return 0.0

    def key_released(self) -> None: ...

    async def finish(self) -> None:
        end = len(self._pcm) / 2 / RATE
        for number, (text, at) in enumerate(understood(bytes(self._pcm), RATE)):
            self._events.put_nowait(Committed(str(number), None, (0.0, min(at, end))))
            self._events.put_nowait(Completed(str(number), text))
        self._events.put_nowait(None)

    async def events(self) -> AsyncIterator[SessionEvent]:
        while (event := await self._events.get()) is not None:
            yield event


class WordsEngine:
    """In the offline engine's place."""

    rate = RATE

    def __init__(self, refuses: str = "") -> None:
        """`refuses` is why it has no model."""
        self.sessions = 0
        self.refuses = refuses
        self.lacks = ""  # what the user is told that it does not know

    async def load(self) -> None:
        if self.refuses:
            raise UnavailableError(self.refuses)

    @contextlib.asynccontextmanager
    async def session(self, recording=None):
        self.sessions += 1
        yield WordsSession()

    def warning(self) -> str:
        return self.lacks

    async def after_resume(self) -> None: ...

    async def close(self) -> None: ...


class FakeModels:
    """An offline engine in words, and a voice detector that hears the words' sound."""

    def __init__(self, offline: WordsEngine) -> None:
        self._offline = offline

    def offline_engine(self) -> WordsEngine:
        return self._offline

    def warning(self) -> str:
        return self._offline.warning()

    def load_detector(self) -> FakeModels:
        return self

    def detector(self) -> FakeDetector:
        return FakeDetector()


class Online:
    """An engine on a server, what it told the user, and what it falls back on."""

    def __init__(
        self, server: RealtimeServer | str, quota: CloudQuota | None = None, **settings
    ) -> None:
        if isinstance(server, RealtimeServer):
            settings = {"name": server.kind, "endpoint": server.endpoint, **settings}
        self.told: list[str] = []
        self.offline = WordsEngine()
        self.settings = EngineSettings(**settings)
        notices = FakeNotices(self.told.append)
        self.engine = OnlineEngine(self.settings, notices, FakeModels(self.offline), quota)

    async def __aenter__(self) -> Online:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.engine.close()

    async def take(self, sound: bytes, *, pace: float = 0, limit: float = 30) -> list[str]:
        """Return the words of one take; `pace` 1 speaks in real time."""
        async with asyncio.timeout(limit), self.engine.session() as session:
            hearing = asyncio.create_task(words_of(session.events()))
            await send(session, sound, self.engine.rate, pace)
            await session.finish()
            return await hearing


async def send(session, sound: bytes, rate: int, pace: float = 0) -> None:
    size = int(rate * CHUNK) * 2
    for at in range(0, len(sound), size):
        await session.send(sound[at : at + size])
        if pace:
            await asyncio.sleep(CHUNK * pace)


async def words_of(events: AsyncIterator[SessionEvent]) -> list[str]:
    order, words = SpokenOrder(), []
    async for event in events:
        words += texts(order.feed(event))
    return words + texts(order.drain())


def texts(segments: Iterable) -> list[str]:
    return [text for segment in segments for text in segment.text.split()]
