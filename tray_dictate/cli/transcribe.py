"""`tray-dictate transcribe`: the text of audio files on stdout, progress and notes on stderr."""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from tray_dictate.audio import files as sound
from tray_dictate.audio.highpass import HighPass
from tray_dictate.cli.messages import StderrNotices, warn
from tray_dictate.cli.options import setting_overrides, settings
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
_AHEAD = 30.0  # seconds of audio without text that a server gets as fast as they can be sent; ...
_FASTEST = 10.0  # ... beyond that, this many times the speed of speech: it has to buffer them


def transcribe(options: argparse.Namespace) -> int:
    """Print the text of each file; return 1 if one could not be transcribed, else 0."""
    if options.engine is not None:  # the last one counts
        named = f"engine.name={options.engine}"
        options.overrides = [*setting_overrides(options), named]
    config = settings(options)
    logs.start_for_command()  # notes for the user are printed
    # pipes are opened here, where Ctrl+C ends the wait; files one by one, for they may be many
    opened = [_open(path) if sound.is_pipe(path) else path for path in options.files]
    return asyncio.run(_transcribe(opened, config, options))


async def segment_texts(path: Path, config: Config) -> list[str]:
    """Return the texts of a file's segments, as the engine writes them. Raises DictateError."""
    recording = sound.Sound(path)
    usage = CloudUsage(open_statistics(StderrNotices()))
    engine = select(config.engine_with_terms, StderrNotices(), usage, live=False)
    try:
        await engine.load()
        transcription = _Transcription(recording, engine, _speed(config))
        await transcription.run()
        if recording.torn:  # the caller must not delete what has no text yet
            raise AudioFileError(recording.torn)
    finally:
        recording.close()
        await engine.close()
        await usage.close()
    return transcription.texts


def _open(path: Path) -> Opened:
    try:
        return sound.Sound(path)
    except AudioFileError as error:
        return error


async def _transcribe(
    files: list[Path | Opened], config: Config, options: argparse.Namespace
) -> int:
    usage = CloudUsage(open_statistics(StderrNotices()))
    engine = select(config.engine_with_terms, StderrNotices(), usage, live=options.realtime)
    speed = 1.0 if options.realtime else _speed(config)
    failed = False
    try:
        for file in files:
            recording = _open(file) if isinstance(file, Path) else file
            if isinstance(recording, AudioFileError):
                warn(str(recording))
                failed = True
                continue
            with closing(recording):
                await engine.load()  # now, for a missing file needs no models, which take a second
                try:
                    result, whole = await _transcribe_file(recording, engine, speed)
                except DictateError as error:
                    warn(str(error))
                    failed = True
                    continue
            failed |= not whole
            line = json_text.dump(result) if options.json else result["text"]
            sys.stdout.write(line + "\n")
            sys.stdout.flush()
    finally:
        await engine.close()
        await usage.close()
    return int(failed)


async def _transcribe_file(
    recording: sound.Sound, engine: Engine, speed: float | None
) -> tuple[dict[str, Any], bool]:
    """Return a file's text as JSON, and whether it is the whole text. Raises DictateError."""
    transcription = _Transcription(recording, engine, speed)
    await transcription.run()
    if recording.torn:
        warn(f"{recording.torn} The text ends where the damage begins.")
    return transcription.as_json(), not recording.torn


def _speed(config: Config) -> float | None:
    return None if config.engine.name == "offline" else _FASTEST


class _Transcription:
    """Sends one file to an engine, at most `speed` times as fast as speech; None for no limit."""

    def __init__(self, recording: sound.Sound, engine: Engine, speed: float | None) -> None:
        self._recording, self._engine, self._speed = recording, engine, speed
        self._sent = 0  # bytes
        self._segments: list[Segment] = []

    @property
    def texts(self) -> list[str]:
        """The texts of its segments, in spoken order."""
        return [segment.text for segment in self._segments]

    async def run(self) -> None:
        """Transcribe the whole file. Raises EngineError."""
        async with self._engine.session() as session:
            listening = asyncio.create_task(self._listen(session))
            try:
                await self._send(session, listening)
                await listening
            finally:
                listening.cancel()

    def as_json(self) -> dict[str, Any]:
        """Return the result as `--json` prints it."""
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
        began = printed = time.monotonic()
        highpass = HighPass(self._engine.rate)
        for chunk in self._chunks():
            await session.send(highpass.feed(chunk))
            self._sent += len(chunk)
            await self._pace(began, seconds(self._sent, self._engine.rate))
            if listening.done():  # the session failed: the rest need not be sent
                return
            if time.monotonic() - printed > _PROGRESS:
                printed = time.monotonic()
                self._print_progress()
        await session.finish()

    def _chunks(self) -> Iterator[bytes]:
        step = int(self._engine.rate * _CHUNK) * SAMPLE
        for block in self._recording.blocks(self._engine.rate):
            for start in range(0, len(block), step):
                yield block[start : start + step]

    def _print_progress(self) -> None:
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
        """The seconds of audio that have been transcribed."""
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
