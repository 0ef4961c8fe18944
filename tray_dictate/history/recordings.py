"""Recordings that could not be turned into text: kept as files that only the user can read.

Beside each NAME.wav a NAME.json says when it was, why it is kept, and which stretches of it, in
seconds, have become text already. It holds no word of what was said.
"""

from __future__ import annotations

import errno
import io
import json
import logging
import os
import time
import wave
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from tray_dictate.core.pcm import SAMPLE, seconds
from tray_dictate.system import files as paths

log = logging.getLogger(__name__)

_MOST = 1000  # recordings in a second
_FULL = errno.ENOSPC, errno.EDQUOT


class Kept(NamedTuple):
    """A sentence that says what to do with a recording; the path is empty where it is lost."""

    sentence: str
    path: str = ""


def save(audio: bytes | bytearray, rate: int, reason: str, done: list[tuple[float, float]]) -> Kept:
    """Keep PCM16 mono `audio`; say where it is."""
    stamp = time.strftime("%Y-%m-%d-%H%M%S")
    record = {
        "recorded": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "seconds": round(seconds(len(audio), rate), 3),
        "reason": reason,
        "text_done": [[round(start, 3), round(end, 3)] for start, end in done],
    }
    try:
        path = _write_new(paths.private_folder(paths.kept_audio()), stamp, _wav(audio, rate))
    except OSError as error:
        log.error("the recording could not be kept: %s", error)  # noqa: TRY400 - no surprise
        space = " Free some space on the disk." if error.errno in _FULL else ""
        return Kept(f"The recording could not be kept: {error.strerror}.{space}")
    try:
        _write(path.with_suffix(".json"), json.dumps(record, indent=1).encode())
    except OSError as error:  # it can be turned into text all the same
        log.warning("nothing is noted beside %s: %s", path, error)
    return Kept(
        "The recording is kept: `tray-dictate history retry` turns it into text.", str(path)
    )


def _write_new(folder: Path, stamp: str, content: bytes) -> Path:
    """Make a file, and return its path: the next of this second. Raises OSError."""
    for number in range(_MOST):  # counted, for the clocks of some systems stand still for 16 ms
        path = folder / f"{stamp}-{number:03}.wav"
        with suppress(FileExistsError):
            _write(path, content)
            return path
    raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(folder))


def _wav(audio: bytes | bytearray, rate: int) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as wav:
        wav.setnchannels(1)
        wav.setsampwidth(SAMPLE)
        wav.setframerate(rate)
        wav.writeframes(audio)
    return file.getvalue()


def _write(path: Path, content: bytes) -> None:
    """Make a file that is whole or not there. Raises OSError."""
    descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
    except OSError:
        path.unlink(missing_ok=True)
        raise
