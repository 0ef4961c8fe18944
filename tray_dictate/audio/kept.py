"""Recordings that could not be turned into text: kept as files that only the user can read."""

from __future__ import annotations

import logging
import os
import time
import wave

from tray_dictate import paths
from tray_dictate.pcm import SAMPLE

log = logging.getLogger(__name__)


def save(audio: bytes, rate: int) -> str:
    """Keep PCM16 mono `audio`; return a sentence that says where it is and what to do with it."""
    name = time.strftime("%Y-%m-%d-%H%M%S")
    try:
        folder = paths.private_folder(paths.kept_audio())
        path = folder / f"{name}-{time.monotonic_ns() % 1000:03}.wav"
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(descriptor, "wb") as file, wave.open(file, "wb") as wav:
            wav.setnchannels(1)
            wav.setsampwidth(SAMPLE)
            wav.setframerate(rate)
            wav.writeframes(audio)
    except OSError as reason:
        log.error("the recording could not be kept: %s", reason)  # noqa: TRY400 - no surprise
        return f"The recording could not be kept: {reason.strerror}."
    return f"The recording is kept: tray-dictate transcribe {path}"
