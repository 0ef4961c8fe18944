"""Recordings that could not be turned into text: kept as files that only the user can read.

Beside each NAME.wav a NAME.json says when it was, why it is kept, and which stretches of it, in
seconds, have become text already. It holds no word of what was said.
"""

from __future__ import annotations

import json
import logging
import os
import time
import wave
from pathlib import Path
from typing import BinaryIO, NamedTuple

from tray_dictate import paths
from tray_dictate.pcm import SAMPLE, seconds

log = logging.getLogger(__name__)


class Kept(NamedTuple):
    """A sentence that says what to do with a recording; the path is empty where it is lost."""

    sentence: str
    path: str = ""


def save(audio: bytes | bytearray, rate: int, reason: str, done: list[tuple[float, float]]) -> Kept:
    """Keep PCM16 mono `audio`; say where it is."""
    stamp = f"{time.strftime('%Y-%m-%d-%H%M%S')}-{time.monotonic_ns() % 1000:03}"
    record = {
        "recorded": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "seconds": round(seconds(len(audio), rate), 3),
        "reason": reason,
        "text_done": [[round(start, 3), round(end, 3)] for start, end in done],
    }
    try:
        path = paths.private_folder(paths.kept_audio()) / f"{stamp}.wav"
        with _private(path) as file, wave.open(file, "wb") as wav:
            wav.setnchannels(1)
            wav.setsampwidth(SAMPLE)
            wav.setframerate(rate)
            wav.writeframes(audio)
        with _private(path.with_suffix(".json")) as file:
            file.write(json.dumps(record, indent=1).encode())
    except OSError as error:
        log.error("the recording could not be kept: %s", error)  # noqa: TRY400 - no surprise
        return Kept(f"The recording could not be kept: {error.strerror}.")
    return Kept(
        "The recording is kept: `tray-dictate history retry` turns it into text.", str(path)
    )


def _private(path: Path) -> BinaryIO:
    return os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb")
