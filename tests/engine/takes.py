"""Takes for the tests of the offline engine."""

from __future__ import annotations

import contextlib
import re

import numpy as np

from tests.speech import pcm16, resampled, say
from tray_dictate.core.segments import Completed
from tray_dictate.engine.offline.engine import OfflineEngine

RATE = 16000
CHUNK = RATE // 50  # 20 ms


@contextlib.asynccontextmanager
async def engine_of(models):
    engine = OfflineEngine(lambda: models)
    try:
        yield engine
    finally:
        await engine.close()


def loud(seconds):
    return np.tile(np.array([0.5, -0.5], np.float32), int(seconds * RATE / 2))


def quiet(seconds):
    return np.zeros(int(seconds * RATE), np.float32)


def spoken(text):
    return resampled(*say(text), RATE)


def words(text):
    return re.findall(r"[a-z']+", text.lower())


async def send(session, *sounds):
    samples = np.concatenate(sounds)
    for at in range(0, len(samples), CHUNK):
        await session.send(pcm16(samples[at : at + CHUNK]))


async def collected(session):
    return [event async for event in session.events()]


async def transcribed(engine, *sounds):
    async with engine.session() as session:
        await send(session, *sounds)
        await session.finish()
        return text_of(await collected(session))


def text_of(events):
    return " ".join(event.text for event in events if isinstance(event, Completed) and event.text)


def idle(session):
    return not session._running and not session._wake.is_set()
