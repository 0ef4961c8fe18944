"""Saves, finds and deletes recordings that were not transcribed, as files for the user alone.

Beside each NAME.wav, a NAME.json holds the time, why the recording is saved, and which parts of it,
in seconds, are transcribed already. It holds no word of what was said.

Also the clock by which texts and recordings expire.
"""

from __future__ import annotations

import errno
import io
import json
import logging
import os
import time
import wave
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from tray_dictate.core.pcm import SAMPLE, seconds
from tray_dictate.core.ports import Clock
from tray_dictate.system import files

log = logging.getLogger(__name__)

SLACK = 3600.0  # seconds that the system clock may gain, as by corrections
_YOUNG = 3600.0  # seconds after which a dictation is surely in the history
_MOST = 1000  # recordings saved in the same second
_FULL = errno.ENOSPC, errno.EDQUOT


class SaveResult(NamedTuple):
    """A sentence for the user about a recording, and its path; empty if it could not be saved."""

    sentence: str
    path: str = ""


def save(
    audio: bytes | bytearray, rate: int, reason: str, done: list[tuple[float, float]]
) -> SaveResult:
    """Save PCM16 mono `audio` in a new file; raises nothing.

    `reason` says why it is saved, `done` which parts are transcribed: start and end, in seconds.
    """
    stamp = time.strftime("%Y-%m-%d-%H%M%S")
    record = {
        "recorded": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "seconds": round(seconds(len(audio), rate), 3),
        "reason": reason,
        "text_done": [[round(start, 3), round(end, 3)] for start, end in done],
    }
    try:
        path = _write_new(files.private_folder(files.kept_audio()), stamp, _wav(audio, rate))
    except OSError as error:
        log.error("the recording could not be saved: %s", error)  # noqa: TRY400 - no surprise
        return SaveResult(not_kept(error))
    try:
        files.write_new(path.with_suffix(".json"), json.dumps(record, indent=1).encode())
    except OSError as error:  # it can be transcribed without
        log.warning("the description of %s could not be saved: %s", path, error)
    return SaveResult(
        "The recording is saved: `tray-dictate history retry` transcribes it.", str(path)
    )


def not_kept(error: OSError) -> str:
    """Return a sentence that says why a recording could not be saved, and the remedy."""
    space = " Free some space on the disk." if error.errno in _FULL else ""
    return f"The recording could not be saved: {error.strerror}.{space}"


def _write_new(folder: Path, stamp: str, content: bytes) -> Path:
    """Write a new file with the next free number of this second; return it. Raises OSError."""
    for number in range(_MOST):  # numbers, since the clocks of some systems tick every 16 ms only
        path = folder / f"{stamp}-{number:03}.wav"
        with suppress(FileExistsError):
            files.write_new(path, content)
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


class CautiousClock:
    """ports.WallClock that runs at most an hour ahead of the monotonic clock.

    So nothing expires early when the system clock is set far ahead. After a suspend, which the
    monotonic clock does not count, files expire late, until the next start.
    """

    def __init__(self, clock: Clock = time) -> None:
        self._clock = clock
        self._began = clock.time() - clock.monotonic()

    def time(self) -> float:
        """Return the seconds since the epoch, or less."""
        return min(self._clock.time(), self._began + self._clock.monotonic() + SLACK)


CAUTIOUS_CLOCK = CautiousClock()


def latest() -> Path | None:
    """Return the newest recording, or None."""
    return max(files.kept_audio().glob("*.wav"), key=lambda path: path.name, default=None)


def remove(path: Path) -> None:
    """Delete a recording and its description, if they exist. Raises OSError."""
    if path.parent != files.kept_audio():  # a damaged history must not delete other files
        return
    for file in (path, path.with_suffix(".json")):
        file.unlink(missing_ok=True)


def remove_all() -> int:
    """Delete all recordings; return how many there were. Raises OSError."""
    found = list(files.kept_audio().glob("*.wav"))
    for path in found:
        remove(path)
    return len(found)


def sweep(before: float, named: Collection[str]) -> int:
    """Delete recordings from before a time.time() that no dictation in `named` refers to.

    Recordings of the last hour stay: their dictations may not be in the history yet. Returns how
    many were deleted. Raises OSError.
    """
    before = min(before, CAUTIOUS_CLOCK.time() - _YOUNG)
    names = {Path(name).name for name in named}
    orphans = [
        path for path in files.kept_audio().glob("*.wav")
        if path.stat().st_mtime < before and path.name not in names
    ]  # fmt: skip
    for path in orphans:
        remove(path)
    return len(orphans)


def expire(days: float) -> int:
    """Delete recordings older than these days, 0: none. Return how many. Raises OSError."""
    if not days:
        return 0
    oldest = CAUTIOUS_CLOCK.time() - days * 86400
    expired = [path for path in files.kept_audio().glob("*.wav") if path.stat().st_mtime < oldest]
    for path in expired:
        remove(path)
    return len(expired)
