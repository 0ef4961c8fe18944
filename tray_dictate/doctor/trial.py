"""What a checkup is made of: steps with their numbers, and a recording whose words are known."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TypeVar

from tray_dictate.core.errors import DictateError
from tray_dictate.core.pcm import SAMPLE, seconds
from tray_dictate.core.ports import Session
from tray_dictate.core.segments import SpokenOrder
from tray_dictate.core.text.normalize import clean, join

WORDS = "ever tried ever failed no matter try again fail again fail better"
_ENOUGH = 0.6  # of the words: the smallest models mistake two of the twelve
_CHUNK = 0.04  # seconds, as a microphone's
LIMIT = 15.0  # seconds for a step; connections and sessions have their own 10
_NO_WORDS = str.maketrans("", "", ".,;:!?\"'")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Step:
    """What was tried, and what came of it."""

    name: str
    passed: bool
    words: str = ""
    value: float | None = None
    unit: str = "ms"
    warning: bool = False  # it works, but not as the user has set it


@dataclass(frozen=True, slots=True)
class Take:
    """The recording, transcribed; times in seconds."""

    text: str
    first: float | None  # text, after the first sound
    last: float  # text, after the end of speech; 0 if it was there before

    @property
    def right(self) -> float:
        """Return how much of the words is right, 0 to 1."""
        heard = clean(self.text).lower().translate(_NO_WORDS).split()
        return SequenceMatcher(None, WORDS.split(), heard, autojunk=False).ratio()


async def tried(name: str, work: Awaitable[T], limit: float = LIMIT) -> tuple[Step, T | None]:
    """Return the step that this was, with its milliseconds, and what came out if it passed."""
    began = time.monotonic()
    result, words = None, ""
    try:
        async with asyncio.timeout(limit):
            result = await work
    except TimeoutError:
        words = f"Nothing came within {limit:g} s."
    except DictateError as error:
        words = str(error).strip()
    return Step(name, not words, words, (time.monotonic() - began) * 1e3), result


def judged(name: str, take: Take, words: str) -> Step:
    """Return the step of a take: without most of the words it has not passed."""
    passed = take.right >= _ENOUGH
    said = f"{words}; {take.right:.0%} of the words"
    if not passed:
        said += (
            f". It should be {WORDS!r} and is {clean(take.text)[:200]!r}. "
            "Check engine.model and engine.languages: the recording is English."
        )
    return Step(name, passed, said, take.last * 1e3)


async def speak(session: Session, pcm: bytes, rate: int, *, live: bool) -> Take:
    """Feed the recording, `live` at the speed of speech. Raises EngineError."""
    loop = asyncio.get_running_loop()
    began, size = loop.time(), int(rate * _CHUNK) * SAMPLE
    listening = asyncio.create_task(_listen(session))
    try:
        for start in range(0, len(pcm), size):
            await session.send(pcm[start : start + size])
            if live:
                await asyncio.sleep(began + seconds(start + size, rate) - loop.time())
            if listening.done():  # it failed
                break
        end = loop.time()
        session.hurry()
        await session.finish()
        text, times = await listening
    finally:
        listening.cancel()
    first = times[0] - began if times else None
    return Take(text, first, max(0.0, (times or [loop.time()])[-1] - end))


async def _listen(session: Session) -> tuple[str, list[float]]:
    order, text, times = SpokenOrder(), "", list[float]()
    async for event in session.events():
        for segment in order.feed(event):
            text += join(text, segment.text)
            times.append(asyncio.get_running_loop().time())
    return text, times
