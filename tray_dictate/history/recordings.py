"""Recordings that could not be turned into text: kept as files that only the user can read.

Beside each NAME.wav a NAME.json says when it was, why it is kept, and which stretches of it, in
seconds, have become text already. It holds no word of what was said.

The clock by which texts and recordings expire.

The recordings that could not be turned into text, as files: the latest one, and their end.

audio/kept.py writes them: NAME.wav, and NAME.json with what is known of it.
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
        path = _write_new(files.private_folder(files.kept_audio()), stamp, _wav(audio, rate))
    except OSError as error:
        log.error("the recording could not be saved: %s", error)  # noqa: TRY400 - no surprise
        return Kept(not_kept(error))
    try:
        files.write_new(path.with_suffix(".json"), json.dumps(record, indent=1).encode())
    except OSError as error:  # it can be turned into text all the same
        log.warning("nothing is noted beside %s: %s", path, error)
    return Kept("The recording is saved: `tray-dictate history retry` transcribes it.", str(path))


def not_kept(error: OSError) -> str:
    """Return a sentence that says why a recording could not be saved, and the remedy."""
    space = " Free some space on the disk." if error.errno in _FULL else ""
    return f"The recording could not be saved: {error.strerror}.{space}"


def _write_new(folder: Path, stamp: str, content: bytes) -> Path:
    """Make a file, and return its path: the next of this second. Raises OSError."""
    for number in range(_MOST):  # counted, for the clocks of some systems stand still for 16 ms
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


SLACK = 3600.0  # seconds that a clock may gain; one that is set right gains no more


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


_YOUNG = 3600.0  # seconds: by then a dictation is over, and in the history


def latest() -> Path | None:
    """Return the newest one, None where there is none."""
    return max(files.kept_audio().glob("*.wav"), key=lambda path: path.name, default=None)


def remove(path: Path) -> None:
    """Delete one and its record; one that is gone already is no error. Raises OSError."""
    if path.parent != files.kept_audio():  # what a file says is no reason to delete anything else
        return
    for file in (path, path.with_suffix(".json")):
        file.unlink(missing_ok=True)


def remove_all() -> int:
    """Delete all; return how many there were. Raises OSError."""
    found = list(files.kept_audio().glob("*.wav"))
    for path in found:
        remove(path)
    return len(found)


def sweep(before: float, named: Collection[str]) -> int:
    """Delete those from before a time.time() that no dictation names any more.

    A recording whose dictation is not in the history yet is young. Raises OSError.
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
    """Delete those that are older than this; 0 keeps all. Return how many. Raises OSError."""
    if not days:
        return 0
    oldest = CAUTIOUS_CLOCK.time() - days * 86400
    expired = [path for path in files.kept_audio().glob("*.wav") if path.stat().st_mtime < oldest]
    for path in expired:
        remove(path)
    return len(expired)
