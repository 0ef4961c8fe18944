"""The daemon with the usual design, for comparison: it transcribes the whole take on release.

    python -m tests.bench.whole_take SECTION.NAME=VALUE ...

The same models and the same way to the window; only the engine waits for the end.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import numpy as np

from tray_dictate.app import main
from tray_dictate.config.load import Sources
from tray_dictate.core.segments import Committed, Completed, SessionEvent
from tray_dictate.engine.offline.engine import OfflineEngine


class WholeTakeSession:
    """Collects, and decodes at the end."""

    rescued = False

    def __init__(self, engine: WholeTakeEngine) -> None:
        self._engine, self._audio = engine, bytearray()
        self._text: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def send(self, chunk: bytes) -> None:
        self._audio += chunk

    def silence_seconds(self) -> float:
        return 1.0  # it has no detector, so that its tail is as short as can be

    def key_released(self) -> None: ...

    async def finish(self) -> None:
        samples = np.frombuffer(bytes(self._audio), "<i2").astype(np.float32) / 32768
        self._text.set_result(await self._engine.decode(samples))

    async def events(self) -> AsyncIterator[SessionEvent]:
        text = await self._text
        yield Committed("1")
        yield Completed("1", text)


class WholeTakeEngine(OfflineEngine):
    """ports.Engine."""

    async def decode(self, samples) -> str:
        models, loop = await self._loaded(), asyncio.get_running_loop()
        decode = partial(models.decode, samples, (), models.cancellation(), urgent=False)
        return (await loop.run_in_executor(self._worker, decode)).text

    @asynccontextmanager
    async def session(self, recording: bytearray | None = None) -> AsyncGenerator[WholeTakeSession]:
        await self._loaded()
        yield WholeTakeSession(self)


if __name__ == "__main__":
    raise SystemExit(main.run(Sources(None, sys.argv[1:]), lambda *_: WholeTakeEngine()))
