"""Sound files through an engine, to text on stdout; progress of long ones on stderr."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
import time
from pathlib import Path
from typing import Any

from tray_dictate.audio import files as sound
from tray_dictate.config import Config
from tray_dictate.core.segments import Segment, SpokenOrder
from tray_dictate.core.text import clean, join
from tray_dictate.engine import select
from tray_dictate.errors import DictateError
from tray_dictate.pcm import SAMPLE, seconds
from tray_dictate.ports import Engine, Session

_CHUNK = 0.1  # seconds
_PROGRESS = 2.0  # seconds between two lines of progress


def files(paths: list[Path], config: Config, *, as_json: bool) -> int:
    """Print the text of each file; return 1 if one could not be transcribed, else 0."""
    logging.basicConfig(level="WARNING")
    return asyncio.run(_files(paths, config, as_json=as_json))


async def _files(paths: list[Path], config: Config, *, as_json: bool) -> int:
    engine = select(config.engine, live=False)
    failed = False
    try:
        await engine.load()
        for path in paths:
            try:
                result = await _file(engine, path)
            except DictateError as error:
                sys.stderr.write(f"tray-dictate: {error}\n")
                failed = True
                continue
            line = json.dumps(result, ensure_ascii=False) if as_json else result["text"]
            sys.stdout.write(line + "\n")
            sys.stdout.flush()
    finally:
        await engine.close()
    return int(failed)


async def _file(engine: Engine, path: Path) -> dict[str, Any]:
    audio = sound.read(path, engine.rate)
    async with engine.session() as session, asyncio.TaskGroup() as tasks:
        listening = tasks.create_task(_listen(session))
        await _send(session, audio, engine.rate, path)
    text = ""
    for segment in listening.result():
        text += join(text, segment.text)
    return {
        "file": str(path),
        "seconds": round(seconds(len(audio), engine.rate), 3),
        "text": text,
        "segments": [_as_json(segment) for segment in listening.result()],
    }


async def _send(session: Session, audio: bytes, rate: int, path: Path) -> None:
    step = int(rate * _CHUNK) * SAMPLE
    told = time.monotonic()
    for start in range(0, len(audio), step):
        await session.send(audio[start : start + step])
        if time.monotonic() - told > _PROGRESS:
            told = time.monotonic()
            sys.stderr.write(f"{path}: {start * 100 // len(audio)} %\n")
    await session.finish()


async def _listen(session: Session) -> list[Segment]:
    order = SpokenOrder()
    segments: list[Segment] = []
    async for event in session.events():
        segments += order.feed(event)
    return segments + order.drain()


def _as_json(segment: Segment) -> dict[str, Any]:
    start, end = segment.span or (None, None)
    return {"start": start, "end": end, "text": clean(segment.text)}
