"""Sound files through an engine, to text on stdout; progress of long ones on stderr.

What the engine tells goes to stderr, too: that the embedded one had to finish, for example.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path
from typing import Any

from tray_dictate import log
from tray_dictate.audio import files as sound
from tray_dictate.audio.highpass import HighPass
from tray_dictate.config import Config
from tray_dictate.core.segments import Segment, SpokenOrder
from tray_dictate.core.text import clean, join
from tray_dictate.engine import select
from tray_dictate.errors import DictateError
from tray_dictate.pcm import SAMPLE, seconds
from tray_dictate.ports import Engine, Session
from tray_dictate.stats_async import AsyncStats

_CHUNK = 0.1  # seconds
_PROGRESS = 2.0  # seconds between two lines of progress
_AHEAD = 30.0  # seconds of sound before the text that a server gets as fast as it comes ...
_FASTEST = 10.0  # ... and this many times the speed of speech beyond: it has to keep it all


def files(paths: list[Path], config: Config, *, as_json: bool, realtime: bool = False) -> int:
    """Print the text of each file; return 1 if one could not be transcribed, else 0."""
    log.start_plain()  # what the user should know is told
    return asyncio.run(_files(paths, config, as_json=as_json, realtime=realtime))


async def texts(path: Path, config: Config) -> list[str]:
    """Return the segments of one file as the engine writes them. Raises DictateError."""
    stats = AsyncStats(_tell)
    engine = select(config.engine, _tell, stats, live=False)
    try:
        await engine.load()
        recording = _File(path, engine, _speed(config))
        await recording.hear()
    finally:
        await engine.close()
        await stats.close()
    return recording.texts


async def _files(paths: list[Path], config: Config, *, as_json: bool, realtime: bool) -> int:
    stats = AsyncStats(_tell)
    engine = select(config.engine, _tell, stats, live=realtime)
    speed = 1.0 if realtime else _speed(config)
    failed = False
    try:
        await engine.load()
        for path in paths:
            try:
                result = await _File(path, engine, speed).transcribe()
            except DictateError as error:
                _tell(str(error))
                failed = True
                continue
            line = json.dumps(result, ensure_ascii=False) if as_json else result["text"]
            sys.stdout.write(line + "\n")
            sys.stdout.flush()
    finally:
        await engine.close()
        await stats.close()
    return int(failed)


def _speed(config: Config) -> float | None:
    return None if config.engine.name == "offline" else _FASTEST


class _File:
    """One file on its way; `speed` is how many times that of speech, None for any."""

    def __init__(self, path: Path, engine: Engine, speed: float | None) -> None:
        self._path, self._engine, self._speed = path, engine, speed
        self._audio = sound.read(path, engine.rate)
        self._segments: list[Segment] = []

    @property
    def texts(self) -> list[str]:
        """What was heard."""
        return [segment.text for segment in self._segments]

    async def hear(self) -> None:
        """Transcribe all. Raises EngineError."""
        async with self._engine.session() as session:
            listening = asyncio.create_task(self._listen(session))
            try:
                await self._send(session, listening)
                await listening
            finally:
                listening.cancel()

    async def transcribe(self) -> dict[str, Any]:
        """Return what `--json` prints. Raises EngineError."""
        await self.hear()
        text = ""
        for segment in self._segments:
            text += join(text, segment.text)
        return {
            "file": str(self._path),
            "seconds": round(seconds(len(self._audio), self._engine.rate), 3),
            "text": text,
            "segments": [_as_json(segment) for segment in self._segments],
        }

    async def _send(self, session: Session, listening: asyncio.Task[None]) -> None:
        step = int(self._engine.rate * _CHUNK) * SAMPLE
        began = told = time.monotonic()
        highpass = HighPass(self._engine.rate)
        for start in range(0, len(self._audio), step):
            await session.send(highpass.feed(self._audio[start : start + step]))
            await self._pace(began, seconds(start + step, self._engine.rate))
            if listening.done():  # it failed: the rest need not be sent
                return
            if time.monotonic() - told > _PROGRESS:
                told = time.monotonic()
                sys.stderr.write(f"{self._path}: {start * 100 // len(self._audio)} %\n")
        await session.finish()

    async def _pace(self, began: float, sent: float) -> None:
        if self._speed == 1:
            await asyncio.sleep(began + sent - time.monotonic())
        elif self._speed and sent - self._transcribed > _AHEAD:
            await asyncio.sleep(_CHUNK / self._speed)

    @property
    def _transcribed(self) -> float:
        """The seconds that have their text."""
        span = self._segments[-1].span if self._segments else None
        return span[1] if span else 0.0

    async def _listen(self, session: Session) -> None:
        order = SpokenOrder()
        async for event in session.events():
            self._segments += order.feed(event)
        self._segments += order.drain()


def _as_json(segment: Segment) -> dict[str, Any]:
    start, end = segment.span or (None, None)
    line: dict[str, Any] = {"start": start, "end": end, "text": clean(segment.text)}
    if segment.confidence is not None:
        line["confidence"] = round(segment.confidence, 3)
    return line


def _tell(message: str) -> None:
    sys.stderr.write(f"tray-dictate: {message}\n")
