"""What the fake server hears: the numbers of tests/servers/realtime/words.py, or real speech."""

from __future__ import annotations

import asyncio
from typing import Any

import numpy as np
import soxr

from tests.servers.realtime.words import Heard, heard, spans

_LONG = 2_000_000  # bytes that are not listened to on the loop


class Numbers:
    """Hears words that carry numbers."""

    def live(self, pcm: bytes, rate: int) -> list[Heard]:
        """Return the words so far, and where each ends."""
        return spans(pcm, rate)

    async def hear(self, pcm: bytes, rate: int) -> str:
        """Return the text."""
        words = await asyncio.to_thread(heard, pcm, rate) if len(pcm) > _LONG else heard(pcm, rate)
        return " ".join(words)


class Speech:
    """Hears English, with the embedded model of tray_dictate."""

    live = None

    def __init__(self) -> None:
        from tests.engine.lent import LentModels  # noqa: PLC0415 - it takes its time

        self._models = LentModels()
        self._one = asyncio.Lock()

    async def hear(self, pcm: bytes, rate: int) -> str:
        """Return the text; one item after the other."""
        async with self._one:
            return await asyncio.to_thread(self._hear, pcm, rate)

    def _hear(self, pcm: bytes, rate: int) -> str:
        return asyncio.run(_transcribed(self._models, pcm, rate))


async def _transcribed(models: Any, pcm: bytes, rate: int) -> str:
    from tray_dictate.core.segments import Completed  # noqa: PLC0415
    from tray_dictate.engine.offline.engine import RATE, OfflineEngine  # noqa: PLC0415

    samples = soxr.resample(np.frombuffer(pcm, "<i2").astype(np.float32) / 32768, rate, RATE)
    sound = np.round(np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes()
    engine = OfflineEngine(lambda: models, live=False)
    try:
        async with engine.session() as session:
            sending = asyncio.create_task(_send(session, sound))
            texts = [event.text async for event in session.events() if isinstance(event, Completed)]
            await sending
        return " ".join(text for text in texts if text)
    finally:
        await engine.close()


async def _send(session: Any, sound: bytes) -> None:
    await session.send(sound)
    await session.finish()
