"""Sound files through an engine, to text on stdout; progress of long ones on stderr.

What the engine tells goes to stderr, too: that the embedded one had to finish, for example.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tray_dictate.audio import files as sound
from tray_dictate.audio.highpass import HighPass
from tray_dictate.config.schema import Config
from tray_dictate.core import json_text
from tray_dictate.core.errors import AudioFileError, DictateError
from tray_dictate.core.pcm import SAMPLE, seconds
from tray_dictate.core.ports import Engine, Session
from tray_dictate.core.segments import Segment, SpokenOrder
from tray_dictate.core.text.normalize import clean, join, without_comma
from tray_dictate.engine import select
from tray_dictate.history.statistics import CloudUsage, open_statistics
from tray_dictate.system import logs

Opened = sound.Sound | AudioFileError

_CHUNK = 0.1  # seconds
_PROGRESS = 2.0  # seconds between two lines of progress
_AHEAD = 30.0  # seconds of sound before the text that a server gets as fast as it comes ...
_FASTEST = 10.0  # ... and this many times the speed of speech beyond: it has to keep it all


def files(paths: list[Path], config: Config, *, as_json: bool, realtime: bool = False) -> int:
    """Print the text of each file; return 1 if one could not be transcribed, else 0."""
    logs.start_for_command()  # what the user should know is told
    # pipes here, where Ctrl+C ends the wait; the others in their turn, for they may be many
    opened = [_open(path) if sound.is_pipe(path) else path for path in paths]
    return asyncio.run(_files(opened, config, as_json=as_json, realtime=realtime))


async def texts(path: Path, config: Config) -> list[str]:
    """Return the segments of one file as the engine writes them. Raises DictateError."""
    recording = sound.Sound(path)
    usage = CloudUsage(open_statistics(_tell))
    engine = select(config.engine_with_terms, _tell, usage, live=False)
    try:
        await engine.load()
        heard = _File(recording, engine, _speed(config))
        await heard.hear()
        if recording.torn:  # the rest is not to be deleted with what has become text
            raise AudioFileError(recording.torn)
    finally:
        recording.close()
        await engine.close()
        await usage.close()
    return heard.texts


def _open(path: Path) -> Opened:
    try:
        return sound.Sound(path)
    except AudioFileError as error:
        return error


async def _files(
    opened: list[Path | Opened], config: Config, *, as_json: bool, realtime: bool
) -> int:
    usage = CloudUsage(open_statistics(_tell))
    engine = select(config.engine_with_terms, _tell, usage, live=realtime)
    speed = 1.0 if realtime else _speed(config)
    failed = False
    try:
        await engine.load()
        for one in opened:
            recording = _open(one) if isinstance(one, Path) else one
            try:
                result, whole = await _transcribed(recording, engine, speed)
            except DictateError as error:
                _tell(str(error))
                failed = True
                continue
            failed |= not whole
            line = json_text.dump(result) if as_json else result["text"]
            sys.stdout.write(line + "\n")
            sys.stdout.flush()
    finally:
        await engine.close()
        await usage.close()
    return int(failed)


async def _transcribed(
    recording: Opened, engine: Engine, speed: float | None
) -> tuple[dict[str, Any], bool]:
    """Return what is said in it, for JSON, and whether this is all. Raises DictateError."""
    if isinstance(recording, AudioFileError):
        raise recording
    try:
        result = await _File(recording, engine, speed).transcribe()
    finally:
        recording.close()
    if recording.torn:
        _tell(f"{recording.torn} The text ends where the damage begins.")
    return result, not recording.torn


def _speed(config: Config) -> float | None:
    return None if config.engine.name == "offline" else _FASTEST


class _File:
    """One file on its way; `speed` is how many times that of speech, None for any."""

    def __init__(self, recording: sound.Sound, engine: Engine, speed: float | None) -> None:
        self._recording, self._engine, self._speed = recording, engine, speed
        self._sent = 0  # bytes
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
            "file": self._recording.name,
            "seconds": round(seconds(self._sent, self._engine.rate), 3),
            "text": without_comma(text)[0],
            "segments": [_as_json(segment) for segment in self._segments],
        }

    async def _send(self, session: Session, listening: asyncio.Task[None]) -> None:
        began = told = time.monotonic()
        highpass = HighPass(self._engine.rate)
        for chunk in self._chunks():
            await session.send(highpass.feed(chunk))
            self._sent += len(chunk)
            await self._pace(began, seconds(self._sent, self._engine.rate))
            if listening.done():  # it failed: the rest need not be sent
                return
            if time.monotonic() - told > _PROGRESS:
                told = time.monotonic()
                self._tell_progress()
        await session.finish()

    def _chunks(self) -> Iterator[bytes]:
        step = int(self._engine.rate * _CHUNK) * SAMPLE
        for block in self._recording.blocks(self._engine.rate):
            for start in range(0, len(block), step):
                yield block[start : start + step]

    def _tell_progress(self) -> None:
        done, whole = seconds(self._sent, self._engine.rate), self._recording.seconds
        if whole:
            sys.stderr.write(f"{self._recording.name}: {min(99, int(done * 100 / whole))} %\n")

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
