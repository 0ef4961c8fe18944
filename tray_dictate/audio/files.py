"""Sound files, as the engine wants them: one channel, its rate, whatever they are."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import numpy as np
import soundfile
import soxr

from tray_dictate.errors import AudioFileError

_KINDS = "Give a WAV, FLAC, OGG or MP3 file."
_soundfile, _soxr = cast("Any", soundfile), cast("Any", soxr)  # they have no types


def read(path: Path, rate: int) -> bytes:
    """Return the file's sound as PCM16 mono, `rate` samples per second. Raises AudioFileError."""
    samples, native = _samples(path)
    if not len(samples):
        raise AudioFileError(f"{path} is empty: it holds no sound. {_KINDS}")
    mono = samples.mean(axis=1)
    if native != rate:
        mono = cast(
            "np.ndarray[tuple[int], np.dtype[np.float32]]", _soxr.resample(mono, native, rate)
        )
    return np.round(np.clip(mono, -1, 32767 / 32768) * 32768).astype("<i2").tobytes()


def _samples(path: Path) -> tuple[np.ndarray[tuple[int, int], np.dtype[np.float32]], int]:
    """Return all channels, -1 to 1, and their rate."""
    try:
        with path.open("rb") as file:
            if not file.read(1):
                raise AudioFileError(f"{path} is empty: it holds no sound. {_KINDS}")
            file.seek(0)
            return _soundfile.read(file, dtype="float32", always_2d=True)
    except FileNotFoundError as error:
        raise AudioFileError(f"{path} does not exist. Check the name.") from error
    except OSError as error:
        raise AudioFileError(f"{path} cannot be read: {error.strerror}.") from error
    except _soundfile.LibsndfileError as error:
        raise AudioFileError(
            f"{path} is not a sound file that can be read: {error.error_string} {_KINDS}"
        ) from error
